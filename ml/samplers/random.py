"""Random: the common practice, and the baseline of every other sampler.

Every candidate of a class has the same chance; the seed decides.
"""

from collections.abc import Mapping

from ml.plugin import Card
from ml.ranking import RANKING_REASONS, keep_highest, lots
from ml.sampler import Candidates, Sampler, Selected


class Random(Sampler):
    """As many of each class as asked for, by lot."""

    name = "random"
    card = Card(
        title="Random",
        summary="Keeps candidates of each class by lot, whatever they look like.",
        strengths="Works with every model, keeps the generator's own variety, and costs nothing. The baseline against "
        "which every other sampler has to prove itself at the same size.",
        limits="Keeps failures and wrong classes as often as they are generated.",
    )
    reasons = RANKING_REASONS | {"not_drawn": "The lot fell on other candidates of this class."}
    fills_budget = True

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        return keep_highest(pool, budget, lots(pool, seed), too_low="not_drawn")
