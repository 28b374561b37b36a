"""A version put together from its accepted images: near duplicates found, splits drawn, sums made."""

import dataclasses
import hashlib
from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from ml.dataset_kind import SPLITS, classes_of
from ml.errors import BadDatasetError
from ml.examine import PassedOver
from ml.issues import judge
from ml.look import Look
from ml.near import near_groups
from ml.protocol import NearDuplicates, VersionHealth
from ml.source import printable
from ml.splits import Unsplit, assign_splits, divided


@dataclass(frozen=True, slots=True)
class OtherHalf:
    """The half A of a pair; the hash of the image itself where one file holds both."""

    name: str
    sha256: str
    suffix: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Accepted:
    """One image of the version in the making, or a pair of them: all but `pair` is of the half B.

    split: the source's, None when it has none; stays: it is an earlier version's, in that split for good; note: what
    the report says of it; near: the index of the first of its near duplicates, None when it has none; issues: see
    `ml.issues`; attributes: see `ml.records`.
    """

    name: str
    label: str
    split: str | None
    sha256: str
    suffix: str
    width: int
    height: int
    is_grey: bool
    size_bytes: int
    fingerprint: bytes
    look: Look | None
    stays: bool = False
    note: str = ""
    near: int | None = None
    issues: tuple[str, ...] = ()
    pair: OtherHalf | None = None
    attributes: str = ""

    @property
    def all_bytes(self) -> int:
        """What its files take in the store."""
        other = 0 if self.pair is None or self.pair.sha256 == self.sha256 else self.pair.size_bytes
        return self.size_bytes + other


@dataclass(frozen=True, slots=True)
class Version:
    """The images of a version with their splits, in the order of their names, and what was left out at the end."""

    images: list[tuple[Accepted, str]]
    left_out: list[PassedOver]
    near_duplicates: NearDuplicates
    health: VersionHealth


def put_together(
    accepted: list[Accepted], seed: int, fractions: Sequence[float], tick: Callable[[], None] = lambda: None
) -> Version:
    """Splits for all, and without what near duplicates or a class without training images leave out.

    Raises: BadDatasetError when nothing is left.
    """
    if not accepted:
        raise BadDatasetError("None of the source's images can be used; the report says why for each file.")
    accepted = sorted(accepted, key=lambda image: image.name)
    groups = near_groups([image.fingerprint for image in accepted], tick)
    kept, torn = _undivided(accepted, groups)
    groups = near_groups([image.fingerprint for image in kept], tick) if torn else groups
    splits = assign_splits(_unsplit(kept, groups), seed, fractions)
    trained = {image.label for image, split in zip(kept, splits, strict=True) if split == "train"}
    if not trained:
        raise BadDatasetError("None of the usable images lies in the training split; the report says why for each.")
    untrained = [
        PassedOver(image.name, "skipped", f"The class {printable(image.label)} has no image in the training split.")
        for image in kept
        if image.label not in trained
    ]
    placed = zip(kept, splits, groups, strict=True)
    rows = [(image, split, group) for image, split, group in placed if image.label in trained]
    images, near = _with_near(rows, len(torn))
    images, health = with_issues(images)
    return Version(images, [*torn, *untrained], near, health)


def _unsplit(images: Sequence[Accepted], groups: Sequence[int]) -> list[Unsplit]:
    sizes = Counter(groups)
    return [
        Unsplit(image.sha256, image.label, image.split, group if sizes[group] > 1 else None, image.stays)
        for image, group in zip(images, groups, strict=True)
    ]


def _undivided(images: list[Accepted], groups: Sequence[int]) -> tuple[list[Accepted], list[PassedOver]]:
    """The images without those whose near duplicate lies in another split of the source, and those."""
    left_out = divided(_unsplit(images, groups))
    torn = [
        PassedOver(images[position].name, "duplicate", _torn(images[position], images[other]))
        for position, other in sorted(left_out.items())
    ]
    return [image for position, image in enumerate(images) if position not in left_out], torn


def _torn(image: Accepted, other: Accepted) -> str:
    place = f"{other.split}, where it stays" if other.stays else f"{other.split}"
    return (
        f"Nearly the same picture as {printable(other.name)} in {place}; left out of {image.split or 'the version'}, "
        "so that nothing held out is also learnt from."
    )


def _with_near(
    rows: Sequence[tuple[Accepted, str, int]], left_out: int
) -> tuple[list[tuple[Accepted, str]], NearDuplicates]:
    """The images with the index of the first of their near duplicates."""
    sizes = Counter(group for _, _, group in rows)
    first: dict[int, int] = {}
    images: list[tuple[Accepted, str]] = []
    for index, (image, split, group) in enumerate(rows):
        if sizes[group] == 1:
            images.append((image, split))
            continue
        start = first.setdefault(group, index)
        note = " ".join(filter(None, (image.note, _near_note(image, rows[start][0]) if start != index else "")))
        images.append((dataclasses.replace(image, near=start, note=note), split))
    members = sum(size for size in sizes.values() if size > 1)
    return images, {"groups": len(first), "images": members, "left_out": left_out}


def with_issues(images: list[tuple[Accepted, str]]) -> tuple[list[tuple[Accepted, str]], VersionHealth]:
    """The images with their issues. Leaks are counted anew, from the splits as they ended."""
    judgement = judge([image for image, _ in images])
    splits_of: defaultdict[object, set[str]] = defaultdict(set)
    for image, split in images:
        for group in (image.sha256, image.near):
            splits_of[group].add(split)
    leaking = {group for group, splits in splits_of.items() if len(splits) > 1 and group is not None}
    health: VersionHealth = {
        "measured": sum(image.look is not None for image, _ in images),
        "issues": dict(Counter(name for issues in judgement.issues for name in issues)),
        "usual": judgement.usual,
        "leaks": sum(image.sha256 in leaking or image.near in leaking for image, _ in images),
    }
    judged = [
        (dataclasses.replace(image, issues=issues) if issues else image, split)
        for (image, split), issues in zip(images, judgement.issues, strict=True)
    ]
    return judged, health


def _near_note(image: Accepted, other: Accepted) -> str:
    label = "" if other.label == image.label else f", which is labelled {printable(other.label)}"
    return f"Nearly the same picture as {printable(other.name)}{label}."


def counts(images: Sequence[tuple[Accepted, str]], attributes: Sequence[str] = ()) -> dict[str, dict[str, int]]:
    """Split -> class -> number of images; every split names every class."""
    classes = classes_of((image.label for image, _ in images), attributes)
    counts = {split: dict.fromkeys(classes, 0) for split in SPLITS}
    for image, split in images:
        counts[split][image.label] += 1
    return counts


def content_hash(images: Sequence[tuple[Accepted, str]], attributes: Sequence[str] = ()) -> str:
    """sha256 over the sorted image hashes with labels and splits, other halves and attributes: names of files and
    their order do not count.
    """
    lines = sorted(_line(image, split) for image, split in images)
    if attributes:
        lines.insert(0, "\t".join(attributes) + "\n")
    return hashlib.sha256("".join(lines).encode()).hexdigest()


def _line(image: Accepted, split: str) -> str:
    other = () if image.pair is None else (image.pair.sha256,)
    attributes = (image.attributes,) if image.attributes else ()
    return "\t".join((image.sha256, split, image.label, *other, *attributes)) + "\n"
