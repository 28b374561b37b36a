"""Uploads by tus: in chunks with a checksum each, continued after a lost connection, a restart or a killed client."""

from __future__ import annotations

import base64
import hashlib
import time
from pathlib import Path

from atelier import shapes
from atelier.archive import Show, Source
from atelier.connection import FIRST_PAUSE_S, LONGEST_PAUSE_S, Connection
from atelier.errors import AtelierError, DefectError, NotFoundError, UnreachableError
from atelier.places import read_json, state_folder, write_json

CHUNK_BYTES = 8 * 2**20
TUS = {"Tus-Resumable": "1.0.0"}
CHUNK_TYPE = "application/offset+octet-stream"
GOES_ON = frozenset({"checksum_mismatch", "offset_mismatch", "request_timeout", "locked"})
"""Refusals of a chunk after which the service says how much it has, and the rest is sent."""


class Transfer:
    """One upload of a source to a lab. `send` may be called again, by this process or a later one, and goes on."""

    def __init__(self, connection: Connection, source: Source, lab: str, show: Show) -> None:
        self._connection = connection.patient()
        self._source = source
        self._lab = lab
        self._show = show
        key = hashlib.sha256(f"{connection.url}\n{lab}\n{source.sha256}".encode()).hexdigest()[:32]
        self._note = state_folder() / "uploads" / f"{key}.json"

    def send(self) -> str:
        """The id of the complete upload.

        Raises: AtelierError; what was acknowledged until then stays on the server for three days.
        """
        upload = self._known() or self._begin()
        offset, silent_since, pause_s = upload["offset"], time.monotonic(), FIRST_PAUSE_S
        while offset < self._source.size_bytes:
            self._show("Uploading", offset, self._source.size_bytes)
            try:
                offset = self._send_chunk(upload["id"], offset)
                silent_since, pause_s = time.monotonic(), FIRST_PAUSE_S
            except AtelierError as error:
                if not _goes_on(error) or time.monotonic() - silent_since > self._connection.patience_s:
                    raise
                time.sleep(pause_s)
                pause_s = min(2 * pause_s, LONGEST_PAUSE_S)
                offset = self._status(upload["id"])["offset"]
        self._show("Uploading", offset, self._source.size_bytes)
        return upload["id"]

    def forget(self) -> None:
        """A dataset was made of it: there is nothing to go on with."""
        self._note.unlink(missing_ok=True)

    def _known(self) -> shapes.Upload | None:
        """The upload of the same bytes that was not finished, if the service still has it."""
        known = read_json(self._note).get("upload")
        if not isinstance(known, str):
            return None
        try:
            upload = self._status(known)
        except NotFoundError:
            return None
        return upload if upload["size_bytes"] == self._source.size_bytes and upload["state"] != "expired" else None

    def _begin(self) -> shapes.Upload:
        values = {"filename": self._source.name, "lab": self._lab}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in values.items())
        headers = {**TUS, "Upload-Length": str(self._source.size_bytes), "Upload-Metadata": metadata}
        upload: shapes.Upload = self._connection.ask("POST", "/api/v1/uploads/", headers=headers)
        write_json(self._note, {"upload": upload["id"], "service": self._connection.url, "name": self._source.name})
        return upload

    def _status(self, upload: str) -> shapes.Upload:
        found: shapes.Upload = self._connection.ask("GET", "/api/v1/uploads/{id}/status/", id=upload)
        return found

    def _send_chunk(self, upload: str, offset: int) -> int:
        chunk = self._source.read(offset, CHUNK_BYTES)
        checksum = base64.b64encode(hashlib.sha256(chunk).digest()).decode()
        headers = {
            **TUS,
            "Content-Type": CHUNK_TYPE,
            "Upload-Offset": str(offset),
            "Upload-Checksum": f"sha256 {checksum}",
        }
        answer = self._connection.open("PATCH", "/api/v1/uploads/{id}/", chunk, headers=headers, id=upload)
        with answer.stream:
            told = answer.headers.get("Upload-Offset", "")
        if not told.isdigit():
            raise UnreachableError("The answer to a chunk broke off.")
        return int(told)


def _goes_on(error: AtelierError) -> bool:
    return isinstance(error, UnreachableError | DefectError) or error.code in GOES_ON


def unfinished() -> list[Path]:
    """The notes of uploads that were begun from this machine and not finished."""
    return sorted((state_folder() / "uploads").glob("*.json"))
