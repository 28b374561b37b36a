"""Resumable uploads over real connections: what is acknowledged is on disk, and nothing else is."""

import base64
import hashlib
import http.client
import json
import socket
import threading
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from ml.members import passed_over
from tests.webapp.served import Answer, Served
from webapp.accounts.models import Lab, Membership, Person
from webapp.core import asgi, storage
from webapp.datasets import tus
from webapp.datasets.models import Upload
from webapp.datasets.services import create_dataset, expire_uploads, uploads

pytestmark = pytest.mark.django_db(transaction=True)
CONTENT = bytes(range(256)) * 40
LENGTH = len(CONTENT)


@pytest.fixture
def server(transactional_db: None, data_folder: Path) -> Iterator[Served]:
    with Served() as server:
        yield server


class Sender:
    """A tus client of one person."""

    def __init__(self, server: Served, header: str) -> None:
        self.server = server
        self.headers = {"Authorization": header, "Tus-Resumable": "1.0.0"}
        self.address = ""

    def create(self, lab: Lab, size: Any = LENGTH, name: str = "digits.zip", **headers: str) -> Answer:
        metadata = ",".join(
            f"{key} {base64.b64encode(value.encode()).decode()}"
            for key, value in {"filename": name, "lab": str(lab.pk)}.items()
        )
        answer = self.server.ask(
            "POST",
            "/api/v1/uploads/",
            {
                **self.headers,
                "Upload-Length": str(size),
                "Upload-Metadata": metadata,
                **headers,
            },
        )
        self.address = answer.headers.get("Location", "")
        return answer

    def append(self, offset: Any, data: bytes, **headers: str) -> Answer:
        return self.server.ask(
            "PATCH",
            self.address,
            {
                **self.headers,
                "Content-Type": "application/offset+octet-stream",
                "Upload-Offset": str(offset),
                **headers,
            },
            data,
        )

    def offset(self) -> int:
        return int(self.server.ask("HEAD", self.address, self.headers).headers["Upload-Offset"])

    def file(self) -> Path:
        return storage.upload_file(Upload.objects.get().pk)


@pytest.fixture
def sender(server: Served, researcher: Person, token_of: Callable[..., str]) -> Sender:
    return Sender(server, token_of(researcher))


def checksum(data: bytes) -> str:
    return "sha256 " + base64.b64encode(hashlib.sha256(data).digest()).decode()


# --- the way it should go ---------------------------------------------------------------------------------------
def test_chunks_make_the_file_and_the_last_one_completes_it(sender: Sender, lab: Lab) -> None:
    assert sender.create(lab).status == 201
    for start in range(0, len(CONTENT), 4000):
        piece = CONTENT[start : start + 4000]
        answer = sender.append(start, piece, **{"Upload-Checksum": checksum(piece)})
        assert (answer.status, answer.headers["Upload-Offset"]) == (204, str(start + len(piece)))
    assert sender.file().read_bytes() == CONTENT
    assert sender.file().stat().st_mode & 0o777 == 0o600
    upload = Upload.objects.get()
    assert (upload.state, upload.offset, upload.writer) == ("complete", len(CONTENT), None)
    status = sender.server.ask("GET", f"{sender.address}status/", sender.headers).json()
    assert (status["file_name"], status["state"], status["offset"]) == ("digits.zip", "complete", len(CONTENT))


def test_every_answer_carries_the_protocols_version_and_the_security_headers(sender: Sender, lab: Lab) -> None:
    answers = [sender.create(lab), sender.append(0, b"abc"), sender.append(9, b"abc")]
    assert [answer.status for answer in answers] == [201, 204, 409]
    for answer in answers:
        assert answer.headers["Tus-Resumable"] == "1.0.0" or answer.status == 201
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_options_tell_what_is_spoken(server: Served) -> None:
    answer = server.ask("OPTIONS", "/api/v1/uploads/")
    assert answer.status == 204
    assert answer.headers["Tus-Extension"] == "creation,termination,checksum"
    assert answer.headers["Tus-Checksum-Algorithm"] == "sha256"


def test_a_browser_session_uploads_with_its_csrf_token_only(
    server: Served, lab: Lab, researcher: Person, client_of: Callable[[Person], APIClient]
) -> None:
    client = client_of(researcher)
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())
    token = client.get("/api/v1/session/").json()["csrf_token"]
    sender = Sender(server, "")
    sender.headers = {"Tus-Resumable": "1.0.0", "Cookie": cookies, "X-CSRFToken": token}
    assert sender.create(lab).status == 201
    assert sender.append(0, b"abc").status == 204
    assert sender.append(3, b"abc", Origin="http://evil.example").json()["code"] == "csrf_failed"
    sender.headers.pop("X-CSRFToken")
    assert sender.append(3, b"abc").status == 403
    assert sender.file().stat().st_size == 3


# --- interruptions ----------------------------------------------------------------------------------------------
def half_a_chunk(sender: Sender, data: bytes, length: int, **headers: str) -> http.client.HTTPConnection:
    """Send the headers of a chunk of `length` bytes and only `data` of it."""
    connection = sender.server.connect()
    connection.putrequest("PATCH", sender.address)
    for name, value in {
        **sender.headers,
        "Content-Type": "application/offset+octet-stream",
        "Upload-Offset": "0",
        "Content-Length": str(length),
        **headers,
    }.items():
        connection.putheader(name, value)
    connection.endheaders(data)
    return connection


def wait_for(condition: Callable[[], Any], what: str) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, what
        time.sleep(0.02)


def test_what_came_before_the_line_broke_is_kept_and_the_rest_follows(sender: Sender, lab: Lab) -> None:
    sender.create(lab)
    connection = half_a_chunk(sender, CONTENT[:3000], 5000)
    wait_for(lambda: sender.file().exists(), "nothing was received")
    time.sleep(0.3)
    connection.close()
    wait_for(lambda: sender.offset() == 3000, "the bytes before the break were not kept")
    assert sender.append(3000, CONTENT[3000:]).status == 204
    assert sender.file().read_bytes() == CONTENT


def test_a_broken_chunk_with_a_checksum_is_not_kept(sender: Sender, lab: Lab) -> None:
    sender.create(lab)
    connection = half_a_chunk(sender, CONTENT[:3000], 5000, **{"Upload-Checksum": checksum(CONTENT[:5000])})
    wait_for(lambda: sender.file().exists(), "nothing was received")
    time.sleep(0.3)
    connection.close()
    wait_for(lambda: Upload.objects.get().writer is None, "the writer held on")
    assert sender.offset() == 0
    assert sender.append(0, CONTENT).status == 204
    assert sender.file().read_bytes() == CONTENT


def test_one_writer_at_a_time_and_the_place_is_free_when_it_goes(sender: Sender, lab: Lab) -> None:
    sender.create(lab)
    first = half_a_chunk(sender, b"", 5000)
    wait_for(lambda: Upload.objects.get().writer, "the first writer did not get the place")
    second = sender.append(0, CONTENT[:100])
    assert (second.status, second.json()["code"], second.headers["Retry-After"]) == (423, "locked", "2")
    first.close()
    wait_for(lambda: sender.append(0, CONTENT[:100]).status == 204, "the place was not freed")


def test_a_writer_whose_lease_ran_out_is_followed_by_another_and_commits_nothing(sender: Sender, lab: Lab) -> None:
    sender.create(lab)
    stale = half_a_chunk(sender, b"x" * 100, 200)
    wait_for(lambda: Upload.objects.get().writer, "the writer did not get the place")
    Upload.objects.update(writer_expires_at=timezone.now() - timedelta(seconds=1))
    # the file's own lock still holds the second writer off: two never write to one file
    assert sender.append(0, CONTENT[:50]).status == 423
    Upload.objects.update(writer="another")
    stale.send(b"x" * 100)
    assert stale.getresponse().status == 410
    assert sender.offset() == 0


def test_a_silent_sender_is_given_up_with_what_came(sender: Sender, lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tus, "SILENCE_S", 0.3)
    sender.create(lab)
    connection = half_a_chunk(sender, CONTENT[:1000], 5000)
    assert connection.getresponse().status == 408
    assert sender.offset() == 1000


def trickle(connection: http.client.HTTPConnection) -> None:
    """A byte now and then, so that the line is never silent."""

    def drip() -> None:
        try:
            while True:
                connection.send(b"x")
                time.sleep(0.05)
        except OSError:
            return

    threading.Thread(target=drip, daemon=True).start()


def test_a_trickling_chunk_is_given_up_with_what_came(
    sender: Sender, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asgi, "GRACE_S", 0.4)
    sender.create(lab)
    connection = half_a_chunk(sender, CONTENT[:1000], 5000)
    trickle(connection)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (408, "request_timeout")
    assert 1000 <= sender.offset() < 5000


def test_a_trickling_body_is_given_up_on_every_other_address(server: Served, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asgi, "GRACE_S", 0.4)
    connection = server.connect()
    connection.putrequest("POST", "/api/v1/session/login/")
    connection.putheader("Content-Type", "application/json")
    connection.putheader("Content-Length", "5000")
    connection.endheaders()
    trickle(connection)
    answer = connection.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (408, "request_timeout")


# --- a small dataset in one request -----------------------------------------------------------------------------
def form(archive: bytes, **fields: str) -> tuple[dict[str, str], bytes]:
    """Headers and body of a form with a file."""
    parts = [
        f'--edge\r\nContent-Disposition: form-data; name="{key}"\r\n\r\n{value}\r\n'.encode()
        for key, value in fields.items()
    ]
    head = b'--edge\r\nContent-Disposition: form-data; name="file"; filename="../pets.zip"\r\n\r\n'
    body = b"".join([*parts, head, archive, b"\r\n--edge--\r\n"])
    return {"Content-Type": "multipart/form-data; boundary=edge"}, body


def test_a_small_dataset_comes_in_one_request(sender: Sender, lab: Lab) -> None:
    archive = CONTENT * 300  # more than any other body may have
    headers, body = form(archive, lab=str(lab.pk), name="Pets")
    answer = sender.server.ask("POST", "/api/v1/datasets/", {**sender.headers, **headers}, body)
    assert answer.status == 202, answer.body
    [version] = answer.json()["versions"]
    assert (version["state"], version["source_name"]) == ("queued", "pets.zip")
    assert sender.file().read_bytes() == archive
    assert Upload.objects.get().state == "complete"


def test_a_form_from_a_stranger_or_beyond_the_limit_is_refused_unread(sender: Sender, settings: Any) -> None:
    for authorization, length, status in (("", 10**6, 401), ("Bearer none", 10**6, 401), (None, 10**9, 413)):
        connection = sender.server.connect()
        connection.putrequest("POST", "/api/v1/datasets/")
        connection.putheader("Content-Type", "multipart/form-data; boundary=edge")
        connection.putheader("Content-Length", str(length))
        own = sender.headers["Authorization"]
        connection.putheader("Authorization", own if authorization is None else authorization)
        connection.endheaders()
        assert connection.getresponse().status == status


def test_a_form_without_its_file_or_with_an_unknown_kind_makes_nothing(
    sender: Sender, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.datasets.api.datasets.catalogue", lambda: SimpleNamespace(dataset_kinds={"images": 0}))
    headers, body = form(CONTENT, lab=str(lab.pk), name="Pets", kind="paintings")
    answer = sender.server.ask("POST", "/api/v1/datasets/", {**sender.headers, **headers}, body)
    assert (answer.status, list(answer.json()["fields"])) == (400, ["kind"])
    headers, body = form(CONTENT, lab=str(lab.pk), name="Pets")
    body = body.replace(b'name="file"', b'name="other"')
    answer = sender.server.ask("POST", "/api/v1/datasets/", {**sender.headers, **headers}, body)
    assert (answer.status, list(answer.json()["fields"])) == (400, ["file"])
    assert not Upload.objects.exists()


def test_bytes_beyond_the_committed_offset_are_cut_off(sender: Sender, lab: Lab) -> None:
    sender.create(lab)
    sender.append(0, CONTENT[:100])
    with sender.file().open("ab") as file:
        file.write(b"left by a request that was killed")
    assert sender.append(100, CONTENT[100:]).status == 204
    assert sender.file().read_bytes() == CONTENT


def test_lost_bytes_are_said_and_not_papered_over(sender: Sender, lab: Lab) -> None:
    sender.create(lab)
    sender.append(0, CONTENT[:100])
    sender.file().write_bytes(b"")
    answer = sender.append(100, CONTENT[100:])
    assert (answer.status, answer.json()["code"]) == (410, "bytes_lost")


def test_deleting_while_receiving_leaves_nothing(sender: Sender, lab: Lab) -> None:
    sender.create(lab)
    connection = half_a_chunk(sender, CONTENT[:100], 200)
    wait_for(lambda: sender.file().exists(), "nothing was received")
    path = sender.file()
    assert sender.server.ask("DELETE", sender.address, sender.headers).status == 204
    connection.send(CONTENT[100:200])
    assert connection.getresponse().status == 410
    assert not path.exists()
    assert sender.server.ask("HEAD", sender.address, sender.headers).status == 404


# --- what is refused --------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("length", "status"),
    [
        ("0", 400),
        ("-1", 400),
        ("abc", 400),
        ("٣", 400),
        (str(2**63), 400),
        ("999999999999999999", 413),
        ("", 411),
    ],
)
def test_declared_lengths_that_do_not_fit_are_refused(sender: Sender, lab: Lab, length: str, status: int) -> None:
    assert sender.create(lab, length.encode("utf-8").decode("latin-1")).status == status
    assert not Upload.objects.exists()


@pytest.mark.parametrize(
    ("offset", "status"),
    [
        (50, 409),
        (150, 409),
        (10**9, 413),
        ("x", 400),
        ("-1", 400),
        ("1e2", 400),
        ("", 400),
    ],
)
def test_offsets_other_than_the_committed_one_write_nothing(sender: Sender, lab: Lab, offset: Any, status: int) -> None:
    sender.create(lab)
    sender.append(0, CONTENT[:100])
    assert sender.append(offset, CONTENT[:100]).status == status
    assert sender.offset() == sender.file().stat().st_size == 100


def test_more_than_declared_is_refused_whole(sender: Sender, lab: Lab) -> None:
    sender.create(lab, 100)
    answer = sender.append(0, CONTENT[:101])
    assert (answer.status, answer.json()["code"]) == (413, "beyond_declared_size")
    assert sender.offset() == 0
    assert sender.append(0, CONTENT[:100]).status == 204
    assert sender.append(100, b"x").status == 413
    assert sender.append(100, b"").status == 204


def test_wrong_checksum_writes_nothing(sender: Sender, lab: Lab) -> None:
    sender.create(lab)
    assert sender.append(0, b"abd", **{"Upload-Checksum": checksum(b"abc")}).status == 460
    assert sender.append(0, b"abc", **{"Upload-Checksum": "md5 AAAA"}).status == 400
    assert sender.append(0, b"abc", **{"Upload-Checksum": "sha256 nonsense"}).status == 400
    assert sender.offset() == 0
    assert sender.append(0, b"abc", **{"Upload-Checksum": checksum(b"abc")}).status == 204


def test_too_large_a_chunk_is_refused_before_it_is_read(sender: Sender, lab: Lab, settings: Any) -> None:
    settings.UPLOAD_CHUNK_MAX_BYTES = 1000
    sender.create(lab)
    connection = half_a_chunk(sender, b"", 1001)
    assert connection.getresponse().status == 413


def test_without_a_length_or_type_or_version_nothing_is_taken(sender: Sender, lab: Lab) -> None:
    sender.create(lab)
    connection = sender.server.connect()
    headers = {**sender.headers, "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    connection.request("PATCH", sender.address, iter([b"abc"]), headers, encode_chunked=True)
    assert connection.getresponse().status == 411
    assert sender.append(0, b"abc", **{"Content-Type": "image/png"}).status == 415
    wrong = sender.append(0, b"abc", **{"Tus-Resumable": "0.2.2"})
    assert (wrong.status, wrong.headers["Tus-Version"]) == (412, "1.0.0")


@pytest.mark.parametrize("authorization", ["", "Token atl_aaaaaaaa_" + "b" * 43, "Basic YTpi"])
def test_a_strangers_body_is_not_read(sender: Sender, lab: Lab, authorization: str) -> None:
    sender.create(lab)
    sender.headers["Authorization"] = authorization
    connection = half_a_chunk(sender, b"", 16 * 2**20, Expect="100-continue")
    connection.sock.settimeout(10)
    first = connection.sock.recv(1000)
    assert first.startswith(b"HTTP/1.1 401"), first


def test_other_peoples_uploads_do_not_exist(
    server: Served, sender: Sender, lab: Lab, owner: Person, token_of: Callable[..., str]
) -> None:
    sender.create(lab)
    other = Sender(server, token_of(owner))
    other.address = sender.address
    assert other.append(0, b"abc").status == 404
    assert server.ask("HEAD", sender.address, other.headers).status == 404
    assert server.ask("DELETE", sender.address, other.headers).status == 404
    sender.address = f"/api/v1/uploads/{uuid.uuid4()}/"
    assert sender.append(0, b"abc").status == 404


def test_the_role_is_looked_up_for_every_chunk(sender: Sender, lab: Lab, researcher: Person) -> None:
    sender.create(lab)
    assert sender.append(0, b"abc").status == 204
    Membership.objects.filter(person=researcher).update(role="reviewer")
    assert sender.append(3, b"abc").status == 403
    Membership.objects.filter(person=researcher).delete()
    assert sender.append(3, b"abc").status == 404


def test_reviewers_outsiders_and_reading_tokens_start_no_upload(
    server: Served, lab: Lab, reviewer: Person, outsider: Person, researcher: Person, token_of: Callable[..., str]
) -> None:
    assert Sender(server, token_of(reviewer)).create(lab).status == 403
    assert Sender(server, token_of(outsider)).create(lab).status == 404
    assert Sender(server, token_of(researcher, ["run", "review", "export"])).create(lab).status == 403


@pytest.mark.parametrize("metadata", ["lab", "lab !!!", "lab " + "A" * 5000, "", "filename YQ=="])
def test_metadata_that_cannot_be_read_is_refused(sender: Sender, lab: Lab, metadata: str) -> None:
    assert sender.create(lab, **{"Upload-Metadata": metadata}).status == 400


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd"),
        ("C:\\data\\a.zip", "a.zip"),
        ("a\r\nSet-Cookie: x.zip", "aSet-Cookie: x.zip"),
        ("\u202egpj.exe", "gpj.exe"),
        ("", "upload"),
        ("x" * 400, "x" * 255),
        ("данные.zip", "данные.zip"),
    ],
)
def test_file_names_are_only_shown(sender: Sender, lab: Lab, name: str, shown: str) -> None:
    sender.create(lab, name=name)
    assert Upload.objects.get().file_name == shown


def test_ten_uploads_on_their_way_are_enough(sender: Sender, lab: Lab) -> None:
    assert [sender.create(lab).status for _ in range(11)] == [201] * 10 + [429]


def test_space_is_kept_for_what_was_promised(sender: Sender, lab: Lab, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 10**18
    free = storage.free_bytes()
    assert sender.create(lab, free + 10**9).status == 507
    settings.DISK_FLOOR_BYTES = free + 10**9
    sender.address = ""
    assert sender.create(lab, 1000).status == 507
    settings.DISK_FLOOR_BYTES = 1
    assert sender.create(lab, free * 3 // 4).status == 201
    assert sender.create(lab, free * 3 // 4).status == 507


def test_idle_uploads_expire_with_their_bytes(sender: Sender, lab: Lab) -> None:
    sender.create(lab)
    sender.append(0, b"abc")
    path = sender.file()
    assert expire_uploads() == 0
    Upload.objects.update(touched_at=timezone.now() - timedelta(hours=73))
    assert expire_uploads() == 1
    assert not path.exists()
    assert sender.append(3, b"abc").status == 410
    assert sender.server.ask("HEAD", sender.address, sender.headers).status == 410


def test_the_list_holds_what_is_unfinished_or_became_nothing_yet_of_ones_own(
    sender: Sender, lab: Lab, researcher: Person, owner: Person
) -> None:
    def listed() -> list[tuple[str, int, str]]:
        rows = sender.server.ask("GET", f"/api/v1/uploads/?lab={lab.pk}", sender.headers).json()["results"]
        return [(row["file_name"], row["offset"], row["state"]) for row in rows]

    sender.create(lab, name="half.zip")
    sender.append(0, b"abc")
    sender.create(lab, name="whole.zip")
    sender.append(0, CONTENT)
    Upload.objects.create(lab=lab, person=owner, file_name="theirs.zip", size_bytes=1)
    assert listed() == [("whole.zip", LENGTH, "complete"), ("half.zip", 3, "receiving")]
    create_dataset(lab, "Digits", researcher, upload=Upload.objects.get(file_name="whole.zip"))
    assert listed() == [("half.zip", 3, "receiving")]
    Upload.objects.filter(file_name="half.zip").update(touched_at=timezone.now() - timedelta(hours=73))
    expire_uploads()
    assert listed() == []


def test_limits_are_told_as_they_are_held(sender: Sender, settings: Any) -> None:
    settings.UPLOAD_MAX_BYTES = 1234
    told = sender.server.ask("GET", "/api/v1/uploads/limits/", sender.headers).json()
    assert (told["max_bytes"], told["max_open"], told["kept_hours"]) == (1234, 10, 72)
    assert not any(passed_over(f"a/b.{ending}") for ending in told["image_endings"])
    assert all(passed_over(f"a/{name}/b.png") for name in told["litter"])
    assert passed_over("a/b.txt")
    assert "metadata.jsonl" in told["label_files"]


def test_an_upload_that_goes_on_while_it_is_looked_at_keeps_its_bytes(
    sender: Sender, lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    sender.create(lab)
    sender.append(0, b"abc")
    Upload.objects.update(touched_at=timezone.now() - timedelta(hours=73))
    judge = uploads._expire

    def goes_on(*asked: Any) -> bool:
        assert sender.append(3, b"def").status == 204
        return judge(*asked)

    monkeypatch.setattr(uploads, "_expire", goes_on)
    assert expire_uploads() == 0
    assert sender.file().read_bytes() == b"abcdef"
    assert Upload.objects.get().state == Upload.State.RECEIVING


def test_an_upload_that_a_dataset_waits_for_is_neither_expired_nor_deleted(
    sender: Sender, lab: Lab, researcher: Person
) -> None:
    sender.create(lab)
    sender.append(0, CONTENT)
    create_dataset(lab, "Digits", researcher, upload=Upload.objects.get())
    Upload.objects.update(touched_at=timezone.now() - timedelta(hours=73))
    assert expire_uploads() == 0
    assert sender.server.ask("DELETE", sender.address, sender.headers).status == 409
    assert sender.file().read_bytes() == CONTENT


def test_bodies_above_the_limit_are_refused_unread_on_every_other_address(server: Served) -> None:
    connection = server.connect()
    connection.putrequest("POST", "/api/v1/session/login/")
    connection.putheader("Content-Length", str(10 * 2**30))
    connection.endheaders()
    assert connection.getresponse().status == 413


def test_bodies_that_grow_past_the_limit_are_refused(server: Served) -> None:
    with socket.create_connection(("127.0.0.1", server.port), timeout=20) as line:
        line.sendall(b"POST /api/v1/session/login/ HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n")
        stop = threading.Event()

        def flood() -> None:
            piece = b"10000\r\n" + b"x" * 65536 + b"\r\n"
            try:
                while not stop.is_set():
                    line.sendall(piece)
            except OSError:
                return

        thread = threading.Thread(target=flood, daemon=True)
        thread.start()
        answer = line.recv(100)
        stop.set()
    assert b" 413 " in answer
