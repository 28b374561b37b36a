"""What a page can subscribe to over the socket: an app registers a channel in its `consumers.py`.

    register_channel("run", check=check_run, snapshot=run_snapshot)

lets a page send {"type": "subscribe", "run": "<id>", "since": 12}, when `check` lets the person, and get first what
`snapshot` answers and then every event that is published to `group_of("run", id)`.
"""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from pydantic import BaseModel

from webapp.core.events import Event
from webapp.core.permissions import HasKey

Check = Callable[[HasKey, uuid.UUID], None]
"""Raises NotFoundError or ForbiddenError when the person may not watch the row; asked again every few seconds."""
Snapshot = Callable[[uuid.UUID, int | None], Sequence[Event]]
"""Events that bring a page up to date: the row's id, and the last `seq` that the page has, or None."""


@dataclass(frozen=True)
class Channel:
    """One kind of row that can be watched."""

    name: str
    check: Check
    snapshot: Snapshot


CHANNELS: dict[str, Channel] = {}


def register_channel(name: str, *, check: Check, snapshot: Snapshot) -> None:
    """Let pages subscribe to rows of this kind; `name` is the key in the subscribe message."""
    CHANNELS[name] = Channel(name, check, snapshot)


class Target(BaseModel):
    """What a subscription is about."""

    channel: str
    id: uuid.UUID | None


class SubscriptionOpened(Event):
    """From now on events of this row arrive; the snapshot follows."""

    type: Literal["subscription.opened"] = "subscription.opened"
    data: Target


class Refusal(Target):
    """Why there is no subscription, in the shape of an error."""

    code: str
    message: str


class SubscriptionRefused(Event):
    """There is no such row for this person, or the message was not understood."""

    type: Literal["subscription.refused"] = "subscription.refused"
    data: Refusal


class SubscriptionEnded(Event):
    """The person may not watch this row any more, or asked for the end."""

    type: Literal["subscription.ended"] = "subscription.ended"
    data: Target


class SocketAnswered(Event):
    """The answer to {"type": "ping"}."""

    type: Literal["socket.answered"] = "socket.answered"
    data: dict[str, Any] = {}
