"""Every address, with every role, every kind of token, people of no and of another lab, and nobody.

The table is `access_table.py`; a route, channel or view without its row there fails here and says what to add.
"""

import asyncio
import json
import re
import uuid
from collections.abc import Callable, Iterator
from http.cookies import SimpleCookie
from typing import Any

import pytest
from channels.layers import channel_layers
from django.db import connection, transaction
from django.urls import URLPattern, URLResolver, get_resolver
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.webapp.access_table import (
    ANY_TOKEN,
    ANYBODY,
    CHANNELS,
    NO_TOKEN,
    OUTSIDE_THE_API,
    OWN,
    PERSON,
    ROWS,
    STAFF,
    Row,
)
from tests.webapp.access_world import CODE, SECRET_WORD, STEP, Visitor, World
from tests.webapp.served import Served
from webapp.core import subscriptions
from webapp.core.permissions import ROLES, NotByToken, TokenHasScope, includes
from webapp.datasets.models import Upload

API = "api/v1/"
METHODS = ("get", "post", "put", "patch", "delete")
REFUSALS = {401, 403, 404, 405, 429}
NOTED_ANYWAY = re.compile(r'"(accounts_apitoken|accounts_loginattempt|django_session)"')
"""Tables that a refused request may write to: when a token was used, what was guessed, how long a session lasts."""


# --- nothing is left out ----------------------------------------------------------------------------------------
def routes(patterns: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    for pattern in patterns:
        where = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, where)
        elif isinstance(pattern, URLPattern):
            yield where, pattern.callback


def methods_of(view: type) -> list[str]:
    """As the browser says them; HEAD where it is there without GET."""
    found = [method.upper() for method in METHODS if hasattr(view, method)]
    return found if "GET" in found or not hasattr(view, "head") else [*found, "HEAD"]


def views() -> list[tuple[str, type]]:
    found = routes(get_resolver().url_patterns)
    return [(route.removeprefix(API), view.cls) for route, view in found if hasattr(view, "cls")]


def test_every_address_has_its_row() -> None:
    there = {f"{method} {route}" for route, view in views() for method in methods_of(view)}
    there -= {f"GET {route}" for route in OUTSIDE_THE_API}
    listed = [row.name for row in ROWS]
    missing = sorted(there - set(listed))
    assert not missing, (
        f"{', '.join(missing)}: without a row in tests/webapp/access_table.py. Add one that says the role in the lab "
        'and the scope of a token that it needs: Row("POST", "runs/<uuid:pk>/stop/", "researcher", "run").'
    )
    assert not set(listed) - there, f"no such address any more; remove its row: {sorted(set(listed) - there)}"
    assert len(listed) == len(set(listed))


def test_what_is_no_view_of_the_api_tells_everybody_the_same() -> None:
    plain = {route for route, view in routes(get_resolver().url_patterns) if not hasattr(view, "cls")}
    assert {route for route in plain if "^" not in route} <= OUTSIDE_THE_API
    assert {view.__name__ for route, view in routes(get_resolver().url_patterns) if "^" in route} == {
        "not_found",
        "front_end",
    }


def test_every_channel_has_its_role() -> None:
    assert set(subscriptions.CHANNELS) == set(CHANNELS), "tests/webapp/access_table.py: CHANNELS must name each channel"


def test_no_view_forgets_to_ask_what_a_token_may() -> None:
    open_to_all = {row.route for row in ROWS if row.role == ANYBODY} | OUTSIDE_THE_API
    asks = {route: set(view.permission_classes) for route, view in views()}  # type: ignore[attr-defined]
    forgetful = {route for route, asked in asks.items() if not asked & {TokenHasScope, NotByToken}}
    assert forgetful - open_to_all == set(), "give the view the default permissions, or BROWSER_ONLY"


# --- the walk ---------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """One world for all rows; whatever a request changes is taken back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        made = World()
        yield made
        made.remove_files()
        transaction.set_rollback(True)


def expected(row: Row, visitor: Visitor) -> int:
    """200 stands for any answer that is no refusal."""
    if visitor.is_refused and visitor.scopes is not None:
        return 401
    if row.role == ANYBODY:
        return 200
    if visitor.person is None or visitor.is_refused:
        return 401
    if visitor.scopes is not None and row.scope != ANY_TOKEN and row.scope not in visitor.scopes:
        return 403
    if row.role == STAFF:
        return 200 if visitor.is_staff else 403
    if row.role in (PERSON, OWN):
        return 200 if row.role == PERSON or visitor.scopes is not None or _has_token(visitor) else 404
    if visitor.role is None:
        return 404
    return 200 if includes(visitor.role, row.role) else 403


def _has_token(visitor: Visitor) -> bool:
    return visitor.person is not None and visitor.person.api_tokens.exists()


def path_of(row: Row, world: World, visitor: Visitor, pk: Any = None) -> str:
    path = f"/{API}{row.route}{row.query.format(lab=world.lab.pk, version=world.version.pk)}"
    path = path.replace("<int:index>", "0").replace("<int:step>", str(STEP)).replace("<slug:name>", CODE)
    path = path.replace("<int:place>", "0")
    path = path.replace("<uuid:person>", str(world.member.pk)).replace("<uuid:invitation>", str(world.invitation.pk))
    path = path.replace("<uuid:token>", str(world.token.pk))
    if "pk>" in path:
        kind = row.route.partition("/")[0]
        of = world.ids(visitor)
        assert kind in of, f"tests/webapp/access_world.py: World.ids must say the id of one of {kind}"
        path = re.sub(r"<(uuid|int):pk>", str(of[kind]() if pk is None else pk), path)
    assert "<" not in path, f"{row.route} has a part that path_of does not know"
    return path


def ask(row: Row, world: World, visitor: Visitor, path: str, **headers: str) -> tuple[int, bytes, list[str]]:
    """Status, body, and what was written before all of it was taken back."""
    written: list[str] = []

    def note(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith(("INSERT", "UPDATE", "DELETE")) and not NOTED_ANYWAY.search(sql):
            written.append(sql[:120])
        return execute(sql, params, many, context)

    sent = {**row.headers, **headers}
    if "Upload-Metadata" in sent:
        sent["Upload-Metadata"] = world.metadata()
    body = row.body(world) if callable(row.body) else row.body
    cookies = SimpleCookie(visitor.client.cookies)
    with transaction.atomic(), connection.execute_wrapper(note):
        answer = visitor.client.generic(
            headers.pop("method", row.method),
            path,
            "" if body is None else json.dumps(body),
            content_type="application/json",
            headers=sent,
        )
        content = b"" if answer.streaming else answer.content
        transaction.set_rollback(True)
    visitor.client.cookies = cookies
    return answer.status_code, content, written


def is_as_expected(status: int, wanted: int) -> bool:
    return status == wanted or (wanted == 200 and status < 500 and status not in REFUSALS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_each_visitor_gets_what_is_theirs(world: World, row: Row) -> None:
    wrong = []
    for visitor in world.visitors:
        wanted = expected(row, visitor)
        if row.role == ANYBODY and row.method != "GET" and visitor.is_refused:
            continue
        status, body, written = ask(row, world, visitor, path_of(row, world, visitor))
        if not is_as_expected(status, wanted):
            wrong.append(f"{visitor.name}: expected {wanted}, answered {status} {body[:200]!r}")
        elif wanted in REFUSALS and written:
            wrong.append(f"{visitor.name}: was refused, and this was written all the same: {written}")
        elif (
            visitor.role is None
            and row.role != STAFF
            and SECRET_WORD.encode() in body.replace(_own_address(visitor), b"")
        ):
            wrong.append(f"{visitor.name}: sees something of the lab: {body[:200]!r}")
    assert not wrong, "\n".join([row.name, *wrong])


def _own_address(visitor: Visitor) -> bytes:
    return visitor.person.email.encode() if visitor.person else b""


@pytest.mark.parametrize("row", [row for row in ROWS if "pk>" in row.route], ids=lambda row: row.name)
def test_what_belongs_to_others_looks_like_what_is_not_there(world: World, row: Row) -> None:
    visitor = next(one for one in world.visitors if one.name == "is in another lab")
    nothing = 2**40 if "<int:pk>" in row.route else uuid.uuid4()
    theirs = ask(row, world, visitor, path_of(row, world, visitor))
    missing = ask(row, world, visitor, path_of(row, world, visitor, nothing))
    assert theirs == missing


@pytest.mark.parametrize("row", [row for row in ROWS if row.media], ids=lambda row: row.name)
@pytest.mark.parametrize("headers", [{"Range": "bytes=0-1"}, {"If-None-Match": "*"}, {"method": "HEAD"}], ids=str)
def test_no_way_of_asking_gets_around_a_file_s_permission(world: World, row: Row, headers: dict[str, str]) -> None:
    wrong = []
    for visitor in world.visitors:
        status, body, _ = ask(row, world, visitor, path_of(row, world, visitor), **headers)
        if not is_as_expected(status, expected(row, visitor)) or (status in REFUSALS and b"PNG" in body):
            wrong.append(f"{visitor.name}: expected {expected(row, visitor)}, answered {status}")
    assert not wrong, "\n".join([row.name, *wrong])


# --- what Django does not see -----------------------------------------------------------------------------------
@pytest.fixture
def live_world(transactional_db: None) -> Iterator[World]:
    made = World()
    yield made
    made.remove_files()


@pytest.fixture
def server(live_world: World, settings: Any) -> Iterator[Served]:
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    channel_layers.backends.clear()
    with Served() as served:
        yield served
    channel_layers.backends.clear()


def credentials(visitor: Visitor, server: Served) -> dict[str, str]:
    """The headers with which a visitor's browser or program asks the ASGI server itself."""
    if visitor.header:
        return {"Authorization": visitor.header}
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.client.cookies.items())
    token = visitor.client.get("/api/v1/session/").json()["csrf_token"]
    cookies = "; ".join(f"{name}={morsel.value}" for name, morsel in visitor.client.cookies.items())
    return {"Cookie": cookies, "X-CSRFToken": token, "Origin": f"http://127.0.0.1:{server.port}"}


def may_watch(visitor: Visitor, role: str, pk: Any) -> bool:
    if role == OWN:
        return visitor.person is not None and visitor.person.pk == pk
    return visitor.role is not None and includes(visitor.role, role)


def test_each_visitor_s_socket_opens_and_watches_what_is_theirs(live_world: World, server: Served) -> None:
    of_kind = live_world.ids(live_world.visitors[0])
    pks = {name: of_kind["studies" if name == "study" else f"{name}s"]() for name in CHANNELS}

    async def watched(headers: dict[str, str]) -> dict[str, str]:
        told = {}
        async with connect(f"ws://127.0.0.1:{server.port}/ws/", additional_headers=headers) as socket:
            for channel, pk in pks.items():
                await socket.send(json.dumps({"type": "subscribe", channel: str(pk)}))
                while channel not in told:
                    message = json.loads(await asyncio.wait_for(socket.recv(), 20))
                    if message["type"].startswith("subscription."):
                        told[channel] = message["type"]
        return told

    for visitor in live_world.visitors:
        headers = credentials(visitor, server)
        if visitor.person is None or visitor.is_refused:
            with pytest.raises(InvalidStatus) as caught:
                asyncio.run(watched(headers))
            assert caught.value.response.status_code == 403, visitor.name
            continue
        may = {name: may_watch(visitor, role, pks[name]) for name, role in CHANNELS.items()}
        words = {name: "subscription.opened" if may[name] else "subscription.refused" for name in CHANNELS}
        assert asyncio.run(watched(headers)) == words, visitor.name


def test_each_visitor_s_chunk_is_taken_where_they_may_upload(live_world: World, server: Served) -> None:
    row = Row("PATCH", "uploads/<uuid:pk>/", "researcher", "upload")
    chunk = {"Tus-Resumable": "1.0.0", "Content-Type": "application/offset+octet-stream", "Upload-Offset": "0"}
    for visitor in live_world.visitors:
        headers = {**credentials(visitor, server), **chunk}
        answer = server.ask("PATCH", path_of(row, live_world, visitor), headers, b"a")
        wanted = expected(row, visitor)
        assert answer.status == (204 if wanted == 200 else wanted), (visitor.name, answer.body)
        Upload.objects.update(offset=0, writer=None)


def test_the_table_speaks_of_roles_and_scopes_that_there_are() -> None:
    assert {row.role for row in ROWS} <= {*ROLES, ANYBODY, PERSON, STAFF, OWN}
    assert {row.scope for row in ROWS} <= {"review", "upload", "run", "export", ANY_TOKEN, NO_TOKEN}
