"""Watching a study over the socket."""

import uuid
from collections.abc import Sequence

from webapp.accounts.models import Role
from webapp.core.events import Event
from webapp.core.permissions import HasKey, find
from webapp.core.subscriptions import register_channel
from webapp.studies.events import CHANNEL, study_changed
from webapp.studies.selectors import STUDY_LAB, all_studies


def check(person: HasKey, pk: uuid.UUID) -> None:
    """Raises: NotFoundError."""
    find(all_studies(), person, Role.VIEWER, STUDY_LAB, pk=pk)


def snapshot(pk: uuid.UUID, since: int | None) -> Sequence[Event]:
    """Where the study is now; its history lies in its result."""
    return [study_changed(study) for study in all_studies().filter(pk=pk)]


register_channel(CHANNEL, check=check, snapshot=snapshot)
