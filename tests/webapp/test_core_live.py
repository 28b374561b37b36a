"""The socket over a real server and a real Redis: who may listen, to what, for how long."""

import asyncio
import json
import time
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.layers import channel_layers
from channels_redis.pubsub import RedisPubSubLoopLayer
from django.conf import settings as product
from redis.exceptions import ConnectionError as RedisConnectionError
from rest_framework.test import APIClient
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.webapp.served import Served
from webapp.accounts.models import ApiToken, Lab, Membership, Person
from webapp.core import consumers, events
from webapp.core.events import group_of, publish
from webapp.core.processes import ProcessSet
from webapp.core.redis_server import own_redis, wait_until_answers
from webapp.datasets.events import version_changed
from webapp.datasets.models import Dataset, DatasetVersion

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(scope="module")
def redis_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    program, url = own_redis()
    processes = ProcessSet(tmp_path_factory.mktemp("redis"), Path.cwd(), lambda line: None)
    processes.start(program)
    wait_until_answers(url)
    yield url
    processes.end()


@pytest.fixture
def server(transactional_db: None, redis_url: str, settings: Any) -> Iterator[Served]:
    layer = {**product.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": [redis_url]}}
    settings.CHANNEL_LAYERS = {"default": layer}
    channel_layers.backends.clear()
    with Served() as server:
        yield server
    channel_layers.backends.clear()


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    return DatasetVersion.objects.create(dataset=Dataset.objects.create(lab=lab, name="Pets"), number=1)


class Page:
    """One open socket."""

    def __init__(self, socket: ClientConnection) -> None:
        self.socket = socket

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def hear(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(await asyncio.wait_for(self.socket.recv(), 10))
        return found

    async def closed_with(self) -> int:
        with suppress(ConnectionClosed):
            while True:
                await asyncio.wait_for(self.socket.recv(), 10)
        assert self.socket.close_code is not None
        return self.socket.close_code


@asynccontextmanager
async def page(server: Served, authorization: str = "", **headers: str) -> AsyncIterator[Page]:
    sent = {"Authorization": authorization, **headers} if authorization else headers
    async with connect(f"ws://127.0.0.1:{server.port}/ws/", additional_headers=sent) as socket:
        yield Page(socket)


async def status_of(server: Served, authorization: str = "", **headers: str) -> int:
    """How an upgrade is refused."""
    with pytest.raises(InvalidStatus) as caught:
        async with page(server, authorization, **headers):
            pass
    return int(caught.value.response.status_code)


async def beside(work: Callable[..., Any], *arguments: Any) -> None:
    """Do something on the database in a thread that gives its connection back."""
    await database_sync_to_async(work, thread_sensitive=False)(*arguments)


def cookie(client: APIClient) -> str:
    return "; ".join(f"{name}={morsel.value}" for name, morsel in client.cookies.items())


def test_a_page_gets_the_state_first_and_then_each_change(
    server: Served, viewer: Person, version: DatasetVersion, token_of: Callable[..., str]
) -> None:
    header = token_of(viewer)
    changes = []
    for number in range(5):
        version.num_images = number
        changes.append(version_changed(version))

    async def watch() -> list[dict[str, Any]]:
        async with page(server, header) as live:
            await live.say(type="subscribe", version=str(version.pk), since=None)
            heard = [await live.hear(), await live.hear()]
            for change in changes:
                await beside(publish, group_of("version", version.pk), change)
            return heard + [await live.hear() for _ in changes]

    opened, snapshot, *following = asyncio.run(watch())
    assert (opened["type"], opened["data"]) == ("subscription.opened", {"channel": "version", "id": str(version.pk)})
    assert (snapshot["type"], snapshot["version"], snapshot["data"]["state"]) == (
        "version.changed",
        str(version.pk),
        "queued",
    )
    assert [change["data"]["num_images"] for change in following] == [0, 1, 2, 3, 4]


def test_who_asks_whether_events_arrive_gets_one_the_way_that_all_come_and_nobody_else_does(
    server: Served,
    viewer: Person,
    researcher: Person,
    client_of: Callable[..., APIClient],
    token_of: Callable[..., str],
) -> None:
    mark = str(uuid.uuid4())
    client, headers = client_of(viewer), (token_of(viewer), token_of(researcher))

    async def watch() -> list[dict[str, Any]]:
        async with page(server, headers[0]) as own, page(server, headers[1]) as other:
            await own.say(type="subscribe", person=str(viewer.pk))
            await other.say(type="subscribe", person=str(viewer.pk))
            heard = [await own.hear(), await other.hear()]
            await beside(lambda: client.post("/api/v1/session/link/", {"mark": mark}, format="json"))
            heard.append(await own.hear())
            await other.say(type="ping")
            return [*heard, await other.hear()]

    opened, refused, event, pong = asyncio.run(watch())
    assert (opened["type"], refused["type"]) == ("subscription.opened", "subscription.refused")
    assert (event["type"], event["person"], event["data"]) == ("link.tested", str(viewer.pk), {"mark": mark})
    assert pong["type"] == "socket.answered"


def test_nobody_hears_of_another_labs_rows(
    server: Served, outsider: Person, version: DatasetVersion, token_of: Callable[..., str]
) -> None:
    header = token_of(outsider)

    async def watch() -> list[dict[str, Any]]:
        async with page(server, header) as live:
            await live.say(type="subscribe", version=str(version.pk))
            await live.say(type="subscribe", version=str(uuid.uuid4()))
            heard = [await live.hear(), await live.hear()]
            await beside(publish, group_of("version", version.pk), version_changed(version))
            await live.say(type="ping")
            return [*heard, await live.hear()]

    refused, missing, pong = asyncio.run(watch())
    assert refused["type"] == missing["type"] == "subscription.refused"
    assert refused["data"]["code"] == missing["data"]["code"] == "not_found"
    assert refused["data"]["message"] == missing["data"]["message"]
    assert pong["type"] == "socket.answered"


@pytest.mark.parametrize(
    "message",
    [
        "{",
        "[]",
        "7",
        '{"type": "websocket.close"}',
        '{"type": "live.event"}',
        '{"type": "subscribe"}',
        '{"type": "subscribe", "version": "../x"}',
        '{"type": "subscribe", "version": {"a": 1}}',
        '{"type": "subscribe", "secret": "00000000-0000-0000-0000-000000000000"}',
        "[" * 50_000,
    ],
)
def test_messages_that_make_no_sense_are_refused_and_the_socket_stays(
    server: Served, viewer: Person, token_of: Callable[..., str], message: str
) -> None:
    header = token_of(viewer)

    async def watch() -> tuple[str, str]:
        async with page(server, header) as live:
            await live.socket.send(message)
            first = await live.hear()
            await live.say(type="ping")
            return first["type"], (await live.hear())["type"]

    assert asyncio.run(watch()) == ("subscription.refused", "socket.answered")


@pytest.mark.parametrize(("message", "code"), [("x" * 65537, 1009), (b"\x00\x01", 1003)])
def test_messages_of_the_wrong_size_or_kind_close_the_socket(
    server: Served, viewer: Person, token_of: Callable[..., str], message: str | bytes, code: int
) -> None:
    header = token_of(viewer)

    async def watch() -> int:
        async with page(server, header) as live:
            await live.socket.send(message)
            return await live.closed_with()

    assert asyncio.run(watch()) == code


def test_a_flood_of_messages_closes_the_socket(server: Served, viewer: Person, token_of: Callable[..., str]) -> None:
    header = token_of(viewer)

    async def watch() -> int:
        async with page(server, header) as live:
            for _ in range(300):
                await live.say(type="ping")
            return await live.closed_with()

    assert asyncio.run(watch()) == 1008


def test_pages_of_other_sites_and_the_anonymous_are_refused(
    server: Served, viewer: Person, token_of: Callable[..., str], client_of: Callable[[Person], APIClient]
) -> None:
    header, cookies = token_of(viewer), cookie(client_of(viewer))
    own = f"http://127.0.0.1:{server.port}"

    async def check() -> None:
        assert await status_of(server) == 403
        assert await status_of(server, "Token atl_aaaaaaaa_" + "b" * 43) == 403
        assert await status_of(server, Cookie=cookies) == 403
        for origin in (
            "null",
            "http://evil.example",
            own + ".evil.example",
            own.replace("http", "https"),
            f"{own}1",
            "http://127.0.0.1",
        ):
            assert await status_of(server, Cookie=cookies, Origin=origin) == 403, origin
            assert await status_of(server, header, Origin=origin) == 403, origin
        assert await status_of(server, header, Host="evil.example") in (400, 403)
        async with page(server, Cookie=cookies, Origin=own) as live:
            await live.say(type="ping")
            assert (await live.hear())["type"] == "socket.answered"

    asyncio.run(check())


def test_sockets_have_one_address(server: Served, viewer: Person, token_of: Callable[..., str]) -> None:
    header = token_of(viewer)

    async def check(path: str) -> int:
        with pytest.raises(InvalidStatus) as caught:
            async with connect(f"ws://127.0.0.1:{server.port}{path}", additional_headers={"Authorization": header}):
                pass
        return int(caught.value.response.status_code)

    assert [asyncio.run(check(path)) for path in ("/", "/ws", "/ws/x", "/api/v1/runs/")] == [403] * 4


def test_the_twenty_first_socket_of_a_person_is_sent_away(
    server: Served, viewer: Person, token_of: Callable[..., str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "MAX_SOCKETS", 2)
    header = token_of(viewer)

    async def watch() -> int:
        async with page(server, header), page(server, header), page(server, header) as third:
            return await third.closed_with()

    assert asyncio.run(watch()) == 1013

    async def again() -> str:
        async with page(server, header) as live:
            await live.say(type="ping")
            return str((await live.hear())["type"])

    assert asyncio.run(again()) == "socket.answered"


def test_who_loses_the_right_while_watching_hears_no_more(
    server: Served,
    viewer: Person,
    version: DatasetVersion,
    token_of: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumers, "RECHECK_EVERY_S", 0.2)
    header = token_of(viewer)

    async def watch() -> tuple[str, int]:
        async with page(server, header) as live:
            await live.say(type="subscribe", version=str(version.pk))
            await live.hear()
            await live.hear()
            await beside(Membership.objects.all().delete)
            ended = await live.hear()
            await beside(publish, group_of("version", version.pk), version_changed(version))
            await beside(lambda: ApiToken.objects.all().delete())
            return ended["type"], await live.closed_with()

    assert asyncio.run(watch()) == ("subscription.ended", 1008)


def test_a_page_that_takes_nothing_is_given_up(
    server: Served,
    viewer: Person,
    version: DatasetVersion,
    token_of: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(consumers, "SEND_DEADLINE_S", 0.3)
    given_up: list[int] = []
    close = consumers.LiveConsumer._close

    async def note(self: consumers.LiveConsumer, code: int) -> None:
        given_up.append(code)
        await close(self, code)

    monkeypatch.setattr(consumers.LiveConsumer, "_close", note)
    header = token_of(viewer)
    version.error_message = "x" * 100_000

    async def watch() -> None:
        async with connect(
            f"ws://127.0.0.1:{server.port}/ws/",
            additional_headers={"Authorization": header},
            max_queue=1,
            compression=None,
            close_timeout=0.5,
        ) as socket:
            await socket.send(json.dumps({"type": "subscribe", "version": str(version.pk)}))
            await asyncio.sleep(0.5)
            for _ in range(300):  # 30 MB: more than the buffers between the two hold
                await beside(publish, group_of("version", version.pk), version_changed(version))
            for _ in range(100):
                if given_up:
                    return
                await asyncio.sleep(0.1)

    asyncio.run(watch())
    assert given_up == [1013]


def test_membership_is_renewed_before_a_group_forgets_it(
    server: Served,
    viewer: Person,
    version: DatasetVersion,
    token_of: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(consumers, "RECHECK_EVERY_S", 0.1)
    monkeypatch.setattr(consumers, "REJOIN_EVERY_S", 0.1)
    header = token_of(viewer)

    async def watch() -> list[str]:
        async with page(server, header) as live:
            await live.say(type="subscribe", version=str(version.pk))
            await live.hear()
            await live.hear()
            await asyncio.sleep(0.6)  # several renewals
            await beside(publish, group_of("version", version.pk), version_changed(version))
            await live.say(type="ping")
            return [(await live.hear())["type"] for _ in range(2)]

    assert sorted(asyncio.run(watch())) == ["socket.answered", "version.changed"]  # the event came once


def test_a_socket_that_cannot_join_its_groups_again_is_closed_so_that_the_page_comes_back(
    server: Served,
    version: DatasetVersion,
    viewer: Person,
    token_of: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def gone(*_: Any) -> None:
        raise RedisConnectionError("Redis is gone")

    header = token_of(viewer)

    async def watch() -> int:
        async with page(server, header) as live:
            await live.say(type="subscribe", version=str(version.pk))
            await live.hear()
            await live.hear()
            monkeypatch.setattr(RedisPubSubLoopLayer, "group_add", gone)
            return await live.closed_with()

    monkeypatch.setattr(consumers, "RECHECK_EVERY_S", 0.1)
    monkeypatch.setattr(consumers, "REJOIN_EVERY_S", 0.0)
    assert asyncio.run(watch()) == 1013


def test_only_declared_events_leave_the_service(
    server: Served, viewer: Person, version: DatasetVersion, token_of: Callable[..., str]
) -> None:
    header, group = token_of(viewer), group_of("version", version.pk)

    async def watch() -> dict[str, Any]:
        async with page(server, header) as live:
            await live.say(type="subscribe", version=str(version.pk))
            await live.hear()
            await live.hear()
            layer = channel_layers["default"]
            await layer.group_send(group, {"type": "websocket.close", "code": 4000})
            await layer.group_send(group, {"type": "websocket.receive", "text": "{}"})
            await layer.group_send(group, {"type": "live.event", "event": {"type": "password.shown", "data": "x"}})
            await asyncio.sleep(0.3)
            await live.say(type="ping")
            return await live.hear()

    assert asyncio.run(watch())["type"] == "socket.answered"


def test_an_outage_of_redis_is_logged_once_and_so_is_its_end(
    version: DatasetVersion, settings: Any, caplog: pytest.LogCaptureFixture, redis_url: str
) -> None:
    def tell(count: int, url: str, until: str) -> None:
        settings.CHANNEL_LAYERS = {"default": {**product.CHANNEL_LAYERS["default"], "CONFIG": {"hosts": [url]}}}
        channel_layers.backends.clear()
        for _ in range(count):
            publish(group_of("version", version.pk), version_changed(version))
        deadline = time.monotonic() + 10
        while (until not in caplog.text or events._sender._waiting) and time.monotonic() < deadline:
            time.sleep(0.02)
        channel_layers.backends.clear()

    tell(5, "redis://127.0.0.1:1/0", "not sent")
    tell(5, redis_url, "sent again")
    said = [record.message for record in caplog.records if record.name == "webapp.core.events"]
    assert len(said) == 2, said
    assert said[0].startswith("live events are not sent from now on (")
    assert said[1] == "live events are sent again; 5 were not"
