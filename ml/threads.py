"""The arithmetic threads of a training under way: those it began with, and fewer once neighbours stay.

The number of threads decides the order of sums, and so the last bits of a result. It never grows, it is part of what a
checkpoint says, and a resumed training goes on with as many as before where the machine has them.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import torch

from ml.share import Machine, Neighbours, may_shrink, this_machine, thread_share

LOOK_AFTER_S: Final = 10.0
"""Neighbours that were there for less are nobody to give way to."""


class Threads:
    """`give_way` at each checkpoint, before it is written: it then names the threads of the steps that follow it."""

    def __init__(self, machine: Machine | None = None, look_after_s: float = LOOK_AFTER_S) -> None:
        self._machine = machine or this_machine()
        self._look_after_s = look_after_s
        self._neighbours = Neighbours(self._machine)
        self._looked_at = time.monotonic()

    def keep(self, number: int) -> None:
        """Go on with the threads that a checkpoint was made with, where they are fewer than now."""
        if may_shrink():
            torch.set_num_threads(max(1, min(number, torch.get_num_threads())))

    def give_way(self) -> str | None:
        """Take fewer threads where others kept the cores busy since the last look; says so in one sentence."""
        before = torch.get_num_threads()
        if before == 1 or not may_shrink() or time.monotonic() - self._looked_at < self._look_after_s:
            return None
        self._looked_at = time.monotonic()
        busy = self._neighbours.busy_cores()
        now = min(before, thread_share(self._machine, 1, busy))
        if now == before:
            return None
        torch.set_num_threads(now)
        return (
            f"Other programs keep {math.ceil(busy)} of this machine's {len(self._machine.cpus)} cores busy, so "
            f"training goes on with {now} instead of {before} threads; the result may differ in its last bits from one "
            f"without such neighbours. ATELIER_WORKER_THREADS sets the number of threads once for all."
        )


@contextmanager
def one_thread() -> Iterator[None]:
    """Within this context torch computes with one thread, so that the same input gives the same bits everywhere."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
