"""A child process that does the heavy part of one piece of work, alone in a process group of its own.

It dies with this process (`tether.py`), speaks in JSON lines on stdout, and writes everything else to a log file. After
`reap` nothing of its group is left.
"""

import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from django.conf import settings

from ml.protocol import Event, read_event
from ml.share import THREADS
from webapp.core.processes import TETHER

LOG_TAIL_BYTES = 16_384
MAX_WAITING_EVENTS = 512
"""Events read ahead; beyond them the child waits, so that a fast child cannot fill this process's memory."""


class Child:
    """One running child. `events` holds what it said; None in it means that it will say no more."""

    def __init__(self, command: Sequence[str], log: Path, environment: Mapping[str, str]) -> None:
        self.log = log
        self.events: queue.Queue[Event | None] = queue.Queue(MAX_WAITING_EVENTS)
        self._lock = threading.Lock()
        self._closed = False
        self._code: int | None = None
        with log.open("ab") as stderr:
            # the tether keeps stdin's place free of a terminal and ties the child to the thread that starts it
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                cwd=settings.BASE_DIR,  # where `ml` lies
                env={**os.environ, **environment},
                start_new_session=True,
            )
        self.pid = self._process.pid
        assert self._process.stdout is not None  # noqa: S101  # PIPE was asked for
        threading.Thread(
            target=self._read, args=(self._process.stdout,), name=f"events of {self.pid}", daemon=True
        ).start()

    def _read(self, stream: IO[bytes]) -> None:
        with stream:
            for line in stream:
                event = read_event(line.decode("utf-8", "replace"))
                if event is not None:
                    self._put(event)
        self._put(None)

    def _put(self, event: Event | None) -> None:
        while not self._closed:
            with suppress(queue.Full):
                return self.events.put(event, timeout=1.0)

    def has_ended(self) -> bool:
        """Whether the process is over. It is not collected yet, so its number cannot have gone to another process."""
        with self._lock:
            return self._code is not None or self._is_zombie()

    def ask_to_stop(self) -> None:
        """SIGTERM: save and leave with code 75. Only to the child itself, which still needs its own helpers to save."""
        self._signal(signal.SIGTERM, group=False)

    def dump_stacks(self) -> None:
        """SIGABRT: with faulthandler on, every thread's stack goes to the log before the process ends."""
        self._signal(signal.SIGABRT, group=False)

    def kill(self) -> None:
        """SIGKILL to the whole group. May be called from any thread, at any time, more than once."""
        self._signal(signal.SIGKILL, group=True)

    def reap(self, patience_s: float = 10.0) -> int:
        """Kill what is left of the group and collect the child; negative answers are the signal that ended it.

        Waits up to `patience_s` for the kernel to end a child that was killed. Its last events stay in `events`.
        """
        deadline = time.monotonic() + patience_s
        self.kill()
        while not self.has_ended() and time.monotonic() < deadline:
            time.sleep(0.02)
        with self._lock:
            if self._code is None:
                self._code = self._process.wait(timeout=patience_s)
            return self._code

    def close(self) -> None:
        """End the child if it still runs, and listen to it no longer."""
        self.reap()
        self._closed = True

    def last_lines(self, count: int = 5) -> list[str]:
        """The end of the log, for a person who has to know why the child ended."""
        with suppress(OSError), self.log.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_TAIL_BYTES))
            lines = file.read().decode("utf-8", "replace").splitlines()
            return [line.strip()[:300] for line in lines if line.strip()][-count:]
        return []

    def _signal(self, number: signal.Signals, group: bool) -> None:
        with self._lock:
            if self._code is None:  # once it is collected, the number may belong to a stranger
                with suppress(ProcessLookupError):
                    (os.killpg if group else os.kill)(self.pid, number)

    def _is_zombie(self) -> bool:
        # WNOWAIT leaves it uncollected: its group can still be killed without hitting a stranger
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None


def work_command(plan: Path) -> list[str]:
    """The command of the child that does what a plan says."""
    return [sys.executable, "-m", "ml", "work", str(plan)]


def work_environment(threads: int) -> dict[str, str]:
    """`threads`: arithmetic threads of the child; with 0 it takes its share of the machine (`ml/share.py`)."""
    told = {THREADS: str(threads)} if threads else {}
    return {**told, "PYTHONFAULTHANDLER": "1", "PYTHONUNBUFFERED": "1"}
