"""Watching a selection, an edit, or a target of accepted samples, over the socket."""

import uuid
from collections.abc import Sequence

from webapp.accounts.models import Role
from webapp.core.events import Event
from webapp.core.permissions import HasKey, find
from webapp.core.subscriptions import register_channel
from webapp.gallery.events import (
    CHANNEL,
    EDIT_CHANNEL,
    TARGET_CHANNEL,
    TargetChanged,
    edit_changed,
    selection_changed,
)
from webapp.gallery.models import AcceptTarget, Edit, Selection
from webapp.gallery.selectors.edits import EDIT_LAB
from webapp.gallery.selectors.pools import SELECTION_LAB
from webapp.gallery.selectors.targets import TARGET_LAB, told_of


def check(person: HasKey, pk: uuid.UUID) -> None:
    """Raises: NotFoundError."""
    find(Selection.objects.all(), person, Role.VIEWER, SELECTION_LAB, pk=pk)


def snapshot(pk: uuid.UUID, since: int | None) -> Sequence[Event]:
    """Where the selection is now; nothing of it is a history."""
    return [selection_changed(selection) for selection in Selection.objects.filter(pk=pk)]


register_channel(CHANNEL, check=check, snapshot=snapshot)


def check_edit(person: HasKey, pk: uuid.UUID) -> None:
    """Raises: NotFoundError."""
    find(Edit.objects.all(), person, Role.VIEWER, EDIT_LAB, pk=pk)


def snapshot_of_edit(pk: uuid.UUID, since: int | None) -> Sequence[Event]:
    """Where the edit is now; nothing of it is a history."""
    return [edit_changed(edit) for edit in Edit.objects.filter(pk=pk)]


register_channel(EDIT_CHANNEL, check=check_edit, snapshot=snapshot_of_edit)


def check_target(person: HasKey, pk: uuid.UUID) -> None:
    """Raises: NotFoundError."""
    find(AcceptTarget.objects.all(), person, Role.VIEWER, TARGET_LAB, pk=pk)


def snapshot_of_target(pk: uuid.UUID, since: int | None) -> Sequence[Event]:
    """How far it is now; nothing of it is a history."""
    return [TargetChanged(target=row.pk, data=told_of(row)) for row in AcceptTarget.objects.filter(pk=pk)]


register_channel(TARGET_CHANNEL, check=check_target, snapshot=snapshot_of_target)
