"""The contract of an export format: one layout in which an augmented dataset is written."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ml.dataset_kind import SPLITS
from ml.fit import Fit
from ml.plugin import Plugin

Note = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class ExportImage:
    """One image of an augmented dataset.

    id: unique in the export; data: the encoded bytes as they will be stored, lossless for synthetic images; suffix: the
    file ending of `data`, with the dot; row: the image's manifest row without `path`.
    """

    id: str
    split: str
    label: str
    synthetic: bool
    suffix: str
    data: bytes
    row: dict[str, Any]


@dataclass(frozen=True)
class Member:
    """One file of the export: its bytes, or where they lie on disk until the next member is asked for."""

    path: str
    data: bytes | Path


@dataclass(frozen=True)
class Ground:
    """What a format is given besides the images.

    classes: in the order of their numbers; resolution, channels: of the synthetic images; fit: how real images became
    squares for the model; scratch: an empty folder for what grows on disk; note: takes each image's manifest row, with
    `path`, once.
    """

    classes: tuple[str, ...]
    resolution: int
    channels: int
    fit: Fit
    scratch: Path
    note: Note


class ExportFormat(Plugin):
    """One layout. The files at the root (manifest.jsonl, provenance.json, README.md, SHA256SUMS) are the writer's."""

    suffix: ClassVar[str] = ".zip"
    splits: ClassVar[tuple[str, ...]] = SPLITS
    """The splits that the layout has a place for; images of others are not handed to it."""
    layout: ClassVar[tuple[str, ...]]
    """The paths that it writes, for a person to see beforehand: {split} and {class} stand for each of them, * for any
    name; what holds a * holds images."""

    def members(self, images: Iterable[ExportImage], ground: Ground) -> Iterator[Member]:
        """The files in the order they are written, in constant memory.

        Raises: BadDatasetError when the layout cannot hold such images.
        """
        raise NotImplementedError
