"""The images of `benchmarks/evidence.py`: three sets, cut into few training images, validation images and a test.

Cuts are drawn per class from a seed: training images first, then validation images, and what is left is the test. The
clothes have a test of their own.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ml.digits import write_digits
from ml.records import ImageRecord
from tests.real_data import clothing, write_mnist

LONG_TAIL = tuple(round(100 * (5 / 100) ** (rank / 9)) for rank in range(10))
"""Training images of each of ten classes, 100 down to 5 in even ratios."""
ALL = 10_000
"""More than any class of MNIST's test set has."""

Files = Mapping[str, Sequence[Path]]
"""Class -> its images."""


@dataclass(frozen=True)
class Source:
    """All images of a set. test: None where it is cut from `images`."""

    images: Files
    test: Files | None = None


def digits(folder: Path) -> Source | None:
    """scikit-learn's, written below `folder` unless they are there."""
    place = folder / "digits"
    if not place.exists():
        write_digits(place)
    return Source(_by_class(place))


def mnist(folder: Path) -> Source | None:
    """MNIST's test set, written below `folder` unless it is there; None where it is not at hand."""
    place = folder / "mnist-t10k"
    if not place.exists() and write_mnist(place, ALL) is None:
        return None
    return Source(_by_class(place))


def clothes(folder: Path) -> Source | None:
    """None where they are not at hand."""
    found = clothing()
    return None if found is None else Source(_by_class(found / "train"), _by_class(found / "test"))


def all_clothes(folder: Path) -> Source | None:
    """The clothes without their own test, which a cut is given more of."""
    found = clothes(folder)
    if found is None or found.test is None:
        return None
    return Source({name: [*files, *found.test[name]] for name, files in found.images.items()})


def tops(folder: Path) -> Source | None:
    """Shirts with long sleeves, and t-shirts."""
    found = all_clothes(folder)
    return None if found is None else Source({name: found.images[name] for name in ("longsleeve", "t-shirt")})


@dataclass(frozen=True)
class Cut:
    """num_train: of each class, in the order of their names; num_val: of every class."""

    source: Callable[[Path], Source | None]
    num_train: tuple[int, ...]
    num_val: int
    seed: int = 0

    def records(self, folder: Path) -> list[ImageRecord] | None:
        """Training, validation and test images; None where the set is not at hand."""
        source = self.source(folder)
        if source is None:
            return None
        told = []
        for place, (name, files) in enumerate(sorted(source.images.items())):
            order = np.random.default_rng([self.seed, place]).permutation(len(files))
            shuffled = [files[row] for row in order]
            end = self.num_train[place] + self.num_val
            test = shuffled[end:] if source.test is None else source.test[name]
            told += [(file, name, "train") for file in shuffled[: self.num_train[place]]]
            told += [(file, name, "val") for file in shuffled[self.num_train[place] : end]]
            told += [(file, name, "test") for file in test]
        return [ImageRecord(index, *one) for index, one in enumerate(told)]


def without_test(records: Sequence[ImageRecord]) -> list[ImageRecord]:
    """For a screening: no test image is there; one validation image of each class stands where a study wants some."""
    known = [record for record in records if record.split != "test"]
    first = {record.label: record for record in reversed(known) if record.split == "val"}
    stand_ins = [
        ImageRecord(len(records) + place, one.file, name, "test") for place, (name, one) in enumerate(first.items())
    ]
    return [*known, *stand_ins]


def _by_class(folder: Path) -> Files:
    return {place.name: sorted(place.iterdir()) for place in sorted(folder.iterdir()) if place.is_dir()}
