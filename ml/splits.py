"""Which images train, which validate, which are held out.

Splits that a source has are kept. What is missing is drawn per class, seeded, by the hash of each image, so that the
answer depends neither on file names nor on their order, and a version with more images moves as few as possible:

    no split folders, or train alone     train, val and test by the fractions (0.8, 0.1, 0.1)
    train and test                       val is taken from train, in the proportion val : train
    train and val                        as they are; the test split stays empty
    images of an earlier version         stay where they are; those added are drawn so that the class comes near to the
                                         fractions

A class with fewer than 5 images to draw from keeps all of them in train: it is the class that generation is to help,
and one held-out image measures nothing. From 5 on, every split drawn gets at least one image of the class.

Near duplicates never lie in two splits. A group of them is drawn as one, for the class that most of it has; one that is
larger than what is still wanted stays in train. Where a source's own splits divide a group, the part that is furthest
from training stays, and the rest is left out of the version (`divided`).
"""

import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ml.dataset_kind import SPLITS
from ml.errors import BadSettingsError

DEFAULT_FRACTIONS = (0.8, 0.1, 0.1)
MIN_DRAWN_CLASS = 5


@dataclass(frozen=True)
class Unsplit:
    """One accepted image: its hash, class, and the split of its source, None when the source has none.

    group: the same number for near duplicates, None for an image that has none; stays: it is an earlier version's, in
    `split` for good.
    """

    sha256: str
    label: str
    split: str | None
    group: int | None = None
    stays: bool = False


# --- groups that lie in several splits ----------------------------------------------------------------------------
def divided(images: Sequence[Unsplit]) -> dict[int, int]:
    """Images to leave out -> the image of their group for which they go, so that no group lies in two splits.

    Of a group that holds images of an earlier version those stay, whatever the source says of the others.
    """
    left_out: dict[int, int] = {}
    for members in _groups(images).values():
        earlier = [position for position in members if images[position].stays]
        placed = {images[position].split for position in earlier or members} - {None}
        if not placed:
            continue
        furthest = max(placed, key=lambda split: SPLITS.index(split or "train"))
        for_it = next(position for position in earlier or members if images[position].split == furthest)
        bridges = bool(earlier) and len(placed) > 1
        for position in set(members) - set(earlier):
            if bridges or images[position].split not in (None, furthest):
                left_out[position] = for_it
    return left_out


def _groups(images: Sequence[Unsplit]) -> dict[int, list[int]]:
    """Group -> the positions of its images."""
    groups: dict[int, list[int]] = defaultdict(list)
    for position, image in enumerate(images):
        if image.group is not None:
            groups[image.group].append(position)
    return groups


# --- the split of every image -------------------------------------------------------------------------------------
def assign_splits(images: Sequence[Unsplit], seed: int, fractions: Sequence[float] = DEFAULT_FRACTIONS) -> list[str]:
    """The split of every image, in the order given; none of `images` is one that `divided` names.

    Raises: BadSettingsError when the fractions are none.
    """
    check_fractions(fractions)
    given = {image.split for image in images if not image.stays} - {None}
    if given <= {"train"}:
        shares = dict(zip(SPLITS, fractions, strict=True))
    elif "val" in given:
        shares = {"train": 1.0}
    else:
        shares = {"train": fractions[0], "val": fractions[1]}
    return _draw(images, seed, shares)


def check_fractions(fractions: Sequence[float]) -> None:
    """Raises: BadSettingsError."""
    are_shares = len(fractions) == len(SPLITS) and min(fractions) >= 0 and abs(sum(fractions) - 1) < 1e-6
    if not (are_shares and fractions[0] > 0):
        raise BadSettingsError(
            f"The split fractions are {list(fractions)}; expected three numbers for train, val and test that are not "
            "negative and add up to 1, the first above 0."
        )


def _draw(images: Sequence[Unsplit], seed: int, shares: dict[str, float]) -> list[str]:
    """Divide each class's images that are free or in train by `shares`; the others stay where they are."""
    splits = _followed(images)
    there: dict[str, Counter[str]] = defaultdict(Counter)
    for image in images:
        if image.stays:
            there[image.label][image.split or "train"] += 1
    for label, units in _units(images, splits, seed).items():
        earlier = there[label]
        number = sum(len(unit) for unit in units)
        for split, count in _held_out(number + sum(earlier.values()), shares).items():
            taken = _take(units, min(count - earlier[split], number - 1))
            for position in taken:
                splits[position] = split
            number -= len(taken)
    return splits


def _followed(images: Sequence[Unsplit]) -> list[str]:
    """The split of each image before any is drawn: a free one follows its group into the group's split."""
    placed: dict[int | None, str] = {
        image.group: image.split for image in images if image.group is not None and image.split is not None
    }
    return [image.split or placed.get(image.group) or "train" for image in images]


def _units(images: Sequence[Unsplit], splits: Sequence[str], seed: int) -> dict[str, list[list[int]]]:
    """Class -> what is drawn as one: single images and groups, in the order in which they are drawn."""
    held = {image.group for image in images if image.stays and image.group is not None}
    free: dict[int, list[int]] = defaultdict(list)
    for position, image in enumerate(images):
        if splits[position] == "train" and not image.stays and image.group not in held:
            free[position if image.group is None else -1 - image.group].append(position)
    ranked: dict[str, list[tuple[bytes, list[int]]]] = defaultdict(list)
    for unit in free.values():
        rank = min(_rank(images[position].sha256, seed) for position in unit)
        ranked[_most_frequent(images[position].label for position in unit)].append((rank, unit))
    return {label: [unit for _, unit in sorted(units)] for label, units in ranked.items()}


def _most_frequent(labels: Iterable[str]) -> str:
    """The first by name among equals."""
    counts = Counter(labels)
    return min(counts, key=lambda label: (-counts[label], label))


def _take(units: list[list[int]], count: int) -> list[int]:
    """Take the first units that make up at most `count` images out of `units`; the smallest one where none fits."""
    left = count
    taken: list[list[int]] = []
    rest: list[list[int]] = []
    for unit in units:
        if len(unit) <= left:
            taken.append(unit)
            left -= len(unit)
        else:
            rest.append(unit)
    if not taken and count > 0 and len(rest) > 1:
        taken.append(rest.pop(min(range(len(rest)), key=lambda place: len(rest[place]))))
    units[:] = rest
    return [position for unit in taken for position in unit]


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
