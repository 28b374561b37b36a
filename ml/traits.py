"""What a strategy that learns may know of each candidate: few numbers of one size, from its features and its scores."""

import numpy as np
from numpy.typing import NDArray

from ml.sampler import Candidates

Traits = NDArray[np.float32]
NUM_DIRECTIONS = 8
CHUNK = 8192


def traits_of(pool: Candidates) -> Traits:
    """float32 [N, T], each column between about -2 and 2.

    Where it lies along the directions in which the training images vary most; and, as ranks within its class from -1 to
    1, how near it is to its class's mean, by how much nearer than to another class's, and each score (NaN counts as
    the middle).
    """
    evidence = pool.seen()
    train, features = evidence.train, evidence.synthetic.features
    mean = train.features.mean(axis=0, dtype=np.float64)
    spread, directions = np.linalg.eigh(np.cov((train.features - mean).T, bias=True).reshape(len(mean), len(mean)))
    directions = directions[:, ::-1][:, :NUM_DIRECTIONS] / np.sqrt(np.maximum(spread[::-1][:NUM_DIRECTIONS], 1e-12))
    means = {int(label): train.features[train.label == label].mean(axis=0) for label in np.unique(train.label)}
    along = np.empty((len(pool), directions.shape[1]), np.float32)
    to_own, margin = np.full(len(pool), np.nan), np.full(len(pool), np.nan)
    for at in range(0, len(pool), CHUNK):
        rows = slice(at, at + CHUNK)
        along[rows] = np.clip((features[rows] - mean) @ directions, -4, 4) / 2
        distance = np.full((len(features[rows]), len(pool.classes)), np.inf)
        for label, own in means.items():
            distance[:, label] = np.linalg.norm(features[rows] - own, axis=1)
        line, place = np.arange(len(distance)), pool.label[rows]
        to_own[rows] = distance[line, place]
        distance[line, place] = np.inf
        nearest_other = distance.min(axis=1, initial=np.inf)
        margin[rows] = np.where(np.isfinite(nearest_other), nearest_other - to_own[rows], 0)
    ranked = [to_own, margin, *(pool.scores[name] for name in sorted(pool.scores))]
    return np.column_stack([along, *(_ranks(values, pool.label) for values in ranked)]).astype(np.float32)


def _ranks(values: NDArray[np.float64], label: NDArray[np.int64]) -> Traits:
    """float32 [N]: each one's place within its class, from -1 for the lowest to 1; equal values share theirs."""
    ranks = np.zeros(len(values), np.float32)
    for number in np.unique(label):
        rows = np.flatnonzero((label == number) & np.isfinite(values))
        kinds, place = np.unique(values[rows], return_inverse=True)
        if len(kinds) > 1:
            counts = np.bincount(place)
            middle = np.cumsum(counts) - (counts + 1) / 2
            ranks[rows] = middle[place] / (len(rows) - 1) * 2 - 1
    return ranks
