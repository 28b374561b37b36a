"""Kernel distance between feature distributions.

Bińkowski, Sutherland, Arbel, Gretton: Demystifying MMD GANs. ICLR 2018. https://arxiv.org/abs/1801.01401

Notation (code -> paper): kernel_distance -> unbiased MMD^2 with the kernel k(x, y) = (x.y / d + 1)^3.
Differs from the paper: one estimate from all images (at most 5,000 of each set) instead of the mean over subsets, which
is the same in expectation and varies less; subsets give the interval, and are never larger than half the set; features
come from the encoder trained on the user's own images, and from Inception where its weights are supplied; real images
are weighted to the synthetic set's class mix.
"""

import math

import numpy as np

from ml.comparison import Floats, Weighted, by_class, equal_weights, half_sample_interval, reference_of, weights_of_mix
from ml.errors import TooFewSamplesError
from ml.metric import Evidence, Measurement, Metric
from ml.plugin import Card

MIN_IMAGES = 20
MOST_IMAGES = 5_000
LARGEST_PART = 500
TILE = 1_024


class Kid(Metric):
    """KID of the synthetic images against validation images, or training images where those are few."""

    name = "kid"
    in_any_space = True
    card = Card(
        title="KID",
        summary="How far apart real and synthetic images lie, without FID's bias for small sets; around 0 is the same.",
        authors="Bińkowski, Sutherland, Arbel, Gretton",
        paper="Demystifying MMD GANs",
        venue="ICLR 2018",
        url="https://arxiv.org/abs/1801.01401",
        strengths="Valid for small sets, and right on average at every size, so sets of different sizes compare.",
        limits="May fall a little below 0 for sets that are alike. In the encoder's space, values of two dataset "
        "versions do not compare.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        reference, which = reference_of(evidence)
        real = _at_most(weights_of_mix(reference, evidence.synthetic), evidence.seed)
        synthetic = _at_most(equal_weights(evidence.synthetic), evidence.seed + 1)
        if min(len(real), len(synthetic)) < MIN_IMAGES:
            raise TooFewSamplesError(
                f"KID needs at least {MIN_IMAGES} real and {MIN_IMAGES} synthetic images of the same classes; there "
                f"are {len(real)} and {len(synthetic)}. Use a larger budget or a larger dataset."
            )
        value = kernel_distance(real, synthetic)
        low, high = half_sample_interval(kernel_distance, value, real, synthetic, evidence.seed, largest=LARGEST_PART)
        return Measurement(
            value=value,
            low=low,
            high=high,
            num_real=len(real),
            num_synthetic=len(synthetic),
            per_class=by_class(_of_at_most, reference, evidence.synthetic, evidence.classes, MIN_IMAGES),
            details={"reference": which, "effective_real": round(real.effective_size, 1)},
            caution=_caution(real, synthetic),
        )


def _at_most(sample: Weighted, seed: int) -> Weighted:
    if len(sample) <= MOST_IMAGES:
        return sample
    rows = np.random.default_rng(seed % 2**64).choice(len(sample), MOST_IMAGES, replace=False)
    return sample.take(rows)


def _of_at_most(real: Weighted, synthetic: Weighted) -> float:
    return kernel_distance(_at_most(real, 0), _at_most(synthetic, 1))


def _caution(real: Weighted, synthetic: Weighted) -> str:
    fewest = min(real.effective_size, len(synthetic))
    return "" if fewest >= 100 else f"Measured on {fewest:.0f} images: read the interval, not the value alone."


def kernel_distance(first: Weighted, second: Weighted) -> float:
    """Unbiased squared maximum mean discrepancy; no pair of an image with itself enters.

    In float64, a tile of pairs at a time: memory beside the features is that of a tile, whatever the number of images.
    """
    return _within(first) + _within(second) - 2 * _between(first, second)


def _within(sample: Weighted) -> float:
    """Weighted mean of the kernel over all pairs of two different images; either half of them is the other's mirror."""
    total = 0.0
    for top in range(0, len(sample), TILE):
        for left in range(top, len(sample), TILE):
            kernel = _tile(sample, top, sample, left)
            if left == top:
                np.fill_diagonal(kernel, 0.0)
            total += (1 if left == top else 2) * _weighted_sum(kernel, sample, top, sample, left)
    return total / (1.0 - float((sample.weight**2).sum()))


def _between(first: Weighted, second: Weighted) -> float:
    """Weighted mean of the kernel over all pairs of an image of the one set and one of the other."""
    corners = ((top, left) for top in range(0, len(first), TILE) for left in range(0, len(second), TILE))
    return math.fsum(_weighted_sum(_tile(first, top, second, left), first, top, second, left) for top, left in corners)


def _tile(first: Weighted, top: int, second: Weighted, left: int) -> Floats:
    """float64 [n, m], at most `TILE` of each: the kernel of images from `top` on with images from `left` on."""
    rows, columns = (
        one.features[start : start + TILE].astype(np.float64) for one, start in ((first, top), (second, left))
    )
    product = rows @ columns.T
    product /= rows.shape[1]
    product += 1.0
    return np.asarray(product * product * product)


def _weighted_sum(kernel: Floats, first: Weighted, top: int, second: Weighted, left: int) -> float:
    return float(first.weight[top : top + TILE] @ kernel @ second.weight[left : left + TILE])
