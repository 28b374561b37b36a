"""Uploads and downloads that break in the middle go on where they were, and what arrives is what was sent."""

import hashlib
import random
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from atelier import Client, TornFileError, UnreachableError, uploads
from atelier.archive import FileSource
from atelier.downloads import download
from atelier.uploads import Transfer

from tests.client.conftest import Cutter, Desk
from tests.stack import Stack

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]
CHUNK = 64 * 1024
KILLED_AT_HALF = """
import os, signal, sys
from atelier import Client, uploads
from atelier.archive import source_of
from pathlib import Path
uploads.CHUNK_BYTES = {chunk}
def show(what, done, total):
    if what == "Uploading" and done * 2 >= total:
        os.kill(os.getpid(), signal.SIGKILL)
client = Client()
uploads.Transfer(client.connection, source_of(Path({path!r}), show), {lab!r}, show).send()
"""


def make_file(path: Path, size: int = 20 * CHUNK, seed: int = 0) -> str:
    """Random bytes; returns their sha256."""
    data = random.Random(seed).randbytes(size)
    path.write_bytes(data)
    return hashlib.sha256(data).hexdigest()


def silent(what: str, done: int, total: int) -> None:
    """No progress."""


def stored_sha256(stack: Stack, upload: str) -> str:
    """Of the bytes that the service holds."""
    return hashlib.sha256((stack.data_dir / "uploads" / f"{upload}.part").read_bytes()).hexdigest()


def test_an_upload_whose_client_was_killed_goes_on_with_the_bytes_that_are_missing(
    stack: Stack, desk: Desk, begun: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sha256 = make_file(tmp_path / "images.zip", seed=1)
    code = KILLED_AT_HALF.format(chunk=CHUNK, path=str(tmp_path / "images.zip"), lab=begun["lab"])
    assert desk.python(code).status == -9
    monkeypatch.setenv("XDG_STATE_HOME", str(desk.home / ".local" / "state"))
    (note,) = uploads.unfinished()
    sent: list[int] = []

    def show(what: str, done: int, total: int) -> None:
        if what == "Uploading":
            sent.append(done)

    client = Client(stack.url, begun["token"])
    transfer = Transfer(client.connection, FileSource(tmp_path / "images.zip", silent), begun["lab"], show)
    upload = transfer.send()
    assert sent[0] == 10 * CHUNK, "what was acknowledged is not sent again"
    assert upload in note.read_text()
    assert stored_sha256(stack, upload) == sha256
    transfer.forget()
    assert uploads.unfinished() == []


def test_other_bytes_under_the_same_name_begin_an_upload_of_their_own(
    client: Client, stack: Stack, begun: dict[str, str], tmp_path: Path
) -> None:
    path, made = tmp_path / "images.zip", []
    for seed in (2, 3):
        sha256 = make_file(path, CHUNK, seed)
        made.append(Transfer(client.connection, FileSource(path, silent), begun["lab"], silent).send())
        assert stored_sha256(stack, made[-1]) == sha256
    assert made[0] != made[1]


def test_an_upload_outlives_a_server_that_is_killed_and_started_again(
    client: Client, stack: Stack, begun: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_BYTES", CHUNK)
    sha256 = make_file(tmp_path / "images.zip", seed=4)
    restarts: list[threading.Thread] = []
    offsets: list[int] = []

    def show(what: str, done: int, total: int) -> None:
        if what != "Uploading":
            return
        offsets.append(done)
        if done >= total / 2 and not restarts:
            stack.kill9("web")
            stack.restart("web")
            restarts.append(threading.current_thread())

    transfer = Transfer(client.connection, FileSource(tmp_path / "images.zip", silent), begun["lab"], show)
    assert stored_sha256(stack, transfer.send()) == sha256
    assert restarts
    assert offsets == sorted(offsets), "nothing that was acknowledged was lost"


def test_an_upload_outlives_answers_that_are_lost(
    stack: Stack,
    begun: dict[str, str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    cutter: Callable[[list[int]], Cutter],
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_BYTES", CHUNK)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    sha256 = make_file(tmp_path / "images.zip", 6 * CHUNK, seed=5)
    way = cutter([])
    client = Client(way.url, begun["token"])
    cuts = iter([40, 0, 40])  # the answer to a chunk is cut within its head, then one is lost whole

    def show(what: str, done: int, total: int) -> None:
        if what == "Uploading":
            way.cuts[:] = [next(cuts, 10**12)]

    transfer = Transfer(client.connection, FileSource(tmp_path / "images.zip", silent), begun["lab"], show)
    assert stored_sha256(stack, transfer.send()) == sha256


# --- downloads ------------------------------------------------------------------------------------------------------
@pytest.fixture
def original(client: Client, begun: dict[str, str]) -> tuple[str, dict[str, object], int, str]:
    """An image of a dataset: path, its parts, size and sha256."""
    image = next(client.each("/api/v1/versions/{id}/images/", id=begun["version"]))
    parts = {"tag": f"{image['sha256']}-original", "id": begun["version"], "index": image["index"]}
    return "/api/v1/versions/{id}/images/{index}/original/", parts, image["size_bytes"], image["sha256"]


def test_a_download_that_is_cut_goes_on_where_it_was(
    begun: dict[str, str],
    original: tuple[str, dict[str, object], int, str],
    tmp_path: Path,
    cutter: Callable[[list[int]], Cutter],
) -> None:
    path, parts, size, sha256 = original
    head = 800  # of the answers, at most
    way = cutter([head + size // 3, head + size // 3])
    client = Client(way.url, begun["token"])
    seen: list[int] = []
    out = download(
        client.connection,
        path,
        tmp_path / "image.png",
        size,
        sha256,
        lambda what, done, total: seen.append(done),
        **parts,
    )
    assert way.connections > 1
    assert seen == sorted(seen), "it went on and did not begin anew"
    assert hashlib.sha256(out.read_bytes()).hexdigest() == sha256
    assert [path.name for path in tmp_path.iterdir()] == ["image.png"]


def test_a_download_that_an_earlier_process_left_is_continued_by_its_bytes(
    client: Client, original: tuple[str, dict[str, object], int, str], tmp_path: Path
) -> None:
    path, parts, size, sha256 = original
    whole = download(client.connection, path, tmp_path / "whole.png", size, sha256, silent, **parts).read_bytes()
    (tmp_path / f".image.png.{sha256[:16]}.part").write_bytes(whole[:50])
    first: list[int] = []
    out = download(
        client.connection,
        path,
        tmp_path / "image.png",
        size,
        sha256,
        lambda what, done, total: first.append(done),
        **parts,
    )
    assert first[0] > 50
    assert out.read_bytes() == whole


def test_bytes_that_are_not_the_services_are_refused_and_removed(
    client: Client, original: tuple[str, dict[str, object], int, str], tmp_path: Path
) -> None:
    path, parts, size, sha256 = original
    (tmp_path / f".image.png.{sha256[:16]}.part").write_bytes(b"\0" * 50)
    with pytest.raises(TornFileError):
        download(client.connection, path, tmp_path / "image.png", size, sha256, silent, **parts)
    assert list(tmp_path.iterdir()) == []
    assert download(client.connection, path, tmp_path / "image.png", size, sha256, silent, **parts).is_file()


# --- the connection -------------------------------------------------------------------------------------------------
def test_a_service_that_is_not_there_is_said_within_seconds(tmp_path: Path) -> None:
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="Connection refused"):
        Client("http://127.0.0.1:1", "atl_x_y").session()
    assert time.monotonic() - began < 10


def test_a_redirect_is_not_followed_so_that_the_token_stays(begun: dict[str, str]) -> None:
    seen: list[str] = []
    elsewhere = _Talker("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", seen)
    answer = f"HTTP/1.1 301 Moved\r\nLocation: {elsewhere.url}/api/v1/session/\r\nContent-Length: 0\r\n\r\n"
    asked: list[str] = []
    talker = _Talker(answer, asked)
    with pytest.raises(Exception, match="give that address itself"):
        Client(talker.url, begun["token"]).session()
    assert len(asked) == 1
    assert seen == []


class _Talker:
    """Says one thing to whoever asks, and notes what was asked."""

    def __init__(self, answer: str, seen: list[str]) -> None:
        import socket

        self._answer, self._seen = answer.encode(), seen
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        while True:
            near, _ = self._server.accept()
            with near:
                self._seen.append(near.recv(65536).decode())
                near.sendall(self._answer)
