"""The one socket of a page: it subscribes to rows and receives their events; it changes nothing.

Every subscription is permitted by its own check, again every few seconds while it is open. A reader that takes nothing
for ten seconds is closed (1013) and comes back when it can; what it missed lies in the database.
"""

import asyncio
import json
import logging
import time
import uuid
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from typing import Any, ClassVar, Final

from channels.consumer import AsyncConsumer
from channels.db import database_sync_to_async
from channels.exceptions import StopConsumer
from django.core.exceptions import DisallowedHost
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from redis.exceptions import RedisError

from webapp.core.asgi import Receive, Scope, Send, bare_request
from webapp.core.errors import AtelierError, InvalidError, TooManyError
from webapp.core.events import MESSAGE_TYPE, Event, group_of
from webapp.core.permissions import HasKey
from webapp.core.shared_questions import shared_questions
from webapp.core.subscriptions import (
    CHANNELS,
    Refusal,
    SocketAnswered,
    SubscriptionEnded,
    SubscriptionOpened,
    SubscriptionRefused,
    Target,
)

log = logging.getLogger(__name__)

PATH: Final = "/ws/"
MAX_INBOUND_SIGNS: Final = 64 * 1024
SEND_DEADLINE_S: Final = 10.0
RECHECK_EVERY_S: Final = 10.0
REJOIN_EVERY_S: Final = 6 * 3600.0
"""A group forgets its members after a day; joining again before that keeps them."""
MAX_SOCKETS: Final = 20
"""Per person and server process."""
MAX_SUBSCRIPTIONS: Final = 50
MESSAGES_AT_ONCE, MESSAGES_PER_S = 100.0, 20.0
TOO_BIG, POLICY, TRY_LATER, NOT_TEXT = 1009, 1008, 1013, 1003
_FROM_PAGE: Final = object()
"""Marks what the server hands over; nothing that came through the channel layer can hold it."""

Subscription = tuple[str, uuid.UUID]


class ClosedError(Exception):
    """The socket was closed by this side; there is nobody to tell."""


class LiveConsumer(AsyncConsumer):  # type: ignore[misc]  # channels carries no types
    """One page. `identify` answers who sent a bare request and whether a token said so, or raises AtelierError."""

    open_sockets: ClassVar[Counter[Any]] = Counter()

    def __init__(self, identify: Callable[[HttpRequest], tuple[HasKey, bool]]) -> None:
        self.identify = identify
        self.subscriptions: set[Subscription] = set()
        self.person: HasKey | None = None
        self.watch: asyncio.Task[None] | None = None
        self.closed = False
        self.left, self.refilled_at = MESSAGES_AT_ONCE, time.monotonic()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Run until the page is gone."""

        async def from_page() -> dict[str, Any]:
            return {**await receive(), "source": _FROM_PAGE}

        await super().__call__(scope, from_page, send)

    async def dispatch(self, message: dict[str, Any]) -> None:
        """What the page sends, and live events; nothing else from the channel layer may name a method."""
        if message.get("source") is _FROM_PAGE or message["type"] == MESSAGE_TYPE:
            with suppress(ClosedError):
                await super().dispatch(message)

    # --- the socket's life --------------------------------------------------------------------------------------
    async def websocket_connect(self, message: dict[str, Any]) -> None:
        self.request = bare_request(self.scope)
        try:
            person = await self._who()
        except (AtelierError, DisallowedHost) as error:
            log.info("a socket was refused: %s", error)
            await self.send({"type": "websocket.close"})  # before it is accepted: the browser sees HTTP 403
            raise StopConsumer from None
        await self.send({"type": "websocket.accept"})
        if self.open_sockets[person.pk] >= MAX_SOCKETS:
            await self.send({"type": "websocket.close", "code": TRY_LATER})
            raise StopConsumer
        self.person = person
        self.open_sockets[person.pk] += 1
        self.watch = asyncio.create_task(self._keep_watch())

    async def websocket_disconnect(self, message: dict[str, Any]) -> None:
        if self.watch is not None:
            self.watch.cancel()
        if self.person is not None:
            self.open_sockets[self.person.pk] -= 1
            if not self.open_sockets[self.person.pk]:
                del self.open_sockets[self.person.pk]
        for channel, pk in self.subscriptions:
            with suppress(Exception):  # Redis may be gone; the group forgets this socket by itself
                await self.channel_layer.group_discard(group_of(channel, pk), self.channel_name)
        raise StopConsumer

    async def websocket_receive(self, message: dict[str, Any]) -> None:
        text = message.get("text")
        if text is None:
            await self._close(NOT_TEXT)
        elif len(text) > MAX_INBOUND_SIGNS:
            await self._close(TOO_BIG)
        elif not self._has_allowance():
            await self._close(POLICY)
        else:
            await self._obey(text)

    async def live_event(self, message: dict[str, Any]) -> None:
        event = message["event"]
        if event.get("type") in Event.by_type:
            await self._send_text(json.dumps(event))

    # --- what a page may ask ------------------------------------------------------------------------------------
    async def _obey(self, text: str) -> None:
        channel, pk = "", None
        try:
            wish = _read_wish(text)
            if wish["type"] == "ping":
                await self._tell(SocketAnswered())
                return
            channel, pk = _read_target(wish)
            if wish["type"] == "subscribe":
                await self._subscribe(channel, pk, _read_since(wish))
            else:
                await self._unsubscribe(channel, pk)
        except AtelierError as error:
            refusal = Refusal(channel=channel, id=pk, code=error.error_code, message=error.message)
            await self._tell(SubscriptionRefused(data=refusal))

    async def _subscribe(self, channel: str, pk: uuid.UUID, since: int | None) -> None:
        if len(self.subscriptions) >= MAX_SUBSCRIPTIONS:
            raise TooManyError(f"One page can watch {MAX_SUBSCRIPTIONS} things at a time.")
        await self._check(channel, pk)
        # Join before reading the snapshot: what happens in between arrives twice rather than never.
        await self.channel_layer.group_add(group_of(channel, pk), self.channel_name)
        self.subscriptions.add((channel, pk))
        await self._tell(SubscriptionOpened(data=Target(channel=channel, id=pk)))
        snapshot = database_sync_to_async(CHANNELS[channel].snapshot)
        for event in await shared_questions().ask(("snapshot", channel, pk, since), lambda: snapshot(pk, since)):
            await self._tell(event)

    async def _unsubscribe(self, channel: str, pk: uuid.UUID) -> None:
        if (channel, pk) in self.subscriptions:
            self.subscriptions.discard((channel, pk))
            await self.channel_layer.group_discard(group_of(channel, pk), self.channel_name)
        await self._tell(SubscriptionEnded(data=Target(channel=channel, id=pk)))

    # --- while it is open ---------------------------------------------------------------------------------------
    async def _keep_watch(self) -> None:
        """Ask every few seconds whether the person may still be here and still see what they watch."""
        joined_at = time.monotonic()
        with suppress(ClosedError):
            while True:
                # at the same moments for all sockets, so that those of one person ask together
                await asyncio.sleep(RECHECK_EVERY_S - time.monotonic() % RECHECK_EVERY_S)
                try:
                    await self._recheck()
                    if time.monotonic() - joined_at > REJOIN_EVERY_S:
                        joined_at = time.monotonic()
                        for channel, pk in list(self.subscriptions):
                            await self.channel_layer.group_add(group_of(channel, pk), self.channel_name)
                except DatabaseError as error:
                    log.warning("permissions of a socket could not be checked: %s", error)
                except RedisError as error:  # a group that cannot be left or joined: the page connects anew
                    log.warning("a socket is closed, because Redis does not answer: %s", error)
                    await self._close(TRY_LATER)

    async def _recheck(self) -> None:
        try:
            await self._who()
        except AtelierError:
            await self._close(POLICY)
        for channel, pk in list(self.subscriptions):
            try:
                await self._check(channel, pk)
            except AtelierError:
                await self._unsubscribe(channel, pk)

    async def _check(self, channel: str, pk: uuid.UUID) -> None:
        """Raises: AtelierError when the person may not watch the row."""
        check = database_sync_to_async(CHANNELS[channel].check)
        await shared_questions().ask((*self._credentials(), channel, pk), lambda: check(self.person, pk))

    def _credentials(self) -> tuple[str, ...]:
        """Everything that says who is there: sockets that send the same are the same person, in the same way."""
        return tuple(self.request.META.get(name, "") for name in ("HTTP_AUTHORIZATION", "HTTP_COOKIE"))

    async def _who(self) -> HasKey:
        """Raises: AtelierError when nobody is logged in, or a page of another site opened the socket."""
        self.request.get_host()
        person: HasKey
        identify = database_sync_to_async(self.identify)
        person, by_token = await shared_questions().ask(self._credentials(), lambda: identify(self.request))
        origin = self.request.META.get("HTTP_ORIGIN")
        if (origin is None and not by_token) or (origin is not None and not _is_own(self.request)):
            raise AtelierError(f"the origin {str(origin)[:100]!r} is not this site", code="bad_origin")
        return person

    def _has_allowance(self) -> bool:
        now = time.monotonic()
        self.left = min(MESSAGES_AT_ONCE, self.left + (now - self.refilled_at) * MESSAGES_PER_S) - 1.0
        self.refilled_at = now
        return self.left >= 0.0

    async def _tell(self, event: Event) -> None:
        await self._send_text(event.model_dump_json())

    async def _send_text(self, text: str) -> None:
        if self.closed:
            raise ClosedError
        try:
            await asyncio.wait_for(self.send({"type": "websocket.send", "text": text}), SEND_DEADLINE_S)
        except TimeoutError:
            await self._close(TRY_LATER)
        except OSError:  # the page is gone already
            raise ClosedError from None

    async def _close(self, code: int) -> None:
        self.closed = True
        with suppress(TimeoutError, OSError):
            await asyncio.wait_for(self.send({"type": "websocket.close", "code": code}), 1.0)
        raise ClosedError


def _is_own(request: HttpRequest) -> bool:
    """Whether the request's Origin is this site or a trusted one, by the rule that holds for forms."""
    rule = CsrfViewMiddleware(lambda request: HttpResponse())
    return bool(rule._origin_verified(request))  # type: ignore[attr-defined]


def _read_wish(text: str) -> dict[str, Any]:
    """Raises: InvalidError."""
    try:
        wish = json.loads(text)
    except (ValueError, RecursionError):
        raise InvalidError("The message is not JSON.") from None
    if not isinstance(wish, dict) or wish.get("type") not in ("subscribe", "unsubscribe", "ping"):
        raise InvalidError('The message must be an object whose type is "subscribe", "unsubscribe" or "ping".')
    return wish


def _read_target(wish: dict[str, Any]) -> tuple[str, uuid.UUID]:
    """Raises: InvalidError."""
    named = [name for name in CHANNELS if name in wish]
    if len(named) != 1:
        raise InvalidError(f"The message must name exactly one of: {', '.join(sorted(CHANNELS))}.")
    try:
        return named[0], uuid.UUID(str(wish[named[0]]))
    except ValueError:
        raise InvalidError(f"{named[0]} must be the id of one.") from None


def _read_since(wish: dict[str, Any]) -> int | None:
    since = wish.get("since")
    return since if isinstance(since, int) and not isinstance(since, bool) and 0 <= since < 2**63 else None
