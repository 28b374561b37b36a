"""An ingest that does not end by itself: its worker ended before it did, or a person cancels it, or tries it again."""

from pathlib import Path
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from webapp.core import storage
from webapp.core.errors import ConflictError
from webapp.core.queue import call_worker
from webapp.datasets.events import publish_version
from webapp.datasets.models import DatasetVersion
from webapp.datasets.services.datasets import TASK
from webapp.datasets.services.ingest import CANCELLED, reject_version
from webapp.datasets.services.uploads import UNSETTLED

CANCELLED_SENTENCE = "Somebody cancelled it; what was uploaded stays for three days, so it can be tried again."


def cancelled_ingest(version: DatasetVersion) -> None:
    """The worker heard that somebody cancelled it. Raises: LeaseLostError."""
    reject_version(version, CANCELLED, CANCELLED_SENTENCE)


def interrupt_ingest(version: DatasetVersion, code: str, sentence: str) -> None:
    """Its process ended in a way nobody foresaw. Raises: LeaseLostError."""
    version.interrupt(code, sentence)
    publish_version(version)
    call_worker(TASK, version)


def pause_ingest(version: DatasetVersion, code: str, sentence: str) -> None:
    """It cannot go on for now, and `sentence` says why; what was uploaded stays, and it is tried again by itself.

    Raises: LeaseLostError.
    """
    version.pause(code, sentence)
    storage.remove_tree(storage.version_folder(version.pk, version.fence))
    publish_version(version)


def give_back_ingest(version: DatasetVersion) -> None:
    """The worker was told to end; the attempt does not count. Raises: LeaseLostError."""
    version.give_back()
    publish_version(version)
    call_worker(TASK, version)


def settle_abandoned_version(version: DatasetVersion) -> DatasetVersion | None:
    """What becomes of a version whose worker vanished; None when it was settled or taken in the meantime."""
    if version.cancel_requested:
        values = {"error_code": CANCELLED, "error_message": CANCELLED_SENTENCE, "finished_at": Now()}
        if not version.take_back(DatasetVersion.State.REJECTED, **values):
            return None
        version.refresh_from_db()
    elif not version.settle():
        return None
    publish_version(version)
    return version


# --- what people ask for ----------------------------------------------------------------------------------------
def cancel_ingest(version: DatasetVersion) -> DatasetVersion:
    """Make no version of what was uploaded; the uploaded bytes stay for a while, so that it can be tried again.

    At once where no worker holds it, else as soon as the worker hears of it.
    Raises: ConflictError when it is over.
    """
    with transaction.atomic():
        row = DatasetVersion.objects.select_for_update().get(pk=version.pk)
        if row.state not in UNSETTLED:
            raise ConflictError("The reading is over already, so there is nothing to cancel.", code="not_moving")
        if row.state == DatasetVersion.State.INGESTING:
            values: dict[str, Any] = {"cancel_requested": True}
        else:
            values = {"state": DatasetVersion.State.REJECTED, "error_code": CANCELLED, "finished_at": Now()}
            values |= {"error_message": CANCELLED_SENTENCE, "lease_owner": None, "lease_expires_at": None}
        DatasetVersion.objects.filter(pk=row.pk).update(**values)
        row.refresh_from_db()
        publish_version(row)
    return row


def retry_ingest(version: DatasetVersion) -> DatasetVersion:
    """Read what was uploaded once more. Nothing was made of it, so it stays the same version.

    Raises: ConflictError when it was not rejected, or its bytes are not on the server any more.
    """
    with transaction.atomic():
        row = DatasetVersion.objects.select_for_update(of=("self",)).select_related("upload").get(pk=version.pk)
        if row.state != DatasetVersion.State.REJECTED:
            raise ConflictError("Only a rejected version can be tried again.", code="not_rejected")
        if not source_is_there(row):
            message = "What was uploaded is not on the server any more; upload it again."
            raise ConflictError(message, code="source_gone")
        cleared: dict[str, Any] = {
            "error_code": "",
            "error_message": "",
            "finished_at": None,
            "rung_at": None,
            "outcomes": {},
        }
        DatasetVersion.objects.filter(pk=row.pk).update(
            state=DatasetVersion.State.QUEUED, attempts=0, cancel_requested=False, progress={}, **cleared
        )
        row.refresh_from_db()
        publish_version(row)
        call_worker(TASK, row)
    return row


def source_is_there(version: DatasetVersion) -> bool:
    """Whether the version could be read in once more."""
    if version.upload is not None:
        return storage.upload_file(version.upload.pk).exists()
    if version.source_path:
        return Path(version.source_path).exists()
    return bool(version.edits) and version.base_id is not None
