"""Inception score, by a classifier of the user's own images and, where its weights are supplied, by Inception.

Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen: Improved Techniques for Training GANs. NeurIPS 2016.
https://arxiv.org/abs/1606.03498

Notation (code -> paper): probabilities -> p(y|x); their weighted mean -> p(y); divergence -> KL(p(y|x) || p(y)); the
value exp(E[KL(p(y|x) || p(y))]).
Differs from the paper: the classifier is the encoder trained on the user's own images, beside Inception; one score of
all images instead of the mean over ten splits, each of which is too low by its small size; the interval follows from
the spread of the divergences (to first order the score of a mean).
"""

import math
from dataclasses import replace

import numpy as np

from ml.comparison import Floats, Weighted, equal_weights, reference_of, weights_of_mix
from ml.errors import MeaninglessMetricError, TooFewSamplesError
from ml.metric import Evidence, ImageSet, Measurement, Metric, Part
from ml.plugin import Card
from ml.recognition import MIN_VALIDATION, knows_little, validation_rate

MIN_IMAGES = 50
ENOUGH = 100
ENOUGH_PER_CLASS = 10
CHUNK = 1_024


class InceptionScore(Metric):
    """How surely a classifier names each synthetic image, and how many different names it gives."""

    name = "inception_score"
    in_any_space = True
    better = "higher"
    card = Card(
        title="Inception score",
        summary="How sure a classifier is of what each synthetic image shows, and how many classes it sees.",
        authors="Salimans, Goodfellow, Zaremba, Cheung, Radford, Chen",
        paper="Improved Techniques for Training GANs",
        venue="NeurIPS 2016",
        url="https://arxiv.org/abs/1606.03498",
        strengths="Needs no real images to compare with; between 1 and the number of classes.",
        limits="Blind to variety within a class, and to labels: images of the wrong classes in the right mix score as "
        "well. Inception knows the classes of ImageNet, not yours. Read it beside the score of real images of the same "
        "mix.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        synthetic = evidence.synthetic
        if len(synthetic) < MIN_IMAGES:
            raise TooFewSamplesError(
                f"The inception score needs at least {MIN_IMAGES} synthetic images; there are {len(synthetic)}. Use a "
                f"larger budget."
            )
        rate = _own_rate(evidence) if evidence.space.knows_classes else None
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
            details={"reference": which, **_context(evidence, rate)},
            caution=_caution(evidence, rate),
        )


def _own_rate(evidence: Evidence) -> float | None:
    """The share of validation images that the in-domain classifier recognises; None where they are few.

    Raises: MeaninglessMetricError where there is one class, or the classifier knows little.
    """
    number = len(np.unique(evidence.synthetic.label))
    if number < 2:
        raise MeaninglessMetricError(
            f"The inception score tells how different the classes look, and the synthetic images are of {number} "
            f"class; it needs 2 or more. Read FID or KID instead."
        )
    if len(evidence.val) < MIN_VALIDATION:
        return None
    if evidence.synthetic.several:
        raise MeaninglessMetricError(
            "The dataset's classes are attributes, of which an image may have several; the score is of classes that "
            "exclude one another."
        )
    rate = validation_rate(evidence.val)
    if rate is not None and knows_little(rate, len(evidence.classes)):
        raise MeaninglessMetricError(
            f"The classifier recognises only {rate:.0%} of the real validation images, so how sure it is of "
            f"synthetic images says nothing. Use more training images."
        )
    return rate


def _context(evidence: Evidence, rate: float | None) -> dict[str, float | None]:
    """What to read the score beside: the classifier's own rate and the highest score of these labels."""
    if not evidence.space.knows_classes:
        return {}
    return {"validation_rate": rate, "highest": _highest(evidence.synthetic)}


def _by_probabilities(images: ImageSet) -> ImageSet:
    return replace(images, features=images.probabilities)


def score_with_interval(probabilities: Weighted) -> Part:
    """The score, 1 or more, of class probabilities, and its 95 % interval; in float64, a chunk of rows at a time."""
    weight = probabilities.weight
    mean = np.zeros(probabilities.features.shape[1])
    for rows in _chunks(len(weight)):
        mean += weight[rows] @ _chances(probabilities, rows)
    log_mean = np.log(mean, out=np.zeros_like(mean), where=mean > 0)
    divergence = np.empty(len(weight))
    for rows in _chunks(len(weight)):
        chances = _chances(probabilities, rows)
        logarithm = np.log(chances, out=np.zeros_like(chances), where=chances > 0)
        divergence[rows] = (chances * (logarithm - log_mean)).sum(1)
    information = max(float(weight @ divergence), 0.0)
    spread = math.sqrt(float(weight @ (divergence - information) ** 2) / probabilities.effective_size)
    reach = 1.96 * spread
    return Part(math.exp(information), math.exp(max(information - reach, 0.0)), math.exp(information + reach))


def _chunks(number: int) -> list[slice]:
    return [slice(start, start + CHUNK) for start in range(0, number, CHUNK)]


def _chances(probabilities: Weighted, rows: slice) -> Floats:
    """float64 [n, C] that sum to 1 as exactly as they can."""
    chances = probabilities.features[rows].astype(np.float64)
    return np.asarray(chances / chances.sum(1, keepdims=True))


def _highest(images: ImageSet) -> float:
    """What a sure and faultless classifier would give images of these labels."""
    _, counts = np.unique(images.label, return_counts=True)
    share = counts / counts.sum()
    return math.exp(-float(share @ np.log(share)))


def _caution(evidence: Evidence, rate: float | None) -> str:
    number, num_outputs = len(evidence.synthetic), evidence.synthetic.probabilities.shape[1]
    if evidence.space.knows_classes and rate is None:
        num_val = len(evidence.val)
        return f"The classifier could be checked on only {num_val} validation images, so its own rate is unknown."
    enough = max(ENOUGH, ENOUGH_PER_CLASS * num_outputs)
    if number < enough:
        return (
            f"Measured on {number} images where {enough} are wanted for a classifier of {num_outputs} classes: too low "
            f"by a bias, so compare it only with sets of the same size."
        )
    return ""
