"""Top-K per class: how the samplers that rank turn one score into a selection."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ml.sampler import KEPT, Candidates, Selected

NOT_ASKED = "not_asked"
NO_SCORE = "no_score"
RANKING_REASONS = {
    NOT_ASKED: "The budget asks for no image of this class.",
    NO_SCORE: "The score is not a number, so the candidate cannot be ranked.",
}
"""What every ranking sampler may answer, besides its own reason for those that rank too low."""


def lots(pool: Candidates, seed: int) -> NDArray[np.float64]:
    """float64 [N]: one lot per candidate, so that a smaller budget keeps a part of what a larger one keeps."""
    return np.random.default_rng(seed % 2**64).random(len(pool))


def keep_highest(pool: Candidates, budget: Mapping[str, int], score: NDArray[np.float64], too_low: str) -> Selected:
    """Of each class the `budget[class]` candidates with the highest score; equal scores go by the candidate's index.

    score: float64 [N]; too_low: the reason code of a candidate that others outrank.
    """
    reason = np.full(len(pool), too_low, dtype=f"U{max(len(too_low), 16)}")
    kept = [np.empty(0, np.int64)]
    for number, name in enumerate(pool.classes):
        rows = np.flatnonzero(pool.label == number)
        asked = budget.get(name, 0)
        if asked == 0:
            reason[rows] = NOT_ASKED
            continue
        reason[rows[np.isnan(score[rows])]] = NO_SCORE
        ranked = rows[~np.isnan(score[rows])]
        # a stable sort of ascending rows is what settles ties by index
        kept.append(ranked[np.argsort(-score[ranked], kind="stable")][:asked])
    chosen = np.concatenate(kept).astype(np.int64)
    reason[chosen] = KEPT
    return Selected(kept=chosen, reason=reason)
