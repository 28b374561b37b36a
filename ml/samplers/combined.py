"""Combined: no copies, a floor of quality, then diversity, then the budget of each class.

Nothing here is new: the steps are those of the samplers novelty, diverse, class confidence, realism and optimal
transport, one after the other on what the one before left in. So every candidate that is dropped has the reason of the
step that dropped it.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from ml.narrowing import COPY_REASONS, FLOOR_REASONS, SPREAD_REASONS, Floats, Narrowing
from ml.plugin import SHOWN_FIRST, Card, Settings
from ml.sampler import Candidates, Sampler, Selected
from ml.suitability import MODEL_SCORES
from ml.transport import class_agreement

ENTROPY, RELAXATION = 0.05, 0.05


class CombinedSettings(Settings):
    floor_by: Literal["classifier_confidence", "class_confidence", "realism", "optimal_transport"] = Field(
        "classifier_confidence",
        description="What quality is: the encoder's confidence in the class, the discriminator's confidence in it, the "
        "discriminator's real/fake score, or how much of the candidate transport sends to its class.",
        json_schema_extra={**SHOWN_FIRST, MODEL_SCORES: ["class_confidence", "realism"]},
    )
    floor_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of each class's candidates that passes the floor. It gives way where fewer would be left "
        "than asked for; 1 is no floor.",
        json_schema_extra=SHOWN_FIRST,
    )
    drop_copies: bool = Field(True, description="Whether near-copies of training images are left out first.")
    percentile: float = Field(
        1.0,
        gt=0,
        le=50,
        description="A near-copy lies closer to a training image than all but this percentage of real images that the "
        "generator never saw.",
    )


class Combined(Sampler):
    """Novel, above the floor, far apart."""

    name = "combined"
    Settings = CombinedSettings
    card = Card(
        title="Combined: novel, good, then diverse",
        summary="Drops near-copies, keeps the better part of each class, and of that what looks most different.",
        strengths="Each step makes up for the weakness of the others: the floor for odd failures that diversity likes, "
        "diversity for the sameness that a ranking brings, novelty for copies that any score of quality likes best.",
        limits="Asks for a pool some times as large as the budget; with a pool factor below 2 little is left to "
        "choose. Floors by the discriminator need a model that gives its score.",
    )
    sees_images = True
    reasons = COPY_REASONS | FLOOR_REASONS | SPREAD_REASONS

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        narrowing, features = Narrowing(pool, budget), pool.seen().synthetic.features
        report = {"near_copy": narrowing.drop_copies(self.settings.percentile)} if self.settings.drop_copies else {}
        quality = self.quality(pool)
        narrowing.floor(quality, self.settings.floor_share)
        return narrowing.keep_spread(features, quality, report)

    def quality(self, pool: Candidates) -> Floats:
        """float64 [N], higher is better."""
        if self.settings.floor_by == "optimal_transport":
            return class_agreement(pool, ENTROPY, RELAXATION)[0]
        return pool.score(self.settings.floor_by)
