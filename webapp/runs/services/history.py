"""The history of a run: what it said, numbered without gaps, stored and then sent to the pages that watch."""

from collections.abc import Sequence

from webapp.core.events import group_of, publish
from webapp.runs.events import CHANNEL, ChangedData, RunChanged, RunEventBase
from webapp.runs.models import Run, RunEvent, RunState
from webapp.runs.services.notices import tell_of_end
from webapp.runs.states import ENDED


def append(run: Run, events: Sequence[RunEventBase], path: str = "") -> None:
    """Store events whose numbers the caller has just taken by raising `last_seq`, in the same transaction.

    The raised row stays locked until the commit, so numbers reach the table, and the pages, in order.
    """
    if not events:
        return
    first = Run.objects.values_list("last_seq", flat=True).get(pk=run.pk) - len(events) + 1
    numbered = {first + place: event.model_copy(update={"seq": first + place}) for place, event in enumerate(events)}
    RunEvent.objects.bulk_create(
        RunEvent(run=run, seq=seq, type=event.type, data=event.model_dump(mode="json")["data"], path=path)
        for seq, event in numbered.items()
    )
    for event in numbered.values():
        send(run, event)
        if isinstance(event, RunChanged) and event.data.state in ENDED:
            tell_of_end(run)


def send(run: Run, event: RunEventBase) -> None:
    """Tell the pages that watch the run, after the commit. Without a number it is told once and not stored."""
    publish(group_of(CHANNEL, run.pk), event)


def changed(run: Run) -> RunChanged:
    """The event that tells the state the run has now."""
    data = ChangedData(
        state=RunState(run.state),
        stop_requested=run.stop_requested,
        cancel_requested=run.cancel_requested,
        finish_requested=run.finish_requested,
        attempts=run.attempts,
        error_code=run.error_code,
        error_message=run.error_message,
    )
    return RunChanged(run=run.pk, data=data)
