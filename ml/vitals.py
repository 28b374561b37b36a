"""The vital signs of a training, taken at each measured checkpoint; `ml/health.py` judges them.

Overfitting of D: Tero Karras, Miika Aittala, Janne Hellsten, Samuli Laine, Jaakko Lehtinen, Timo Aila: Training
Generative Adversarial Networks with Limited Data, NeurIPS 2020, https://arxiv.org/abs/2006.06676, section 3.1.

Notation (code -> paper)
    overfitting.value        r_v = (E[D_train] - E[D_validation]) / (E[D_train] - E[D_generated])
    train, val, generated    D_train, D_validation, D_generated: D's raw scores

Differs from the paper
    Scores are those of whole images, not augmented, at a checkpoint, instead of means over the last minibatches.
    The images of the three sets have the same class mix, for D is told the class.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.images import Pixels
from ml.metric import ImageSet
from ml.metrics.diversity import pairwise
from ml.pack import Pack

ENOUGH_OF_CLASS: Final = 24
"""Generated images of a class by which its variety is told; a class that comes rarely is shown some more."""
LEAST_OF_CLASS: Final = 8
"""Below so many, generated or real, nothing is said of a class by itself."""
MOST_REAL: Final = 256
"""Training images of a class that its variety is compared with."""
MOST_SCORED: Final = 0.5
"""Images of each of the three sets that D is asked about, per generated image at hand."""

Labels = NDArray[np.int64]
Floats = NDArray[np.float64]
Realism = Callable[[Pixels, Labels], Floats]
"""(uint8 [N, H, W, C], labels int64 [N]) -> D's raw scores [N] of the images as they are."""


@dataclass(frozen=True)
class Overfitting:
    """value: 0 where D scores unseen real images as those it learnt from, 1 where it takes them for generated ones;
    error: the standard error of the value; num_val: validation images that were asked about."""

    value: float
    error: float
    num_val: int


@dataclass(frozen=True)
class Vitals:
    """overfitting: None where D's scores cannot tell; variety: class -> spread of its generated images, 1 as real."""

    overfitting: Overfitting | None
    variety: Mapping[str, float]

    def worst(self) -> tuple[str, float] | None:
        """The class of least variety."""
        return min(self.variety.items(), key=lambda item: item[1]) if self.variety else None

    def scalars(self) -> dict[str, float]:
        """What is drawn as curves."""
        values = {}
        if self.overfitting is not None:
            values["health/overfitting"] = self.overfitting.value
        if worst := self.worst():
            values["health/variety"] = sum(self.variety.values()) / len(self.variety)
            values["health/least_variety"] = worst[1]
        return values


class VitalSigns:
    """What stays the same at every checkpoint: real images that are compared with, and which ones D is asked about."""

    def __init__(self, pack: Pack, train: ImageSet, labels: Labels, seed: int) -> None:
        """labels: of the generated images that are at hand anyway."""
        self.pack, self.classes = pack, pack.classes
        self.real = [_spread(train.features[rows[:MOST_REAL]]) for rows in _by_class(train.label, len(self.classes))]
        self.more_labels, self.more_seeds = _more(labels, train.label, len(self.classes), seed)
        self.label = np.concatenate([labels, self.more_labels])
        self.train_rows, self.val_rows, self.places = self._alike(np.random.default_rng([seed % 2**64, 0x0D]))

    def take(self, images: Pixels, features: NDArray[np.float32], realism: Realism | None) -> Vitals:
        """Of generated images of the classes `label`; without `realism`, D is not asked."""
        return Vitals(None if realism is None else self._overfitting(images, realism), self._variety(features))

    def _variety(self, features: NDArray[np.float32]) -> dict[str, float]:
        parts = zip(self.classes, _by_class(self.label, len(self.classes)), self.real, strict=True)
        return {
            name: (_spread(features[rows]) or 0.0) / real
            for name, rows, real in parts
            if real and len(rows) >= LEAST_OF_CLASS
        }

    def _overfitting(self, images: Pixels, realism: Realism) -> Overfitting | None:
        """None without validation images, or while D tells training and generated images hardly apart."""
        if len(self.places) < 2:
            return None
        label = self.label[self.places]
        train, val = (realism(self.pack.read(rows)[0], label) for rows in (self.train_rows, self.val_rows))
        return overfitting_of(train, val, realism(images[self.places], label))

    def _alike(self, rng: np.random.Generator) -> tuple[Labels, Labels, Labels]:
        """(rows of the pack's training split, of its validation split, places of generated images): the same number of
        each class in all three, in the same order of classes."""
        sets = []
        for split in ("train", "val"):
            rows = rng.permutation(self.pack.rows(split))
            sets.append([rows[of] for of in _by_class(self.pack.label[rows], len(self.classes))])
        sets.append(_by_class(self.label, len(self.classes)))
        counts = np.array([[len(rows) for rows in one] for one in sets]).min(axis=0)
        most = MOST_SCORED * len(self.label)
        counts = np.ceil(counts * min(1.0, most / max(1, counts.sum()))).astype(int)
        drawn = [
            np.concatenate([rows[:count] for rows, count in zip(one, counts, strict=True)]).astype(np.int64)
            for one in sets
        ]
        return drawn[0], drawn[1], drawn[2]


def overfitting_of(train: Floats, val: Floats, generated: Floats) -> Overfitting | None:
    """From D's scores; None where training images score no higher than generated ones, beyond chance."""
    gap = float(train.mean() - generated.mean())
    if not math.isfinite(gap) or gap <= 2 * math.hypot(_error(train), _error(generated)):
        return None
    value = float(train.mean() - val.mean()) / gap
    # d r / d train = (1 - r) / gap, d r / d val = -1 / gap, d r / d generated = r / gap
    parts = ((1 - value) * _error(train), _error(val), value * _error(generated))
    return Overfitting(value, math.sqrt(sum(part**2 for part in parts)) / gap, len(val))


def _error(scores: Floats) -> float:
    """The standard error of the mean."""
    return float(scores.std(ddof=1)) / math.sqrt(len(scores))


def _spread(features: NDArray[np.float32]) -> float | None:
    """The root mean squared distance of two rows; None of too few, or where all are the same."""
    return math.sqrt(pairwise(features).distance) or None if len(features) >= LEAST_OF_CLASS else None


def _by_class(label: Labels, num_classes: int) -> list[Labels]:
    return [np.flatnonzero(label == number) for number in range(num_classes)]


def _more(labels: Labels, known: Labels, num_classes: int, seed: int) -> tuple[Labels, Labels]:
    """Labels and seeds of further images, so that each class that can be told of has as many of ENOUGH_OF_CLASS as
    can be had with no more than another half of the images at hand."""
    there = np.bincount(labels, minlength=num_classes)
    told = np.bincount(known, minlength=num_classes) >= LEAST_OF_CLASS
    for enough in range(ENOUGH_OF_CLASS, -1, -1):
        missing = np.where(told, np.maximum(0, enough - there), 0)
        if missing.sum() <= len(labels) // 2:
            break
    more = np.repeat(np.arange(num_classes, dtype=np.int64), missing)
    return more, np.random.default_rng([seed % 2**64, 0xC1A5]).integers(0, 2**53, len(more), dtype=np.int64)
