"""Keeps the lease of one row from a thread of its own, and ends the work when the lease cannot be kept.

The thread acts by itself: the work may at that moment wait for the very database that does not answer.
"""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

from django.db import DatabaseError, InterfaceError, connection

from webapp.core.leases import GIVE_UP_AFTER_S, RENEW_EVERY_S, Leased, LeaseLostError

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Rhythm:
    """How often the lease is renewed and people's wishes are read, and when to give up, in seconds."""

    renew_every_s: float = RENEW_EVERY_S
    give_up_after_s: float = GIVE_UP_AFTER_S
    look_every_s: float = 1.0


class Heartbeat:
    """`with Heartbeat(row, child.kill, rhythm) as heartbeat:`; its flags only ever go from False to True."""

    def __init__(self, row: Leased, on_lost: Callable[[], None], rhythm: Rhythm) -> None:
        self.lost = False
        """The row is no longer ours: nothing may be written, and the child was ended."""
        self.stop_requested = row.stop_requested
        self.cancel_requested = row.cancel_requested
        self.seen = row
        """The row as it was last read, with whatever else people asked for."""
        self._row = row
        self._on_lost = on_lost
        self._rhythm = rhythm
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, name=f"lease of {row.pk}", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        held_at = renewed_at = time.monotonic()
        try:
            while not self._over.wait(self._rhythm.look_every_s):
                now = time.monotonic()
                try:
                    if now - renewed_at >= self._rhythm.renew_every_s:
                        self._note(self._row.renew())
                        held_at = renewed_at = now
                    else:
                        self._note(type(self._row)._default_manager.get(pk=self._row.pk))
                except (LeaseLostError, type(self._row).DoesNotExist):
                    return self._lose("another process holds it, or it was deleted")
                except (DatabaseError, InterfaceError) as error:
                    log.warning("the lease of %s could not be renewed: %s", self._row.pk, error)
                    connection.close()
                # `held_at` is the time before the statement: waiting for an answer counts as not knowing
                if time.monotonic() - held_at >= self._rhythm.give_up_after_s:
                    return self._lose(f"it could not be renewed for {self._rhythm.give_up_after_s:.0f} s")
        finally:
            connection.close()

    def _note(self, row: Leased) -> None:
        if row.fence != self._row.fence or row.lease_owner != self._row.lease_owner:
            raise LeaseLostError
        self.stop_requested |= row.stop_requested
        self.cancel_requested |= row.cancel_requested
        self.seen = row

    def _lose(self, reason: str) -> None:
        log.warning("%s %s is let go: %s", type(self._row).__name__, self._row.pk, reason)
        self.lost = True
        self._on_lost()
