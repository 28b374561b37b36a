"""Precision and recall of manifolds.

Kynkäänniemi, Karras, Laine, Lehtinen, Aila: Improved Precision and Recall Metric for Assessing Generative Models.
NeurIPS 2019. https://arxiv.org/abs/1904.06991

Notation (code -> paper): NEIGHBOURS -> k; balls -> the hyperspheres whose union is a manifold; precision -> the share
of synthetic images inside the real manifold; recall -> the share of real images inside the synthetic manifold.
Differs from the paper: the value is the harmonic mean of both, which stand beside it; features come from the encoder
trained on the user's own images, and from Inception where its weights are supplied; as many real as synthetic images of
each class are compared, at most 5,000 of each in all where the paper takes 50,000; the interval comes from random
halves of both sets.
"""

import numpy as np

from ml.comparison import Floats, Weighted, equal_numbers, half_sample_reach, join
from ml.errors import TooFewSamplesError
from ml.manifold import balls, mutual
from ml.metric import Evidence, ImageSet, Measurement, Metric, Part
from ml.plugin import Card

NEIGHBOURS = 3
MIN_IMAGES = 50
MIN_OF_CLASS = 20
ENOUGH = 500
MOST_IMAGES = 5_000
LARGEST_PART = 500


class PrecisionRecall(Metric):
    """Harmonic mean of precision and recall of the synthetic images against training and validation images together."""

    name = "precision_recall"
    in_any_space = True
    unit = "share"
    better = "higher"
    card = Card(
        title="Precision and recall",
        summary="Precision: the share of synthetic images that look real; recall: the share of real images that the "
        "generator could have made; the value is their harmonic mean.",
        authors="Kynkäänniemi, Karras, Laine, Lehtinen, Aila",
        paper="Improved Precision and Recall Metric for Assessing Generative Models",
        venue="NeurIPS 2019",
        url="https://arxiv.org/abs/1904.06991",
        strengths="Tells poor images (low precision) from missing variety (low recall), which FID mixes up.",
        limits="One real image that is unlike the others makes a large ball that lets bad images in; density and "
        "coverage mind it less. The values change with the number of images: compare equal numbers only.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        everything = join(evidence.train, evidence.val)
        real, synthetic = equal_numbers(everything, evidence.synthetic, MOST_IMAGES, evidence.seed)
        if len(synthetic) < MIN_IMAGES:
            raise TooFewSamplesError(
                f"Precision and recall need at least {MIN_IMAGES} real and {MIN_IMAGES} synthetic images of the same "
                f"classes; there are {len(synthetic)} of each. Use a larger budget."
            )
        values = harmonic_precision_recall(real, synthetic)
        reach = half_sample_reach(harmonic_precision_recall, real, synthetic, evidence.seed, LARGEST_PART)
        both, precision, recall = (
            Part(float(value), max(0.0, float(value - width)), min(1.0, float(value + width)))
            for value, width in zip(values, reach, strict=True)
        )
        return Measurement(
            value=both.value,
            low=both.low,
            high=both.high,
            num_real=len(real),
            num_synthetic=len(synthetic),
            parts={"precision": precision, "recall": recall},
            per_class=_per_class(everything, evidence),
            details={"reference": "training and validation", "neighbours": NEIGHBOURS},
            caution=_caution(len(synthetic)),
        )


def harmonic_precision_recall(real: Weighted, synthetic: Weighted) -> Floats:
    """float64 [3]: the harmonic mean of precision and recall, precision, recall; every image counts the same."""
    in_real, in_synthetic = mutual(balls(real.features, NEIGHBOURS), balls(synthetic.features, NEIGHBOURS))
    precision = float((in_real.balls_around > 0).mean())
    recall = float((in_synthetic.balls_around > 0).mean())
    total = precision + recall
    return np.array([2 * precision * recall / total if total else 0.0, precision, recall])


def _per_class(real: ImageSet, evidence: Evidence) -> dict[str, float]:
    """The harmonic mean within each class that both sets hold often enough."""
    values = {}
    for number, name in enumerate(evidence.classes):
        pair = [_of_class(images, number) for images in (real, evidence.synthetic)]
        if min(len(images) for images in pair) >= MIN_OF_CLASS:
            drawn = equal_numbers(pair[0], pair[1], MOST_IMAGES, evidence.seed)
            values[name] = float(harmonic_precision_recall(*drawn)[0])
    return values


def _of_class(images: ImageSet, number: int) -> ImageSet:
    rows = images.label == number
    return ImageSet(images.features[rows], images.label[rows], images.probabilities[rows])


def _caution(number: int) -> str:
    if number >= ENOUGH:
        return ""
    return (
        f"Measured on {number} images of each where {ENOUGH} are wanted: few images stand far apart, so their balls "
        f"are wide. Compare it only with sets of the same size."
    )
