"""Runs that bring in images made elsewhere: nothing is trained, the images enter where a run scores its own."""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Now

from ml import catalog
from webapp.accounts.models import Person
from webapp.core import bucket, storage
from webapp.core.errors import ConflictError, GoneError, InvalidError
from webapp.core.queue import call_worker
from webapp.datasets.models import DatasetVersion, Upload
from webapp.datasets.selectors import train_counts
from webapp.datasets.services.datasets import check_upload
from webapp.datasets.services.uploads import remove_bytes
from webapp.recipes.services import create_import_recipe
from webapp.runs.models import Run, RunFile
from webapp.runs.services.control import TASK

NAME_SIGNS: Final = 1024
REASON_SIGNS: Final = 1000
DELETE_AT_ONCE: Final = 2000


@dataclass(frozen=True)
class Origin:
    """Who made the images: the model's name as people know it, what else is to be said, and what may be done with them.

    path: the folder or zip on the server, given at its command line and never told; "" for what was uploaded.
    """

    name: str
    note: str = ""
    licence: str = ""
    path: str = ""


def import_images(
    version: DatasetVersion,
    person: Person | None,
    choice: Mapping[str, Any],
    origin: Origin,
    *,
    upload: Upload | None = None,
    name: str = "",
) -> Run:
    """Queue the import of an upload, or of `origin.path`, into a pool of the version.

    choice: {model_settings: {resolution, fit, channels}, sampler, sampler_settings, budget, seed}, for its first
    selection.
    Raises: InvalidError with each fault at its field, ConflictError.
    """
    if version.state != DatasetVersion.State.READY:
        message = f"The dataset version is {version.state}; images can be imported when it is ready."
        raise ConflictError(message, code="version_not_ready")
    try:
        catalog.resolve(choice["budget"], train_counts(version))
    except catalog.BadBudgetError as error:
        raise InvalidError(error.message, code=error.code, fields={"budget": [error.message]}) from None
    with transaction.atomic():
        recipe = create_import_recipe(version.dataset.lab, person, choice, origin.name)
        run = Run.objects.create(
            version=version,
            recipe=recipe,
            name=name.strip() or f"Images of {origin.name}"[:120],
            created_by=person,
            origin=asdict(origin),
        )
        if upload is not None:
            _take(run, upload)
        call_worker(TASK, run)
    return run


def _take(run: Run, upload: Upload) -> None:
    """The bytes become the run's own; the upload is gone with the commit. Raises: InvalidError, ConflictError."""
    upload = Upload.objects.select_for_update().get(pk=upload.pk)
    check_upload(upload, run.version.dataset.lab_id)
    held = held_source(run)
    held.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(storage.upload_file(upload.pk), held)
    except OSError:  # a disk without links
        shutil.copyfile(storage.upload_file(upload.pk), held)
    bucket.push(held)
    run.origin["file_name"] = upload.file_name
    run.save(update_fields=["origin"])
    pk = upload.pk
    upload.delete()
    transaction.on_commit(lambda: remove_bytes(pk))


def held_source(run: Run) -> Path:
    """Where a run holds what was uploaded for it, until it is finished."""
    return storage.start_folder(run.pk) / "source"


def source_of(run: Run) -> Path:
    """Raises: GoneError when it is not there any more, BucketError."""
    given = run.origin.get("path")
    path = Path(given) if given else held_source(run)
    if not (path.exists() if given else bucket.pull(path)):
        raise GoneError("What was to be imported is not on the server any more; import it again.")
    return path


# --- what a worker writes while it holds the run ------------------------------------------------------------------
def forget_files(run: Run) -> None:
    """Remove the report of an attempt before this one, a few thousand rows at a time. Raises: LeaseLostError."""
    while True:
        with transaction.atomic():
            run.write(heartbeat_at=Now())
            rows = list(run.files.order_by("pk").values_list("pk", flat=True)[:DELETE_AT_ONCE])
            if not rows:
                return
            RunFile.objects.filter(pk__in=rows).delete()


@transaction.atomic
def note_files(run: Run, files: Sequence[Mapping[str, Any]]) -> None:
    """Rows of the report; the shape is `ml.protocol.IngestedFile`. Raises: LeaseLostError."""
    run.write(heartbeat_at=Now())
    RunFile.objects.bulk_create(
        RunFile(
            run=run,
            name=_shown(file["name"], NAME_SIGNS),
            outcome=file["outcome"],
            reason=_shown(file["reason"], REASON_SIGNS),
            index=file.get("index"),
        )
        for file in files
    )


def count_files(run: Run) -> None:
    """Keep outcome -> number of files with the run, so that nobody counts them again. Raises: LeaseLostError."""
    rows = run.files.order_by().values_list("outcome").annotate(files=Count("pk"))
    run.origin = {**run.origin, "outcomes": dict(rows)}
    run.write(origin=run.origin)


def _shown(text: str, limit: int) -> str:
    """As every database can hold it."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")[:limit]
