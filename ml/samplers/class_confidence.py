"""cl-sam: rank the pool by the discriminator's confidence in the class that was asked for.

Binod Bhattarai, Seungryul Baek, Rumeysa Bodur, Tae-Kyun Kim: Sampling Strategies for GAN Synthetic Data, ICASSP 2020,
https://arxiv.org/abs/1909.04689.

Notation (code -> paper): class_confidence -> D's confidence in the target label; budget -> K of top-K.
Differs from the paper: K is a budget per class, not one number for the whole pool, so that no class is crowded out.
"""

from collections.abc import Mapping

from ml.plugin import Card
from ml.ranking import RANKING_REASONS, keep_highest
from ml.sampler import Candidates, Sampler, Selected


class ClassConfidence(Sampler):
    """cl-sam: the top K of each class by D's confidence in that class."""

    name = "class_confidence"
    card = Card(
        title="Class confidence (cl-sam)",
        summary="Keeps the candidates that the discriminator's class head recognises most surely as the wanted class.",
        authors="Binod Bhattarai, Seungryul Baek, Rumeysa Bodur, Tae-Kyun Kim",
        paper="Sampling Strategies for GAN Synthetic Data",
        venue="ICASSP 2020",
        url="https://arxiv.org/abs/1909.04689",
        strengths="Removes images that show another class or none: generators give a large share of images with very "
        "low confidence in their own class.",
        limits="Prefers typical images: the selection is less varied than the pool. Needs a model with a class head.",
    )
    needs = ("class_confidence",)
    reasons = RANKING_REASONS | {
        "less_confident": "Other candidates of this class were recognised more surely, and the budget was full."
    }
    fills_budget = True

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        self.check_scores(frozenset(pool.scores), "of this pool")
        return keep_highest(pool, budget, pool.scores["class_confidence"], too_low="less_confident")
