"""Distance to the nearest training image, and the share that is memorised.

Notation (code -> text): the value is the median over synthetic images of the Euclidean distance, in the features of the
encoder trained on the user's own images, to the nearest training image. Memorised: no farther than the 1st percentile
of how far real images that were not learnt lie from it (`ml/neighbours.py`).
"""

import numpy as np

from ml.errors import TooFewSamplesError
from ml.intervals import median_interval, wilson_interval
from ml.metric import Evidence, Measurement, Metric, Part
from ml.neighbours import MIN_VALIDATION, MemorisedRule, memorised_rule, nearest
from ml.plugin import Card

MIN_IMAGES = 10
ENOUGH = 100


class NearestTrainingDistance(Metric):
    """Median distance to the nearest training image; beside it the same of real images and the share of near-copies."""

    name = "nearest_training_distance"
    better = "higher"
    card = Card(
        title="Distance to the nearest training image",
        summary="How far synthetic images lie from the training image most like them, and which share are near-copies.",
        strengths="Answers whether the generator repeats its training images; every sample names its neighbours.",
        limits="Far away is no merit by itself: noise is far from everything. Compare with the distance of real images "
        "that were not learnt, which stands beside it. About 1 % of genuinely new images count as memorised.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        if min(len(evidence.synthetic), len(evidence.train)) < MIN_IMAGES:
            raise TooFewSamplesError(
                f"The nearest training distance needs at least {MIN_IMAGES} training and {MIN_IMAGES} synthetic "
                f"images; there are {len(evidence.train)} and {len(evidence.synthetic)}. Use a larger budget."
            )
        rule = memorised_rule(evidence.train.features, evidence.val.features)
        distance = nearest(evidence.synthetic.features, evidence.train.features).distance[:, 0]
        low, high = median_interval(distance)
        copies = int((distance <= rule.threshold).sum())
        return Measurement(
            value=float(np.median(distance)),
            low=low,
            high=high,
            num_real=len(evidence.train),
            num_synthetic=len(evidence.synthetic),
            parts=_parts(rule, copies, len(distance)),
            per_class={
                name: float(np.median(own))
                for number, name in enumerate(evidence.classes)
                if len(own := distance[evidence.synthetic.label == number])
            },
            details={
                "memorised_share": copies / len(distance),
                "threshold": rule.threshold,
                "reference": rule.reference,
                "reference_median": rule.median,
                "num_reference": rule.num_reference,
            },
            caution=_caution(evidence),
        )


def _parts(rule: MemorisedRule, copies: int, number: int) -> dict[str, Part]:
    parts = {"memorised share": Part(copies / number, *wilson_interval(copies, number))}
    if rule.num_reference:
        parts["of real images that were not learnt"] = Part(rule.median, rule.low, rule.high)
    return parts


def _caution(evidence: Evidence) -> str:
    sentences = []
    if len(evidence.val) < MIN_VALIDATION:
        sentences.append(
            f"There are only {len(evidence.val)} validation images, so the distances of training images to each "
            f"other serve as the reference; smaller than those of new images, so fewer count as memorised."
        )
    if len(evidence.synthetic) < ENOUGH:
        sentences.append(f"Measured on {len(evidence.synthetic)} images: read the intervals, not the values alone.")
    return " ".join(sentences)
