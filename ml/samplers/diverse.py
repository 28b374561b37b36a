"""Diverse: candidates that lie far apart, above a floor of quality.

O. Sener, S. Savarese: Active Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR 2018,
https://arxiv.org/abs/1708.00489; the greedy k-centre algorithm is Gonzalez's of 1985. The other method, determinantal:
L. Chen, G. Zhang, E. Zhou: Fast Greedy MAP Inference for Determinantal Point Process to Improve Recommendation
Diversity, NeurIPS 2018, https://arxiv.org/abs/1709.05135.

Notation (code -> paper): features -> the last layer of the network; budget -> b; farthest_first -> k-Center-Greedy.
Differs from the paper: it picks real images to be labelled and begins with the labelled ones; here it picks candidates
of one class after another and begins with the best of each. Farthest points are the oddest first, hence the floor. The
paper's mixed integer program, which moves the centres afterwards, is left out. What determinantal weighs, and how it
differs, stands at `determinantal` and `greedy_map` in ml/spread.py.
"""

from collections.abc import Mapping
from typing import Literal

from pydantic import Field

from ml.narrowing import FLOOR_REASONS, SPREAD_REASONS, WEIGHED_REASONS, Narrowing
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
    method: Literal["k_centre", "determinantal"] = Field(
        "k_centre",
        description="What diverse means: k_centre keeps those farthest apart; determinantal weighs the distance "
        "against the encoder's confidence, so that odd images need no floor, and takes longer.",
        json_schema_extra=SHOWN_FIRST,
    )


class Diverse(Sampler):
    """Far apart in the encoder's features, above a floor of the encoder's confidence."""

    name = "diverse"
    Settings = DiverseSettings
    card = Card(
        title="Diverse",
        summary="Keeps candidates of each class that look as different from one another as possible, among those that "
        "the encoder recognises.",
        authors="Ozan Sener, Silvio Savarese",
        paper="Active Learning for Convolutional Neural Networks: A Core-Set Approach",
        venue="ICLR 2018",
        url="https://arxiv.org/abs/1708.00489",
        strengths="No two that are almost the same; rare looks of a class are kept. Suits a large pool and a small "
        "budget.",
        limits="Odd images lie far from all others, so without a floor it collects failures. Frequent looks become as "
        "rare as rare ones. Its time grows with candidates times budget, and times the budget again if determinantal.",
    )
    sees_images = True
    reasons = FLOOR_REASONS | SPREAD_REASONS | WEIGHED_REASONS

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        narrowing, features = Narrowing(pool, budget), pool.seen().synthetic.features
        quality = pool.score("classifier_confidence")
        narrowing.floor(quality, self.settings.floor_share)
        if self.settings.method == "determinantal":
            return narrowing.keep_determinantal(features, quality)
        return narrowing.keep_spread(features, quality)
