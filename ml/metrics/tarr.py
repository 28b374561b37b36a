"""Target label recognition rate: how often a classifier trained on real images sees the class asked for.

Notation (code -> text): probabilities -> the encoder's class probabilities; recognised -> its most likely class is the
target class. The interval: Wilson, Probable Inference, the Law of Succession, and Statistical Inference. JASA 22, 1927.
"""

import math

from ml.errors import TooFewSamplesError
from ml.metric import Evidence, ImageSet, Measurement, Metric
from ml.plugin import Card
from ml.recognition import MIN_VALIDATION, knows_little, recognised, validation_rate

MIN_IMAGES = 10


class Tarr(Metric):
    """Share of synthetic images in which the classifier of real images sees the class asked for."""

    name = "tarr"
    unit = "share"
    better = "higher"
    card = Card(
        title="Target label recognition rate (TARR)",
        summary="Share of synthetic images in which a classifier of the real images sees the class asked for.",
        strengths="Finds images that carry a wrong label, class by class.",
        limits="Cannot be better than the classifier itself (its rate on validation images stands beside it), and says "
        "nothing about variety: one image per class repeated would score 1.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        synthetic = evidence.synthetic
        if len(synthetic) < MIN_IMAGES:
            raise TooFewSamplesError(
                f"TARR needs at least {MIN_IMAGES} synthetic images; there are {len(synthetic)}. Use a larger budget."
            )
        hits, rates = recognised(synthetic), _rates(synthetic, evidence.classes)
        low, high = wilson_interval(int(hits.sum()), len(hits))
        ceiling = validation_rate(evidence.val)
        return Measurement(
            value=float(hits.mean()),
            low=low,
            high=high,
            num_real=len(evidence.train),
            num_synthetic=len(synthetic),
            per_class={name: rate for name, (rate, _, _) in rates.items()},
            details={
                "validation_rate": ceiling,
                "intervals": {name: [lowest, highest] for name, (_, lowest, highest) in rates.items()},
            },
            caution=_caution(ceiling, len(evidence.val), len(evidence.classes)),
        )


def _rates(images: ImageSet, classes: tuple[str, ...]) -> dict[str, tuple[float, float, float]]:
    """Rate and interval of each class that occurs."""
    hits = recognised(images)
    rates = {}
    for number, name in enumerate(classes):
        own = hits[images.label == number]
        if len(own):
            rates[name] = (float(own.mean()), *wilson_interval(int(own.sum()), len(own)))
    return rates


def wilson_interval(hits: int, total: int) -> tuple[float, float]:
    """The 95 % Wilson interval of a share; stays within 0..1 and is honest at both ends."""
    z = 1.959963984540054
    share = hits / total
    middle = share + z * z / (2 * total)
    reach = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    # at 0 and 1 rounding may leave the share itself a hair outside
    return max(0.0, min(share, (middle - reach) / scale)), min(1.0, max(share, (middle + reach) / scale))


def _caution(ceiling: float | None, num_val: int, num_classes: int) -> str:
    if ceiling is None or num_val < MIN_VALIDATION:
        return f"The classifier could be checked on only {num_val} validation images, so its own rate is unknown."
    if knows_little(ceiling, num_classes):
        return f"The classifier recognises only {ceiling:.0%} of the real validation images, so the rate says little."
    return ""
