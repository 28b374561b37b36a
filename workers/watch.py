"""What a worker process does by itself, beside answering bells: reconcile, and look for work.

Every worker looks into the database for due rows of its queues, at its start and every 15 s while it is idle. This is
the whole answer to a Redis that is dead, restarted empty, or unreachable from one worker, and to a lost message: the
bell only makes the start quick. No state of the broker has to be judged, so nothing can be judged wrongly; two workers
that find the same row compete by the claim, as they do when a bell is delivered twice.
"""

import logging
import threading
import uuid
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from django.db import DatabaseError, InterfaceError, connections

from webapp.core.reconciler import EVERY_S, Reconciler
from workers.supervisor import Work, shutting_down, supervise

log = logging.getLogger(__name__)

LOOK_EVERY_S: Final = 15.0
END_WITHIN_S: Final = 40.0
TRIES: Final = 5
"""So many rows that others were quicker to take are enough; the next look finds the rest."""

_slot = threading.Lock()
"""Held while this process works on a row: one at a time, whoever found it."""
_free = threading.Event()
"""Set when a piece of work has ended: the next one is looked for at once."""


def work_on(kind: type[Work[Any]]) -> bool:
    """Work on the row of this kind that is next, if there is one and this process is free.

    Whichever row a bell was rung for: the order is the database's (`Leased.next_due`), not that of the bells. A row
    left lying is found by the next look of any worker.
    """
    if shutting_down.is_set() or not _slot.acquire(blocking=False):
        return False
    try:
        worked = any(supervise(kind, pk) for pk in _next_ones(kind))
    finally:
        _slot.release()
    if worked:
        _free.set()
    return worked


class Watch:
    """The two threads. `kinds`: the work of this process's queues."""

    def __init__(self, kinds: Sequence[type[Work[Any]]], reconciler: Reconciler) -> None:
        self._kinds = kinds
        self._reconciler = reconciler
        self._threads = [
            threading.Thread(target=self._reconcile, name="reconciler", daemon=True),
            threading.Thread(target=self._look, name="look", daemon=True),
        ]

    def start(self) -> None:
        """Begin, with a first look at once."""
        for thread in self._threads:
            thread.start()

    def end(self) -> None:
        """Wait until what was found is given back; `shutting_down` must be set."""
        _free.set()
        for thread in self._threads:
            thread.join(END_WITHIN_S)

    def take_what_is_due(self) -> None:
        """Work on due rows, of the kind whose next one came first, until there is none or this process is busy."""
        while not shutting_down.is_set():
            due = [(row.created_at, place) for place, kind in enumerate(self._kinds) if (row := kind.model.next_due())]
            if not any(work_on(self._kinds[place]) for _, place in sorted(due)):
                return

    def _reconcile(self) -> None:
        while not shutting_down.is_set():
            in_peace(self._reconciler.round)
            shutting_down.wait(EVERY_S)

    def _look(self) -> None:
        while not shutting_down.is_set():
            _free.clear()
            in_peace(self.take_what_is_due)
            _free.wait(LOOK_EVERY_S)


def in_peace(act: Callable[[], object]) -> None:
    """Do it; a database that does not answer now will be asked again later."""
    try:
        act()
    except (DatabaseError, InterfaceError) as error:
        log.warning("the database did not answer: %s", error)
    finally:
        connections.close_all()


def _next_ones(kind: type[Work[Any]]) -> Iterator[uuid.UUID]:
    """The row that is next, asked anew each time, because another worker may just have taken the one before."""
    for _ in range(TRIES):
        if (row := kind.model.next_due()) is None:
            return
        yield row.pk
