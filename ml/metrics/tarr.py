"""Target label recognition rate: how often a classifier trained on real images sees the class asked for.

Notation (code -> text): probabilities -> the encoder's class probabilities; recognised -> its most likely class is the
target class. The interval is Wilson's.

With the encoder as the classifier it is the GAN-test of K. Shmelkov, C. Schmid, K. Alahari: How good is my GAN? ECCV
2018, https://arxiv.org/abs/1807.09499; a study tells it of children, too.
"""

from ml.errors import TooFewSamplesError
from ml.intervals import wilson_interval
from ml.metric import Evidence, ImageSet, Measurement, Metric
from ml.plugin import Card
from ml.recognition import MIN_VALIDATION, knows_little, recognised, validation_rate

MIN_IMAGES = 10
ENOUGH = 100


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
            caution=_caution(ceiling, evidence),
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


def _caution(ceiling: float | None, evidence: Evidence) -> str:
    number, num_val = len(evidence.synthetic), len(evidence.val)
    sentences = []
    if ceiling is None or num_val < MIN_VALIDATION:
        sentences.append(
            f"The classifier could be checked on only {num_val} validation images, so its own rate is unknown."
        )
    elif knows_little(ceiling, len(evidence.classes)):
        sentences.append(
            f"The classifier recognises only {ceiling:.0%} of the real validation images, so the rate says little."
        )
    if number < ENOUGH:
        sentences.append(f"Measured on {number} images: read the interval, not the value alone.")
    return " ".join(sentences)
