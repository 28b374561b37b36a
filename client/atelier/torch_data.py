"""An export or a downloaded dataset version as a torch Dataset. Only this file needs torch, numpy and Pillow."""

from __future__ import annotations

import io
import json
import os
import tarfile
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from atelier.errors import InvalidError, NotFoundError

try:
    import numpy as np
    import torch
    from PIL import Image
    from torch.utils.data import Dataset
except ImportError as error:
    raise InvalidError(f"to_torch needs torch, numpy and Pillow, and {error.name} is not installed.") from error

MANIFEST = "manifest.jsonl"
MODES = {1: "L", 3: "RGB"}


class ImageData(Dataset[tuple[Any, int]]):
    """The images of one split as (image, number of its class), read one by one where they lie.

    source: the file of an export in any format, or a folder of one or of a dataset version. An image is a float tensor
    (channels, height, width) in 0..1, or what `transform` makes of the PIL image. `classes` are in alphabetical order;
    `rows` hold what the manifest says of each image, such as `synthetic`.
    Raises: NotFoundError when the split has no images.
    """

    def __init__(
        self,
        source: str | Path,
        split: str = "train",
        transform: Callable[[Any], Any] | None = None,
        channels: int = 3,
    ) -> None:
        if channels not in MODES:
            raise InvalidError(f"channels is {channels}; expected 1 (grey) or 3 (colour).")
        self.source = Path(source)
        self._files: _Files = _ZipFiles(self.source) if self.source.is_file() else _FolderFiles(self.source)
        rows = list(self._files.rows())
        self.classes: list[str] = sorted({row["class"] for row in rows})
        self.rows: list[dict[str, Any]] = [row for row in rows if row["split"] == split]
        if not self.rows:
            splits = ", ".join(sorted({str(row["split"]) for row in rows}))
            raise NotFoundError(f"{source} has no images in the split {split!r}; it has {splits or 'none at all'}.")
        self._numbers = {name: number for number, name in enumerate(self.classes)}
        self._transform = transform
        self._mode = MODES[channels]

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, index: int) -> tuple[Any, int]:
        row = self.rows[index]
        with Image.open(io.BytesIO(self._files.read(row["path"]))) as image:
            picture = _shown(image, self._mode)
        label = self._numbers[row["class"]]
        if self._transform is not None:
            return self._transform(picture), label
        pixels = np.asarray(picture, dtype=np.float32) / 255
        pixels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
        return torch.from_numpy(np.ascontiguousarray(pixels)), label


class _FolderFiles:
    """Files on disk: by the manifest where there is one, else `<split>/<class>/<file>`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def rows(self) -> Iterator[dict[str, Any]]:
        manifest = self._folder / MANIFEST
        if manifest.is_file():
            with manifest.open(encoding="utf-8") as lines:
                yield from map(json.loads, lines)
            return
        for path in sorted(self._folder.glob("*/*/*")):
            if path.is_file() and not path.name.startswith("."):
                split, label, _ = path.relative_to(self._folder).parts
                yield {"path": path.relative_to(self._folder).as_posix(), "split": split, "class": label}

    def read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()


class _ZipFiles:
    """Members of an export's zip, also those within tar shards. Each process opens the file for itself."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._owner = 0
        self._shards: dict[str, tuple[IO[bytes], dict[str, tuple[int, int]]]] = {}

    def rows(self) -> Iterator[dict[str, Any]]:
        with self._archive().open(MANIFEST) as lines:
            yield from map(json.loads, io.TextIOWrapper(lines, encoding="utf-8"))

    def read(self, name: str) -> bytes:
        archive = self._archive()
        shard, mark, member = name.partition(".tar/")
        if not mark:
            return archive.read(name)
        stream, places = self._shard(f"{shard}.tar")
        start, size = places[member]
        stream.seek(start)
        return stream.read(size)

    def _archive(self) -> zipfile.ZipFile:
        if self._owner != os.getpid():  # a loader's process must not share the place in the file with its parent
            self._owner, self._shards = os.getpid(), {}
            self._zip = zipfile.ZipFile(self._path)
        return self._zip

    def _shard(self, name: str) -> tuple[IO[bytes], dict[str, tuple[int, int]]]:
        if name not in self._shards:
            stream = self._archive().open(name)
            with tarfile.open(fileobj=stream, mode="r:") as tar:
                places = {member.name: (member.offset_data, member.size) for member in tar}
            self._shards[name] = stream, places
        return self._shards[name]

    def __getstate__(self) -> dict[str, Any]:
        return {"_path": self._path, "_owner": 0, "_shards": {}}


_Files = _FolderFiles | _ZipFiles


def _shown(image: Image.Image, mode: str) -> Image.Image:
    """The picture with 8 bits; those of 16-bit grey are scaled, not cut off."""
    if image.mode.startswith("I;16"):
        image = Image.fromarray((np.asarray(image, dtype=np.float32) / 257).round().astype(np.uint8))
    return image.convert(mode)
