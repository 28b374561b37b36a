"""What people deleted goes for good: files first, then rows, from the leaves up.

A step can end anywhere, at the end of its time or by a kill, and the next one goes on: a row stays until its files are
gone. What somebody still works on waits until they let go; the mark has asked them to.
"""

import logging
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from webapp.accounts.models import Lab
from webapp.core import bucket, storage
from webapp.core.bucket import BucketError
from webapp.core.removal import dead
from webapp.datasets.models import Dataset, DatasetImage, DatasetVersion, IngestFile
from webapp.datasets.selectors import files_of, named_in_store
from webapp.datasets.services.uploads import UNSETTLED, remove_bytes
from webapp.exports.models import Export
from webapp.gallery.models import Edit, Pool, Selection
from webapp.gallery.services.pools import discard
from webapp.recipes.models import Recipe
from webapp.runs.models import Run, RunEvent
from webapp.studies.models import Study

log = logging.getLogger(__name__)
FOR_S: Final = 2.0
"""How long one round may take, so that the leader goes on leading."""
AT_ONCE: Final = 500


class OutOfTimeError(Exception):
    """The rest is done in the next round."""


def sweep(for_s: float = FOR_S) -> bool:
    """Whether nothing is left that could be removed now."""
    until = time.monotonic() + for_s

    def go_on() -> None:
        if time.monotonic() > until:
            raise OutOfTimeError

    try:
        for step in (_exports, _studies, _edits, _pools, _runs, _versions, _datasets, _recipes):
            step(go_on)
    except OutOfTimeError:
        return False
    return True


# --- one kind each ----------------------------------------------------------------------------------------------
def _exports(go_on: Callable[[], None]) -> None:
    for export in _free(Export):
        go_on()
        if _gone(storage.all_attempts("exports", export.pk)):
            export.delete()


def _studies(go_on: Callable[[], None]) -> None:
    for study in _free(Study):
        go_on()
        if _gone(storage.all_attempts("studies", study.pk)):
            study.delete()


def _edits(go_on: Callable[[], None]) -> None:
    for edit in _free(Edit):
        go_on()
        if _gone(storage.all_attempts("edits", edit.pk)):
            edit.delete()


def _pools(go_on: Callable[[], None]) -> None:
    """A pool with its samples, selections and verdicts; it waits for work on its exports, selections and studies."""
    held = Selection.objects.filter(_held(), pool=OuterRef("pk"))
    exported = Export.objects.filter(selection__pool=OuterRef("pk"))
    judged = [pk for pools in Study.objects.filter(_held()).values_list("pools", flat=True) for pk in pools]
    for pool in Pool.objects.filter(dead(Pool)).exclude(Exists(held) | Exists(exported)).exclude(pk__in=judged):
        selections = list(pool.selections.values_list("pk", flat=True))
        if all([_gone(storage.all_attempts("selections", pk)) for pk in selections]) and _gone(
            storage.stored(pool.path)
        ):
            discard(pool, go_on)


def _runs(go_on: Callable[[], None]) -> None:
    for run in _free(Run).filter(pool=None, edits=None):
        if _gone(storage.all_attempts("runs", run.pk)):
            _remove_rows(RunEvent.objects.filter(run=run), go_on)
            run.delete()


def _versions(go_on: Callable[[], None]) -> None:
    for version in _free(DatasetVersion).filter(runs=None, studies=None, exports=None).select_related("dataset"):
        if version.upload_id is not None:
            remove_bytes(version.upload_id)
        _remove_images(version, go_on)
        _remove_rows(IngestFile.objects.filter(version=version), go_on)
        if _gone(storage.all_attempts("versions", version.pk)):
            version.delete()


def _datasets(go_on: Callable[[], None]) -> None:
    for dataset in Dataset.objects.filter(dead(Dataset), versions=None):
        go_on()
        dataset.delete()


def _recipes(go_on: Callable[[], None]) -> None:
    for recipe in Recipe.objects.filter(dead(Recipe), runs=None):
        go_on()
        recipe.delete()


# --- rows and files ---------------------------------------------------------------------------------------------
def _held() -> Q:
    """Rows that somebody works on."""
    return Q(lease_owner__isnull=False, lease_expires_at__gte=Now())


def _free(model: type[Any]) -> "QuerySet[Any]":
    """Deleted rows that nobody works on."""
    rows: QuerySet[Any] = model._default_manager.filter(dead(model)).exclude(_held())
    return rows


def _gone(folder: Path) -> bool:
    """Remove the folder; False, and said in the log, when something of it stays."""
    storage.remove_tree(folder)
    if folder.exists() or _is_in_bucket(folder):
        log.warning("%s could not be removed and is tried again", folder)
        return False
    return True


def _is_in_bucket(folder: Path) -> bool:
    """Also when it does not say."""
    try:
        return bucket.has(folder)
    except BucketError:
        return True


def _remove_rows(rows: "QuerySet[Any]", go_on: Callable[[], None]) -> None:
    while keys := list(rows.values_list("pk", flat=True)[:AT_ONCE]):
        go_on()
        rows.model._default_manager.filter(pk__in=keys).delete()


def _remove_images(version: DatasetVersion, go_on: Callable[[], None]) -> None:
    """The rows of the images, and the files that no other version of the lab names."""
    while keys := list(version.images.order_by("index").values_list("pk", flat=True)[:AT_ONCE]):
        go_on()
        images = DatasetImage.objects.filter(pk__in=keys)
        files = list(files_of(images))
        images.delete()
        lab = version.dataset.lab_id
        remove_objects(lab, (path for sha, suffix in files for path in _files(lab, sha, suffix)))


def _files(lab_id: UUID, sha256: str, suffix: str) -> tuple[Path, ...]:
    return storage.object_file(lab_id, sha256, suffix), *storage.thumbnail_files(lab_id, sha256)


def remove_objects(lab_id: UUID, files: Iterable[Path]) -> list[Path]:
    """Remove those files of a lab's store that no image names, here and in the bucket; returns them."""
    asked = list(files)
    removed = remove_copies(lab_id, asked)
    if bucket.is_on():
        removed += [path for path in _remove_keys(lab_id, asked) if path not in removed]
    return removed


@transaction.atomic
def _remove_keys(lab_id: UUID, files: Iterable[Path]) -> list[Path]:
    """An ingest that begins meanwhile waits for the lab's row, and then puts what it needs anew.

    Raises: BucketError.
    """
    Lab.objects.select_for_update().filter(pk=lab_id).first()
    if _is_reading_in(lab_id):
        return []
    named = {path: path.name.partition(".")[0] for path in files}
    unnamed = _without_rows(lab_id, set(named.values()))
    gone = [path for path, sha256 in named.items() if sha256 in unnamed]
    bucket.remove(gone)
    return gone


def remove_copies(lab_id: UUID, files: Iterable[Path]) -> list[Path]:
    """The same on this machine alone.

    An ingest takes files that it finds for granted. So each file is put aside first, and put back when an ingest has
    begun, or a row names it, by then: whatever begins later does not find it any more and writes it anew.
    """
    if _is_reading_in(lab_id):
        return []
    named = {path: path.name.partition(".")[0] for path in files}
    unnamed = _without_rows(lab_id, set(named.values()))
    aside = {path: _put_aside(path) for path, sha256 in named.items() if sha256 in unnamed and path.exists()}
    still = set() if _is_reading_in(lab_id) else _without_rows(lab_id, {named[path] for path in aside})
    removed = []
    for path, waiting in aside.items():
        if named[path] in still:
            waiting.unlink()
            removed.append(path)
        else:
            waiting.replace(path)
    return removed


def _is_reading_in(lab_id: UUID) -> bool:
    return DatasetVersion.objects.filter(dataset__lab_id=lab_id, state__in=UNSETTLED, cancel_requested=False).exists()


def _without_rows(lab_id: UUID, hashes: set[str]) -> set[str]:
    return hashes - named_in_store(lab_id, hashes)


def _put_aside(path: Path) -> Path:
    return path.rename(path.with_name(f"{path.name}.aside"))
