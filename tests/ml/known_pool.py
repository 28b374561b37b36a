"""Pools of known quality: features around class centres, with candidates of another class and copies among them."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.metric import Evidence, ImageSet
from ml.plugin import find
from ml.sampler import Candidates, Sampler, Selected

CLASSES = ("cat", "dog", "eel")
WIDTH = 8
APART = 4.0
"""Between the centres of two classes; a class's standard deviation is 1 in every direction."""


@dataclass(frozen=True)
class KnownPool:
    """A pool, and what it holds.

    wrong: bool [N], shows another class than the one asked for; copy: bool [N], is a training image all but exactly.
    """

    pool: Candidates
    wrong: NDArray[np.bool_]
    copy: NDArray[np.bool_]


def centre(label: NDArray[np.int64]) -> NDArray[np.float64]:
    """float64 [N, WIDTH]."""
    return np.eye(len(CLASSES), WIDTH)[label] * APART / 2**0.5


def real_images(number: int, seed: int) -> ImageSet:
    """`number` real images of each class."""
    label = np.arange(number * len(CLASSES), dtype=np.int64) % len(CLASSES)
    noise = np.random.default_rng(seed).normal(size=(len(label), WIDTH))
    return image_set((centre(label) + noise).astype(np.float32), label)


def image_set(features: NDArray[np.float32], label: NDArray[np.int64]) -> ImageSet:
    """With the probabilities of an encoder that knows the classes."""
    logits = features @ centre(np.arange(len(CLASSES))).T
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    return ImageSet(features, label, (odds / odds.sum(axis=1, keepdims=True)).astype(np.float32))


def known_pool(
    number: int, seed: int, wrong: float = 0.0, copies: float = 0.0, num_train: int = 40, spread: float = 1.0
) -> KnownPool:
    """A pool with shares of candidates that show another class, and of near-copies; spread: of the others."""
    rng = np.random.default_rng(seed)
    train, val = real_images(num_train, seed + 1), real_images(40, seed + 2)
    label = rng.integers(0, len(CLASSES), number)
    is_wrong, is_copy = np.split(rng.random((2, number)) < np.array([[wrong], [copies]]), 2)
    is_wrong, is_copy = is_wrong[0] & ~is_copy[0], is_copy[0]
    drawn = np.where(is_wrong, (label + 1) % len(CLASSES), label)
    features = centre(drawn) + rng.normal(size=(number, WIDTH)) * spread
    for row in np.flatnonzero(is_copy):
        own = np.flatnonzero(train.label == label[row])
        features[row] = train.features[rng.choice(own)] + rng.normal(size=WIDTH) * 0.01
    synthetic = image_set(features.astype(np.float32), label)
    gaps = synthetic.features[:, None] - train.features[None]
    distance = np.sqrt((gaps**2).sum(axis=2)).min(axis=1, initial=np.inf)
    confidence = np.take_along_axis(synthetic.probabilities, label[:, None], 1)[:, 0]
    scores = {
        "class_confidence": rng.random(number).round(2),
        "realism": rng.random(number).round(2),
        "classifier_confidence": confidence.astype(np.float64),
        "nearest_training_distance": distance.astype(np.float64),
    }
    evidence = Evidence(train, val, synthetic, CLASSES)
    pool = Candidates(CLASSES, label, np.arange(number, dtype=np.int64), scores, evidence)
    return KnownPool(pool, is_wrong, is_copy)


def select(name: str, pool: Candidates, count: int, seed: int = 0, **settings: Any) -> Selected:
    """What the sampler of that name keeps, `count` of each class."""
    sampler = find("samplers", Sampler, name)
    return sampler(sampler.Settings(**settings)).select(pool, dict.fromkeys(CLASSES, count), seed)


def features_of(pool: Candidates, rows: NDArray[np.int64]) -> NDArray[np.float32]:
    """float32 [len(rows), WIDTH]."""
    return pool.seen().synthetic.features[rows]


def apart(pool: Candidates, kept: NDArray[np.int64]) -> float:
    """The mean distance of two that are kept of one class."""
    means = []
    for label in range(len(CLASSES)):
        own = features_of(pool, kept[pool.label[kept] == label])
        distance = np.linalg.norm(own[:, None] - own[None], axis=2)
        means.append(distance[np.triu_indices(len(own), 1)].mean())
    return float(np.mean(means))
