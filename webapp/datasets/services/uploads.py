"""Uploads on their way: making room, one writer at a time, and an offset that never promises more than is on disk."""

import os
import re
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone

from webapp.accounts.models import Lab, Person, Role
from webapp.core import storage
from webapp.core.errors import (
    AtelierError,
    ConflictError,
    DiskFullError,
    GoneError,
    InvalidError,
    LockedError,
    NotFoundError,
    TooLargeError,
    TooManyError,
)
from webapp.core.permissions import find, require_role
from webapp.core.quota import require_room
from webapp.datasets.models import DatasetVersion, Upload

UNSETTLED: Final = (DatasetVersion.State.QUEUED, DatasetVersion.State.INGESTING, DatasetVersion.State.INTERRUPTED)
"""An ingest in one of these states still needs its source."""
WRITER_LEASE: Final = timedelta(seconds=60)
RENEW_EVERY_S: Final = 20.0
EXPIRE_AT_ONCE: Final = 100
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]")


class LengthRequiredError(AtelierError):
    """The length must be said before the bytes come."""

    code = "length_required"
    status = 411


@dataclass(frozen=True)
class WriteTicket:
    """Leave to append `length` bytes at `offset`; ends by `commit_write` or `abandon_write`."""

    upload_id: uuid.UUID
    writer: str
    offset: int
    length: int
    size_bytes: int


# --- an upload's life -------------------------------------------------------------------------------------------
def create_upload(person: Person, lab: Lab, file_name: str, size_bytes: int) -> Upload:
    """Make room for a file of the declared size.

    Raises: NotFoundError, ForbiddenError (below researcher), InvalidError, TooLargeError, TooManyError, DiskFullError,
    QuotaError.
    """
    require_role(person, lab, Role.RESEARCHER)
    if size_bytes < 1:
        raise InvalidError(f"Upload-Length is {size_bytes}; the file must hold at least one byte.")
    if size_bytes > settings.UPLOAD_MAX_BYTES:
        raise TooLargeError(f"The file has {size_bytes} bytes; this service takes up to {settings.UPLOAD_MAX_BYTES}.")
    expire_uploads()
    with transaction.atomic():
        Person.objects.select_for_update().get(pk=person.pk)  # so that two requests do not both find the last place
        receiving = Upload.objects.filter(state=Upload.State.RECEIVING)
        if receiving.filter(person=person).count() >= settings.MAX_OPEN_UPLOADS:
            raise TooManyError(
                f"You have {settings.MAX_OPEN_UPLOADS} uploads on their way; finish or delete one first.",
                code="too_many_uploads",
                headers={"Retry-After": "60"},
            )
        promised = receiving.aggregate(sum=Sum(F("size_bytes") - F("offset")))["sum"] or 0
        check_space(promised + size_bytes)
        require_room(lab.pk, size_bytes)
        return Upload.objects.create(
            person=person, lab=lab, file_name=clean_file_name(file_name), size_bytes=size_bytes
        )


def receive_upload(person: Person, lab: Lab, file_name: str, pieces: Iterable[bytes], size_bytes: int) -> Upload:
    """A whole file at once, as an upload that is complete; on disk when this returns.

    Raises: DiskFullError and the others of `create_upload`.
    """
    upload = create_upload(person, lab, file_name, size_bytes)
    ticket = begin_write(upload, 0, size_bytes)
    path = storage.upload_file(upload.pk)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            for piece in pieces:
                file.write(piece)
            file.flush()
            os.fsync(file.fileno())
        storage.sync_folder(path.parent)
        commit_write(ticket, size_bytes)
    except OSError as error:
        abandon_upload(upload)
        raise DiskFullError(f"The server could not keep the bytes: {error.strerror}.") from error
    upload.refresh_from_db()
    return upload


def own_upload(upload_id: uuid.UUID, person: Person) -> Upload:
    """The person's upload, as long as they may upload to its lab.

    Raises: NotFoundError, ForbiddenError, GoneError when it expired.
    """
    upload = find(Upload.objects.filter(person=person), person, Role.RESEARCHER, pk=upload_id)
    if upload.state == Upload.State.EXPIRED:
        raise GoneError("This upload expired and its bytes were removed; start again.", code="upload_expired")
    return upload


def abandon_upload(upload: Upload) -> None:
    """Forget an upload and its bytes; a writer in the middle of a chunk finds it gone.

    Raises: ConflictError when a dataset is being made from it.
    """
    with transaction.atomic():
        if upload_is_used(upload):
            raise ConflictError("A dataset was made from this upload; delete the dataset instead.")
        Upload.objects.filter(pk=upload.pk).delete()
    remove_bytes(upload.pk)


def expire_uploads() -> int:
    """Remove the bytes of uploads that nobody touched for three days and no ingest waits for; returns how many."""
    limit = timezone.now() - timedelta(hours=settings.UPLOAD_EXPIRES_H)
    idle = Upload.objects.exclude(state=Upload.State.EXPIRED).filter(touched_at__lt=limit)
    expired = 0
    waited_for = DatasetVersion.objects.filter(upload=OuterRef("pk"), state__in=UNSETTLED)
    free = idle.filter(Q(writer__isnull=True) | Q(writer_expires_at__lt=Now())).exclude(Exists(waited_for))
    for pk in free.values_list("pk", flat=True)[:EXPIRE_AT_ONCE]:
        if _expire(pk, limit):
            expired += 1
            remove_bytes(pk)
    return expired


@transaction.atomic
def _expire(upload_id: uuid.UUID, limit: datetime) -> bool:
    """False when somebody touched the upload, or made a dataset from it, in the meantime: then its bytes stay."""
    idle = Upload.objects.select_for_update().filter(pk=upload_id, touched_at__lt=limit)
    if not idle.exists() or DatasetVersion.objects.filter(upload=upload_id, state__in=UNSETTLED).exists():
        return False
    return idle.update(state=Upload.State.EXPIRED) == 1


def upload_is_used(upload: Upload) -> bool:
    """Whether a dataset version was made from it."""
    return DatasetVersion.objects.filter(upload=upload).exists()


def remove_bytes(upload_id: uuid.UUID) -> None:
    """Remove the file of an upload, if it is there."""
    storage.upload_file(upload_id).unlink(missing_ok=True)


# --- one chunk --------------------------------------------------------------------------------------------------
def begin_write(upload: Upload, offset: int, length: int) -> WriteTicket:
    """Become the one writer of the upload for a minute.

    Raises: ConflictError for another offset than the committed one, TooLargeError beyond the declared size, LockedError
    while somebody else writes, DiskFullError.
    """
    if offset + length > upload.size_bytes:
        raise TooLargeError(
            f"{length} bytes at offset {offset} go beyond the declared {upload.size_bytes}; nothing was written.",
            code="beyond_declared_size",
        )
    check_space(length)
    ticket = WriteTicket(upload.pk, uuid.uuid4().hex, offset, length, upload.size_bytes)
    free = Q(writer__isnull=True) | Q(writer_expires_at__lt=Now())
    rows = Upload.objects.filter(free, pk=upload.pk, offset=offset).exclude(state=Upload.State.EXPIRED)
    if rows.update(writer=ticket.writer, writer_expires_at=Now() + WRITER_LEASE, touched_at=Now()) != 1:
        _explain_refusal(upload.pk, offset)
    return ticket


def _explain_refusal(upload_id: uuid.UUID, offset: int) -> None:
    upload = Upload.objects.filter(pk=upload_id).first()
    if upload is None:
        raise NotFoundError
    if upload.offset != offset:
        raise ConflictError(
            f"Upload-Offset is {offset}, but {upload.offset} bytes are here; ask with HEAD and go on from there.",
            code="offset_mismatch",
        )
    raise LockedError("Another request is writing to this upload; try again in a moment.", headers={"Retry-After": "2"})


def renew_write(ticket: WriteTicket) -> None:
    """Keep the place of a slow chunk.

    Raises: GoneError when the upload was deleted or another writer took over.
    """
    if _held(ticket).update(writer_expires_at=Now() + WRITER_LEASE, touched_at=Now()) != 1:
        raise GoneError("The upload was deleted, or another request took it over.", code="upload_lost")


def commit_write(ticket: WriteTicket, num_bytes: int) -> int:
    """The bytes are on disk: move the offset and let go of the upload; returns the new offset.

    Raises: GoneError as above; nothing was moved then.
    """
    offset = ticket.offset + num_bytes
    state = Upload.State.COMPLETE if offset == ticket.size_bytes else Upload.State.RECEIVING
    values = {"offset": offset, "state": state, "writer": None, "writer_expires_at": None, "touched_at": Now()}
    if _held(ticket).filter(offset=ticket.offset).update(**values) != 1:
        raise GoneError("The upload was deleted, or another request took it over.", code="upload_lost")
    return offset


def abandon_write(ticket: WriteTicket) -> None:
    """Let go without moving the offset; the next writer cuts off what was written beyond it."""
    _held(ticket).update(writer=None, writer_expires_at=None)


def _held(ticket: WriteTicket) -> "QuerySet[Upload]":
    return Upload.objects.filter(pk=ticket.upload_id, writer=ticket.writer)


# --- limits -----------------------------------------------------------------------------------------------------
def check_space(num_bytes: int) -> None:
    """Raises: DiskFullError when so many bytes would leave less than the floor."""
    storage.data_folder().mkdir(parents=True, exist_ok=True)
    spare = storage.free_bytes() - settings.DISK_FLOOR_BYTES
    if num_bytes > spare:
        raise DiskFullError(
            f"{num_bytes} bytes are needed and {max(0, spare)} are free on the server; delete datasets that are not "
            "used any more, or ask who runs the service for more space."
        )


def clean_file_name(name: str) -> str:
    """The last part of a path, without control and direction signs; shown to people, never used as a path."""
    last = _CONTROL.sub("", re.split(r"[/\\]", name)[-1]).strip()
    return last[:255] or "upload"
