"""Diversity within classes by perceptual distances.

Zhang, Isola, Efros, Shechtman, Wang: The Unreasonable Effectiveness of Deep Features as a Perceptual Metric. CVPR 2018.
https://arxiv.org/abs/1801.03924 (the distance); its mean over pairs of generated images as a measure of diversity is
customary since Zhu et al.: Toward Multimodal Image-to-Image Translation. NeurIPS 2017.

Notation (code -> paper): appearance -> the maps y^l of unit length over channels, divided by the root of H_l W_l, so
that a squared distance is d(x, x_0); mean_distance -> its mean over all pairs of one class.
Differs from the paper: the network is the encoder trained on the user's own images (four convolutions, not AlexNet or
VGG), and its channels are not weighted by human judgement (w = 1), so values are not LPIPS values; hence the ratio to
the same number among real images. All pairs are used, at the cost of one pass: the mean squared distance of all pairs
is twice the variance. At most 100 images of a class are drawn from either set, and about 1,000 in all.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.comparison import draw_of_class
from ml.errors import MeaninglessMetricError, TooFewSamplesError
from ml.metric import Evidence, ImageSet, Measurement, Metric, Part
from ml.plugin import Card

MIN_OF_CLASS = 10
ENOUGH_OF_CLASS = 30
MOST_OF_CLASS = 100
MOST_IMAGES = 1_000


class Diversity(Metric):
    """How different synthetic images of one class look from each other, in proportion to real ones."""

    name = "diversity"
    unit = "of real"
    better = "towards 1"
    card = Card(
        title="Diversity within classes (perceptual)",
        summary="How different two synthetic images of a class look on average, in proportion to two real ones; 1 is "
        "as varied as the real images.",
        authors="Zhang, Isola, Efros, Shechtman, Wang",
        paper="The Unreasonable Effectiveness of Deep Features as a Perceptual Metric",
        venue="CVPR 2018",
        url="https://arxiv.org/abs/1801.03924",
        strengths="Finds mode collapse class by class, where FID and recall see the whole only.",
        limits="Noise is varied, too: above 1 is no merit. The distance is LPIPS in kind, by a network trained on your "
        "own images and without weights learnt from people, so its values are not LPIPS values.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        counts = np.array([_counts(images, evidence.classes) for images in (evidence.train, evidence.synthetic)])
        chosen = (counts.min(axis=0) >= MIN_OF_CLASS).nonzero()[0]
        if len(chosen) == 0:
            raise TooFewSamplesError(
                f"Diversity needs at least {MIN_OF_CLASS} training and {MIN_OF_CLASS} synthetic images of one class; "
                f"among {len(evidence.train)} training and {len(evidence.synthetic)} synthetic images there is none. "
                f"Use a larger budget."
            )
        most = max(MIN_OF_CLASS, min(MOST_OF_CLASS, MOST_IMAGES // len(chosen)))
        real, synthetic = (
            [_spread_of_class(images, number, most, evidence.seed) for number in chosen]
            for images in (evidence.train, evidence.synthetic)
        )
        means = _mean(real), _mean(synthetic)
        if means[0].distance <= 0:
            raise MeaninglessMetricError(
                f"The {means[0].number} real images all look the same to the encoder, so nothing can be as varied. "
                f"Read the distance to the nearest training image instead."
            )
        ratio = _ratio(means[1], means[0])
        return Measurement(
            value=ratio.value,
            low=ratio.low,
            high=ratio.high,
            num_real=means[0].number,
            num_synthetic=means[1].number,
            parts={"among synthetic images": means[1].part(), "among real images": means[0].part()},
            per_class={
                evidence.classes[number]: own.distance / other.distance
                for number, own, other in zip(chosen, synthetic, real, strict=True)
                if other.distance > 0
            },
            details={"reference": "training", "distance": "encoder's maps, unweighted"},
            caution=_caution(counts, chosen, ratio),
        )


@dataclass(frozen=True)
class Spread:
    """distance: mean over all pairs; variance: of that mean; number: images it was taken from."""

    distance: float
    variance: float
    number: int

    def part(self) -> Part:
        reach = 1.96 * math.sqrt(self.variance)
        return Part(self.distance, max(0.0, self.distance - reach), self.distance + reach)


def pairwise(appearance: NDArray[np.float32]) -> Spread:
    """Mean squared distance of all pairs of different rows, [N, P] with N > 1."""
    number = len(appearance)
    centred = appearance - appearance.mean(axis=0, dtype=np.float64).astype(np.float32)
    square = np.einsum("np,np->n", centred, centred, dtype=np.float64)
    # a row's mean distance to the others is its own square and the mean square: half of the pairs' mean is one row's
    return Spread(2 * float(square.sum()) / (number - 1), 4 * float(square.var(ddof=1)) / number, number)


def _counts(images: ImageSet, classes: tuple[str, ...]) -> NDArray[np.int64]:
    return np.bincount(images.label, minlength=len(classes))


def _spread_of_class(images: ImageSet, number: int, most: int, seed: int) -> Spread:
    """Raises: MeaninglessMetricError where the images themselves are not at hand."""
    if images.appearance is None:
        raise MeaninglessMetricError(
            "Diversity looks at the images themselves, and here are features only; measure a run's pool instead."
        )
    rows = draw_of_class(images, number, most, np.random.default_rng([seed % 2**64, number]))
    return pairwise(images.appearance(rows))


def _mean(spreads: list[Spread]) -> Spread:
    """Over classes, each counting the same."""
    number = len(spreads)
    return Spread(
        sum(one.distance for one in spreads) / number,
        sum(one.variance for one in spreads) / number**2,
        sum(one.number for one in spreads),
    )


def _ratio(one: Spread, other: Spread) -> Part:
    """With the interval of a ratio of independent means; it is taken of the logarithm, so that it stays above 0."""
    value = one.distance / other.distance
    if value == 0:
        return Part(0.0, 0.0, 0.0)
    factor = math.exp(1.96 * math.sqrt(one.variance / one.distance**2 + other.variance / other.distance**2))
    return Part(value, value / factor, value * factor)


def _caution(counts: NDArray[np.int64], chosen: NDArray[np.int64], ratio: Part) -> str:
    sentences = []
    asked = int((counts[1] > 0).sum())
    if len(chosen) < asked:
        sentences.append(f"{asked - len(chosen)} of {asked} classes have too few images and are left out.")
    if counts[:, chosen].min() < ENOUGH_OF_CLASS:
        sentences.append(f"A class was measured on {counts[:, chosen].min()} images: read the interval.")
    if ratio.low > 1:
        sentences.append("The synthetic images are more varied than the real ones, as noisy images would be.")
    return " ".join(sentences)
