"""The lease: at most one process works on a row, and a process that lost the row can no longer write to it.

The database is the truth and its clock the only clock. A claim is one UPDATE that raises the fence; every later write
says `WHERE fence = mine`. Celery may deliver a task twice, or late: the second claim touches no row and walks away.
"""

import os
import socket
import uuid
from datetime import timedelta
from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce, Greatest, Now

LEASE_DURATION = timedelta(seconds=30)
RENEW_EVERY_S = 5.0
GIVE_UP_AFTER_S = 24.0
MAX_ATTEMPTS = 3
PAUSE = timedelta(seconds=45)
"""How long a row whose disk was full waits before a worker looks whether there is space again."""
PAUSED = "nobody: paused"
"""The holder of a row while it waits; its lease runs out by itself, and then the row is due like any other."""


class LeaseLostError(Exception):
    """Another process holds the row now; whatever this one computed must not be written."""


def own_name() -> str:
    """Of this process, among all that share the database."""
    return f"{socket.gethostname()}:{os.getpid()}"


def new_owner() -> str:
    """A name for one claim: unique, so that a claim can be told from every other, and readable by an administrator."""
    return f"{own_name()}:{uuid.uuid4().hex[:12]}"


def holder_in(owner: str) -> str:
    """The process that made a claim, as it calls itself."""
    return owner.rpartition(":")[0]


class Leased(models.Model):
    """Fence, owner, heartbeat and attempts of a row that a worker works on: ingest, run, selection, export."""

    CLAIMABLE: ClassVar[tuple[str, ...]] = ("queued", "interrupted")
    """States a worker may claim when nobody holds the row."""
    ACTIVE: ClassVar[tuple[str, ...]] = ("working",)
    """States in which somebody should hold the row; claimable again once the lease has expired."""
    FAILED: ClassVar[str] = "failed"
    """The state of work that cannot be done."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    state: Any
    fence = models.BigIntegerField(default=0)
    attempts = models.PositiveIntegerField(default=0, help_text="Claims since the last advance (a new checkpoint).")
    lease_owner = models.CharField(max_length=200, null=True, blank=True)
    lease_expires_at = models.DateTimeField(null=True, blank=True)
    heartbeat_at = models.DateTimeField(null=True, blank=True)
    rung_at = models.DateTimeField(null=True, blank=True, help_text="When a worker was last called.")
    stop_requested = models.BooleanField(default=False)
    cancel_requested = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    error_code = models.CharField(max_length=60, blank=True)
    error_message = models.TextField(blank=True)

    class Meta:
        abstract = True

    @classmethod
    def due(cls) -> Q:
        """Rows that a worker may take now.

        A row that people asked to stop or cancel, or that ended too often, is not due: it is settled, not started.
        """
        free = Q(lease_owner__isnull=True) | Q(lease_expires_at__lt=Now())
        waiting = Q(state__in=cls.CLAIMABLE) & free
        wanted = Q(attempts__lt=MAX_ATTEMPTS, stop_requested=False, cancel_requested=False)
        return (waiting | cls.abandoned()) & wanted

    @classmethod
    def abandoned(cls) -> Q:
        """Rows in a state in which somebody should hold them, and nobody does."""
        return Q(state__in=cls.ACTIVE) & (Q(lease_expires_at__isnull=True) | Q(lease_expires_at__lt=Now()))

    @classmethod
    def next_due(cls) -> "Self | None":
        """The row that a free worker takes next: the one that came first, where the kind of work has no other order."""
        return cls._default_manager.filter(cls.due()).order_by("created_at").first()

    @classmethod
    def claim(cls, pk: uuid.UUID, owner: str, state: str) -> "Self | None":
        """Take the row into the active `state`, or None when it is not due: somebody holds it, or the work is done.

        `owner` must be unique to this claim (`new_owner`).
        """
        claimed = cls._default_manager.filter(cls.due(), pk=pk).update(
            state=state,
            fence=F("fence") + 1,
            attempts=F("attempts") + 1,
            lease_owner=owner,
            # set in the claim itself: a row whose holder dies before its first renewal expires like any other
            lease_expires_at=Now() + LEASE_DURATION,
            heartbeat_at=Now(),
            started_at=Coalesce(F("started_at"), Now()),
        )
        if claimed != 1:
            return None
        return cls._default_manager.filter(pk=pk, lease_owner=owner).first()

    def renew(self) -> "Self":
        """Extend the lease; returns the row as the database has it, with what people asked for meanwhile.

        Raises: LeaseLostError.
        """
        self.write(lease_expires_at=Now() + LEASE_DURATION, heartbeat_at=Now())
        return type(self)._default_manager.get(pk=self.pk)

    def write(self, *conditions: Q, **values: Any) -> None:
        """Write columns under this fence; with `conditions` only where the row also fulfils them.

        Raises: LeaseLostError when another process has claimed the row since, or a condition does not hold.
        """
        if self.try_write(*conditions, **values) != 1:
            raise LeaseLostError(f"{type(self).__name__} {self.pk} is no longer held under fence {self.fence}")

    def try_write(self, *conditions: Q, **values: Any) -> int:
        """As `write`, but answers the number of rows written (0 or 1) instead of raising."""
        return self._held().filter(*conditions).update(**values)

    def release(self, state: str, *conditions: Q, **values: Any) -> None:
        """Give the row back in `state`, in the same statement as the last columns.

        Raises: LeaseLostError.
        """
        self.write(*conditions, **{"state": state, "lease_owner": None, "lease_expires_at": None, **values})

    def take_back(self, state: str, **values: Any) -> bool:
        """Settle a row that its holder abandoned; False when somebody holds or settled it in the meantime.

        The owner is cleared, so that a holder that wakes up late can write nothing although the fence is still its own.
        """
        rows = type(self)._default_manager.filter(type(self).abandoned(), pk=self.pk, fence=self.fence)
        columns = {"state": state, "lease_owner": None, "lease_expires_at": None, **values}
        return rows.update(**columns) == 1

    # --- how an attempt ends, for rows with no moves of their own -------------------------------------------------
    def fail(self, code: str, sentence: str) -> None:
        """It cannot be done, and `sentence` says why. Raises: LeaseLostError."""
        self._end(self.FAILED, finished_at=Now(), error_code=code, error_message=sentence)

    def interrupt(self, code: str, sentence: str) -> None:
        """Its process ended in a way nobody foresaw; another attempt follows. Raises: LeaseLostError."""
        self._end("interrupted", error_code=code, error_message=sentence, rung_at=None)

    def give_back(self) -> None:
        """The worker ends; another one takes the row, and this attempt does not count. Raises: LeaseLostError."""
        self._end("queued", attempts=Greatest(F("attempts") - 1, 0), rung_at=None)

    def pause(self, code: str, sentence: str) -> None:
        """It cannot go on for now, through no fault of its own: it is tried again by itself after PAUSE.

        Raises: LeaseLostError.
        """
        self._end("interrupted", error_code=code, error_message=sentence, **self.paused_columns())

    @staticmethod
    def paused_columns() -> dict[str, Any]:
        """What a row that waits is given back with; the attempt does not count."""
        return {
            "attempts": Greatest(F("attempts") - 1, 0),
            "lease_owner": PAUSED,
            "lease_expires_at": Now() + PAUSE,
            "rung_at": None,
        }

    def settle(self) -> bool:
        """What becomes of a row whose worker vanished; False when it was settled or taken in the meantime."""
        values: dict[str, Any] = {"rung_at": None}
        if self.attempts < MAX_ATTEMPTS:
            settled = self.take_back("interrupted", **values)
        else:
            sentence = f"The worker vanished {MAX_ATTEMPTS} times; likely the machine's memory is not enough."
            values = {"finished_at": Now(), "error_code": "ended_too_often", "error_message": sentence}
            settled = self.take_back(self.FAILED, **values)
        self.refresh_from_db()
        return settled

    def _end(self, state: str, **values: Any) -> None:
        self.release(state, Q(state__in=self.ACTIVE), **values)
        self.refresh_from_db()

    def _held(self) -> "models.QuerySet[Any]":
        return type(self)._default_manager.filter(pk=self.pk, fence=self.fence, lease_owner=self.lease_owner)
