"""Listening to what is said to oneself over the socket."""

import uuid
from collections.abc import Sequence

from webapp.accounts.events import CHANNEL
from webapp.core.errors import NotFoundError
from webapp.core.events import Event
from webapp.core.permissions import HasKey
from webapp.core.subscriptions import register_channel


def check(person: HasKey, pk: uuid.UUID) -> None:
    """Raises: NotFoundError for anybody else."""
    if person.pk != pk:
        raise NotFoundError


def snapshot(pk: uuid.UUID, since: int | None) -> Sequence[Event]:
    """Nothing of it is kept."""
    return []


register_channel(CHANNEL, check=check, snapshot=snapshot)
