"""`<split>/<class>/<id>.<suffix>`: what torchvision, Hugging Face and most training code read."""

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from pathlib import Path

from ml.export_format import ExportFormat, ExportImage, Member
from ml.plugin import Card

_UNSAFE = re.compile(r'[<>:"/\\|?*]')
_DEVICE = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
_MAX_BYTES = 120


class ImageFolder(ExportFormat):
    """Class folders in split folders; a class's true name stands in the manifest."""

    name = "image_folder"
    card = Card(
        title="ImageFolder",
        summary="Folders train, val and test with one folder per class in each.",
        strengths="Read by torchvision's ImageFolder, Hugging Face datasets and most training scripts as it is.",
        limits="Class names that a file system cannot hold get a changed folder name; the manifest has the true one.",
    )

    def members(self, images: Iterable[ExportImage], scratch: Path) -> Iterator[Member]:
        folders = _Folders()
        for image in images:
            path = f"{image.split}/{folders.of(image.label)}/{image.id}{image.suffix}"
            yield Member(path, image.data, {**image.row, "path": path})


class _Folders:
    """One folder name per class, different also where upper and lower case are the same."""

    def __init__(self) -> None:
        self._by_label: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, label: str) -> str:
        if label not in self._by_label:
            folder = folder_name(label)
            if folder.casefold() in self._taken:
                folder = _marked(folder, label)
            self._taken.add(folder.casefold())
            self._by_label[label] = folder
        return self._by_label[label]


def folder_name(label: str) -> str:
    """A name that every file system takes: the label itself, or what is left of it with a mark made from the whole."""
    text = unicodedata.normalize("NFC", label)
    text = "".join("_" if unicodedata.category(char)[0] == "C" or _UNSAFE.match(char) else char for char in text)
    text = text.strip(" ").rstrip(".").strip(" ")
    if text.startswith(".") or _DEVICE.fullmatch(text):
        text = f"_{text}"
    return text if text and text == label and len(text.encode()) <= _MAX_BYTES else _marked(text, label)


def _marked(text: str, label: str) -> str:
    short = text.encode()[:_MAX_BYTES].decode("utf-8", "ignore").rstrip(" .")
    mark = hashlib.sha256(label.encode("utf-8", "surrogatepass")).hexdigest()[:8]
    return f"{short or 'class'}-{mark}"
