"""Which members of a source are images, by their names, and why the others are not; what a folder's name says."""

from collections import Counter
from collections.abc import Sequence

_SPLIT_OF = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "test": "test",
    "testing": "test",
}
IMAGE_ENDINGS = frozenset({"png", "jpg", "jpeg", "jpe", "jfif", "webp", "bmp", "tif", "tiff"})
_OTHER_IMAGES = frozenset({"gif", "svg", "heic", "heif", "avif", "jp2", "psd", "ppm", "pgm", "pbm", "ico", "dcm"})
_ARCHIVES = frozenset({"zip", "tar", "gz", "tgz", "bz2", "xz", "7z", "rar"})
LITTER = frozenset({"__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "$recycle.bin", "@eadir", "lost+found"})


def split_of(name: str) -> str | None:
    """The split that a folder's name, or a word in a label file, stands for; None for any other."""
    return _SPLIT_OF.get(name.strip().casefold())


def is_litter(name: str) -> bool:
    """Whether an operating system or a tool made the member."""
    return any(part.startswith(".") or part.casefold() in LITTER for part in name.split("/"))


def passed_over(name: str) -> str:
    """Why a member is no candidate; empty when it is one."""
    if is_litter(name):
        return "The operating system or a tool made this file; it is no part of the dataset."
    suffix = _suffix(name)
    if suffix in IMAGE_ENDINGS:
        return ""
    if suffix in _ARCHIVES:
        return "Archives inside a source are not opened; unpack it first."
    if suffix in _OTHER_IMAGES:
        return f"Images of the type .{suffix} are not read; expected PNG, JPEG, WebP, BMP or TIFF."
    return "The file is no image by its name; expected PNG, JPEG, WebP, BMP or TIFF."


def number_of(number: int, noun: str, several: str = "") -> str:
    """`1 image`, `1,200 images`."""
    return f"{number:,} {noun if number == 1 else several or f'{noun}s'}"


def no_images(names: Sequence[str]) -> str:
    """What to say of a source without a candidate."""
    if not names:
        return "The source holds no files; expected images."
    endings = Counter(f".{suffix}" if (suffix := _suffix(name)) else "no ending" for name in names)
    found = ", ".join(f"{count} x {ending[:20]}" for ending, count in endings.most_common(3))
    return f"The source holds {len(names)} files and no images ({found}); expected PNG, JPEG, WebP, BMP or TIFF."


def _suffix(name: str) -> str:
    stem, dot, suffix = name.rpartition("/")[2].rpartition(".")
    return suffix.casefold() if dot and stem else ""
