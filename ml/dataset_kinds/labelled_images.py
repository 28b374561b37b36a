"""Class folders, with or without split folders.

    <class>/<image>                     no splits: they are drawn at ingest
    <split>/<class>/<image>             split is train|training, val|valid|validation, test|testing, in any case
    <class>/<split>/<image>             the other order
    <anything>/…                        folders that hold everything else are stepped over

Images in folders below a class folder belong to that class. A folder called `train` among others is a class when
images lie directly in it, and a split when class folders do. A label is the folder's name in Unicode NFC, without outer
spaces. Where a label file (`ml/label_files.py`) is there, it says label and split instead; an image without a split is
then one of train, when others have one.
"""

import dataclasses
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ml.dataset_kind import DatasetKind, Entry, Listing, no_content
from ml.errors import BadDatasetError
from ml.label_files import MAX_LABEL, Content, Told, read_label_files
from ml.members import no_images, passed_over, split_of
from ml.plugin import Card
from ml.source import printable

_NO_CLASS = "The image lies in no class folder; expected <class>/<image> or <split>/<class>/<image>."
_BESIDE_SPLITS = "The image lies beside the split folders; expected it in train, val or test."


@dataclass(frozen=True, slots=True)
class _Image:
    """A member and the folders above it that have not been stepped over."""

    name: str
    folders: tuple[str, ...]


class LabelledImages(DatasetKind):
    """One class per folder."""

    name = "labelled_images"
    yields = ("image", "label")
    card = Card(
        title="Labelled images",
        summary="One folder per class, with or without train, val and test folders around or inside them; or a file of "
        "labels: CSV, metadata.jsonl, or StyleGAN's dataset.json.",
        strengths="What torchvision's ImageFolder and most published archives use.",
        limits="One class per image.",
    )

    @classmethod
    def recognise(cls, names: Sequence[str], content: Content = no_content) -> bool:
        try:
            cls.read(names, content)
        except BadDatasetError:
            return False
        return True

    @classmethod
    def read(cls, names: Sequence[str], content: Content = no_content) -> Listing:
        """Entries in the order of their names.

        Raises: BadDatasetError when no image lies in a class folder, or splits are there without a train folder.
        """
        skipped = [(name, reason) for name in names if (reason := passed_over(name))]
        left_out = {name for name, _ in skipped}
        images = [_Image(name, tuple(name.split("/")[:-1])) for name in sorted(names) if name not in left_out]
        if not images:
            raise BadDatasetError(no_images(names))
        told, files = read_label_files(names, content)
        if told:
            return _as_told([image.name for image in images], told, files, skipped)
        images = _below_top(images)
        entries: list[Entry] = []
        for image, place in zip(images, _places(images), strict=True):
            if isinstance(place, str):
                skipped.append((image.name, place))
            else:
                entries.append(Entry(image.name, *place))
        if not entries:
            raise BadDatasetError(
                f"None of the {len(images)} images lies in a class folder; put them as <class>/<image> or "
                "<split>/<class>/<image>, or make it a dataset of the kind images, without labels."
            )
        return Listing(tuple(entries), tuple(skipped))


# --- label files --------------------------------------------------------------------------------------------------
def _as_told(
    images: Sequence[str], told: Mapping[str, Told | str], files: Sequence[str], skipped: Sequence[tuple[str, str]]
) -> Listing:
    """Raises: BadDatasetError when the label files name no image that is there, or splits without train."""
    named = ", ".join(map(printable, files))
    entries: list[Entry] = []
    passed = [(name, "Read for its labels." if name in files else reason) for name, reason in skipped]
    for name in images:
        said = told.get(name, f"No line of {named} gives the image a label.")
        if isinstance(said, Told):
            entries.append(Entry(name, said.label, said.split))
        else:
            passed.append((name, said))
    there = set(images)
    passed += [(name, f"{named} names it, and it is no image of the source.") for name in told if name not in there]
    if not entries:
        raise BadDatasetError(
            f"{named} names none of the {len(images)} images; paths begin at the folder of that file."
        )
    splits = {entry.split for entry in entries}
    if splits != {None} and "train" not in splits:
        raise BadDatasetError(f"{named} names splits and no image of train; add them, or leave the splits out.")
    if splits != {None}:
        entries = [dataclasses.replace(entry, split=entry.split or "train") for entry in entries]
    return Listing(tuple(entries), tuple(passed))


# --- the layout ---------------------------------------------------------------------------------------------------
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
