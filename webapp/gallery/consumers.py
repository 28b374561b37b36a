"""Watching a selection over the socket."""

import uuid
from collections.abc import Sequence

from webapp.accounts.models import Role
from webapp.core.events import Event
from webapp.core.permissions import HasKey, find
from webapp.core.subscriptions import register_channel
from webapp.gallery.events import CHANNEL, selection_changed
from webapp.gallery.models import Selection
from webapp.gallery.selectors.pools import SELECTION_LAB


def check(person: HasKey, pk: uuid.UUID) -> None:
    """Raises: NotFoundError."""
    find(Selection.objects.all(), person, Role.VIEWER, SELECTION_LAB, pk=pk)


def snapshot(pk: uuid.UUID, since: int | None) -> Sequence[Event]:
    """Where the selection is now; nothing of it is a history."""
    return [selection_changed(selection) for selection in Selection.objects.filter(pk=pk)]


register_channel(CHANNEL, check=check, snapshot=snapshot)
