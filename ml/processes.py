"""Work that several processes of this machine share, none of which outlives the one that started them."""

import ctypes
import multiprocessing
import os
import signal
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import FIRST_COMPLETED, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.synchronize import Event
from typing import Final, TypeVar

from ml.errors import ProcessLostError
from ml.share import BLAS, THREADS
from ml.told import ShouldStop, StopRequested

T = TypeVar("T")
R = TypeVar("R")
Act = Callable[[T, ShouldStop], R]

PR_SET_PDEATHSIG = 1
PARENT_GONE = 1
LOOK_EVERY_S: Final = 0.2
_stop: Event
"""Of a process that was started here: set when its work is no longer wanted."""


def in_processes(
    number: int, act: Act[T, R], items: Sequence[T], on_done: Callable[[T, R], None], should_stop: ShouldStop
) -> None:
    """Tell `on_done` of each item and what `act` makes of it, in order of completion; `number` are worked on at once.

    With one, all happens in this process. Otherwise each process has one arithmetic thread, and `act`, items and what
    comes back are sent between processes: `act` is a function of a module, or `partial` of one. None of the processes
    is left when this returns or raises.

    Raises: StopRequested, ProcessLostError; and what `act` raises, which ends the others.
    """
    number = min(number, len(items))
    if number <= 1:
        for item in items:
            on_done(item, act(item, should_stop))
        return
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    pool = ProcessPoolExecutor(number, context, _begin, (stop,))
    try:
        waiting = {pool.submit(_carry_out, act, item): item for item in items}
        while waiting:
            for future in wait(waiting, LOOK_EVERY_S, FIRST_COMPLETED).done:
                on_done(waiting.pop(future), future.result())
            if waiting and should_stop():
                raise StopRequested
    except BrokenProcessPool as error:
        if should_stop():  # whoever asks a whole group to end asks them, too
            raise StopRequested from error
        raise ProcessLostError(
            f"One of {number} processes that worked side by side was ended from outside, as happens when the memory is "
            f"not enough; go on with fewer at once (on the command line: --resume --jobs {number // 2})."
        ) from error
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)


def die_with_parent(parent: int) -> None:
    """Have the kernel kill this process when its parent ends, so that no training goes on for nobody.

    parent: its process number, as far back as it is known.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it ended before the kernel knew
        sys.exit(PARENT_GONE)


def _begin(stop: Event) -> None:
    """In a new process, before it imports anything that computes."""
    global _stop
    starter = multiprocessing.parent_process()
    die_with_parent(starter.pid if starter is not None and starter.pid is not None else os.getppid())
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the one that started them decides
    for name in (THREADS, *BLAS):
        os.environ[name] = "1"
    _stop = stop


def _carry_out(act: Act[T, R], item: T) -> R:
    return act(item, _stop.is_set)
