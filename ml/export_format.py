"""The contract of an export format: one layout in which an augmented dataset is written."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from ml.plugin import Plugin


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
    """One file of the export, ready to be stored under `path`; `row` is its manifest row, None for a side file."""

    path: str
    data: bytes
    row: dict[str, Any] | None = None


class ExportFormat(Plugin):
    """One layout. The files at the root (manifest.jsonl, provenance.json, README.md, SHA256SUMS) are the writer's."""

    suffix: ClassVar[str] = ".zip"

    def members(self, images: Iterable[ExportImage], scratch: Path) -> Iterator[Member]:
        """The files in the order they are written; constant memory; `scratch` is an empty folder for side files."""
        raise NotImplementedError
