"""News of a lab go to its webhook once, signed, and only to public addresses of hosts that the configuration names."""

import hashlib
import hmac
import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.core.checks import run_checks
from django.db.models import F
from django.db.models.functions import Now
from rest_framework.test import APIClient

from tests.worlds import make_dataset, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core.leases import new_owner
from webapp.core.models import LogEntry
from webapp.core.removal import mark
from webapp.runs.models import Run, RunState
from webapp.runs.services import attempt, control
from webapp.webhooks.models import Delivery, Webhook
from webapp.webhooks.services import deliveries
from webapp.webhooks.services.addresses import RefusedError, is_public, read_target
from webapp.webhooks.services.deliveries import MAX_ATTEMPTS, announce, deliver_next, forget_old
from webapp.webhooks.services.sending import Line
from webapp.webhooks.services.webhooks import set_webhook
from workers.courier import Courier

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
HOST = "hooks.lab.example"


@dataclass
class Receiver:
    """A host of somebody else's, on this machine."""

    port: int
    statuses: list[int] = field(default_factory=list)
    """What it answers, one after another; 200 when there is none left."""
    requests: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    on_request: Callable[[], object] = lambda: None

    @property
    def url(self) -> str:
        return f"http://{HOST}:{self.port}/in?key=1"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.requests.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            found.on_request()
            self.send_response(found.statuses.pop(0) if found.statuses else 200)
            self.send_header("Location", "http://elsewhere.example/")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    found = Receiver(server.server_port)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    yield found
    server.shutdown()
    thread.join()
    server.server_close()


HERE = Line(addresses_of=lambda host, port: ["127.0.0.1"], may_reach=lambda address: True)
"""By which every name is this machine, which may be reached."""


@pytest.fixture(autouse=True)
def allowed(settings: Any) -> None:
    settings.WEBHOOK_HOSTS = (HOST,)


@pytest.fixture
def webhook(lab: Lab, owner: Person, receiver: Receiver) -> Webhook:
    return set_webhook(lab, owner, receiver.url)[0]


def news(lab: Lab) -> Delivery:
    delivery = announce(lab.pk, "thing.happened", "a thing", {"thing": 1})
    assert delivery is not None
    return delivery


def time_passes(delivery: Delivery, passed: timedelta) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(due_at=F("due_at") - passed)


# --- what is told ---------------------------------------------------------------------------------------------------
def test_a_run_that_ends_is_told_once_signed_and_with_what_it_is_about(
    lab: Lab, webhook: Webhook, researcher: Person, receiver: Receiver, settings: Any
) -> None:
    settings.PUBLIC_URL = "https://atelier.example"
    run = queue_run(make_dataset(lab), researcher)
    held = Run.claim(run.pk, new_owner(), RunState.PREPARING)
    assert held is not None
    attempt.enter_stage(held, "train")
    assert not deliver_next(HERE), "only an end is news"
    attempt.failed_run(held, "non_finite_loss", "At step 12 loss/G became nan.")
    assert [deliver_next(HERE) for _ in range(3)] == [True, False, False]
    ((path, headers, body),) = receiver.requests
    told = json.loads(body)
    assert path == "/in?key=1"
    assert (told["event"], told["lab"]) == ("run.ended", {"id": str(lab.pk), "name": lab.name})
    assert told["run"]["id"] == str(run.pk)
    assert (told["run"]["state"], told["run"]["error_message"]) == ("failed", "At step 12 loss/G became nan.")
    assert told["run"]["url"] == f"https://atelier.example/runs/{run.pk}"
    signed = f"{headers['atelier-timestamp']}.".encode() + body
    expected = hmac.new(webhook.secret.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["atelier-signature"] == f"sha256={expected}"
    assert abs(int(headers["atelier-timestamp"]) - time.time()) < 60
    assert headers["atelier-delivery"] == told["id"] == str(Delivery.objects.get().pk)
    assert headers["host"] == f"{HOST}:{receiver.port}", "the name, not the address that was found for it"


def test_every_end_is_told_and_what_is_deleted_tells_nothing(lab: Lab, webhook: Webhook, researcher: Person) -> None:
    run = queue_run(make_dataset(lab), researcher)
    control.stop_run(run)
    control.stop_run(run)
    control.resume_run(run)
    control.cancel_run(run)
    told = [json.loads(one.body)["run"]["state"] for one in Delivery.objects.order_by("created_at")]
    assert told == ["stopped", "cancelled"]
    other = queue_run(run.version, researcher)
    mark(other)
    control.cancel_run(other)
    assert Delivery.objects.count() == 2


def test_a_lab_without_a_webhook_has_no_news_and_a_worker_needs_no_setting_to_note_some(
    lab: Lab, webhook: Webhook, settings: Any
) -> None:
    settings.WEBHOOK_HOSTS = ()
    assert announce(lab.pk, "thing.happened", "", {}) is not None
    assert announce(Lab.objects.create(name="Without one").pk, "thing.happened", "", {}) is None


# --- once, and again ------------------------------------------------------------------------------------------------
def test_what_is_not_taken_is_tried_again_later_and_later_and_then_given_up(
    lab: Lab, webhook: Webhook, receiver: Receiver
) -> None:
    receiver.statuses = [500, 404, 302, 503]
    delivery, waited = news(lab), []
    for _ in range(MAX_ATTEMPTS):
        assert deliver_next(HERE)
        delivery.refresh_from_db()
        if delivery.state == Delivery.State.WAITING:
            assert not deliver_next(HERE), "not before its time"
            waited.append((delivery.due_at - delivery.created_at).total_seconds())
            time_passes(delivery, timedelta(hours=1, seconds=1))
    assert waited == pytest.approx([60, 600, 3600], abs=30)
    assert (delivery.state, delivery.attempts, delivery.status) == ("failed", MAX_ATTEMPTS, 503)
    assert delivery.ended_at is not None
    time_passes(delivery, timedelta(days=1))
    assert not deliver_next(HERE)
    assert len(receiver.requests) == MAX_ATTEMPTS
    assert len({(headers["atelier-delivery"], body) for _, headers, body in receiver.requests}) == 1


def test_a_redirect_is_not_followed(lab: Lab, webhook: Webhook, receiver: Receiver) -> None:
    receiver.statuses = [307]
    delivery = news(lab)
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    deliver_next(replace(HERE, addresses_of=resolve))
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status, asked) == ("waiting", 307, [HOST])
    assert "redirect" in delivery.answer


def test_two_workers_at_once_send_it_once(lab: Lab, webhook: Webhook, receiver: Receiver) -> None:
    delivery = news(lab)
    seen = Delivery.objects.get()
    assert deliveries._claim(delivery)
    assert not deliveries._claim(seen), "another one saw it due, and was too late"


def test_an_attempt_that_took_too_long_says_nothing_for_the_next_one(lab: Lab, webhook: Webhook) -> None:
    slow = news(lab)
    assert deliveries._claim(slow)
    time_passes(slow, timedelta(minutes=2))
    later = Delivery.objects.get()
    assert deliveries._claim(later)
    deliveries._write(slow, state=Delivery.State.FAILED, answer="late", status=None)
    assert Delivery.objects.get().state == "waiting"
    deliveries._write(later, state=Delivery.State.DELIVERED, answer="Answered 200.", status=200)
    assert Delivery.objects.get().state == "delivered"


def test_a_worker_that_ends_in_an_attempt_leaves_it_to_the_next_one(
    lab: Lab, webhook: Webhook, receiver: Receiver
) -> None:
    delivery = news(lab)
    for _ in range(MAX_ATTEMPTS):
        assert deliveries._claim(Delivery.objects.get())
        time_passes(delivery, timedelta(hours=1, seconds=1))
    assert deliver_next(HERE)
    delivery.refresh_from_db()
    assert delivery.state == "failed"
    assert "worker ended" in delivery.answer
    assert receiver.requests == []


def test_the_courier_sends_all_that_is_due_and_then_rests(lab: Lab, webhook: Webhook, receiver: Receiver) -> None:
    sent = [news(lab), news(lab), news(lab)]
    Courier(lambda: deliver_next(HERE)).deliver_what_is_due()
    assert [headers["atelier-delivery"] for _, headers, _ in receiver.requests] == [str(one.pk) for one in sent]
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


# --- where to -------------------------------------------------------------------------------------------------------
PRIVATE = [
    "127.0.0.1", "10.1.2.3", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "0.0.0.0", "224.0.0.1",
    "255.255.255.255", "192.0.2.1", "198.18.0.1", "240.0.0.1", "192.88.99.1", "::1", "::", "fe80::1", "fe80::1%eth0",
    "fc00::1", "fd12::1", "ff02::1", "::ffff:10.0.0.1", "::ffff:8.8.8.8", "64:ff9b::a00:1", "2002:a00:1::",
    "2001:0:1::", "2001:db8::1", "nonsense", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_no_private_address_is_public(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111"])
def test_others_are(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("addresses", [["127.0.0.1"], ["8.8.8.8", "10.0.0.1"], ["::1"]])
def test_a_host_at_a_private_address_is_sent_nothing_and_not_tried_again(
    lab: Lab, webhook: Webhook, receiver: Receiver, addresses: list[str]
) -> None:
    delivery = news(lab)
    assert deliver_next(Line(addresses_of=lambda host, port: addresses))
    delivery.refresh_from_db()
    assert (delivery.state, receiver.requests) == ("failed", [])
    assert "no public address" in delivery.answer


def test_the_connection_goes_to_the_address_that_was_checked_whatever_the_name_says_next(
    lab: Lab, webhook: Webhook, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    checked: list[str] = []
    answers = iter([["127.0.0.1"], ["10.9.9.9"]])
    connected: list[Any] = []
    real = socket.create_connection

    def connect(where: Any, *rest: Any, **more: Any) -> Any:
        connected.append(where[0])
        return real(where, *rest, **more)

    monkeypatch.setattr(socket, "create_connection", connect)
    news(lab)
    deliver_next(Line(addresses_of=lambda *_: next(answers), may_reach=lambda one: not checked.append(one)))  # type: ignore[func-returns-value]
    assert checked == connected == ["127.0.0.1"]
    assert next(answers) == ["10.9.9.9"], "the name was asked once"
    assert len(receiver.requests) == 1


def test_an_address_that_is_not_there_is_passed_over(lab: Lab, webhook: Webhook, receiver: Receiver) -> None:
    news(lab)
    deliver_next(replace(HERE, addresses_of=lambda *_: ["127.0.0.254", "127.0.0.1"]))
    assert len(receiver.requests) == 1


@pytest.mark.parametrize(
    "url",
    [
        f"ftp://{HOST}/", "https:///in", HOST, f"https://user:word@{HOST}/", f"https://user@{HOST}/",
        f"https://{HOST}/#part", "https://other.example/", f"https://{HOST}.evil.example/", f"https://evil{HOST}/",
        f"https://other.example/{HOST}", f"https://other.example@{HOST}:1x/", f"https://{HOST}:99999/",
        f"https://{HOST}/ x", f"https://{HOST}/\tx", f"https://{HOST}/ä", "https://127.0.0.1/", "https://[::1]/",
        f"https://{HOST}\\@other.example/", f"https://{HOST}/{'a' * 500}", "https://[/",
    ],
)  # fmt: skip
def test_an_address_that_may_not_be_is_refused_where_it_is_set_and_where_it_is_used(
    client_of: ClientOf, owner: Person, lab: Lab, url: str
) -> None:
    with pytest.raises(RefusedError):
        read_target(url)
    answer = client_of(owner).put(f"/api/v1/labs/{lab.pk}/webhook/", {"url": url}, format="json")
    assert answer.status_code == 400
    assert "url" in answer.json()["fields"]
    assert not Webhook.objects.exists()


def test_a_name_with_a_dot_before_it_stands_for_all_below_it(settings: Any) -> None:
    settings.WEBHOOK_HOSTS = (".lab.example",)
    for host in ("lab.example", "a.lab.example", "A.B.LAB.example", "a.lab.example."):
        assert read_target(f"https://{host}/x").host.endswith("lab.example")
    for host in ("evillab.example", "lab.example.evil", "example"):
        with pytest.raises(RefusedError):
            read_target(f"https://{host}/")


@pytest.mark.parametrize("name", ["https://hooks.example", "*", "hooks.example:443", "."])
def test_a_setting_that_names_no_host_is_said_at_the_start(settings: Any, name: str) -> None:
    settings.WEBHOOK_HOSTS = ("hooks.example", name)
    assert [one.id for one in run_checks() if one.id == "atelier.E008"] == ["atelier.E008"]


def test_a_host_that_is_no_longer_named_is_sent_nothing(
    lab: Lab, webhook: Webhook, receiver: Receiver, settings: Any
) -> None:
    delivery = news(lab)
    settings.WEBHOOK_HOSTS = ("other.example",)
    deliver_next(HERE)
    delivery.refresh_from_db()
    assert (delivery.state, receiver.requests) == ("failed", [])


# --- hosts that do not answer as they should ------------------------------------------------------------------------
def serve_bytes(answer: Callable[[socket.socket], None]) -> tuple[int, threading.Thread]:
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        with listener, listener.accept()[0] as line:
            answer(line)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    return listener.getsockname()[1], thread


def drip(line: socket.socket) -> None:
    try:
        while True:
            line.sendall(b"H")
            time.sleep(0.02)
    except OSError:
        return


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (drip, "no answer within 0.3 s"),
        (lambda line: line.recv(10**6) and time.sleep(0.5), "did not answer in time"),
        (lambda line: line.close(), ""),
        (lambda line: line.sendall(b"SSH-2.0-OpenSSH\r\n"), ""),
    ],
    ids=["drips", "is silent", "hangs up", "speaks otherwise"],
)
def test_a_host_that_does_not_answer_holds_nobody_up(
    lab: Lab, owner: Person, answer: Callable[[socket.socket], None], said: str
) -> None:
    port, thread = serve_bytes(answer)
    set_webhook(lab, owner, f"http://{HOST}:{port}/")
    delivery, begun = news(lab), time.monotonic()
    deliver_next(replace(HERE, patience_s=0.2, within_s=0.3))
    assert time.monotonic() - begun < 5
    delivery.refresh_from_db()
    assert (delivery.state, delivery.status) == ("waiting", None)
    assert delivery.answer
    assert said in delivery.answer
    thread.join(5)


def test_a_host_without_tls_is_not_spoken_to_openly(lab: Lab, owner: Person) -> None:
    heard: list[bytes] = []
    port, thread = serve_bytes(lambda line: heard.append(line.recv(10**6)))
    set_webhook(lab, owner, f"https://{HOST}:{port}/")
    delivery = news(lab)
    deliver_next(replace(HERE, patience_s=1.0, within_s=2.0))
    thread.join(5)
    assert b"thing" not in heard[0]
    delivery.refresh_from_db()
    assert delivery.state == "waiting"


def test_a_name_that_cannot_be_resolved_is_tried_again(lab: Lab, webhook: Webhook) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution")

    delivery = news(lab)
    deliver_next(replace(HERE, addresses_of=resolve))
    delivery.refresh_from_db()
    assert delivery.state == "waiting"
    assert "Temporary failure" in delivery.answer


# --- in the lab -----------------------------------------------------------------------------------------------------
def test_an_admin_sets_tries_and_removes_it_and_sees_what_became_of_the_news(
    client_of: ClientOf, owner: Person, lab: Lab, receiver: Receiver
) -> None:
    client, address = client_of(owner), f"/api/v1/labs/{lab.pk}/webhook/"
    assert client.get(address).json() == {"url": None, "set_by": None, "set_at": None, "allowed_hosts": [HOST]}
    assert client.post(f"{address}test/").status_code == 409
    made = client.put(address, {"url": receiver.url}, format="json").json()
    assert (made["url"], made["set_by"], len(made["secret"])) == (receiver.url, owner.name, 43)
    assert "secret" not in client.get(address).json()
    assert client.post(f"{address}test/").status_code == 201
    assert client.post(f"{address}test/").json()["message"].startswith("A test is still on its way")
    assert deliver_next(HERE)
    receiver.statuses = [500]
    assert client.post(f"{address}test/").status_code == 201
    assert deliver_next(HERE)
    missed, row = client.get(f"{address}deliveries/").json()["results"]
    assert (row["event"], row["state"], row["status"]) == ("webhook.tested", "delivered", 200)
    assert (missed["state"], missed["status"]) == ("failed", 500), "a test is not tried again: somebody waits for it"
    assert made["secret"] not in json.dumps(row)
    assert client.put(address, {"url": f"{receiver.url}&more=1"}, format="json").json()["secret"] is None
    other = client.post(f"{address}secret/").json()["secret"]
    assert other != made["secret"]
    news(lab)
    deliver_next(HERE)
    path, headers, body = receiver.requests[-1]
    stamp = int(headers["atelier-timestamp"])
    assert path == "/in?key=1&more=1"
    assert headers["atelier-signature"] == f"sha256={deliveries.signature(other, stamp, body)}"
    assert [client.delete(address).status_code for _ in range(2)] == [204, 204]
    assert not Delivery.objects.exists()
    log = list(LogEntry.objects.filter(lab=lab).order_by("pk").values_list("deed", "subject"))
    assert log == [
        ("webhook.set", HOST),
        ("webhook.set", HOST),
        ("webhook_secret.changed", lab.name),
        ("webhook.removed", lab.name),
    ]


def test_one_lab_s_news_do_not_go_to_another_lab(lab: Lab, webhook: Webhook, outsider: Person) -> None:
    other = outsider.labs.get()
    set_webhook(other, outsider, f"https://{HOST}/other")
    news(lab)
    assert [one.webhook_id for one in Delivery.objects.all()] == [lab.pk]


def test_old_deliveries_are_forgotten(lab: Lab, webhook: Webhook) -> None:
    old, new = news(lab), news(lab)
    Delivery.objects.filter(pk=old.pk).update(created_at=Now() - timedelta(days=31))
    forget_old()
    assert list(Delivery.objects.all()) == [new]
