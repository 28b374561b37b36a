"""A folder of many small images on its way while the server is killed: nothing lost, little sent twice.

ATELIER_SMALL_FILES=60000 sends so many instead of 2,000; it takes some minutes.
"""

import base64
import hashlib
import http.client
import io
import os
import tarfile

import numpy as np
import pytest
from PIL import Image

from tests.faults.conftest import Scene
from tests.stack import Answer

FILES = int(os.environ.get("ATELIER_SMALL_FILES", "2000"))
pytestmark = [pytest.mark.stack, pytest.mark.timeout(600 + FILES // 50)]
CHUNK = 128 * 1024
KILLED_AFTER = (3, 9)
"""Chunks after which the server is killed, in the middle of the next one."""


def small_images() -> bytes:
    """A tar as the browser packs a folder: JPEG files of about a kilobyte in two classes."""
    buffer, random = io.BytesIO(), np.random.default_rng(0)
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as tar:
        for number in range(FILES):
            image = io.BytesIO()
            Image.fromarray(random.integers(0, 256, (16, 16), np.uint8)).save(image, "JPEG")
            info = tarfile.TarInfo(f"pets/{'cat' if number % 2 else 'dog'}/{number:05d}.jpg")
            info.size = len(image.getvalue())
            tar.addfile(info, io.BytesIO(image.getvalue()))
    return buffer.getvalue()


def offset_in(answer: Answer) -> int:
    return next(int(value) for key, value in answer.headers.items() if key.lower() == "upload-offset")


class Sender:
    """A tus client of one upload that counts what it sends."""

    def __init__(self, scene: Scene, lab: str, size: int) -> None:
        pairs = {"filename": "pets.tar", "lab": lab}
        metadata = ",".join(f"{key} {base64.b64encode(value.encode()).decode()}" for key, value in pairs.items())
        self._scene = scene
        created = self._api("POST", "/api/v1/uploads/", {"Upload-Length": str(size), "Upload-Metadata": metadata})
        assert created.status == 201, created.body
        self.upload: str = created.json()["id"]
        self.address = f"/api/v1/uploads/{self.upload}/"
        self.sent = 0

    def offset(self) -> int:
        return offset_in(self._api("HEAD", self.address, {}))

    def send(self, offset: int, chunk: bytes) -> int:
        """The offset that the service has afterwards."""
        self.sent += len(chunk)
        answer = self._api("PATCH", self.address, self._facts(offset), chunk)
        assert answer.status == 204, answer.body
        return offset_in(answer)

    def send_half(self, offset: int, chunk: bytes) -> http.client.HTTPConnection:
        """Half of a chunk is on its way; the connection stays open."""
        self.sent += len(chunk) // 2
        host = self._scene.stack.url.removeprefix("http://")
        connection = http.client.HTTPConnection(host, timeout=30)
        connection.putrequest("PATCH", self.address)
        facts = {**self._facts(offset), "Authorization": f"Token {self._scene.token}", "Tus-Resumable": "1.0.0"}
        for key, value in {**facts, "Content-Length": str(len(chunk))}.items():
            connection.putheader(key, value)
        connection.endheaders()
        connection.send(chunk[: len(chunk) // 2])
        return connection

    def _api(self, method: str, path: str, headers: dict[str, str], body: bytes | None = None) -> Answer:
        return self._scene.api.request(method, path, body, {"Tus-Resumable": "1.0.0", **headers})

    @staticmethod
    def _facts(offset: int) -> dict[str, str]:
        return {"Content-Type": "application/offset+octet-stream", "Upload-Offset": str(offset)}


def test_nothing_is_lost_and_at_most_one_chunk_is_sent_twice(scene: Scene) -> None:
    data = small_images()
    lab = scene.api.get("/api/v1/datasets/")["results"][0]["lab"]
    sender = Sender(scene, lab, len(data))
    offset, chunks, killed = 0, 0, 0
    while offset < len(data):
        chunk = data[offset : offset + CHUNK]
        if chunks in KILLED_AFTER[killed:]:
            killed += 1
            connection = sender.send_half(offset, chunk)
            scene.stack.kill9("web")
            connection.close()
            scene.stack.restart("web")
            scene.stack.wait_ready()
            assert sender.offset() == offset, "no byte was acknowledged that is not there, and none is lost"
        offset = sender.send(offset, chunk)
        chunks += 1
    assert killed == len(KILLED_AFTER)
    assert sender.sent <= len(data) + killed * CHUNK
    stored = scene.stack.data_dir / "uploads" / f"{sender.upload}.part"
    assert hashlib.sha256(stored.read_bytes()).digest() == hashlib.sha256(data).digest()

    [version] = scene.api.post("/api/v1/datasets/", {"lab": lab, "name": "Pets", "upload": sender.upload})["versions"]
    place = f"/api/v1/versions/{version['id']}/"
    done = scene.api.wait_for(place, lambda row: row["state"] in ("ready", "rejected"), timeout_s=300 + FILES / 100)
    assert (done["state"], done["outcomes"]) == ("ready", {"accepted": FILES})
    report = scene.api.request("GET", f"{place}report.csv").body.decode().splitlines()
    assert len({line.split(",")[0] for line in report[1:]}) == FILES
