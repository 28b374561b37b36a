"""Brings rows and workers together again after anything was lost: a worker, a bell, all of Redis.

One process at a time does it (`Leadership`, by the database's clock). Rows whose holder vanished are settled, rows that
wait are rung. Both are safe to do twice: settling compares before it writes, and a bell is only a hint. The leader also
does the chores: what has to be tidied up now and then, whether or not somebody asks for anything.
"""

import logging
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from django.db.models import Q
from django.db.models.functions import Now

from webapp.core.bucket import BucketError
from webapp.core.leases import Leased, new_owner
from webapp.core.models import Leadership
from webapp.core.queue import ring

log = logging.getLogger(__name__)

EVERY_S: Final = 10.0
RING_AGAIN_AFTER: Final = timedelta(seconds=60)
LEADS_FOR: Final = timedelta(seconds=30)
AT_ONCE: Final = 200
"""Rows of one kind that one round looks at; the next round sees the rest."""
DUTY: Final = "reconciler"
CHORES_EVERY_S: Final = 600.0
DAY_S: Final = 24 * 3600.0
Chore = Callable[[], object]
"""Something the service tidies up now and then, safe to do twice."""


def daily(chore: Chore, every_s: float = DAY_S) -> Chore:
    """The chore, done only when it was last done a day (or `every_s`) ago; for what reads the whole disk."""
    due_at = 0.0

    def when_due() -> None:
        nonlocal due_at
        if time.monotonic() >= due_at:
            due_at = time.monotonic() + every_s
            chore()

    return when_due


@dataclass(frozen=True)
class Duty:
    """One kind of row: the task that works on it, and what becomes of a row whose holder vanished."""

    model: type[Leased]
    task: str
    settle: Callable[[Any], Leased | None]


class Reconciler:
    """Call `round` every EVERY_S seconds; only the leader's rounds do anything, but for what is done `everywhere`."""

    def __init__(
        self,
        duties: Iterable[Duty],
        chores: Iterable[Chore] = (),
        every_round: Iterable[Chore] = (),
        everywhere: Iterable[Chore] = (),
    ) -> None:
        self._duties = list(duties)
        self._everywhere = list(everywhere)
        self._chores = list(chores)
        self._every_round = list(every_round)
        self._chores_due_at = 0.0
        self._name = new_owner()

    def round(self) -> bool:
        """Whether this one leads, and therefore did the work."""
        _do(self._everywhere)
        if not self._leads():
            return False
        for duty in self._duties:
            self._settle(duty)
        for duty in self._duties:
            if not self._ring(duty):
                break  # Redis does not answer; workers find what is due by themselves, and the next round rings
        self._tidy_up()
        return True

    def _leads(self) -> bool:
        """Take or keep the lead for LEADS_FOR."""
        row = Leadership.objects.filter(Q(holder=self._name) | Q(expires_at__lt=Now()), duty=DUTY)
        if row.update(holder=self._name, expires_at=Now() + LEADS_FOR):
            return True
        if Leadership.objects.filter(duty=DUTY).exists():
            return False
        vacant = Leadership(duty=DUTY, holder="", expires_at=Now() - LEADS_FOR)  # two at once make one row
        Leadership.objects.bulk_create([vacant], ignore_conflicts=True)
        return bool(row.update(holder=self._name, expires_at=Now() + LEADS_FOR))

    def _settle(self, duty: Duty) -> None:
        for row in duty.model._default_manager.filter(duty.model.abandoned())[:AT_ONCE]:
            settled = duty.settle(row)
            if settled is not None:
                log.warning("%s %s was abandoned and is %s now", duty.model.__name__, row.pk, settled.state)

    def _tidy_up(self) -> None:
        """What is due in every round; the chores in the first one that leads and every CHORES_EVERY_S from then on."""
        due = list(self._every_round)
        if time.monotonic() >= self._chores_due_at:
            self._chores_due_at = time.monotonic() + CHORES_EVERY_S
            due += self._chores
        _do(due)

    def _ring(self, duty: Duty) -> bool:
        """False when a bell could not be rung."""
        quiet = Q(rung_at__isnull=True) | Q(rung_at__lt=Now() - RING_AGAIN_AFTER)
        waiting = duty.model._default_manager.filter(duty.model.due(), quiet).order_by("created_at")
        for pk in waiting.values_list("pk", flat=True)[:AT_ONCE]:
            if not ring(duty.task, pk):
                return False
            duty.model._default_manager.filter(pk=pk).update(rung_at=Now())
        return True


def _do(chores: Iterable[Chore]) -> None:
    for chore in chores:
        try:
            chore()
        except (OSError, BucketError) as error:  # a file that cannot be removed must not end the rounds
            log.warning("a chore was not done and is tried again later: %s", error)
