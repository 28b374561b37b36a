"""What a selection is worth to a classifier: the encoder with its last layer learnt anew, scored on validation images.

A child is trained in milliseconds, on features that are at hand, by whole batches: the same selection has the same
score, and what differs between two children is their selections alone.
"""

import numpy as np
from numpy.typing import NDArray

from ml.metric import ImageSet

Floats = NDArray[np.float64]
MAX_IMAGES = 4000
"""Real ones, and synthetic ones, that a child learns from; of more, evenly spread ones are taken."""
NUM_STEPS = 40
NUM_FIRST_STEPS = 300
WEIGHT_DECAY = 1e-3
MOMENTUM = 0.9


class ChildScore:
    """Children on one dataset. trainings: how many there were."""

    def __init__(self, train: ImageSet, val: ImageSet, num_classes: int) -> None:
        rows = _spread(len(train))
        self.num_classes, self.trainings = num_classes, 0
        self._real, self._real_label = _with_one(train.features[rows]), train.label[rows]
        self._val, self._val_label = _with_one(val.features), val.label
        largest = np.linalg.norm(self._real, 2) ** 2 / len(self._real)
        self._rate = 1 / (largest + WEIGHT_DECAY)
        start = np.zeros((self._real.shape[1], num_classes))
        even = _even(self._real_label)
        self._begin = self._learn(start, self._real, self._real_label, even, NUM_FIRST_STEPS)
        self.without = self.score_of(self._learn(self._begin, self._real, self._real_label, even, NUM_STEPS))
        self.accuracy_without = self.accuracy_of(self._begin)

    def train(self, features: NDArray[np.float32], label: NDArray[np.int64]) -> Floats:
        """Weights [D + 1, C] of a child that learns from real and these synthetic images, half and half.

        Within each half every class has the same weight. All children begin with what the real images alone teach.
        """
        self.trainings += 1
        if not len(label):
            return self._learn(self._begin, self._real, self._real_label, _even(self._real_label), NUM_STEPS)
        rows = _spread(len(label))
        features, label = features[rows], label[rows]
        both = np.concatenate([self._real, _with_one(features)])
        weight = np.concatenate([_even(self._real_label), _even(label)]) / 2
        return self._learn(self._begin, both, np.concatenate([self._real_label, label]), weight, NUM_STEPS)

    def score_of(self, weights: Floats) -> float:
        """Mean over classes of the mean log-likelihood of validation images: it tells more than accuracy of a few."""
        logits = self._val @ weights
        chance = logits - _log_sum(logits)
        own = np.take_along_axis(chance, self._val_label[:, None], 1)[:, 0]
        return float((own * _even(self._val_label)).sum())

    def accuracy_of(self, weights: Floats) -> float:
        """Mean over classes."""
        hits = (self._val @ weights).argmax(axis=1) == self._val_label
        return float((hits * _even(self._val_label)).sum())

    def _learn(self, start: Floats, x: Floats, label: NDArray[np.int64], weight: Floats, num_steps: int) -> Floats:
        """Gradient descent with momentum on the weighted cross-entropy."""
        weights, speed = start.copy(), np.zeros_like(start)
        wanted = np.eye(self.num_classes)[label]
        for _ in range(num_steps):
            logits = x @ weights
            surprise = np.exp(logits - _log_sum(logits)) - wanted
            slope = x.T @ (surprise * weight[:, None]) + WEIGHT_DECAY * weights
            speed = MOMENTUM * speed - self._rate * slope
            weights += speed
        return weights


def _spread(number: int) -> NDArray[np.int64]:
    return np.linspace(0, number - 1, min(number, MAX_IMAGES)).astype(np.int64)


def _even(label: NDArray[np.int64]) -> Floats:
    """float64 [N], summing to 1: every class that is there weighs the same."""
    _, place, counts = np.unique(label, return_inverse=True, return_counts=True)
    return 1 / (counts[place] * len(counts))


def _with_one(features: NDArray[np.float32]) -> Floats:
    return np.column_stack([features.astype(np.float64), np.ones(len(features))])


def _log_sum(logits: Floats) -> Floats:
    """float64 [N, 1]."""
    top = logits.max(axis=1, keepdims=True)
    total: Floats = top + np.log(np.exp(logits - top).sum(axis=1, keepdims=True))
    return total
