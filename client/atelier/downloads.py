"""Downloads that go on where they broke off, and are held against their sha256 before they get their name."""

from __future__ import annotations

import hashlib
import http.client
import os
import time
from pathlib import Path
from typing import IO, Any

from atelier.archive import Show, pieces_of
from atelier.connection import FIRST_PAUSE_S, LONG_PATIENCE_S, LONGEST_PAUSE_S, Connection
from atelier.errors import InvalidError, TornFileError, UnreachableError

PIECE_BYTES = 256 * 1024


def download(
    connection: Connection, path: str, out: Path, size_bytes: int, sha256: str, show: Show, tag: str = "", **parts: Any
) -> Path:
    """The file at the path, as `out`, whole or not at all; beside it lies what came so far, named after its bytes.

    tag: the ETag of the file, where it is not its sha256.
    Raises: AtelierError; the same call goes on later.
    """
    part = out.with_name(f".{out.name}.{sha256[:16]}.part")
    silent_since, pause_s = time.monotonic(), FIRST_PAUSE_S
    while (have := _size(part)) < size_bytes:
        broken = _fetch(connection, path, part, size_bytes, tag or sha256, show, parts)
        if _size(part) > have:
            silent_since, pause_s = time.monotonic(), FIRST_PAUSE_S
        elif time.monotonic() - silent_since > LONG_PATIENCE_S:
            raise UnreachableError(
                f"The download of {out.name} broke off at {have} of {size_bytes} bytes.",
                hint="The same command goes on.",
            ) from broken
        else:
            time.sleep(pause_s)
            pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
    return _finish(part, out, size_bytes, sha256)


def _fetch(
    connection: Connection, path: str, part: Path, size_bytes: int, tag: str, show: Show, parts: dict[str, Any]
) -> Exception | None:
    """Append what comes; what broke it off, if anything did.

    If-Range: a file that is another one by now comes from its first byte, never mixed.
    """
    have = _size(part)
    headers = {"Accept": "*/*", **({"Range": f"bytes={have}-", "If-Range": f'"{tag}"'} if have else {})}
    try:
        answer = connection.open("GET", path, headers=headers, **parts)
    except UnreachableError as error:
        return error
    with answer.stream as stream, _open(part, "ab" if answer.status == 206 else "wb") as file:
        while True:
            try:
                piece = stream.read(PIECE_BYTES)
            except (OSError, http.client.HTTPException) as error:
                return error
            if not piece:
                return None
            file.write(piece)
            show("Downloading", file.tell(), size_bytes)


def _open(part: Path, mode: str) -> IO[bytes]:
    """Raises: InvalidError."""
    try:
        return part.open(mode)
    except OSError as error:
        raise InvalidError(f"{part.parent} cannot be written to: {error.strerror}.") from error


def _finish(part: Path, out: Path, size_bytes: int, sha256: str) -> Path:
    digest = hashlib.sha256()
    for piece in pieces_of(part):
        digest.update(piece)
    if _size(part) != size_bytes or digest.hexdigest() != sha256:
        part.unlink()
        raise TornFileError(
            f"{out.name} arrived with other bytes than the service has; they were removed.", hint="Again."
        )
    with part.open("rb+") as file:
        os.fsync(file.fileno())
    part.replace(out)
    return out


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
