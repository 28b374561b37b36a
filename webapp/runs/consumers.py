"""Watching a run over the socket."""

import uuid
from collections.abc import Sequence

from webapp.accounts.models import Role
from webapp.core.events import Event
from webapp.core.permissions import HasKey, find
from webapp.core.subscriptions import register_channel
from webapp.runs import selectors
from webapp.runs.api import RunSerializer, event_of
from webapp.runs.events import CHANNEL, RunSnapshot
from webapp.runs.models import Run


def check(person: HasKey, pk: uuid.UUID) -> None:
    """Raises: NotFoundError."""
    find(Run.objects.all(), person, Role.VIEWER, selectors.LAB_PATH, pk=pk)


def snapshot(pk: uuid.UUID, since: int | None) -> Sequence[Event]:
    """The run as it is, and what it said after `since`, as far as that is not too much for one answer.

    The snapshot's `seq` is that of the last event it is followed by, so that a page sees where it still has a gap.
    """
    run = selectors.all_runs().filter(pk=pk).first()
    if run is None:
        return []
    missed = [] if since is None else selectors.events_since(run, since)
    seq = run.last_seq if since is None else (since if not missed else missed[0].seq - 1)
    told: list[Event] = [RunSnapshot(run=run.pk, seq=seq, data=dict(RunSerializer(run).data))]
    return told + [Event.by_type[event.type].model_validate(event_of(event)) for event in missed]


register_channel(CHANNEL, check=check, snapshot=snapshot)
