"""Diverse: candidates that lie far apart, above a floor of quality.

O. Sener, S. Savarese: Active Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR 2018,
https://arxiv.org/abs/1708.00489; the greedy k-centre algorithm is Gonzalez's of 1985.

Notation (code -> paper): features -> the last layer of the network; budget -> b; farthest_first -> k-Center-Greedy.
Differs from the paper: it picks real images to be labelled and begins with the labelled ones; here it picks candidates
of one class after another and begins with the best of each. Farthest points are the oddest first, hence the floor. The
paper's mixed integer program, which moves the centres afterwards, is left out.
"""

from collections.abc import Mapping

from pydantic import Field

from ml.narrowing import FLOOR_REASONS, SPREAD_REASONS, Narrowing
from ml.plugin import SHOWN_FIRST, Card, Settings
from ml.sampler import Candidates, Sampler, Selected


class DiverseSettings(Settings):
    floor_share: float = Field(
        0.5,
        gt=0,
        le=1,
        description="Share of each class's candidates that passes the floor: those that the encoder recognises most "
        "surely. It gives way where fewer would be left than asked for; 1 is no floor.",
        json_schema_extra=SHOWN_FIRST,
    )


class Diverse(Sampler):
    """Far apart in the encoder's features, above a floor of the encoder's confidence."""

    name = "diverse"
    Settings = DiverseSettings
    card = Card(
        title="Diverse (k-centre)",
        summary="Keeps candidates of each class that look as different from one another as possible, among those that "
        "the encoder recognises.",
        authors="Ozan Sener, Silvio Savarese",
        paper="Active Learning for Convolutional Neural Networks: A Core-Set Approach",
        venue="ICLR 2018",
        url="https://arxiv.org/abs/1708.00489",
        strengths="No two that are almost the same; rare looks of a class are kept. Suits a large pool and a small "
        "budget.",
        limits="Odd images lie far from all others, so without a floor it collects failures. Frequent looks become as "
        "rare as rare ones. Its time grows with candidates times budget.",
    )
    sees_images = True
    reasons = FLOOR_REASONS | SPREAD_REASONS

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        narrowing, features = Narrowing(pool, budget), pool.seen().synthetic.features
        quality = pool.score("classifier_confidence")
        narrowing.floor(quality, self.settings.floor_share)
        return narrowing.keep_spread(features, quality)
