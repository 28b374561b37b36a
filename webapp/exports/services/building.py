"""Exports: asked for by people, built by a worker."""

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from webapp.accounts.models import Person
from webapp.core import storage
from webapp.core.errors import ConflictError
from webapp.core.log import Deed, note
from webapp.core.queue import call_worker
from webapp.core.quota import require_room
from webapp.core.removal import rename, set_archived
from webapp.datasets.models import DatasetVersion
from webapp.exports.events import publish_export
from webapp.exports.models import Export
from webapp.exports.selectors import estimate_of
from webapp.exports.services.gate import read_reason, require_reason
from webapp.gallery.models import Selection

TASK = "exports.build"
EXPIRE_AT_ONCE = 100
State = Export.State


def export_of_selection(
    selection: Selection,
    *,
    format: str,
    content: str,
    accepted_only: bool,
    max_ratio: float | None = None,
    memorised_reason: str = "",
) -> Export:
    """What is asked for, not saved: what the selection kept, and the real images of the run's version.

    memorised_reason: why near-copies may go out; none is kept of real images alone.
    Raises: ConflictError while the selection is not finished; InvalidError for a reason that says nothing.
    """
    if selection.state != Selection.State.FINISHED:
        raise ConflictError(f"This selection is {selection.state}; it can be exported when it is finished.")
    return Export(
        version=selection.pool.run.version,
        selection=selection,
        format=format,
        content=content,
        accepted_only=accepted_only,
        max_ratio=max_ratio,
        memorised_reason="" if content == Export.Content.REAL else read_reason(memorised_reason),
    )


def export_of_version(version: DatasetVersion, *, format: str) -> Export:
    """What is asked for, not saved: the real images of a version alone.

    Raises: ConflictError for a version that is not ready.
    """
    if version.state != DatasetVersion.State.READY:
        raise ConflictError(f"This version is {version.state}; it can be exported when it is ready.")
    return Export(version=version, format=format, content=Export.Content.REAL)


def create_export(
    selection: Selection,
    person: Person | None,
    *,
    format: str,
    content: str,
    accepted_only: bool,
    max_ratio: float | None = None,
    memorised_reason: str = "",
    name: str = "",
) -> Export:
    """Queue an export of what the selection kept. Raises: ConflictError, InvalidError, QuotaError."""
    asked = export_of_selection(
        selection,
        format=format,
        content=content,
        accepted_only=accepted_only,
        max_ratio=max_ratio,
        memorised_reason=memorised_reason,
    )
    return queue_export(asked, person, name)


@transaction.atomic
def queue_export(export: Export, person: Person | None, name: str = "") -> Export:
    """Save and queue what was asked for. Raises: QuotaError; ConflictError where near-copies need a reason."""
    lab_id, estimate = export.version.dataset.lab_id, estimate_of(export)
    num_synthetic = sum(estimate.synthetic.values())
    require_reason(export, estimate.num_memorised, num_synthetic)
    export.created_by, export.name = person, name.strip()
    export.estimated_bytes = estimate.size_bytes
    require_room(lab_id, export.estimated_bytes)
    export.save()
    if export.memorised_reason:
        detail = f"{estimate.num_memorised:,} of {num_synthetic:,} may be copies: {export.memorised_reason}"
        note(lab_id, person, Deed.EXPORT_JUSTIFIED, export, detail)
    publish_export(export)
    call_worker(TASK, export)
    return export


def change_export(export: Export, person: Person, *, name: str | None = None, archived: bool | None = None) -> None:
    """Give it another name, put it away or bring it back; None leaves that as it is."""
    lab_id = export.version.dataset.lab_id
    if archived is not None:
        set_archived(export, archived, person, lab_id)
    if name is not None:
        rename(export, name.strip(), person, lab_id)


def note_download(export: Export, person: Person) -> None:
    """Somebody carries it away."""
    note(export.version.dataset.lab_id, person, Deed.EXPORT_DOWNLOADED, export)


# --- what a worker writes while it holds an export --------------------------------------------------------------
def begin_export(export: Export) -> None:
    """Tell that a worker took it."""
    export.write(error_code="", error_message="", progress={})
    export.refresh_from_db()
    publish_export(export)


def note_progress(export: Export, current: int, maximum: int) -> None:
    """`current` of `maximum` images are written."""
    export.progress = {"current": current, "max": maximum}
    export.write(progress=export.progress)
    publish_export(export)


def finish_export(
    export: Export, *, path: str, sha256: str, size_bytes: int, num_real: int, num_synthetic: int
) -> None:
    """It can be downloaded; what earlier attempts left goes."""
    export.release(
        State.READY,
        Q(state__in=Export.ACTIVE),
        finished_at=Now(),
        path=path,
        sha256=sha256,
        size_bytes=size_bytes,
        num_real=num_real,
        num_synthetic=num_synthetic,
        error_code="",
        error_message="",
        expires_at=Now() + timedelta(days=days) if (days := settings.EXPORT_KEPT_DAYS) else None,
    )
    export.refresh_from_db()
    own = storage.export_folder(export.pk, export.fence)
    for attempt in storage.all_attempts("exports", export.pk).glob("f*"):
        if attempt != own:
            storage.remove_tree(attempt)
    publish_export(export)


def fail_export(export: Export, code: str, sentence: str) -> None:
    """It cannot be built, and `sentence` says why."""
    export.fail(code, sentence)
    storage.remove_tree(storage.all_attempts("exports", export.pk))
    publish_export(export)


@transaction.atomic
def cancelled_export(export: Export) -> None:
    """Somebody deleted it while it was built. Raises: LeaseLostError."""
    export.write(heartbeat_at=Now())
    _remove(export)


def interrupt_export(export: Export, code: str, sentence: str) -> None:
    """Its process ended in a way nobody foresaw; another attempt starts anew."""
    export.interrupt(code, sentence)
    publish_export(export)
    call_worker(TASK, export)


def pause_export(export: Export, code: str, sentence: str) -> None:
    """It cannot go on for now, and `sentence` says why; it is tried again by itself."""
    export.pause(code, sentence)
    storage.remove_tree(storage.export_folder(export.pk, export.fence))
    publish_export(export)


def give_back_export(export: Export) -> None:
    """The worker ends; another one starts anew."""
    export.give_back()
    publish_export(export)
    call_worker(TASK, export)


def expire_exports() -> int:
    """Remove the files of exports whose time is over; their rows say so. Returns how many."""
    over, expired = Export.objects.filter(state=State.READY, expires_at__lt=Now()), 0
    for export in over[:EXPIRE_AT_ONCE]:
        with transaction.atomic():
            if not over.filter(pk=export.pk).update(state=State.EXPIRED, path="", size_bytes=0):
                continue
            export.refresh_from_db()
            publish_export(export)
        storage.remove_tree(storage.all_attempts("exports", export.pk))
        expired += 1
    return expired


def settle_abandoned_export(export: Export) -> Export | None:
    """What becomes of an export whose worker vanished; None when it was deleted, settled or taken in the meantime."""
    if export.cancel_requested:
        with transaction.atomic():
            _remove(export)
        return None
    if not export.settle():
        return None
    publish_export(export)
    return export


def _remove(export: Export) -> None:
    """The row now, the files when that is committed."""
    folder = storage.all_attempts("exports", export.pk)
    export.delete()
    transaction.on_commit(lambda: storage.remove_tree(folder))
