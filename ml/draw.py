"""Which training images a step sees: a pure function of (seed, step), so that a resumed run draws what it would have.

Steps count from 1. Every way of drawing goes through its images pass by pass: within a pass each image comes once, in
an order of its own.
"""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadDatasetError, BadSettingsError

Indices = NDArray[np.int64]
DrawMode = Literal["mixed", "one_class", "by_class"]

_IMAGES, _CLASSES = 0, 1


def check_by_class(counts: Mapping[str, int], batch_size: int, num_parts: int) -> None:
    """Whether batches, and the equal parts that they are computed in, can hold as many images of each class.

    counts: class -> training images. Raises: BadDatasetError, BadSettingsError.
    """
    empty = [name for name, count in counts.items() if not count]
    if empty:
        raise BadDatasetError(
            f"The training split has no image of {', '.join(empty)}; choose other classes, or add some."
        )
    if batch_size % (len(counts) * num_parts) and (num_parts > 1 or batch_size < len(counts)):
        raise BadSettingsError(
            f"A batch of {batch_size} images cannot be cut into {num_parts} equal parts that hold as many of each of "
            f"{len(counts)} classes; choose a batch_size that is a multiple of {len(counts) * num_parts}."
        )


class Draw:
    """Fills batches from images whose classes are `label`.

    mixed: all images as they are, or every class equally often when `balanced`; one_class: each step holds one class,
    every class with `steps_per_epoch` of its own, or all with the same number when `balanced`; by_class: the same
    number of each class.
    """

    def __init__(
        self, label: Indices, batch_size: int, seed: int, mode: DrawMode = "mixed", balanced: bool = True
    ) -> None:
        self.batch_size = batch_size
        self.mode = mode
        self.members = [np.flatnonzero(label == number) for number in np.unique(label)]
        self.balanced = balanced and len(self.members) > 1
        self.streams = [_Stream((seed, _IMAGES, int(label[rows[0]])), len(rows)) for rows in self.members]
        self.whole = _Stream((seed, _IMAGES), len(label))
        self.order = _Stream((seed, _CLASSES), len(self.members))
        self.schedule = one_class_schedule([len(rows) for rows in self.members], batch_size, balanced)

    def at(self, step: int) -> Indices:
        """Positions in `label` of step `step`'s batch, int64 [batch_size], ascending; by_class: ascending within each
        class, one class after the other, with batch_size rounded down to a multiple of their number."""
        if self.mode == "by_class":
            return self._by_class(step)
        if self.mode == "one_class":
            return np.sort(self._one_class(step))
        places = np.arange((step - 1) * self.batch_size, step * self.batch_size)
        return np.sort(self._balanced(places) if self.balanced else self.whole.take(places))

    def _balanced(self, places: Indices) -> Indices:
        """Place p belongs to round p // C; every class comes once a round."""
        num_classes = len(self.members)
        rounds = places // num_classes
        # with more classes than a batch holds, a fixed order would always put the same classes together
        which = self.order.take(places) if num_classes > self.batch_size else places % num_classes
        taken = np.empty_like(places)
        for number in np.unique(which):
            mine = which == number
            taken[mine] = self.members[number][self.streams[number].take(rounds[mine])]
        return taken

    def _by_class(self, step: int) -> Indices:
        number = self.batch_size // len(self.members)
        places = np.arange((step - 1) * number, step * number)
        return np.concatenate(
            [np.sort(rows[stream.take(places)]) for rows, stream in zip(self.members, self.streams, strict=True)]
        )

    def _one_class(self, step: int) -> Indices:
        epoch, slot = divmod(step - 1, len(self.schedule))
        number = self.schedule[slot]
        per_epoch = int((self.schedule == number).sum())
        turn = epoch * per_epoch + int((self.schedule[:slot] == number).sum())
        places = np.arange(turn * self.batch_size, (turn + 1) * self.batch_size)
        taken: Indices = self.members[number][self.streams[number].take(places)]
        return taken


def one_class_schedule(counts: Sequence[int], batch_size: int, balanced: bool) -> Indices:
    """The class of each step of one epoch, classes interleaved.

    A class of n images gets n // batch_size steps (the incomplete last batch is left out), at least one; `balanced`
    gives every class as many as the largest. Classes without images get none.
    """
    steps = [max(1, count // batch_size) if count else 0 for count in counts]
    if balanced:
        steps = [max(steps) if own else 0 for own in steps]
    turns = [((turn + 0.5) / own, number) for number, own in enumerate(steps) for turn in range(own)]
    return np.array([number for _, number in sorted(turns)], np.int64)


class _Stream:
    """An endless shuffled sequence over `num_items`: place p lies in pass p // num_items."""

    def __init__(self, key: tuple[int, ...], num_items: int) -> None:
        self.key = tuple(part & 0xFFFF_FFFF_FFFF_FFFF for part in key)
        self.num_items = num_items
        self._order = lru_cache(maxsize=2)(self._shuffle)  # a cache, not state: the answer depends on the pass alone

    def _shuffle(self, number: int) -> Indices:
        order: Indices = np.random.default_rng([*self.key, number]).permutation(self.num_items)
        return order

    def take(self, places: Indices) -> Indices:
        """The items at these places, int64 [len(places)]."""
        passes, inside = np.divmod(places, self.num_items)
        return np.concatenate([self._order(int(number))[inside[passes == number]] for number in np.unique(passes)])
