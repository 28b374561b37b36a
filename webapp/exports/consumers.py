"""Watching an export over the socket."""

import uuid
from collections.abc import Sequence

from webapp.accounts.models import Role
from webapp.core.events import Event
from webapp.core.permissions import HasKey, find
from webapp.core.subscriptions import register_channel
from webapp.exports.events import CHANNEL, export_changed
from webapp.exports.selectors import EXPORT_LAB, all_exports


def check(person: HasKey, pk: uuid.UUID) -> None:
    """Raises: NotFoundError."""
    find(all_exports(), person, Role.VIEWER, EXPORT_LAB, pk=pk)


def snapshot(pk: uuid.UUID, since: int | None) -> Sequence[Event]:
    """Where the export is now; nothing of it is a history."""
    return [export_changed(export) for export in all_exports().filter(pk=pk)]


register_channel(CHANNEL, check=check, snapshot=snapshot)
