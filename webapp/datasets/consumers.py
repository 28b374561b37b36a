"""Watching a version over the socket."""

import uuid
from collections.abc import Sequence

from webapp.accounts.models import Role
from webapp.core.events import Event
from webapp.core.permissions import HasKey, find
from webapp.core.subscriptions import register_channel
from webapp.datasets.events import CHANNEL, version_changed
from webapp.datasets.models import DatasetVersion
from webapp.datasets.selectors import VERSION_LAB


def check(person: HasKey, pk: uuid.UUID) -> None:
    """Raises: NotFoundError."""
    find(DatasetVersion.objects.all(), person, Role.VIEWER, VERSION_LAB, pk=pk)


def snapshot(pk: uuid.UUID, since: int | None) -> Sequence[Event]:
    """How far the version is now; nothing of it is a history."""
    return [version_changed(version) for version in DatasetVersion.objects.filter(pk=pk)]


register_channel(CHANNEL, check=check, snapshot=snapshot)
