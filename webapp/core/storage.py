"""Every path in the data folder, in one place. No string that a client gave is ever part of a path.

    uploads/<upload>.part                         a file on its way in
    labs/<lab>/objects/<sha[:2]>/<sha><suffix>    original bytes, content-addressed, shared by the lab's versions
    labs/<lab>/thumbnails/<sha[:2]>/<sha>.jpg or .webp
    runs/<run>/start/                             the checkpoint of another run that it starts from
    studies/<study>/made/                         what all attempts of a study work on, one after the other
    runs/<run>/f<fence>/…   selections/<id>/f<fence>/…   studies/<id>/f<fence>/…   exports/<id>/f<fence>/…
    edits/<id>/f<fence>/…   versions/<id>/f<fence>/…
    catalogue/  logs/

The fence in a path keeps a process that lost its lease from touching what its successor writes.
"""

import os
import re
import shutil
import uuid
from pathlib import Path

from django.conf import settings

from webapp.core import bucket

_SHA256 = re.compile(r"[0-9a-f]{64}")
_SUFFIX = re.compile(r"\.[a-z0-9]{1,7}")


class BadPathError(ValueError):
    """A path or part of one that leaves the data folder or is not of the form that the service itself writes."""


def data_folder() -> Path:
    """The root of everything."""
    return Path(settings.DATA_DIR)


def stored(relative: str) -> Path:
    """The absolute path of what a row names relative to the data folder.

    Raises: BadPathError when it would lie outside.
    """
    root = data_folder()
    path = (root / relative).resolve()
    if not relative or not path.is_relative_to(root.resolve()):
        raise BadPathError(f"{relative!r} does not lie in the data folder")
    return path


def relative(path: Path) -> str:
    """How a row names this path.

    Raises: BadPathError when it lies outside the data folder.
    """
    try:
        return path.resolve().relative_to(data_folder().resolve()).as_posix()
    except ValueError:
        raise BadPathError(f"{path} does not lie in the data folder") from None


def upload_file(upload_id: uuid.UUID) -> Path:
    """The bytes of an upload on their way."""
    return data_folder() / "uploads" / f"{_id(upload_id)}.part"


def lab_folder(lab_id: uuid.UUID) -> Path:
    """The content store of a lab."""
    return data_folder() / "labs" / _id(lab_id)


def object_file(lab_id: uuid.UUID, sha256: str, suffix: str) -> Path:
    """An original image by its content."""
    if not _SUFFIX.fullmatch(suffix):
        raise BadPathError(f"{suffix!r} is not a file ending")
    return lab_folder(lab_id) / "objects" / _hash(sha256)[:2] / f"{sha256}{suffix}"


def thumbnail_file(lab_id: uuid.UUID, sha256: str) -> Path:
    """The thumbnail of an original, 256 pixels on its longer side: a JPEG, or a WebP where that is what there is."""
    picture, other = thumbnail_files(lab_id, sha256)
    return other if other.exists() and not picture.exists() else picture


def thumbnail_files(lab_id: uuid.UUID, sha256: str) -> tuple[Path, Path]:
    """The two places of which one holds the thumbnail."""
    picture = lab_folder(lab_id) / "thumbnails" / _hash(sha256)[:2] / f"{sha256}.jpg"
    return picture, picture.with_suffix(".webp")


def version_folder(version_id: uuid.UUID, fence: int) -> Path:
    """Where one attempt of an ingest keeps its plan and log."""
    return _attempt("versions", version_id, fence)


def run_folder(run_id: uuid.UUID, fence: int) -> Path:
    """Where one attempt of a run writes."""
    return _attempt("runs", run_id, fence)


def start_folder(run_id: uuid.UUID) -> Path:
    """Where a run keeps the checkpoint of an earlier run that it starts from; written once, before it is queued."""
    return all_attempts("runs", run_id) / "start"


def selection_folder(selection_id: uuid.UUID, fence: int) -> Path:
    """Where one attempt of a selection writes."""
    return _attempt("selections", selection_id, fence)


def edit_folder(edit_id: uuid.UUID, fence: int) -> Path:
    """Where one attempt of an edit writes."""
    return _attempt("edits", edit_id, fence)


def study_folder(study_id: uuid.UUID, fence: int) -> Path:
    """Where one attempt of a study keeps its plan and log."""
    return _attempt("studies", study_id, fence)


def study_files(study_id: uuid.UUID) -> Path:
    """Generators, children and the result of a study. A file there is written whole and says the same whoever writes
    it, so that attempts need no folders of their own."""
    return all_attempts("studies", study_id) / "made"


def export_folder(export_id: uuid.UUID, fence: int) -> Path:
    """Where one attempt of an export writes."""
    return _attempt("exports", export_id, fence)


def all_attempts(noun: str, pk: uuid.UUID) -> Path:
    """The folder that holds every attempt of one row; `noun` is runs, selections, edits, studies,
    exports or versions."""
    return data_folder() / noun / _id(pk)


def catalogue_folder() -> Path:
    """Where the generated catalogue of the shelves is kept."""
    return data_folder() / "catalogue"


def logs_folder() -> Path:
    """Logs of the processes that `up` starts."""
    return data_folder() / "logs"


def server_file() -> Path:
    """pid, port and Redis address of the service while it runs."""
    return data_folder() / "server.json"


def free_bytes() -> int:
    """Free space where the data folder lies."""
    return shutil.disk_usage(data_folder()).free


def sync_folder(folder: Path) -> None:
    """Make a new or renamed entry of `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def remove_tree(path: Path) -> None:
    """Remove a folder and all below it, here and in the bucket; nothing happens when it is not there."""
    remove_copy(path)
    bucket.discard_tree(path)


def remove_copy(path: Path) -> None:
    """Remove a folder and all below it from this machine alone."""
    shutil.rmtree(path, ignore_errors=True)


def remove_file(path: Path) -> None:
    """Remove a file, here and in the bucket; nothing happens when it is not there."""
    path.unlink(missing_ok=True)
    bucket.discard(path)


def is_kept(path: Path) -> bool:
    """Whether there is such a file, here or in the bucket. Raises: BucketError."""
    return path.is_file() or bucket.has(path)


def _attempt(noun: str, pk: uuid.UUID, fence: int) -> Path:
    return all_attempts(noun, pk) / f"f{int(fence)}"


def _id(value: uuid.UUID) -> str:
    """The folder name of an id; whatever is no UUID is refused."""
    return str(value if isinstance(value, uuid.UUID) else uuid.UUID(str(value)))


def _hash(sha256: str) -> str:
    if not _SHA256.fullmatch(sha256):
        raise BadPathError(f"{sha256!r} is not a sha256 in hexadecimal")
    return sha256
