"""Inception score, by a classifier of the user's own images.

Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen: Improved Techniques for Training GANs. NeurIPS 2016.
https://arxiv.org/abs/1606.03498

Notation (code -> paper): probabilities -> p(y|x); their weighted mean -> p(y); divergence -> KL(p(y|x) || p(y)); the
value exp(E[KL(p(y|x) || p(y))]).
Differs from the paper: the classifier is the encoder trained on the user's own images, not Inception; one score of all
images instead of the mean over ten splits, each of which is too high by its small size; the interval follows from the
spread of the divergences (to first order the score of a mean).
"""

import math
from dataclasses import replace

import numpy as np

from ml.comparison import Weighted, equal_weights, reference_of, weights_of_mix
from ml.errors import MeaninglessMetricError, TooFewSamplesError
from ml.metric import Evidence, ImageSet, Measurement, Metric, Part
from ml.plugin import Card
from ml.recognition import MIN_VALIDATION, knows_little, validation_rate

MIN_IMAGES = 50
ENOUGH_PER_CLASS = 10


class InceptionScore(Metric):
    """How surely the in-domain classifier names each synthetic image, and how many different names it gives."""

    name = "inception_score"
    better = "higher"
    card = Card(
        title="Inception score (in-domain classifier)",
        summary="How sure a classifier of the real images is of each synthetic one, and how many classes it sees.",
        authors="Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen",
        paper="Improved Techniques for Training GANs",
        venue="NeurIPS 2016",
        url="https://arxiv.org/abs/1606.03498",
        strengths="Needs no real images to compare with; between 1 and the number of classes.",
        limits="Blind to variety within a class, and to labels: images of the wrong classes in the right mix score as "
        "well. Read it beside the score of real images of the same mix.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        synthetic = evidence.synthetic
        if len(synthetic) < MIN_IMAGES:
            raise TooFewSamplesError(
                f"The inception score needs at least {MIN_IMAGES} synthetic images; there are {len(synthetic)}. Use a "
                f"larger budget."
            )
        _check_classes(evidence)
        rate = validation_rate(evidence.val) if len(evidence.val) >= MIN_VALIDATION else None
        if rate is not None and knows_little(rate, len(evidence.classes)):
            raise MeaninglessMetricError(
                f"The classifier recognises only {rate:.0%} of the real validation images, so how sure it is of "
                f"synthetic images says nothing. Use more training images."
            )
        reference, which = reference_of(evidence)
        real = weights_of_mix(_by_probabilities(reference), synthetic)
        own = score_with_interval(equal_weights(_by_probabilities(synthetic)))
        return Measurement(
            value=own.value,
            low=own.low,
            high=own.high,
            num_real=len(real),
            num_synthetic=len(synthetic),
            parts={"of real images": score_with_interval(real)} if len(real) >= MIN_IMAGES else {},
            details={"reference": which, "validation_rate": rate, "highest": _highest(synthetic)},
            caution=_caution(rate, len(evidence.val), len(synthetic), len(evidence.classes)),
        )


def _check_classes(evidence: Evidence) -> None:
    """Raises: MeaninglessMetricError."""
    number = len(np.unique(evidence.synthetic.label))
    if number < 2:
        raise MeaninglessMetricError(
            f"The inception score tells how different the classes look, and the synthetic images are of {number} "
            f"class; it needs 2 or more. Read FID or KID instead."
        )


def _by_probabilities(images: ImageSet) -> ImageSet:
    return replace(images, features=images.probabilities)


def score_with_interval(probabilities: Weighted) -> Part:
    """The score, 1 or more, of class probabilities, and its 95 % interval."""
    weight, chances = probabilities.weight, probabilities.features.astype(np.float64)
    chances /= chances.sum(1, keepdims=True)
    logarithm = np.log(chances, out=np.zeros_like(chances), where=chances > 0)
    mean = weight @ chances
    divergence = (chances * (logarithm - np.log(mean, out=np.zeros_like(mean), where=mean > 0))).sum(1)
    information = max(float(weight @ divergence), 0.0)
    spread = math.sqrt(float(weight @ (divergence - information) ** 2) / probabilities.effective_size)
    reach = 1.96 * spread
    return Part(math.exp(information), math.exp(max(information - reach, 0.0)), math.exp(information + reach))


def _highest(images: ImageSet) -> float:
    """What a sure and faultless classifier would give images of these labels."""
    _, counts = np.unique(images.label, return_counts=True)
    share = counts / counts.sum()
    return math.exp(-float(share @ np.log(share)))


def _caution(rate: float | None, num_val: int, num_synthetic: int, num_classes: int) -> str:
    if rate is None:
        return f"The classifier could be checked on only {num_val} validation images, so its own rate is unknown."
    if num_synthetic < ENOUGH_PER_CLASS * num_classes:
        return f"Measured on {num_synthetic} images for {num_classes} classes: too high by a bias."
    return ""
