"""Picks that lie far apart: the greedy solution of the k-centre problem."""

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
Rows = NDArray[np.int64]


def farthest_first(features: Features, number: int, first: int = 0) -> Rows:
    """int64 [min(number, n)]: row `first`, then each time the row that lies farthest from all picked before.

    The largest distance to the nearest pick is at most twice what any picks so many could reach (Gonzalez: Clustering
    to Minimize the Maximum Intercluster Distance, 1985). Equal distances go by row. Time n x number x D, memory n.
    """
    number = min(number, len(features))
    picks = np.empty(number, np.int64)
    centred = features - features.mean(axis=0, dtype=np.float64).astype(np.float32)
    squares = np.einsum("nd,nd->n", centred, centred)
    apart = np.full(len(features), np.inf, np.float32)
    following = first
    for turn in range(number):
        picks[turn] = following
        pick = centred[following]
        np.minimum(apart, np.maximum(squares + squares[following] - 2 * (centred @ pick), 0), out=apart)
        apart[following] = -1  # exact copies of it are at 0, and still come before it
        following = int(apart.argmax())
    return picks
