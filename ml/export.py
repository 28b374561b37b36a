"""An augmented dataset, written as one zip: images in the layout of an export format, and four files at the root.

    manifest.jsonl   one row per image
    provenance.json  where everything comes from, and what had to be left out
    README.md        the dataset card
    SHA256SUMS       of every other file; `sha256sum -c` reads it

Real images keep their pixels and their split and lose their metadata (`ml/metadata.py`). Synthetic ones are lossless
PNG in train, each with its manifest row (without `path`) as JSON in a text chunk called `atelier`. The same plan gives
the same bytes.
"""

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ml.dataset_kind import SPLITS
from ml.errors import BadDatasetError, BadImageError
from ml.export_format import ExportFormat, ExportImage, Ground
from ml.export_images import in_order, real_image, synthetic_image
from ml.plans import ExportPlan
from ml.plugin import find
from ml.pool_pixels import PoolPixels
from ml.protocol import Emit, emit
from ml.zip_writer import ZipWriter

_PROGRESS_S = 0.5
_TOLD_WARNINGS = 20


@dataclass
class _Tally:
    """What became of the images so far."""

    num_real: int = 0
    num_synthetic: int = 0
    left_out: list[dict[str, str]] = field(default_factory=list)

    @property
    def done(self) -> int:
        return self.num_real + self.num_synthetic + len(self.left_out)


def run(plan: ExportPlan, emit: Emit = emit) -> None:
    """Write the zip next to its place and move it there when it is whole and on disk.

    Raises: BadDatasetError when there is nothing to export or the pool is damaged; UnknownPluginError.
    """
    layout = find("export_formats", ExportFormat, plan["format"])()
    out = Path(plan["out"])
    out.parent.mkdir(parents=True, exist_ok=True)
    part = out.with_name(f"{out.name}.part")
    tally = _Tally()
    try:
        with tempfile.TemporaryDirectory(prefix=".export-", dir=out.parent) as scratch, part.open("wb") as file:
            work = Path(scratch)
            (work / "layout").mkdir()
            with (work / "directory").open("w+b") as directory:
                archive = ZipWriter(file, directory)
                images = _counted(_images(plan, layout.splits, tally, emit), plan, tally, emit)
                _write(archive, layout, images, plan, tally, work)
                archive.finish()
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, out)
    finally:
        part.unlink(missing_ok=True)
    _sync_folder(out.parent)
    emit(
        {
            "event": "result",
            "file": str(out),
            "sha256": archive.sha256,
            "size_bytes": archive.size_bytes,
            "num_real": tally.num_real,
            "num_synthetic": tally.num_synthetic,
        }
    )


# --- the archive --------------------------------------------------------------------------------------------------
def _write(
    archive: ZipWriter,
    layout: ExportFormat,
    images: Iterator[ExportImage],
    plan: ExportPlan,
    tally: _Tally,
    work: Path,
) -> None:
    """The layout's files first, then those at the root; manifest and sums grow on disk, not in memory."""
    paths: set[bytes] = set()
    manifest, sums = work / "manifest.jsonl", work / "SHA256SUMS"
    with manifest.open("w", encoding="utf-8", newline="\n") as rows, sums.open("w", encoding="utf-8") as lines:

        def note(row: dict[str, Any]) -> None:
            rows.write(json.dumps(in_order(row), ensure_ascii=False, allow_nan=False) + "\n")

        def add(path: str, data: bytes | Path) -> None:
            if isinstance(data, Path):
                digest = archive.add_file(path, data)
            else:
                archive.add(path, data)
                digest = hashlib.sha256(data).hexdigest()
            lines.write(f"{digest}  {path}\n")

        ground = Ground(
            tuple(plan["classes"]), plan["resolution"], plan["channels"], plan["fit"], work / "layout", note
        )
        for member in layout.members(images, ground):
            _check_new(member.path, paths)
            add(member.path, member.data)
        if not tally.num_real + tally.num_synthetic:
            raise BadDatasetError("The export holds no image; select or accept some samples, or include the real ones.")
        add("README.md", plan["card"].encode())
        add("provenance.json", _provenance(plan, tally).encode())
        rows.flush()
        add("manifest.jsonl", manifest)
    archive.add_file("SHA256SUMS", sums)


def _check_new(path: str, paths: set[bytes]) -> None:
    """16 bytes per path are kept; upper and lower case count as the same."""
    key = hashlib.sha256(path.casefold().encode()).digest()[:16]
    if key in paths:
        raise BadDatasetError(f"Two images of the export have the same path {path}; ids must be unique.")
    paths.add(key)


def _provenance(plan: ExportPlan, tally: _Tally) -> str:
    facts = {
        **plan["provenance"],
        "title": plan["title"],
        "format": plan["format"],
        "classes": plan["classes"],
        "num_real": tally.num_real,
        "num_synthetic": tally.num_synthetic,
        "left_out": tally.left_out,
    }
    return json.dumps(facts, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


# --- the images ---------------------------------------------------------------------------------------------------
def _images(plan: ExportPlan, splits: Sequence[str], tally: _Tally, emit: Emit) -> Iterator[ExportImage]:
    """The images of these splits, real ones first; one that cannot be read is reported and left out."""
    for row in _rows(plan["images"]):
        if row["split"] in SPLITS and row["split"] not in splits:
            continue
        try:
            image = real_image(row)
        except BadImageError as error:
            tally.left_out.append({"id": str(row["id"]), "reason": error.message})
            if len(tally.left_out) <= _TOLD_WARNINGS:
                emit({"event": "warning", "code": error.code, "message": error.message})
            continue
        tally.num_real += 1
        yield image
    pool: PoolPixels | None = None
    for row in _rows(plan["samples"]):
        pool = pool or _open_pool(plan)
        tally.num_synthetic += 1
        yield synthetic_image(row, pool)


def _open_pool(plan: ExportPlan) -> PoolPixels:
    if plan["pool"] is None:
        raise BadDatasetError("The export names synthetic images and no pool to take them from.")
    return PoolPixels(Path(plan["pool"]))


def _counted(images: Iterator[ExportImage], plan: ExportPlan, tally: _Tally, emit: Emit) -> Iterator[ExportImage]:
    """The same images, with progress told at most twice a second."""
    number = _num_lines(plan["images"]) + _num_lines(plan["samples"])
    last = time.monotonic()
    emit({"event": "progress", "current": 0, "max": number})
    for image in images:
        yield image
        if time.monotonic() - last >= _PROGRESS_S:
            last = time.monotonic()
            emit({"event": "progress", "current": tally.done, "max": number})
    emit({"event": "progress", "current": number, "max": number})


def _num_lines(path: str) -> int:
    with open(path, "rb") as lines:
        return sum(1 for line in lines if line.strip())


def _rows(path: str) -> Iterator[dict[str, Any]]:
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            if line.strip():
                yield json.loads(line)
