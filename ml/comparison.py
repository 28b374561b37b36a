"""What distances between two sets of images need: equal class mixes, an order of its own, and an interval."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ml.metric import Evidence, ImageSet

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

MIN_VALIDATION = 50


@dataclass(frozen=True)
class Weighted:
    """features: float32 [N, D]; weight: float64 [N], positive, sums to 1."""

    features: NDArray[np.float32]
    weight: Floats

    def __len__(self) -> int:
        return len(self.weight)

    @property
    def effective_size(self) -> float:
        """The number of equally weighted images that would tell as much."""
        return float(1.0 / (self.weight**2).sum())

    def take(self, rows: NDArray[np.int64]) -> "Weighted":
        """Some of the images, weighted anew."""
        weight = self.weight[rows]
        return Weighted(self.features[rows], weight / weight.sum())


Statistic = Callable[[Weighted, Weighted], float]
Statistics = Callable[[Weighted, Weighted], Floats]


def reference_of(evidence: Evidence) -> tuple[ImageSet, str]:
    """Validation images, which neither generator nor encoder has seen, where they are enough and hold every class."""
    wanted = set(np.unique(evidence.synthetic.label)) & set(np.unique(evidence.train.label))
    if len(evidence.val) >= MIN_VALIDATION and wanted <= set(np.unique(evidence.val.label)):
        return evidence.val, "validation"
    return evidence.train, "training"


def join(first: ImageSet, second: ImageSet) -> ImageSet:
    """Both sets as one, without their appearance."""
    return ImageSet(
        np.concatenate([first.features, second.features]),
        np.concatenate([first.label, second.label]),
        np.concatenate([first.probabilities, second.probabilities]),
    )


def by_class(
    distance: Statistic, real: ImageSet, synthetic: ImageSet, classes: tuple[str, ...], least: int
) -> dict[str, float]:
    """The distance of each class of which both sets hold `least` images; of two domains, both ways of translation.

    None where an image may be of several, for the real ones of a class are then not those that were asked for.
    """
    values: dict[str, float] = {}
    if synthetic.several:
        return values
    for number, name in enumerate(classes):
        pair = [images.take(np.flatnonzero(images.label == number)) for images in (real, synthetic)]
        if min(len(images) for images in pair) >= least:
            values[name] = distance(*(equal_weights(images) for images in pair))
    return values


def equal_weights(images: ImageSet) -> Weighted:
    """Every image counts the same."""
    return in_own_order(images.features, np.full(len(images), 1.0 / max(len(images), 1)))


def weights_of_mix(real: ImageSet, synthetic: ImageSet) -> Weighted:
    """The real images of the synthetic set's classes, weighted so that their classes are mixed as they are there.

    Otherwise a budget that fills up rare classes would be measured by its class mix instead of by its images.
    """
    number = int(max(real.label.max(initial=0), synthetic.label.max(initial=0))) + 1
    wanted = np.bincount(synthetic.label, minlength=number).astype(np.float64)
    there = np.bincount(real.label, minlength=number)
    per_image = np.divide(wanted, there, out=np.zeros(number), where=there > 0)[real.label]
    rows = per_image > 0
    return in_own_order(real.features[rows], per_image[rows] / max(per_image.sum(), 1e-300))


def in_own_order(features: NDArray[np.float32], weight: Floats) -> Weighted:
    """Rows sorted by their content, so that no result depends on the order in which they came."""
    order = own_order(features, weight)
    return Weighted(np.asarray(features, np.float32)[order], weight[order])


def own_order(features: NDArray[np.float32], weight: Floats | None = None) -> Rows:
    """The rows sorted by their content, and equal rows by their weight.

    The key is the sum of a row's bits times fixed numbers, modulo 2^64: exact, so equal rows have equal keys.
    """
    bits = np.ascontiguousarray(features, dtype=np.float32).view(np.uint32)
    factors: NDArray[np.uint64] = np.random.default_rng(0).integers(1, 2**63, bits.shape[1:], dtype=np.uint64)
    keys = np.zeros(len(bits), np.uint64)
    for column in range(bits.shape[1]):
        keys += bits[:, column] * factors[column]
    return np.lexsort((keys,) if weight is None else (weight, keys))


def draw_of_class(images: ImageSet, number: int, most: int, rng: np.random.Generator) -> Rows:
    """Rows of one class, at most so many, drawn whatever order the images came in."""
    rows = (images.label == number).nonzero()[0]
    return np.asarray(rows[own_order(images.features[rows])][rng.permutation(len(rows))[:most]])


def equal_numbers(real: ImageSet, synthetic: ImageSet, most: int, seed: int) -> tuple[Weighted, Weighted]:
    """As many images of each class from either set, about `most` of each in all: the same size and class mix."""
    length = int(max(real.label.max(initial=0), synthetic.label.max(initial=0))) + 1
    counts = np.minimum(*(np.bincount(images.label, minlength=length) for images in (real, synthetic)))
    counts = np.ceil(counts * min(1.0, most / max(counts.sum(), 1))).astype(np.int64)
    rng = np.random.default_rng(seed % 2**64)
    drawn = []
    for images in (real, synthetic):
        parts = [draw_of_class(images, number, count, rng) for number, count in enumerate(counts)]
        rows = np.concatenate(parts)
        drawn.append(in_own_order(images.features[rows], np.full(len(rows), 1.0 / max(len(rows), 1))))
    return drawn[0], drawn[1]


def half_sample_interval(
    statistic: Statistic, value: float, first: Weighted, second: Weighted, seed: int, largest: int, repeats: int = 50
) -> tuple[float, float]:
    """A 95 % interval around `value` from the spread of the statistic over random halves of both sets."""
    reach = half_sample_reach(lambda *halves: np.array([statistic(*halves)]), first, second, seed, largest, repeats)
    return value - float(reach[0]), value + float(reach[0])


def half_sample_reach(
    statistics: Statistics, first: Weighted, second: Weighted, seed: int, largest: int, repeats: int = 50
) -> Floats:
    """Half the width of a 95 % interval of each of some statistics, from their spread over random halves of both sets.

    Half of a sample without replacement varies around the whole as the whole varies around the truth; a part m of n
    smaller than a half (at most `largest` images) varies more, by sqrt((n - m) / m). Drawing with replacement instead
    would put exact doubles into a set, which distances between distributions answer with a bias.
    """
    rng = np.random.default_rng(seed % 2**64)
    sizes = [min(len(part) // 2, largest) for part in (first, second)]
    shrink = max(np.sqrt(size / (len(part) - size)) for size, part in zip(sizes, (first, second), strict=True))
    values = [
        statistics(
            *(
                part.take(rng.choice(len(part), size, replace=False))
                for size, part in zip(sizes, (first, second), strict=True)
            )
        )
        for _ in range(repeats)
    ]
    return np.asarray(1.96 * np.std(values, axis=0, ddof=1) * shrink)
