"""Class folders, in all the ways people lay them out.

    <class>/<image>                     no splits: they are drawn at ingest
    <split>/<class>/<image>             split is train|training, val|valid|validation, test|testing, in any case
    <class>/<split>/<image>             the other order
    <anything>/…                        folders that hold everything else are stepped over

Images in folders below a class folder belong to that class. A folder called `train` among others is a class when
images lie directly in it, and a split when class folders do. A label is the folder's name in Unicode NFC, without outer
spaces.
"""

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from ml.dataset_kind import Entry
from ml.errors import BadDatasetError
from ml.label_files import MAX_LABEL
from ml.members import split_of

_NO_CLASS = "The image lies in no class folder; expected <class>/<image> or <split>/<class>/<image>."
_BESIDE_SPLITS = "The image lies beside the split folders; expected it in train, val or test."


@dataclass(frozen=True, slots=True)
class _Image:
    """A member and the folders above it that have not been stepped over."""

    name: str
    folders: tuple[str, ...]


def placed_in_class_folders(names: Sequence[str]) -> tuple[list[Entry], list[tuple[str, str]]]:
    """The images in class folders with class and split, in the order given; and the others, each with the reason.

    Raises: BadDatasetError when splits are there without a train folder.
    """
    images = _below_top([_Image(name, tuple(name.split("/")[:-1])) for name in names])
    entries: list[Entry] = []
    skipped: list[tuple[str, str]] = []
    for image, place in zip(images, _places(images), strict=True):
        if isinstance(place, str):
            skipped.append((image.name, place))
        else:
            entries.append(Entry(image.name, *place))
    return entries, skipped


def _below_top(images: list[_Image]) -> list[_Image]:
    """Step over folders that hold everything: `archive/data/train/…` becomes `train/…`."""
    while not _class_first(images):
        tops = {image.folders[0] for image in images if image.folders}
        deeper = sum(len(image.folders) > 1 for image in images)
        if len(tops) != 1 or split_of(min(tops)) == "train" or 2 * deeper <= len(images):
            break
        images = [_Image(image.name, image.folders[1:]) for image in images]
    return images


def _class_first(images: list[_Image]) -> bool:
    placed = [image.folders for image in images if image.folders]
    return (
        bool(placed)
        and all(len(folders) == 2 and split_of(folders[1]) for folders in placed)
        and any(split_of(folders[1]) == "train" for folders in placed)
    )


def _places(images: list[_Image]) -> list[tuple[str, str | None] | str]:
    """(label, split) of every image, or the reason why it has none."""
    if _class_first(images):
        return [_place(image.folders, 0, 1) for image in images]
    if _has_splits(images):
        return [_place(image.folders, 1, 0) for image in images]
    return [_place(image.folders, 0, None) for image in images]


def _has_splits(images: list[_Image]) -> bool:
    tops = {image.folders[0] for image in images if image.folders}
    splits = {split_of(top) for top in tops}
    if "train" not in splits:
        if tops and None not in splits:
            raise BadDatasetError(
                f"The source has the split folders {', '.join(sorted(tops))} and no train folder; add it, or put the "
                "class folders at the top."
            )
        return False
    in_train = [image.folders for image in images if image.folders and split_of(image.folders[0]) == "train"]
    return None not in splits or 2 * sum(len(folders) > 1 for folders in in_train) > len(in_train)


def _place(folders: tuple[str, ...], class_at: int, split_at: int | None) -> tuple[str, str | None] | str:
    split = None
    if split_at is not None and folders:
        split = split_of(folders[split_at])
        if split is None:
            return _BESIDE_SPLITS
    if len(folders) <= class_at:
        return _NO_CLASS
    label = unicodedata.normalize("NFC", folders[class_at]).strip()
    if not label:
        return "The name of the class folder is blank; give it a name."
    if len(label) > MAX_LABEL:
        return f"The name of the class has {len(label)} characters; at most {MAX_LABEL} are accepted."
    return label, split
