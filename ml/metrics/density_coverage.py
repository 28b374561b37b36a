"""Density and coverage.

Naeem, Oh, Uh, Choi, Yoo: Reliable Fidelity and Diversity Metrics for Generative Models. ICML 2020.
https://arxiv.org/abs/2002.09797

Notation (code -> paper): NEIGHBOURS -> k; balls -> B(X_i, NND_k(X_i)); density -> the number of real balls around a
synthetic image, its mean divided by k; coverage -> the share of real balls that hold a synthetic image.
Differs from the paper: a ball holds its edge; features come from the encoder trained on the user's own images, and from
Inception where its weights are supplied; as many real as synthetic images of each class are compared, at most 5,000 of
each in all; the interval comes from random halves of both sets.
"""

import math

import numpy as np

from ml.comparison import Floats, Weighted, equal_numbers, half_sample_reach, join
from ml.errors import TooFewSamplesError
from ml.manifold import balls, membership
from ml.metric import Evidence, Measurement, Metric, Part
from ml.plugin import Card

NEIGHBOURS = 5
MIN_IMAGES = 50
ENOUGH = 200
MOST_IMAGES = 5_000
LARGEST_PART = 500


class DensityCoverage(Metric):
    """Coverage, and density beside it, of the synthetic images against training and validation images together."""

    name = "density_coverage"
    in_any_space = True
    unit = "share"
    better = "higher"
    card = Card(
        title="Density and coverage",
        summary="Density: how closely real images surround the synthetic ones (1 for sets that are alike); coverage, "
        "the value: the share of real images with a synthetic image near them.",
        authors="Naeem, Oh, Uh, Choi, Yoo",
        paper="Reliable Fidelity and Diversity Metrics for Generative Models",
        venue="ICML 2020",
        url="https://arxiv.org/abs/2002.09797",
        strengths="Single odd images, real or synthetic, hardly move it; what sets that are alike reach is known.",
        limits="Density rises above 1 where synthetic images crowd in the middle of the real ones, which is no merit. "
        "Compare equal numbers of images only.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        everything = join(evidence.train, evidence.val)
        real, synthetic = equal_numbers(everything, evidence.synthetic, MOST_IMAGES, evidence.seed)
        number = len(synthetic)
        if number < MIN_IMAGES:
            raise TooFewSamplesError(
                f"Density and coverage need at least {MIN_IMAGES} real and {MIN_IMAGES} synthetic images of the same "
                f"classes; there are {number} of each. Use a larger budget."
            )
        density, coverage = density_coverage(real, synthetic)
        density_reach, reach = half_sample_reach(density_coverage, real, synthetic, evidence.seed, LARGEST_PART)
        covered = Part(coverage, max(0.0, coverage - reach), min(1.0, coverage + reach))
        return Measurement(
            value=covered.value,
            low=covered.low,
            high=covered.high,
            num_real=len(real),
            num_synthetic=number,
            parts={
                "density": Part(density, max(0.0, density - density_reach), density + density_reach),
                "coverage": covered,
            },
            details={
                "reference": "training and validation",
                "neighbours": NEIGHBOURS,
                "coverage_if_alike": coverage_if_alike(len(real), number),
            },
            caution=_caution(number),
        )


def _caution(number: int) -> str:
    return "" if number >= ENOUGH else f"Measured on {number} images of each: read the intervals, not the values."


def density_coverage(real: Weighted, synthetic: Weighted) -> Floats:
    """float64 [2]: density and coverage; every image counts the same."""
    counted = membership(balls(real.features, NEIGHBOURS), synthetic.features)
    density = counted.balls_around.mean() / NEIGHBOURS
    return np.array([density, (counted.holds > 0).mean()])


def coverage_if_alike(num_real: int, num_synthetic: int, k: int = NEIGHBOURS) -> float:
    """What coverage is on average when both sets come from one distribution, whichever it is (lemma 2 of the paper)."""
    missed = (math.log((num_real - i) / (num_real + num_synthetic - i)) for i in range(1, k + 1))
    return 1.0 - math.exp(sum(missed))
