"""Files that no row names, which the leader removes, and rows whose files are gone; `manage.py fsck` tells both.

A file younger than KEPT_FOR stays: it may belong to something that is not committed yet. Nothing is taken from a lab
that reads images in. Where there is a bucket it is what rows are compared with; folders of machines are copies of it.
"""

import hashlib
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db.models import Exists, F, OuterRef

from webapp.accounts.models import Lab
from webapp.core import bucket, storage
from webapp.core.removal import alive
from webapp.datasets.models import DatasetImage, DatasetVersion, Upload
from webapp.datasets.selectors import named_in_store
from webapp.exports.models import Export
from webapp.gallery.models import Edit, Pool, Selection
from webapp.runs.models import Checkpoint, Run
from webapp.studies.models import Study
from webapp.upkeep.selectors.storage import SETTLED
from webapp.upkeep.services.measuring import size_of
from webapp.upkeep.services.sweep import remove_objects

KEPT_FOR_S: Final = 24 * 3600.0
KEYS_AT_ONCE: Final = 1000
OWNERS: Final[dict[str, type[Any]]] = {
    "runs": Run,
    "selections": Selection,
    "edits": Edit,
    "studies": Study,
    "exports": Export,
    "versions": DatasetVersion,
}
"""Folder of the data folder -> whose ids its entries are called by."""


@dataclass(frozen=True)
class Finding:
    """One thing that is wrong. lab_id: set where the file lies in a lab's store."""

    code: str
    path: Path
    message: str
    size_bytes: int = 0
    lab_id: UUID | None = None


# --- files without a row ----------------------------------------------------------------------------------------
def unreferenced(older_than_s: float = KEPT_FOR_S) -> Iterator[Finding]:
    """Folders, uploads and objects that no row names."""
    before = time.time() - older_than_s
    for noun, model in OWNERS.items():
        yield from _folders(noun, model, before)
    yield from _uploads(before)
    for lab_folder in _entries(storage.data_folder() / "labs"):
        yield from _store(lab_folder, before)


def unreferenced_keys(older_than_s: float = KEPT_FOR_S) -> Iterator[Finding]:
    """The same in the bucket, which holds no uploads. Raises: BucketError."""
    before, root = time.time() - older_than_s, storage.data_folder()
    for noun, model in OWNERS.items():
        for folder in bucket.folders_of(root / noun):
            if not (_is_uuid(folder.name) and model._default_manager.filter(pk=folder.name).exists()):
                yield from _folder_of_keys(folder, before, "no row names this folder of the bucket")
    for folder in bucket.folders_of(root / "labs"):
        if not (_is_uuid(folder.name) and Lab.objects.filter(pk=folder.name).exists()):
            yield from _folder_of_keys(folder, before, "no lab has this folder of the bucket")
            continue
        keys = (kept for kept in bucket.below(folder) if kept.changed_at < before)
        while batch := list(islice(keys, KEYS_AT_ONCE)):
            named = named_in_store(UUID(folder.name), {kept.path.name.partition(".")[0] for kept in batch})
            for kept in batch:
                if kept.path.name.partition(".")[0] not in named:
                    message = "no image names this file of the bucket"
                    yield Finding("object_without_row", kept.path, message, kept.size_bytes, UUID(folder.name))


def _folder_of_keys(folder: Path, before: float, message: str) -> Iterator[Finding]:
    kept = list(bucket.below(folder))
    if kept and max(one.changed_at for one in kept) < before:
        yield Finding("folder_without_row", folder, message, sum(one.size_bytes for one in kept))


def remove_unreferenced(older_than_s: float = KEPT_FOR_S) -> list[Finding]:
    """What was removed. Raises: BucketError."""
    removed = remove_found(unreferenced(older_than_s), storage.remove_tree, remove_objects)
    if bucket.is_on():
        bucket.abort_broken_off(timedelta(seconds=older_than_s))
        removed += remove_found(unreferenced_keys(older_than_s), storage.remove_tree, remove_objects)
    return removed


def remove_found(
    findings: Iterator[Finding],
    remove_folder: Callable[[Path], None],
    remove_files: Callable[[UUID, Iterable[Path]], list[Path]],
) -> list[Finding]:
    """Remove folders, uploads and, lab by lab, objects in these ways; returns what was removed."""
    removed, objects = [], dict[UUID, list[Finding]]()
    for found in findings:
        if found.lab_id is not None:
            objects.setdefault(found.lab_id, []).append(found)
            continue
        remove_folder(found.path)
        found.path.unlink(missing_ok=True)
        removed.append(found)
    for lab_id, of_lab in objects.items():
        gone = set(remove_files(lab_id, (found.path for found in of_lab)))
        removed += [found for found in of_lab if found.path in gone]
    return removed


def _folders(noun: str, model: type[Any], before: float) -> Iterator[Finding]:
    for folder in _entries(storage.data_folder() / noun):
        known = _is_uuid(folder.name) and model._default_manager.filter(pk=folder.name).exists()
        if not known and _changed_at(folder) < before:
            yield Finding("folder_without_row", folder, "no row names this folder", size_of(folder))


def _uploads(before: float) -> Iterator[Finding]:
    for file in _entries(storage.data_folder() / "uploads"):
        known = file.suffix == ".part" and _is_uuid(file.stem)
        row = (
            Upload.objects.filter(pk=file.stem).exclude(state=Upload.State.EXPIRED) if known else Upload.objects.none()
        )
        if not row.exists() and _changed_at(file) < before:
            yield Finding("upload_without_row", file, "no upload under way names this file", _size(file))


def _store(lab_folder: Path, before: float) -> Iterator[Finding]:
    """One folder of two hexadecimal digits after the other, so that memory stays small."""
    lab_id = UUID(lab_folder.name) if _is_uuid(lab_folder.name) else None
    if lab_id is None or not Lab.objects.filter(pk=lab_id).exists():
        if _changed_at(lab_folder) < before:
            yield Finding("folder_without_row", lab_folder, "no lab has this folder", size_of(lab_folder))
        return
    for kind in ("objects", "thumbnails"):
        for shard in _entries(lab_folder / kind):
            files = [file for file in _entries(shard) if _changed_at(file) < before]
            named = named_in_store(lab_id, {file.name.partition(".")[0] for file in files})
            for file in files:
                if file.suffix == ".aside":
                    _bring_back(file)
                elif file.name.partition(".")[0] not in named:
                    yield Finding("object_without_row", file, "no image names this file", _size(file), lab_id)


def _bring_back(aside: Path) -> None:
    """A sweep was killed between putting the file aside and deciding: the next look decides anew."""
    home = aside.with_suffix("")
    if home.exists():
        aside.unlink(missing_ok=True)
    else:
        aside.replace(home)


# --- rows without a file ----------------------------------------------------------------------------------------
def missing(check_hashes: bool = False) -> Iterator[Finding]:
    """What rows name and is not there, has another size or, when asked, other bytes (of a bucket's keys: another hash
    than they were put with). Raises: BucketError.
    """
    images = DatasetImage.objects.filter(alive(DatasetImage), version__state=DatasetVersion.State.READY)
    pairs = images.exclude(pair_sha256="").exclude(pair_sha256=F("sha256"))
    for rows, of in ((images, ""), (pairs, "pair_")):
        columns = ("version__dataset__lab_id", f"{of}sha256", f"{of}suffix", f"{of}size_bytes")
        for lab_id, sha, suffix, size in _rows(rows, *columns):
            yield from _examine(storage.object_file(lab_id, sha, suffix), size, sha if check_hashes else "")
            thumbnails = storage.thumbnail_files(lab_id, sha)
            if not any(_is_there(file) for file in thumbnails):
                yield Finding("file_missing", thumbnails[0], "a thumbnail that a row names is not there")
    kept = Checkpoint.objects.filter(alive(Checkpoint))
    for path, sha, size in _rows(kept, "path", "sha256", "size_bytes"):
        yield from _examine(storage.stored(path), size, sha if check_hashes else "")
    ready = Export.objects.filter(alive(Export), state=Export.State.READY)
    for path, sha, size in _rows(ready, "path", "sha256", "size_bytes"):
        yield from _examine(storage.stored(path), size, sha if check_hashes else "")
    made = Edit.objects.filter(alive(Edit), state=Edit.State.FINISHED)
    for path, size in _rows(made, "path", "size_bytes"):
        yield from _examine(storage.stored(path), size, "")
    for (path,) in _rows(Pool.objects.filter(alive(Pool), is_ready=True), "path"):
        if not _is_there(storage.stored(path) / "pool.json"):
            yield Finding("file_missing", storage.stored(path), "a pool that a row names is not there")
    for pk, offset in _rows(_with_bytes(), "pk", "offset"):
        file = storage.upload_file(pk)
        if _size(file) < offset:
            yield Finding("file_short", file, f"found {_size(file)} bytes, expected {offset} that were acknowledged")


def _with_bytes() -> Any:
    """Uploads whose bytes are needed still."""
    used_up = DatasetVersion.objects.filter(upload=OuterRef("pk"), state__in=SETTLED)
    return Upload.objects.exclude(state=Upload.State.EXPIRED).exclude(Exists(used_up)).filter(offset__gt=0)


def _is_there(file: Path) -> bool:
    return bucket.facts_of(file) is not None if bucket.is_on() else file.is_file()


def _examine(file: Path, size: int, sha256: str) -> Iterator[Finding]:
    facts = bucket.facts_of(file) if bucket.is_on() else (_size(file), "") if file.is_file() else None
    if facts is None:
        yield Finding("file_missing", file, "a file that a row names is not there")
    elif facts[0] != size:
        yield Finding("file_changed", file, f"found {facts[0]} bytes, expected {size}")
    elif sha256 and (found := facts[1] or _sha256(file)) != sha256:
        yield Finding("file_changed", file, f"found the hash {found[:12]}…, expected {sha256[:12]}…")


# --- reading the disk -------------------------------------------------------------------------------------------
def _rows(rows: Any, *columns: str) -> Iterator[tuple[Any, ...]]:
    return iter(rows.order_by("pk").values_list(*columns).iterator(2000))


def _entries(folder: Path) -> list[Path]:
    return sorted(folder.iterdir()) if folder.is_dir() else []


def _changed_at(path: Path) -> float:
    """When it, or an entry directly in it, last changed; one that is gone by now counts as new."""
    try:
        return max(entry.lstat().st_mtime for entry in (path, *_entries(path)))
    except FileNotFoundError:
        return time.time()


def _size(file: Path) -> int:
    try:
        return file.lstat().st_size
    except FileNotFoundError:
        return 0


def _sha256(file: Path) -> str:
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text
    except ValueError:
        return False
