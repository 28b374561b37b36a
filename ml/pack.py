"""A dataset version as decoded uint8 arrays, memory-mapped: decoded once, then fed at memory speed.

    <folder>/pack.json   classes, resolution, channels, fit, hash
    <folder>/images.npy  uint8 [N, resolution, resolution, channels]
    <folder>/label.npy   int64 [N], index into classes
    <folder>/index.npy   int64 [N], place of the image in the dataset version
    <folder>/split.npy   uint8 [N], index into SPLITS

The folder is written whole or not at all. Rows stand in the order of `index`.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ml.dataset_kind import SPLITS
from ml.disk import reserve
from ml.errors import BadDatasetError
from ml.fit import Fit, fit_image
from ml.images import Pixels, is_grey, open_image
from ml.model import DataSpec
from ml.records import ImageRecord

Rows = NDArray[np.int64]
OnPacked = Callable[[int, int], None]
"""Called with (images done, images in all)."""


@dataclass(frozen=True)
class Pack:
    """An opened pack; `images` stays on disk and is read as it is indexed.

    hash: sha256 over pixels, labels, splits and classes: the same data gives the same hash on every machine.
    """

    folder: Path
    classes: tuple[str, ...]
    resolution: int
    channels: int
    fit: Fit
    hash: str
    images: Pixels
    label: Rows
    index: Rows
    split: NDArray[np.uint8]

    def __len__(self) -> int:
        return len(self.label)

    def rows(self, split: str) -> Rows:
        """Rows of one split, ascending."""
        return np.flatnonzero(self.split == SPLITS.index(split)).astype(np.int64)

    def counts(self, split: str) -> dict[str, int]:
        """Images per class in one split."""
        counts = np.bincount(self.label[self.rows(split)], minlength=len(self.classes))
        return {name: int(count) for name, count in zip(self.classes, counts, strict=True)}

    def spec(self) -> DataSpec:
        """What a model must fit: counts are those of the training split."""
        return DataSpec(self.resolution, self.channels, self.classes, tuple(self.counts("train").values()))

    def read(self, rows: Rows) -> tuple[Pixels, Rows]:
        """(uint8 [len(rows), H, W, C], label [len(rows)]) copied out of the map in one sweep.

        `rows` should be ascending: the map is then read front to back.
        """
        return np.asarray(self.images[rows]), self.label[rows]


def open_pack(folder: Path) -> Pack:
    """The pack in a folder.

    Raises: BadDatasetError when it holds none, or a damaged one.
    """
    try:
        facts = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
        arrays = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("label", "index", "split")}
        images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BadDatasetError(f"{folder} holds no readable pack ({error}); prepare the data again.") from error
    shape = (facts["num_images"], facts["resolution"], facts["resolution"], facts["channels"])
    if images.shape != shape or any(len(array) != len(images) for array in arrays.values()):
        raise BadDatasetError(f"{folder} holds images {images.shape}, expected {shape}; prepare the data again.")
    return Pack(
        folder,
        tuple(facts["classes"]),
        facts["resolution"],
        facts["channels"],
        facts["fit"],
        facts["hash"],
        images,
        arrays["label"],
        arrays["index"],
        arrays["split"],
    )


def write_pack(
    images: Sequence[ImageRecord],
    classes: Sequence[str],
    folder: Path,
    resolution: int,
    fit: Fit = "crop",
    channels: Literal["auto", "grey", "colour"] = "auto",
    on_packed: OnPacked | None = None,
) -> Pack:
    """Decode and fit every image once and write the pack; an older pack in `folder` is replaced.

    Raises: BadDatasetError when nothing is there to learn from, or a label is unknown; BadImageError, naming the file;
    DiskFullError.
    """
    records = sorted(images, key=lambda record: record.index)
    _check(records, classes)
    num_channels = _num_channels(records, channels)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        digest = _write_arrays(partial, records, classes, resolution, fit, num_channels, on_packed)
        facts = {
            "classes": list(classes),
            "resolution": resolution,
            "channels": num_channels,
            "fit": fit,
            "num_images": len(records),
            "hash": digest,
        }
        (partial / "pack.json").write_text(json.dumps(facts, indent=1), encoding="utf-8")
        _sync(partial)
        shutil.rmtree(folder, ignore_errors=True)
        os.replace(partial, folder)
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return open_pack(folder)


def _check(records: Sequence[ImageRecord], classes: Sequence[str]) -> None:
    unknown = sorted({record.label for record in records} - set(classes))
    if unknown:
        raise BadDatasetError(f"Images have the classes {', '.join(unknown)}, which the dataset does not name.")
    if not any(record.split == "train" for record in records):
        raise BadDatasetError("The training split holds no images; add images or change the split.")


def _num_channels(records: Sequence[ImageRecord], channels: str) -> int:
    if channels != "auto":
        return 1 if channels == "grey" else 3
    # stops at the first image with colour, so that a colour dataset costs one look
    return 1 if all(is_grey(record.file) for record in records if record.split == "train") else 3


def _write_arrays(
    folder: Path,
    records: Sequence[ImageRecord],
    classes: Sequence[str],
    resolution: int,
    fit: Fit,
    channels: int,
    on_packed: OnPacked | None,
) -> str:
    """Write the four arrays; returns the hash."""
    number = {name: position for position, name in enumerate(classes)}
    columns: dict[str, NDArray[np.int64] | NDArray[np.uint8]] = {
        "label": np.array([number[record.label] for record in records], np.int64),
        "index": np.array([record.index for record in records], np.int64),
        "split": np.array([SPLITS.index(record.split) for record in records], np.uint8),
    }
    digest = hashlib.sha256(json.dumps([list(classes), resolution, channels, fit]).encode())
    for name, column in columns.items():
        np.save(folder / f"{name}.npy", column, allow_pickle=False)
        digest.update(column.astype(column.dtype.newbyteorder("<")).tobytes())
    shape = (len(records), resolution, resolution, channels)
    pixels = open_memmap(folder / "images.npy", mode="w+", dtype=np.uint8, shape=shape)
    reserve(folder / "images.npy")
    for row, record in enumerate(records):
        pixels[row] = fit_image(open_image(record.file), resolution, fit, channels)
        digest.update(pixels[row].tobytes())
        if on_packed is not None:
            on_packed(row + 1, len(records))
    pixels.flush()
    return digest.hexdigest()


def _sync(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
