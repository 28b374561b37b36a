"""Narrowing a pool step by step: which candidates are still in, and why each other one is out.

Samplers that look at images are such steps one after the other: a floor of quality, no near-copies, then a ranking or a
spread within each class, up to its budget.
"""

import math
from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from ml.neighbours import memorised_rule
from ml.ranking import NO_SCORE, NOT_ASKED, RANKING_REASONS
from ml.sampler import KEPT, Candidates, Selected
from ml.spread import determinantal, farthest_first

Rows = NDArray[np.int64]
Floats = NDArray[np.float64]
BELOW_FLOOR = "below_floor"
NEAR_COPY = "near_copy"
FLOOR_REASONS = RANKING_REASONS | {
    BELOW_FLOOR: "Its quality is below the floor that this selection sets for the class."
}
COPY_REASONS = RANKING_REASONS | {
    NEAR_COPY: "It lies closer to a training image than new real images do, so it may be a copy of it."
}
TOO_ALIKE = "too_alike"
SPREAD_REASONS = RANKING_REASONS | {
    TOO_ALIKE: "Candidates that were kept look more like it than like one another, and the budget was full."
}
OUTWEIGHED = "outweighed"
WEIGHED_REASONS = RANKING_REASONS | {
    OUTWEIGHED: "Candidates that were kept are recognised more surely or look less alike, and the budget was full."
}
_CODE = "U24"


class Narrowing:
    """A pool with the candidates that are still in; those of classes that the budget leaves out are not."""

    def __init__(self, pool: Candidates, budget: Mapping[str, int]) -> None:
        self.pool = pool
        self.asked = np.array([budget.get(name, 0) for name in pool.classes], np.int64)
        self.reason = np.full(len(pool), KEPT, _CODE)
        self.drop(self.asked[pool.label] == 0, NOT_ASKED)

    def drop(self, where: NDArray[np.bool_], code: str) -> None:
        """where: bool [N]; who is out already keeps the first reason."""
        self.reason[where & (self.reason == KEPT)] = code

    def left(self, label: int) -> Rows:
        """Candidates of a class that are still in, ascending."""
        return np.flatnonzero((self.pool.label == label) & (self.reason == KEPT))

    def classes(self) -> list[int]:
        """Numbers of the classes of which something is asked for."""
        return [int(label) for label in np.flatnonzero(self.asked > 0)]

    # --- steps ------------------------------------------------------------------------------------------------------
    def floor(self, quality: Floats, share: float) -> None:
        """Of each class only the best `share` stays in, by quality (float64 [N], higher is better).

        The floor gives way where it would leave fewer than the budget asks for.
        """
        self.drop(np.isnan(quality), NO_SCORE)
        for label in self.classes():
            rows = self.left(label)
            number = max(int(self.asked[label]), math.ceil(share * len(rows)))
            below = rows[np.argsort(-quality[rows], kind="stable")][number:]
            self.reason[below] = BELOW_FLOOR

    def drop_copies(self, percentile: float) -> dict[str, JsonValue]:
        """Leave out whoever lies closer to a training image than all but `percentile` % of new real images do.

        Returns the rule by which it was told.
        """
        evidence, distance = self.pool.seen(), self.pool.score("nearest_training_distance")
        rule = memorised_rule(evidence.train.features, evidence.val.features, percentile=percentile)
        self.drop(np.isnan(distance), NO_SCORE)
        self.drop(distance <= rule.threshold, NEAR_COPY)
        return {"distance": rule.threshold, "reference": rule.reference, "num_reference": rule.num_reference}

    # --- ends -------------------------------------------------------------------------------------------------------
    def keep_ranked(self, value: Floats, too_low: str, report: Mapping[str, JsonValue] | None = None) -> Selected:
        """Of each class the candidates with the highest value, up to its budget; equal values go by index."""

        def best(rows: Rows, asked: int) -> Rows:
            return rows[np.argsort(-value[rows], kind="stable")][:asked]

        self.drop(np.isnan(value), NO_SCORE)
        return self.keep(best, too_low, report)

    def keep_spread(
        self, features: NDArray[np.float32], quality: Floats, report: Mapping[str, JsonValue] | None = None
    ) -> Selected:
        """Of each class the best candidate, and then each time the one that looks least like those that are kept."""

        def spread(rows: Rows, asked: int) -> Rows:
            return rows[farthest_first(features[rows], asked, int(np.argmax(quality[rows])))]

        return self.keep(spread, TOO_ALIKE, report)

    def keep_determinantal(self, features: NDArray[np.float32], quality: Floats) -> Selected:
        """Of each class the candidates that are good and unlike one another, weighed together."""

        def weighed(rows: Rows, asked: int) -> Rows:
            return rows[determinantal(features[rows], quality[rows], asked)]

        return self.keep(weighed, OUTWEIGHED)

    def keep(
        self,
        choose: Callable[[Rows, int], Rows],
        otherwise: str,
        report: Mapping[str, JsonValue] | None = None,
    ) -> Selected:
        """What `choose` picks of each class, best first: it gets the rows that are still in, and how many are asked."""
        kept = [np.empty(0, np.int64)]
        for label in self.classes():
            rows = self.left(label)
            chosen = choose(rows, int(self.asked[label])) if len(rows) else rows
            self.reason[np.setdiff1d(rows, chosen)] = otherwise
            kept.append(chosen)
        return Selected(np.concatenate(kept).astype(np.int64), self.reason, report or {})
