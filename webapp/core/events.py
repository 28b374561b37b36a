"""What the service says over the socket: the base of every live event, and how one is sent.

An app declares its events in its `events.py`: a subclass of `Event` with a literal `type` (`run.progressed`) and typed
`data`. The class is the allow-list of the socket, and its JSON Schema goes into the OpenAPI document, from which the
browser's types are made. Events are hints: what they tell is in the database already, and a lost one harms nobody.
"""

import asyncio
import logging
import threading
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar, Final, get_args

from channels.layers import get_channel_layer
from django.db import transaction
from pydantic import BaseModel, ConfigDict, Field, WithJsonSchema

log = logging.getLogger(__name__)

MESSAGE_TYPE: Final = "live.event"
"""The one message type that the socket's consumer takes from the channel layer."""
SEND_TIMEOUT_S: Final = 5.0
MAX_WAITING: Final = 1000


class Event(BaseModel):
    """One live event. A subclass adds `type`, the id of what it is about (`run`, `version`, …) and `data`."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    by_type: ClassVar[dict[str, type["Event"]]] = {}

    type: str
    seq: int | None = Field(default=None, description="Position in the stored history; null for what is not stored.")
    ts: datetime = Field(default_factory=lambda: datetime.now(UTC))

    @classmethod
    def __pydantic_init_subclass__(cls, **kwargs: Any) -> None:
        for name in get_args(cls.model_fields["type"].annotation):
            Event.by_type[name] = cls


def component(name: str) -> WithJsonSchema:
    """Marks a field whose value is what the REST API answers for the component `name` of the OpenAPI document."""
    return WithJsonSchema({"x-component": name})


def group_of(channel: str, pk: uuid.UUID) -> str:
    """The channel-layer group of everybody who watches this row."""
    return f"{channel}.{pk}"


def publish(group: str, event: Event) -> None:
    """Send the event to everybody in the group, after the current transaction has committed.

    Works from synchronous code in any process, in order, without waiting; a failure is logged and never raised.
    """
    payload = event.model_dump(mode="json")
    transaction.on_commit(lambda: _sender.put(group, payload), robust=True)


class _Sender:
    """A thread with an event loop of its own that sends what is put to it, one after the other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting = 0
        self._num_lost = 0
        """Events lost since the last one that was sent."""

    def put(self, group: str, payload: dict[str, Any]) -> None:
        with self._lock:
            if self._waiting >= MAX_WAITING:
                return self._lost("Redis is too slow")
            self._waiting += 1
            loop = self._loop or self._start()
        loop.call_soon_threadsafe(self._queue.put_nowait, (group, payload))

    def _start(self) -> asyncio.AbstractEventLoop:
        self._loop = loop = asyncio.new_event_loop()
        self._queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        threading.Thread(target=lambda: loop.run_until_complete(self._send_all()), name="events", daemon=True).start()
        return loop

    async def _send_all(self) -> None:
        while True:
            group, payload = await self._queue.get()
            try:
                message = {"type": MESSAGE_TYPE, "event": payload}
                await asyncio.wait_for(get_channel_layer().group_send(group, message), SEND_TIMEOUT_S)
                reason = ""
            except Exception as error:  # noqa: BLE001 - an edge: a client library's faults must not end this thread
                reason = str(error) or type(error).__name__
            with self._lock:
                self._waiting -= 1
                if reason:
                    self._lost(reason)
                else:
                    self._sent()

    def _lost(self, reason: str) -> None:
        """Say so once per outage; a run tells something twice a second."""
        if not self._num_lost:
            log.warning("live events are not sent from now on (%s); pages ask by themselves meanwhile", reason)
        self._num_lost += 1

    def _sent(self) -> None:
        if self._num_lost:
            log.warning("live events are sent again; %d were not", self._num_lost)
        self._num_lost = 0


_sender = _Sender()
