"""Picks that lie far apart: the greedy solutions of the k-centre problem and of a determinantal point process."""

import math
from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

Features = NDArray[np.float32]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
LARGEST: Final = 2**27
"""Candidates times picks that are weighed together by `determinantal`: 512 MiB."""
SAMPLE: Final = 1000
EXHAUSTED: Final = 1e-5
LEAST_QUALITY: Final = 1e-6


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


def determinantal(features: Features, quality: Floats, number: int) -> Rows:
    """int64 [min(number, n)]: rows whose kernel has a large determinant, best first: good ones, and unlike one another.

    The kernel of rows i and j is q_i q_j exp(-d_ij^2 / 2h^2), with quality q > 0, distance d of features and h the
    median of d. Memory is bounded: many rows are cut into parts by turns, each of which picks its share.
    """
    number = min(number, len(features))
    parts = max(1, math.ceil(math.sqrt(number * len(features) / LARGEST)))
    picks = np.full((parts, math.ceil(number / parts)), -1, np.int64)
    for part in range(parts):
        rows = np.arange(part, len(features), parts)
        own = features[rows] - features[rows].mean(axis=0)
        share = number // parts + (part < number % parts)
        picks[part, :share] = rows[greedy_map(_similar_to(own), quality[rows], share)]
    by_turns = picks.T.ravel()
    return by_turns[by_turns >= 0]


def greedy_map(similar: Callable[[int], NDArray[np.float32]], quality: Floats, number: int) -> Rows:
    """int64 [number]: each time the row by which the determinant of the picks' kernel grows most; equals go by row.

    similar: row -> float32 [n] of the matrix S, which has ones on its diagonal; the kernel is Diag(q) S Diag(q). Once
    nothing is left that the picks do not span, the rest go by quality. Time n x number^2, memory n x number.

    L. Chen, G. Zhang, E. Zhou: Fast Greedy MAP Inference for Determinantal Point Process to Improve Recommendation
    Diversity, NeurIPS 2018, https://arxiv.org/abs/1709.05135, algorithm 1.
    Notation (code -> paper): left -> d_i^2 / q_i^2; cholesky -> c_i as columns, without quality.
    Differs from the paper: it stops where the growth of the determinant ends; here it goes on to the number asked for.
    """
    worth = 2 * np.log(np.maximum(quality, LEAST_QUALITY))
    left = np.ones(len(quality))
    cholesky = np.zeros((number, len(quality)), np.float32)
    picks = np.empty(number, np.int64)
    for turn in range(number):
        pick = picks[turn] = int((worth + np.log(np.maximum(left, EXHAUSTED))).argmax())
        worth[pick] = -np.inf
        if left[pick] > EXHAUSTED:
            rest = similar(int(pick)) - cholesky[:turn, pick] @ cholesky[:turn]
            cholesky[turn] = rest / math.sqrt(left[pick])
            left -= cholesky[turn] ** 2
    return picks


def _similar_to(features: Features) -> Callable[[int], NDArray[np.float32]]:
    """Row -> its similarity with every row, as wide as the median distance of a sample of them."""
    squares = np.einsum("nd,nd->n", features, features)

    def distance(row: int, others: slice = slice(None)) -> NDArray[np.float32]:
        return np.asarray(np.maximum(squares[others] + squares[row] - 2 * (features[others] @ features[row]), 0))

    every = slice(None, None, max(1, len(features) // SAMPLE))
    median = float(np.median(np.stack([distance(row, every) for row in range(len(features))[every]])))
    width = np.float32(2 * median or 1.0)
    return lambda row: np.exp(-distance(row) / width)
