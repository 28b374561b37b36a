"""Class folders, with or without split folders.

    <class>/<image>                     no splits: they are drawn at ingest
    <split>/<class>/<image>             split is train|training, val|valid|validation, test|testing, in any case
    <class>/<split>/<image>             the other order
    <anything>/…                        folders that hold everything else are stepped over

Images in folders below a class folder belong to that class. A folder called `train` among others is a class when
images lie directly in it, and a split when class folders do. A label is the folder's name in Unicode NFC, without outer
spaces.
"""

import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from ml.dataset_kind import DatasetKind, Entry, Listing
from ml.errors import BadDatasetError
from ml.plugin import Card

_SPLIT_OF = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
_IMAGES = frozenset({"png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "tif", "tiff"})
_OTHER_IMAGES = frozenset({"gif", "svg", "heic", "heif", "avif", "jp2", "psd", "ppm", "pgm", "pbm", "ico", "dcm"})
_ARCHIVES = frozenset({"zip", "tar", "gz", "tgz", "bz2", "xz", "7z", "rar"})
_LITTER = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir", "lost+found"})
_MAX_LABEL = 255
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
        summary="One folder per class, with or without train, val and test folders around or inside them.",
        strengths="What torchvision's ImageFolder and most published archives use.",
        limits="One class per image.",
    )

    @classmethod
    def recognise(cls, names: Sequence[str]) -> bool:
        try:
            cls.read(names)
        except BadDatasetError:
            return False
        return True

    @classmethod
    def read(cls, names: Sequence[str]) -> Listing:
        """Entries in the order of their names.

        Raises: BadDatasetError when no image lies in a class folder, or splits are there without a train folder.
        """
        skipped = [(name, reason) for name in names if (reason := _passed_over(name))]
        left_out = {name for name, _ in skipped}
        images = [_Image(name, tuple(name.split("/")[:-1])) for name in sorted(names) if name not in left_out]
        if not images:
            raise BadDatasetError(_no_images(names))
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
                "<split>/<class>/<image>."
            )
        return Listing(tuple(entries), tuple(skipped))


# --- single members -----------------------------------------------------------------------------------------------
def _passed_over(name: str) -> str:
    """Why a member is no candidate; empty when it is one."""
    parts = name.split("/")
    if any(part.startswith(".") or part.casefold() in _LITTER for part in parts):
        return "The operating system or a tool made this file; it is no part of the dataset."
    suffix = _suffix(name)
    if suffix in _IMAGES:
        return ""
    if suffix in _ARCHIVES:
        return "Archives inside a source are not opened; unpack it first."
    if suffix in _OTHER_IMAGES:
        return f"Images of the type .{suffix} are not read; expected PNG, JPEG, WebP, BMP or TIFF."
    return "The file is no image by its name; expected PNG, JPEG, WebP, BMP or TIFF."


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return suffix.casefold() if dot and stem else ""


def _no_images(names: Sequence[str]) -> str:
    if not names:
        return "The source holds no files; expected class folders with images in them."
    endings = Counter(f".{suffix}" if (suffix := _suffix(name)) else "no ending" for name in names)
    found = ", ".join(f"{count} x {ending[:20]}" for ending, count in endings.most_common(3))
    return (
        f"The source holds {len(names)} files and no images ({found}); "
        "expected class folders with PNG, JPEG, WebP, BMP or TIFF in them."
    )


# --- the layout ---------------------------------------------------------------------------------------------------
def _split_of(folder: str) -> str | None:
    return _SPLIT_OF.get(folder.strip().casefold())


def _below_top(images: list[_Image]) -> list[_Image]:
    """Step over folders that hold everything: `archive/data/train/…` becomes `train/…`."""
    while not _class_first(images):
        tops = {image.folders[0] for image in images if image.folders}
        deeper = sum(len(image.folders) > 1 for image in images)
        if len(tops) != 1 or _split_of(min(tops)) == "train" or 2 * deeper <= len(images):
            break
        images = [_Image(image.name, image.folders[1:]) for image in images]
    return images


def _class_first(images: list[_Image]) -> bool:
    placed = [image.folders for image in images if image.folders]
    return (
        bool(placed)
        and all(len(folders) == 2 and _split_of(folders[1]) for folders in placed)
        and any(_split_of(folders[1]) == "train" for folders in placed)
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
    splits = {_split_of(top) for top in tops}
    if "train" not in splits:
        if tops and None not in splits:
            raise BadDatasetError(
                f"The source has the split folders {', '.join(sorted(tops))} and no train folder; add it, or put the "
                "class folders at the top."
            )
        return False
    in_train = [image.folders for image in images if image.folders and _split_of(image.folders[0]) == "train"]
    return None not in splits or 2 * sum(len(folders) > 1 for folders in in_train) > len(in_train)


def _place(folders: tuple[str, ...], class_at: int, split_at: int | None) -> tuple[str, str | None] | str:
    split = None
    if split_at is not None and folders:
        split = _split_of(folders[split_at])
        if split is None:
            return _BESIDE_SPLITS
    if len(folders) <= class_at:
        return _NO_CLASS
    label = unicodedata.normalize("NFC", folders[class_at]).strip()
    if not label:
        return "The name of the class folder is blank; give it a name."
    if len(label) > _MAX_LABEL:
        return f"The name of the class has {len(label)} characters; at most {_MAX_LABEL} are accepted."
    return label, split
