"""One chunk of an upload (tus 1.0 PATCH), taken from the ASGI server before Django would read its body.

Who asks, for which upload, at which offset and how many bytes is settled first; only then is the body received, and
written straight to the file. The offset moves after the bytes are on disk. What lies beyond the committed offset, left
by a request that was cut off, is removed by the next writer.
"""

import asyncio
import base64
import binascii
import fcntl
import hashlib
import logging
import os
import re
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from asgiref.sync import ThreadSensitiveContext
from django.conf import settings
from django.core.exceptions import DisallowedHost
from django.core.handlers.asgi import ASGIRequest
from django.db import DatabaseError

from webapp.accounts.authentication import Identity, check_origin, identify
from webapp.core import permissions, storage
from webapp.core.asgi import TOO_SLOW, App, Receive, Scope, Send, answer, answer_fault, bare_request, seconds_for
from webapp.core.errors import (
    AtelierError,
    DiskFullError,
    GoneError,
    InvalidError,
    LockedError,
    NotFoundError,
    TooLargeError,
    UnavailableError,
    unforeseen,
)
from webapp.core.threads import in_thread
from webapp.datasets.services import uploads
from webapp.datasets.services.uploads import LengthRequiredError, WriteTicket

log = logging.getLogger(__name__)

VERSION: Final = "1.0.0"
ALGORITHM: Final = "sha256"
CONTENT_TYPE: Final = "application/offset+octet-stream"
PATH: Final = re.compile(r"/api/v1/uploads/([0-9a-fA-F-]{36})/")
SMALL_PATH: Final = "/api/v1/datasets/"
SILENCE_S: Final = 30.0
"""A body that brings nothing for so long is given up."""
PIECE_BYTES: Final = 2**20
"""Gathered in memory between two writes."""


class ChecksumError(AtelierError):
    """The chunk is not what its checksum says; it was not kept."""

    code = "checksum_mismatch"
    status = 460


class MediaTypeError(AtelierError):
    """Not a chunk."""

    code = "unsupported_media_type"
    status = 415


class TusVersionError(AtelierError):
    """Another version of the protocol, or none stated."""

    code = "tus_version"
    status = 412

    def __init__(self) -> None:
        super().__init__(f"Send the header Tus-Resumable: {VERSION}.", headers={"Tus-Version": VERSION})


class SilentError(AtelierError):
    """The sender went quiet in the middle of a chunk, or trickles; what came was kept."""

    code = "request_timeout"
    status = 408


class CutOffError(Exception):
    """The sender is gone; there is nobody to answer."""


@dataclass(frozen=True)
class Chunk:
    """What the headers promise."""

    offset: int
    length: int
    checksum: bytes | None


class UploadDoor:
    """Takes the chunks and leaves every other request to `app`."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        match = PATH.fullmatch(scope["path"]) if scope["method"] == "PATCH" else None
        if match is None:
            await self.app(scope, receive, send)
            return
        async with ThreadSensitiveContext():
            await _take_chunk(scope, receive, send, match.group(1))


async def larger_body(scope: Scope) -> int | None:
    """How large a body may be that a person sends as a whole dataset in one request; None for every other request.

    Raises: AtelierError when nobody is logged in, or the token may only read: a stranger's body is not read.
    """
    kind = dict(scope["headers"]).get(b"content-type", b"")
    if scope["method"] != "POST" or scope["path"] != SMALL_PATH or not kind.startswith(b"multipart/form-data"):
        return None
    async with ThreadSensitiveContext():
        await in_thread(_identity)(bare_request(scope))
    limit: int = settings.SMALL_DATASET_MAX_BYTES
    return limit


async def _take_chunk(scope: Scope, receive: Receive, send: Send, upload_id: str) -> None:
    closing = {"Tus-Resumable": VERSION, "Connection": "close"}
    request = bare_request(scope)
    try:
        identity = await in_thread(_identity)(request)
    except AtelierError as error:
        await answer_fault(send, error, closing)  # a stranger's body is not read
        return
    sent = Body(receive, seconds_for(min(_length(request) or 0, settings.UPLOAD_CHUNK_MAX_BYTES)))
    try:
        ticket, checksum = await in_thread(_admit)(request, identity, upload_id)
        offset = await _receive_chunk(ticket, checksum, sent)
    except CutOffError:
        return
    except AtelierError as error:
        if (_length(request) or 0) <= settings.UPLOAD_CHUNK_MAX_BYTES:
            await sent.drain()  # so that the answer is read, and not lost with the connection
        await answer_fault(send, error, closing)
    except DatabaseError as error:
        log.error("the database did not answer during an upload: %s", error)
        busy = UnavailableError("The database did not answer in time; send the chunk again.")
        await answer_fault(send, busy, closing)
    except Exception as error:  # noqa: BLE001 - an edge: whatever it is, the sender gets the one shape and a reference
        await answer(send, 500, unforeseen(error, f"PATCH {scope['path']}"), closing)
    else:
        await answer(send, 204, None, {"Tus-Resumable": VERSION, "Upload-Offset": str(offset)})


# --- before the body --------------------------------------------------------------------------------------------
def _identity(request: ASGIRequest) -> Identity:
    """Raises: AtelierError for a host that is not served, nobody logged in, a token not for it, another site's page."""
    try:
        request.get_host()
    except DisallowedHost:
        raise InvalidError("This host name is not served here.", code="bad_host") from None
    identity = identify(request)
    permissions.require_scope(identity.token, permissions.Scope.UPLOAD)
    check_origin(request, identity)
    return identity


def _admit(request: ASGIRequest, identity: Identity, upload_id: str) -> tuple[WriteTicket, bytes | None]:
    """Leave to write, and the checksum that the bytes must have.

    Raises: AtelierError, without a byte having been read.
    """
    if request.headers.get("Tus-Resumable") != VERSION:
        raise TusVersionError
    chunk = _read_headers(request)
    try:
        upload = uploads.own_upload(uuid.UUID(upload_id), identity.person)
    except ValueError:
        raise NotFoundError from None
    return uploads.begin_write(upload, chunk.offset, chunk.length), chunk.checksum


def _read_headers(request: ASGIRequest) -> Chunk:
    """Raises: AtelierError."""
    if request.headers.get("Content-Type", "").partition(";")[0].strip() != CONTENT_TYPE:
        raise MediaTypeError(f"A chunk is sent as Content-Type: {CONTENT_TYPE}.")
    offset = _number(request.headers.get("Upload-Offset", ""))
    if offset is None:
        raise InvalidError("Upload-Offset must be the number of bytes that the server has; ask for it with HEAD.")
    length = _length(request)
    if length is None:
        raise LengthRequiredError("Content-Length is missing; say how many bytes the chunk has.")
    if length > settings.UPLOAD_CHUNK_MAX_BYTES:
        raise TooLargeError(
            f"The chunk has {length} bytes; send at most {settings.UPLOAD_CHUNK_MAX_BYTES} at a time.",
            code="chunk_too_large",
        )
    return Chunk(offset, length, _checksum(request.headers.get("Upload-Checksum", "")))


def _length(request: ASGIRequest) -> int | None:
    return _number(request.headers.get("Content-Length", ""))


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _checksum(text: str) -> bytes | None:
    """Raises: InvalidError."""
    if not text:
        return None
    algorithm, _, encoded = text.partition(" ")
    with suppress(binascii.Error, ValueError):
        digest = base64.b64decode(encoded, validate=True)
        if algorithm == ALGORITHM and len(digest) == hashlib.sha256().digest_size:
            return digest
    raise InvalidError(f"Upload-Checksum must be `{ALGORITHM} <base64>`.", code="bad_checksum_header")


# --- the body ---------------------------------------------------------------------------------------------------
async def _receive_chunk(ticket: WriteTicket, checksum: bytes | None, sent: "Body") -> int:
    """Write the body to the file and move the offset; returns it.

    A body that ends early is kept as far as it came, unless its checksum was to be held against the whole.
    Raises: AtelierError, CutOffError.
    """
    part: PartFile | None = None
    try:
        part = await asyncio.to_thread(PartFile.open, storage.upload_file(ticket.upload_id), ticket.offset)
        early: Exception | None = None
        try:
            await _write_body(ticket, part, sent)
        except (CutOffError, SilentError) as error:
            early = error
        digest = await asyncio.to_thread(part.finish)
        if checksum is not None and (early is not None or digest != checksum):
            raise early or ChecksumError("The bytes are not those that the checksum was made of; send the chunk again.")
        offset: int = await in_thread(uploads.commit_write)(ticket, part.written)
    except BaseException:
        # also when the server ends this task: the next writer must not wait for the lease to run out
        await asyncio.shield(in_thread(_let_go)(ticket))
        raise
    finally:
        if part is not None:
            part.close()
    if early is not None:
        raise early
    return offset


async def _write_body(ticket: WriteTicket, part: "PartFile", sent: "Body") -> None:
    """Raises: CutOffError and SilentError when the body ends early, with what came before written."""
    gathered, renewed_at = bytearray(), time.monotonic()
    try:
        async for body in sent.pieces():
            gathered += body
            if part.written + len(gathered) > ticket.length:
                raise TooLargeError("The body is longer than its Content-Length; nothing was written.")
            if len(gathered) >= PIECE_BYTES:
                piece, gathered = gathered, bytearray()
                await asyncio.to_thread(part.write, piece)
            if time.monotonic() - renewed_at > uploads.RENEW_EVERY_S:
                renewed_at = time.monotonic()
                await in_thread(uploads.renew_write)(ticket)
    except (CutOffError, SilentError):
        await asyncio.to_thread(part.write, gathered)
        raise
    await asyncio.to_thread(part.write, gathered)


class Body:
    """The body of one request, read once, and in at most `seconds`."""

    def __init__(self, receive: Receive, seconds: float) -> None:
        self._receive = receive
        self._deadline = time.monotonic() + seconds
        self._ended = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """The bytes as they come.

        Raises: CutOffError, SilentError.
        """
        while not self._ended:
            try:
                left = max(0.0, self._deadline - time.monotonic())
                message = await asyncio.wait_for(self._receive(), min(SILENCE_S, left))
            except TimeoutError:
                self._ended = True
                if left < SILENCE_S:
                    raise SilentError(f"{TOO_SLOW} What came is kept.") from None
                raise SilentError(f"Nothing came for {SILENCE_S:.0f} seconds; ask for the offset and go on.") from None
            self._ended = not message.get("more_body")
            if message["type"] == "http.disconnect":
                raise CutOffError
            yield message.get("body", b"")

    async def drain(self) -> None:
        """Read what is left, and drop it."""
        with suppress(CutOffError, SilentError):
            async for _ in self.pieces():
                pass


def _let_go(ticket: WriteTicket) -> None:
    try:
        uploads.abandon_write(ticket)
    except DatabaseError as error:
        log.warning("upload %s stays locked until its lease ends: %s", ticket.upload_id, error)


class PartFile:
    """The file of an upload, open for one writer: the kernel's lock holds off a writer whose lease ran out."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._hash = hashlib.sha256()
        self.written = 0

    @classmethod
    def open(cls, path: Path, offset: int) -> Self:
        """Open and cut off what lies beyond the committed offset.

        Raises: LockedError, GoneError when the bytes below the offset are not there, DiskFullError.
        """
        path.parent.mkdir(parents=True, exist_ok=True)
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                raise LockedError("Another request is writing to this upload.", headers={"Retry-After": "2"}) from None
            if os.fstat(descriptor).st_size < offset:
                raise GoneError("Bytes of this upload were lost on the server; start again.", code="bytes_lost")
            os.ftruncate(descriptor, offset)
            os.lseek(descriptor, offset, os.SEEK_SET)
            if is_new:
                storage.sync_folder(path.parent)
        except BaseException:
            os.close(descriptor)
            raise
        return cls(descriptor)

    def write(self, data: bytes | bytearray) -> None:
        """Raises: DiskFullError."""
        view = memoryview(data)
        self._hash.update(view)
        while view:
            try:
                done = os.write(self._descriptor, view)
            except OSError as error:
                raise DiskFullError(f"The server could not write the bytes: {error.strerror}.") from error
            self.written += done
            view = view[done:]

    def finish(self) -> bytes:
        """Bring everything to the disk; returns the sha256 of what was written.

        Raises: DiskFullError.
        """
        try:
            os.fsync(self._descriptor)
        except OSError as error:
            raise DiskFullError(f"The server could not keep the bytes: {error.strerror}.") from error
        return self._hash.digest()

    def close(self) -> None:
        """Also lets go of the lock."""
        os.close(self._descriptor)
