"""Optimal transport of candidates to the classes, with an entropic plan and relaxed marginals.

M. Cuturi: Sinkhorn Distances: Lightspeed Computation of Optimal Transport, NeurIPS 2013, and L. Chizat, G. Peyré,
B. Schmitzer, F.-X. Vialard: Scaling Algorithms for Unbalanced Optimal Transport Problems, 2018, in the log domain.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from ml.sampler import Candidates

Floats = NDArray[np.float64]
CHUNK = 8192
NUM_ITERATIONS = 200
TOLERANCE = 1e-6


def class_agreement(pool: Candidates, entropy: float, relaxation: float) -> tuple[Floats, NDArray[np.int64], Floats]:
    """How the plan shares each candidate out: (the part that goes to its own class, the class that gets most, and the
    margin by which its own class's prototype is the nearest one); float64, int64, float64 [N].

    Each candidate has the same mass; a class should receive what the pool holds of it, as far as `relaxation` insists.
    """
    evidence, number = pool.seen(), len(pool)
    features = evidence.synthetic.features
    prototypes = _prototypes(evidence.train.features, evidence.train.label, len(pool.classes))
    present = np.flatnonzero(~np.isnan(prototypes[:, 0]))
    column = np.full(len(pool.classes), -1)
    column[present] = np.arange(len(present))
    chunks = [slice(at, at + CHUNK) for at in range(0, number, CHUNK)]
    cost = np.empty((number, len(present)), np.float32)
    for rows in chunks:
        cost[rows] = 1 - _unit(features[rows].astype(np.float64)) @ prototypes[present].T
    counts = np.bincount(pool.label, minlength=len(pool.classes))[present]
    bias = _class_potentials(cost, counts, entropy, relaxation)
    own, winner, margin = np.zeros(number), np.zeros(number, np.int64), np.full(number, -np.inf)
    for rows in chunks:
        place = column[pool.label[rows]]
        share = (bias - cost[rows]) / entropy
        share = np.exp(share - logsumexp(share, axis=1, keepdims=True))
        winner[rows] = present[share.argmax(axis=1)]
        known, line = place >= 0, np.arange(len(place))
        own[rows] = np.where(known, share[line, place], 0)
        others = cost[rows].astype(np.float64)
        distance = others[line, place].copy()
        others[line, place] = np.inf
        margin[rows] = np.where(known, others.min(axis=1, initial=2.0) - distance, -np.inf)
    return own, winner, margin


def _class_potentials(
    cost: NDArray[np.float32], counts: NDArray[np.int64], entropy: float, relaxation: float
) -> Floats:
    """float64 [K]: what is taken off the cost of each class, in Sinkhorn's turns of both marginals.

    The candidates' marginal is strict, the classes' one relaxed: its step is damped by rho / (rho + eps).
    """
    number = len(cost)
    bias = np.zeros(cost.shape[1])
    if number == 0:
        return bias
    held = counts > 0
    wanted = np.log(np.maximum(counts, 1) / number)
    damping = relaxation / (relaxation + entropy)
    for _ in range(NUM_ITERATIONS):
        received = np.full(len(bias), -np.inf)
        for at in range(0, number, CHUNK):
            log_kernel = (bias - cost[at : at + CHUNK]) / entropy
            log_plan = log_kernel - logsumexp(log_kernel, axis=1, keepdims=True) - np.log(number)
            received = np.logaddexp(received, logsumexp(log_plan, axis=0))
        # received holds the bias itself; without it, the step is eps log b / (K^T u), damped
        following = damping * (entropy * (wanted - received) + bias)
        # a class that nobody asked for may still be what was drawn: it is neither pressed nor held off
        following = np.where(held, following - following[held].mean(), 0.0)
        if np.abs(following - bias).max() < TOLERANCE:
            return following
        bias = following
    return bias


def _prototypes(features: NDArray[np.float32], label: NDArray[np.int64], num_classes: int) -> Floats:
    """float64 [K, D]: the direction of each class's mean, NaN where the class has no image."""
    prototypes = np.full((num_classes, features.shape[1]), np.nan)
    for number in np.unique(label):
        prototypes[number] = features[label == number].mean(axis=0, dtype=np.float64)
    return _unit(prototypes)


def _unit(vectors: Floats) -> Floats:
    lengths: Floats = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(lengths, 1e-12)
