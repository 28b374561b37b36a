"""Novelty: no near-copies of training images.

What counts as a copy is told by real images: one that the generator never saw lies so far from the nearest training
image, and a candidate closer than almost all of them is left out. The others are drawn by lot, so that nothing else
about the pool changes.

After the memorisation tests of C. Meehan, K. Chaudhuri, S. Dasgupta: A Non-Parametric Test to Detect Data-Copying in
Generative Models, AISTATS 2020, https://arxiv.org/abs/2004.05675.
Differs from the paper: it tests a whole generator by the ranks of such distances; here each candidate is judged by
itself, in the features of the in-domain encoder.
"""

from collections.abc import Mapping

from pydantic import Field

from ml.narrowing import COPY_REASONS, Narrowing
from ml.plugin import SHOWN_FIRST, Card, Settings
from ml.ranking import lots
from ml.sampler import Candidates, Sampler, Selected


class NoveltySettings(Settings):
    percentile: float = Field(
        1.0,
        gt=0,
        le=50,
        description="A candidate is a near-copy when it lies closer to a training image than all but this percentage "
        "of real images that the generator never saw.",
        json_schema_extra=SHOWN_FIRST,
    )


class Novelty(Sampler):
    """By lot among candidates that are no near-copies."""

    name = "novelty"
    Settings = NoveltySettings
    card = Card(
        title="Novelty",
        summary="Drops near-copies of training images, and draws among the others by lot.",
        authors="Casey Meehan, Kamalika Chaudhuri, Sanjoy Dasgupta",
        paper="A Non-Parametric Test to Detect Data-Copying in Generative Models",
        venue="AISTATS 2020",
        url="https://arxiv.org/abs/2004.05675",
        strengths="A selection that adds something to the training images, and that gives none of them away. Works "
        "with every model.",
        limits="Says nothing about quality: broken images are new, too. Below 100 validation images the training "
        "images themselves set the distance, which is less strict where they come in groups.",
    )
    sees_images = True
    reasons = COPY_REASONS | {"not_drawn": "It is no copy, but the lot fell on other candidates of this class."}

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        narrowing = Narrowing(pool, budget)
        rule = narrowing.drop_copies(self.settings.percentile)
        return narrowing.keep_ranked(lots(pool, seed), "not_drawn", {"near_copy": rule})
