"""Which images train, which validate, which are held out.

Splits that a source has are kept. What is missing is drawn per class, seeded, by the hash of each image, so that the
answer depends neither on file names nor on their order, and a version with more images moves as few as possible:

    no split folders, or train alone     train, val and test by the fractions (0.8, 0.1, 0.1)
    train and test                       val is taken from train, in the proportion val : train
    train and val                        as they are; the test split stays empty

A class with fewer than 5 images to draw from keeps all of them in train: it is the class that generation is to help,
and one held-out image measures nothing. From 5 on, every split drawn gets at least one image of the class.
"""

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from ml.dataset_kind import SPLITS
from ml.errors import BadSettingsError

DEFAULT_FRACTIONS = (0.8, 0.1, 0.1)
MIN_DRAWN_CLASS = 5


@dataclass(frozen=True)
class Unsplit:
    """One accepted image: its hash, class, and the split of its source, None when the source has none."""

    sha256: str
    label: str
    split: str | None


def assign_splits(images: Sequence[Unsplit], seed: int, fractions: Sequence[float] = DEFAULT_FRACTIONS) -> list[str]:
    """The split of every image, in the order given.

    Raises: BadSettingsError when the fractions are none.
    """
    _check(fractions)
    given = {image.split for image in images} - {None}
    if given <= {"train"}:
        shares = dict(zip(SPLITS, fractions, strict=True))
    elif "val" in given:
        shares = {"train": 1.0}
    else:
        shares = {"train": fractions[0], "val": fractions[1]}
    return _draw(images, seed, shares)


def _check(fractions: Sequence[float]) -> None:
    are_shares = len(fractions) == len(SPLITS) and min(fractions) >= 0 and abs(sum(fractions) - 1) < 1e-6
    if not (are_shares and fractions[0] > 0):
        raise BadSettingsError(
            f"The split fractions are {list(fractions)}; expected three numbers for train, val and test that are not "
            "negative and add up to 1, the first above 0."
        )


def _draw(images: Sequence[Unsplit], seed: int, shares: dict[str, float]) -> list[str]:
    """Divide each class's images that are free or in train by `shares`; the others stay where they are."""
    splits = [image.split or "train" for image in images]
    by_class: dict[str, list[int]] = defaultdict(list)
    for position, image in enumerate(images):
        if splits[position] == "train":
            by_class[image.label].append(position)
    for positions in by_class.values():
        positions.sort(key=lambda position: _rank(images[position].sha256, seed))
        start = 0
        for split, count in _held_out(len(positions), shares).items():
            for position in positions[start : start + count]:
                splits[position] = split
            start += count
    return splits


def _held_out(number: int, shares: dict[str, float]) -> dict[str, int]:
    """How many of a class's images go to val and test."""
    if number < MIN_DRAWN_CLASS:
        return {}
    total = sum(shares.values())
    wanted = {name: share / total * number for name, share in shares.items() if name != "train" and share > 0}
    counts = {name: max(1, round(count)) for name, count in wanted.items()}
    while sum(counts.values()) >= number:
        largest = max(counts, key=lambda name: counts[name])
        counts[largest] -= 1
    return counts


def _rank(sha256: str, seed: int) -> bytes:
    return hashlib.sha256(f"{seed}:{sha256}".encode()).digest()
