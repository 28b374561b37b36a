"""What is lost on the way to the other domain and back.

Zhu, Park, Isola, Efros: Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks. ICCV 2017,
https://arxiv.org/abs/1703.10593. The L1 norm of the cycle consistency loss, |F(G(x)) - x|_1, here as a mean over pixels
and channels in shares of the whole range.
"""

from ml.likeness import WAY_BACK, mean_difference, measure_pairs
from ml.metric import Evidence, Measurement, Metric
from ml.plugin import Card


class CycleError(Metric):
    """How far sources are from what a model makes of its own results on the way back."""

    name = "cycle_error"
    unit = "of the range"
    better = "lower"
    compares = WAY_BACK
    card = Card(
        title="Cycle error",
        summary="How much held-out images change, pixel by pixel, when they are translated there and back.",
        authors="Jun-Yan Zhu, Taesung Park, Phillip Isola, Alexei A. Efros",
        paper="Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks",
        venue="ICCV 2017",
        url="https://arxiv.org/abs/1703.10593",
        strengths="Shows whether a translation keeps what it started from, without any pairs.",
        limits="Says nothing about the result in between: one that changes nothing has an error of 0, and one can hide "
        "the source in invisible detail.",
    )

    def measure(self, evidence: Evidence) -> Measurement:
        return measure_pairs(evidence, WAY_BACK, lambda first, second, look: mean_difference(first, second))
