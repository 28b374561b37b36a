"""cr-sam: rank the pool by the discriminator's real/fake score.

Binod Bhattarai, Seungryul Baek, Rumeysa Bodur, Tae-Kyun Kim: Sampling Strategies for GAN Synthetic Data, ICASSP 2020,
https://arxiv.org/abs/1909.04689.

Notation (code -> paper): realism -> D's raw real/fake output, higher is more real; budget -> K of top-K.
Differs from the paper: K is a budget per class; scores are compared within a class only, because a discriminator that
sees the label is not calibrated between classes.
"""

from collections.abc import Mapping

from ml.plugin import Card
from ml.ranking import RANKING_REASONS, keep_highest
from ml.sampler import Candidates, Sampler, Selected


class Realism(Sampler):
    """cr-sam: the top K of each class by D's real/fake score."""

    name = "realism"
    card = Card(
        title="Realism (cr-sam)",
        summary="Keeps the candidates that the discriminator takes most for real images.",
        authors="Binod Bhattarai, Seungryul Baek, Rumeysa Bodur, Tae-Kyun Kim",
        paper="Sampling Strategies for GAN Synthetic Data",
        venue="ICASSP 2020",
        url="https://arxiv.org/abs/1909.04689",
        strengths="Removes broken images; works with every adversarial model, with or without a class head.",
        limits="Says nothing about the class, and a discriminator that has learnt its training images by heart prefers "
        "near-copies of them: look at the memorised share.",
    )
    needs = ("realism",)
    reasons = RANKING_REASONS | {
        "less_real": "The discriminator took other candidates of this class more for real, and the budget was full."
    }
    fills_budget = True

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        self.check_scores(frozenset(pool.scores), "of this pool")
        return keep_highest(pool, budget, pool.scores["realism"], too_low="less_real")
