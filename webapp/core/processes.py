"""A set of processes that belong together: started, watched, started again when one dies, and ended in good order.

Each process leads a session of its own, so that Ctrl-C reaches only the one that started them, and dies with it even
when that one is killed outright.
"""

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

TETHER = Path(__file__).with_name("tether.py")
FIRST_WAIT_S, LONGEST_WAIT_S = 1.0, 30.0
STEADY_AFTER_S = 60.0
"""A process that lived this long starts again at the shortest wait."""
GRACE_S = 25.0
"""How long a process may take to end by itself after SIGTERM; a worker saves a checkpoint in that time."""
LOG_MAX_BYTES = 20 * 2**20


@dataclass(frozen=True)
class Program:
    """What one process runs."""

    role: str
    command: Sequence[str]
    environment: Mapping[str, str] = field(default_factory=dict)
    stdin: bytes = b""
    once: bool = False
    """It is expected to end by itself and is not started again."""
    ends_last: bool = False
    """The others still need it while they end."""
    listener: int | None = None
    """A socket of the starting process that it takes its connections from."""


@dataclass
class _Running:
    program: Program
    process: "subprocess.Popen[bytes]"
    started_at: float
    wait_s: float = FIRST_WAIT_S
    again_at: float | None = None
    """When it will be started again; None while it runs."""


class ProcessSet:
    """Processes by role. Used from one thread: the kernel's tie between parent and child is one to a thread."""

    def __init__(self, logs: Path, directory: Path, say: Callable[[str], None]) -> None:
        self._logs = logs
        self._directory = directory
        self._say = say
        self._running: dict[str, _Running] = {}
        logs.mkdir(parents=True, exist_ok=True)

    def start(self, program: Program) -> None:
        """Start a program; its output goes to `<role>.log`."""
        self._running[program.role] = _Running(program, self._spawn(program), time.monotonic())

    def _spawn(self, program: Program) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-I", "-S", str(TETHER), str(os.getpid()), *program.command]
        with self.log(program.role).open("ab") as log:
            process = subprocess.Popen(
                command,
                cwd=self._directory,
                env={**os.environ, **program.environment},
                stdin=subprocess.PIPE if program.stdin else subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=() if program.listener is None else (program.listener,),
            )
        if process.stdin is not None:
            with suppress(BrokenPipeError), process.stdin:
                process.stdin.write(program.stdin)
        return process

    def log(self, role: str) -> Path:
        """The file that holds what a role printed."""
        return self._logs / f"{role}.log"

    def roles(self) -> list[str]:
        """Every role that was started, in that order."""
        return list(self._running)

    def pid(self, role: str) -> int:
        """The process id of a role."""
        return self._running[role].process.pid

    def alive(self, role: str) -> bool:
        """Whether the role's process runs now."""
        return self._running[role].process.poll() is None

    def look(self) -> None:
        """Start again what died, each time after a longer wait, and keep logs short; call it about twice a second."""
        for running in self._running.values():
            _trim(self.log(running.program.role))
            code = running.process.poll()
            if code is None or (running.program.once and running.again_at is None):
                continue
            if running.again_at is None:
                self._plan_restart(running, code)
            elif time.monotonic() >= running.again_at:
                running.process = self._spawn(running.program)
                running.started_at, running.again_at = time.monotonic(), None

    def _plan_restart(self, running: _Running, code: int) -> None:
        now = time.monotonic()
        if now - running.started_at > STEADY_AFTER_S:
            running.wait_s = FIRST_WAIT_S
        running.again_at = now + running.wait_s
        role = running.program.role
        self._say(f"{role} {how_it_ended(code)}; starting it again in {running.wait_s:.0f} s (see {self.log(role)})")
        running.wait_s = min(2 * running.wait_s, LONGEST_WAIT_S)

    def kill9(self, role: str) -> None:
        """Kill the role's process outright, as a crash or the kernel would; nothing starts it again but `restart`."""
        process = self._running[role].process
        process.kill()
        process.wait()

    def restart(self, role: str) -> None:
        """Start the role's program anew, ending the process if it still runs."""
        running = self._running[role]
        _end([running], GRACE_S)
        self.start(running.program)

    def end(self, grace_s: float = GRACE_S) -> None:
        """End every process: SIGTERM, and SIGKILL to what is left after `grace_s`. What others lean on ends last."""
        first = [running for running in self._running.values() if not running.program.ends_last]
        last = [running for running in self._running.values() if running.program.ends_last]
        _end(first, grace_s)
        _end(last, 5.0)
        self._running.clear()


def _end(these: Sequence[_Running], grace_s: float) -> None:
    for running in these:
        if running.process.poll() is None:
            running.process.terminate()
    deadline = time.monotonic() + grace_s
    while time.monotonic() < deadline and any(running.process.poll() is None for running in these):
        time.sleep(0.05)
    for running in these:
        with suppress(ProcessLookupError, PermissionError):  # also what it may have left in its session
            os.killpg(running.process.pid, signal.SIGKILL)
        running.process.wait()


def how_it_ended(code: int) -> str:
    """An exit status in words; negative is the signal's number, as `subprocess` gives it."""
    if code >= 0:
        return f"ended with exit status {code}"
    return f"was ended by {signal.Signals(-code).name}"


def _trim(path: Path) -> None:
    """Set a long log aside, replacing the one set aside before. Its writer appends, so it goes on at the new end."""
    if path.exists() and path.stat().st_size > LOG_MAX_BYTES:
        shutil.copyfile(path, path.with_suffix(".log.1"))
        os.truncate(path, 0)


def last_lines(path: Path, count: int = 12) -> str:
    """The end of a log, for a person who has to know why a process did not start."""
    if not path.exists():
        return ""
    return "\n".join(path.read_text(errors="replace").splitlines()[-count:])
