"""What people would say of candidates that nobody has judged yet, learnt from those that somebody has.

A logistic regression on traits and features, as many times as there are folds, each without one fold; how sure it may
be is learnt on the verdicts that it did not see: J. Platt: Probabilistic Outputs for Support Vector Machines and
Comparisons to Regularized Likelihood Methods, 1999. The models' mean is the chance that people accept; where they
disagree, or where people themselves do, it is near one half.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from ml.sampler import Candidates
from ml.traits import traits_of

Floats = NDArray[np.float64]
FEWEST = 10
"""Verdicts of either kind below which nothing is learnt."""
NUM_FOLDS = 5
NUM_BINS = 10
CHUNK = 8192


@dataclass(frozen=True)
class Preference:
    """chance: float64 [N], of being accepted; uncertainty: float64 [N], its entropy in bits, 0..1."""

    chance: Floats
    uncertainty: Floats
    report: dict[str, JsonValue]


def learn_preference(pool: Candidates, verdict: NDArray[np.int8], seed: int) -> Preference | None:
    """verdict: int8 [N], 1 accepted, -1 rejected, 0 neither. None where there are too few verdicts to learn from."""
    from sklearn.linear_model import LogisticRegression  # takes seconds to load, which nobody else at work needs
    from sklearn.model_selection import StratifiedKFold

    judged, accepted = np.flatnonzero(verdict), verdict[verdict != 0] > 0
    if min(accepted.sum(), (~accepted).sum()) < FEWEST:
        return None
    known = _Known(pool)
    x, folds = known.of(judged), StratifiedKFold(NUM_FOLDS, shuffle=True, random_state=seed % 2**32)
    logit, models = np.empty(len(judged)), []
    for learnt, held_out in folds.split(x, accepted):
        models.append(LogisticRegression(max_iter=1000).fit(x[learnt], accepted[learnt]))
        logit[held_out] = models[-1].decision_function(x[held_out])
    sureness = LogisticRegression(C=1e3).fit(logit[:, None], accepted)
    chance = np.empty(len(pool))
    for at in range(0, len(pool), CHUNK):
        rows = np.arange(at, min(at + CHUNK, len(pool)))
        own = known.of(rows)
        logits = [sureness.predict_proba(model.decision_function(own)[:, None])[:, 1] for model in models]
        chance[rows] = np.mean(logits, axis=0)
    unseen = sureness.predict_proba(logit[:, None])[:, 1]
    report: dict[str, JsonValue] = {
        "accepted": int(accepted.sum()),
        "rejected": int((~accepted).sum()),
        "brier": float(np.mean((unseen - accepted) ** 2)),
        "brier_of_the_mean": float(accepted.mean() * (1 - accepted.mean())),
        "calibration_error": calibration_error(unseen, accepted),
    }
    return Preference(chance, entropy(chance), report)


def calibration_error(chance: Floats, accepted: NDArray[np.bool_]) -> float:
    """By how much foretold and observed shares differ, in mean over equally filled bins."""
    bins = np.array_split(np.argsort(chance, kind="stable"), min(NUM_BINS, len(chance)))
    return float(sum(abs(chance[part].mean() - accepted[part].mean()) * len(part) for part in bins) / len(chance))


def entropy(chance: Floats) -> Floats:
    """float64 [N], in bits."""
    sure = np.clip(np.stack([chance, 1 - chance]), 1e-12, 1)
    bits: Floats = -(sure * np.log2(sure)).sum(axis=0)
    return bits


class _Known:
    """Traits and features of candidates, a few rows at a time."""

    def __init__(self, pool: Candidates) -> None:
        self._traits, self._features = traits_of(pool), pool.seen().synthetic.features
        self._label, self._num_classes = pool.label, len(pool.classes)

    def of(self, rows: NDArray[np.int64]) -> Floats:
        """float64 [n, T + D + C]; all features together weigh about as much as one trait."""
        features = self._features[rows] / self._features.shape[1] ** 0.5
        return np.column_stack([self._traits[rows], features, np.eye(self._num_classes)[self._label[rows]]])
