"""Perceptual distance of translations and what they should look like.

Zhang, Isola, Efros, Shechtman, Wang: The Unreasonable Effectiveness of Deep Features as a Perceptual Metric. CVPR 2018,
https://arxiv.org/abs/1801.03924.

Notation (code -> paper): look -> the maps y^l of unit length over channels, divided by the root of H_l W_l, so that a
squared distance is d(x, x_0).
Differs from the paper: as in `diversity`, the network is the encoder trained on the user's own images, and its channels
are not weighted by human judgement, so values are not LPIPS values.
"""

import numpy as np

from ml.images import Pixels
from ml.likeness import TRUTH, Floats, Look, measure_pairs
from ml.metric import Evidence, Measurement, Metric
from ml.plugin import Card


class PairedDistance(Metric):
    """How different results and true images look to the encoder."""

    name = "paired_distance"
    better = "lower"
    compares = TRUTH
    card = Card(
        title="Perceptual distance of pairs (in-domain)",
        summary="How different translations of held-out images and the true ones look to a network trained on the real "
        "images; 0 is the same.",
        authors="Zhang, Isola, Efros, Shechtman, Wang",
        paper="The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
        venue="CVPR 2018",
        url="https://arxiv.org/abs/1801.03924",
        strengths="Minds blur, which PSNR rewards, and forgives texture that is not exact.",
        limits="LPIPS in kind, by a network trained on your own images and without weights learnt from people: its "
        "values are not LPIPS values, and compare within one dataset version and resolution only.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        return measure_pairs(evidence, TRUTH, distance)


def distance(first: Pixels, second: Pixels, look: Look) -> Floats:
    """Squared distances [N] in appearance."""
    return np.asarray(np.square(look(first).astype(np.float64) - look(second)).sum(axis=1))
