"""A dataset version as decoded uint8 arrays, memory-mapped: decoded once, then fed at memory speed.

    <folder>/pack.json   classes, resolution, channels, fit, hash
    <folder>/images.npy  uint8 [N, resolution, resolution, channels]
    <folder>/label.npy   int64 [N], index into classes
    <folder>/index.npy   int64 [N], place of the image in the dataset version
    <folder>/split.npy   uint8 [N], index into SPLITS
    <folder>/source.npy  of pairs: uint8 [N, resolution, resolution, source_channels], the half that is given
    <folder>/attribute.npy  where images have attributes: int8 [N, A], 1 has, 0 lacks, -1 nobody said

The folder is written whole or not at all. Rows stand in the order of `index`. Of a pair (A, B), `images` are the B that
are to be made and `source` the A they are made from, unless it was written the other way around. A half whose files are
label maps (`ml/label_map.py`) is scaled to the nearest, never blurred.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ml.dataset_kind import SPLITS
from ml.disk import reserve
from ml.errors import BadDatasetError
from ml.fit import Fit, fit_image
from ml.images import Pixels, is_grey, open_image
from ml.label_map import halves, is_map_side
from ml.model import DataSpec
from ml.records import ImageRecord

Rows = NDArray[np.int64]
OnPacked = Callable[[int, int], None]
"""Called with (images done, images in all)."""


class Read(NamedTuple):
    """Some rows of a pack: uint8 [n, H, W, C], int64 [n], uint8 [n, H, W, source_channels] or None, int8 [n, A] or
    None."""

    image: Pixels
    label: Rows
    source: Pixels | None
    attributes: NDArray[np.int8] | None


@dataclass(frozen=True)
class Pack:
    """An opened pack; `images` and `source` stay on disk and are read as they are indexed.

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
    source: Pixels | None = None
    attributes: tuple[str, ...] = ()
    attribute: NDArray[np.int8] | None = None

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
        return DataSpec(
            self.resolution,
            self.channels,
            self.classes,
            tuple(self.counts("train").values()),
            self.attributes,
            self._together(),
            0 if self.source is None else self.source.shape[-1],
        )

    def _together(self) -> tuple[tuple[int, ...], ...]:
        if self.attribute is None:
            return ()
        has = (self.attribute[self.rows("train")] == 1).astype(np.int64)
        return tuple(tuple(int(number) for number in row) for row in has.T @ has)

    def membership(self, rows: Rows) -> NDArray[np.float32]:
        """float32 [len(rows), classes]: 1 where an image is of the class or has the attribute of that name, 0 where
        not, NaN where nobody said."""
        said = np.empty((len(rows), 0), np.int8) if self.attribute is None else self.attribute[rows]
        return membership(self.label[rows], said, self.classes, self.attributes)

    def bytes_per_image(self) -> int:
        """What one row's pixels take."""
        return self.images[:1].nbytes + (0 if self.source is None else self.source[:1].nbytes)

    def read(self, rows: Rows) -> tuple[Pixels, Rows]:
        """(uint8 [len(rows), H, W, C], label [len(rows)]) copied out of the map in one sweep.

        `rows` should be ascending: the map is then read front to back.
        """
        return np.asarray(self.images[rows]), self.label[rows]

    def read_whole(self, rows: Rows) -> Read:
        """All that is known of these rows."""
        source = None if self.source is None else np.asarray(self.source[rows])
        return Read(*self.read(rows), source, None if self.attribute is None else self.attribute[rows])


def membership(
    label: Rows, said: NDArray[np.int8], classes: Sequence[str], attributes: Sequence[str]
) -> NDArray[np.float32]:
    """See `Pack.membership`. said: int8 [N, A], 1 has, 0 lacks, -1 nobody said."""
    member = np.eye(len(classes), dtype=np.float32)[label]
    for place, name in enumerate(attributes):
        if name in classes:
            member[:, classes.index(name)] = np.where(said[:, place] < 0, np.nan, said[:, place])
    return member


def open_pack(folder: Path) -> Pack:
    """The pack in a folder.

    Raises: BadDatasetError when it holds none, or a damaged one.
    """
    try:
        facts = json.loads((folder / "pack.json").read_text(encoding="utf-8"))
        arrays = {name: np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("label", "index", "split")}
        images = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        attributes = tuple(facts.get("attributes", ()))
        attribute = np.load(folder / "attribute.npy", allow_pickle=False) if attributes else None
        paired = "source_channels" in facts
        source = np.load(folder / "source.npy", mmap_mode="r", allow_pickle=False) if paired else None
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
        source,
        attributes,
        attribute,
    )


def write_pack(
    images: Sequence[ImageRecord],
    classes: Sequence[str],
    folder: Path,
    resolution: int,
    fit: Fit = "crop",
    channels: Literal["auto", "grey", "colour"] = "auto",
    on_packed: OnPacked | None = None,
    attributes: Sequence[str] = (),
    makes_A: bool = False,
) -> Pack:
    """Decode and fit every image once and write the pack; an older pack in `folder` is replaced.

    attributes: names of what the records' `attributes` say; makes_A: of pairs, A is to be made from B.

    Raises: BadDatasetError when nothing is there to learn from, or a label is unknown; BadImageError, naming the file;
    DiskFullError.
    """
    records = sorted(images, key=lambda record: record.index)
    _check(records, classes)
    packing = _Packing(records, resolution, fit, channels, makes_A)
    partial = folder.with_name(f".{folder.name}.{os.getpid()}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    try:
        digest = _write_arrays(partial, packing, classes, attributes, on_packed)
        facts = {
            "classes": list(classes),
            "resolution": resolution,
            "channels": packing.channels,
            "fit": fit,
            "num_images": len(records),
            "hash": digest,
        }
        if packing.paired:
            facts["source_channels"] = packing.source_channels
        if attributes:
            facts["attributes"] = list(attributes)
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


class _Packing:
    """How records become rows: which half of a pair is made, how many channels each half has, and how it is scaled."""

    def __init__(self, records: Sequence[ImageRecord], resolution: int, fit: Fit, channels: str, makes_A: bool) -> None:
        self.records, self.resolution, self.fit, self.makes_A = records, resolution, fit, makes_A
        self.paired = any(record.pair is not None for record in records)
        learnt = [record for record in records if record.split == "train"]
        # a label map becomes colours, and a file that holds both halves shows the colour of either
        self.map_A, self.map_B = (is_map_side(learnt, side) for side in ("A", "B"))
        made_is_map, given_is_map = (self.map_A, self.map_B) if makes_A else (self.map_B, self.map_A)
        self.channels = _num_channels([_file(record, makes_A) for record in learnt], channels, made_is_map)
        self.source_channels = 0
        if self.paired:
            self.source_channels = _num_channels(
                [_file(record, not makes_A) for record in learnt], "auto", given_is_map
            )

    def row(self, record: ImageRecord) -> tuple[Pixels, Pixels | None]:
        """(uint8 [H, W, channels] that is to be made, uint8 [H, W, source_channels] that is given or None)."""
        if not self.paired:
            return fit_image(open_image(record.file), self.resolution, self.fit, self.channels), None
        A, B = halves(record, self.map_A, self.map_B)
        made, given = ((A, self.map_A), (B, self.map_B)) if self.makes_A else ((B, self.map_B), (A, self.map_A))
        return (
            fit_image(made[0], self.resolution, self.fit, self.channels, nearest=made[1]),
            fit_image(given[0], self.resolution, self.fit, self.source_channels, nearest=given[1]),
        )


def _file(record: ImageRecord, half_A: bool) -> Path:
    return record.pair if half_A and record.pair is not None else record.file


def _num_channels(files: Sequence[Path], channels: str, is_map: bool = False) -> int:
    if channels != "auto":
        return 1 if channels == "grey" else 3
    # stops at the first image with colour, so that a colour dataset costs one look
    return 1 if not is_map and all(is_grey(file) for file in files) else 3


def _write_arrays(
    folder: Path,
    packing: _Packing,
    classes: Sequence[str],
    attributes: Sequence[str],
    on_packed: OnPacked | None,
) -> str:
    """Write the arrays; returns the hash."""
    records, side = packing.records, packing.resolution
    number = {name: position for position, name in enumerate(classes)}
    columns: dict[str, NDArray[np.int64] | NDArray[np.uint8] | NDArray[np.int8]] = {
        "label": np.array([number[record.label] for record in records], np.int64),
        "index": np.array([record.index for record in records], np.int64),
        "split": np.array([SPLITS.index(record.split) for record in records], np.uint8),
    }
    facts: list[object] = [list(classes), side, packing.channels, packing.fit]
    if packing.paired:
        facts += [packing.source_channels, packing.makes_A]
    if attributes:
        columns["attribute"] = attributes_of(records, len(attributes))
        facts.append(list(attributes))
    digest = hashlib.sha256(json.dumps(facts).encode())
    for name, column in columns.items():
        np.save(folder / f"{name}.npy", column, allow_pickle=False)
        digest.update(column.astype(column.dtype.newbyteorder("<")).tobytes())
    images = _pixels(folder / "images.npy", (len(records), side, side, packing.channels))
    sources = packing.paired and _pixels(folder / "source.npy", (len(records), side, side, packing.source_channels))
    for row, record in enumerate(records):
        images[row], given = packing.row(record)
        digest.update(images[row].tobytes())
        if sources is not False and given is not None:
            sources[row] = given
            digest.update(given.tobytes())
        if on_packed is not None:
            on_packed(row + 1, len(records))
    images.flush()
    return digest.hexdigest()


def _pixels(file: Path, shape: tuple[int, ...]) -> "np.memmap[tuple[int, ...], np.dtype[np.uint8]]":
    pixels = open_memmap(file, mode="w+", dtype=np.uint8, shape=shape)
    reserve(file)
    return pixels


def attributes_of(records: Sequence[ImageRecord], number: int) -> NDArray[np.int8]:
    """int8 [N, number]: 1 has, 0 lacks, -1 nobody said.

    Raises: BadDatasetError for an image that says another number of them.
    """
    wrong = next((record for record in records if len(record.attributes) != number), None)
    if wrong is not None:
        raise BadDatasetError(
            f"Image {wrong.index} says {len(wrong.attributes)} attributes, the dataset has {number}; ingest it again."
        )
    meaning = {"1": 1, "0": 0, "?": -1}
    return np.array([[meaning[one] for one in record.attributes] for record in records], np.int8)


def _sync(folder: Path) -> None:
    for path in (*folder.iterdir(), folder):
        descriptor = os.open(path, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
