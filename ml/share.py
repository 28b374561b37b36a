"""The part of this machine that a process may count on: cores, arithmetic threads, memory. Imports no torch.

A second arithmetic thread on a core that somebody else uses makes training many times slower, not faster: each of
hundreds of barriers a step then waits for the scheduler. So threads are claimed before torch is imported, once per
process: what affinity and control groups allow, divided by the trainings of this machine, less what neighbours use.
"""

import math
import os
import time
from collections.abc import Iterator, Mapping, MutableMapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

THREADS: Final = "OMP_NUM_THREADS"
"""The number of threads that a person or the service asked for; it wins over everything but the cores there are."""
PEERS: Final = "ATELIER_COMPUTE_WORKERS"
"""Trainings that may run on this machine at once; 1 where it is not set."""
MEASURED: Final = "ATELIER_THREADS_MEASURED"
"""Set to 1 by `claim_threads` where it measured: such a share may still become smaller."""
BLAS: Final = ("MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")
LISTEN_S: Final = 1.0
SPARE: Final = 0.25
"""So much of a core may be busy with other things and still count as free."""
PROCESS_BYTES: Final = 2**30
"""Memory that a process of its own takes for a small network, torch itself included."""
UNLIMITED: Final = 2**60
"""Control groups of version 1 write a number near 2**63 where there is no limit."""


@dataclass(frozen=True)
class Machine:
    """What the system says of itself below `root`, and the cores `cpus` that this process may run on."""

    cpus: frozenset[int]
    root: Path = Path("/")

    def cores(self) -> float:
        """Cores that this process may use: its affinity, or the quota of its control groups where that is less."""
        return max(0.01, min([float(len(self.cpus)), *self._quotas()]))

    def busy_s(self) -> float:
        """Seconds for which the process's cores were busy since the start, summed over them; 0 where nobody says."""
        names = {f"cpu{number}" for number in self.cpus}
        ticks = 0
        for line in _lines(self.root / "proc/stat"):
            name, *fields = line.split()
            if name in names:
                user, nice, system, _idle, _iowait, irq, softirq, steal = (int(field) for field in fields[:8])
                ticks += user + nice + system + irq + softirq + steal
        return ticks / os.sysconf("SC_CLK_TCK")

    def memory_total(self) -> int:
        """Bytes that this process could have at most: the machine's, or its control groups' limit."""
        return min([self._meminfo("MemTotal"), *(limit for limit, _ in self._memory_groups())])

    def memory_available(self) -> int:
        """Bytes that are free for it now, file caches counted as free."""
        return max(0, min([self._meminfo("MemAvailable"), *(limit - used for limit, used in self._memory_groups())]))

    # --- control groups -----------------------------------------------------------------------------------------
    def _quotas(self) -> Iterator[float]:
        for folder in self._groups("cpu"):
            limit, period = f"{_text(folder / 'cpu.max')} ".split(" ")[
                :2
            ]  # version 2: "150000 100000", or "max 100000"
            limit = limit or _text(folder / "cpu.cfs_quota_us")
            period = period or _text(folder / "cpu.cfs_period_us")
            if limit.isdigit() and period.isdigit() and int(period):  # "max" and "-1" are no limit
                yield int(limit) / int(period)

    def _memory_groups(self) -> Iterator[tuple[int, int]]:
        """(limit, used without file caches that can be dropped) of each control group that has a limit, in bytes."""
        for folder in self._groups("memory"):
            limit = _text(folder / "memory.max") or _text(folder / "memory.limit_in_bytes")
            used = _text(folder / "memory.current") or _text(folder / "memory.usage_in_bytes")
            if limit.isdigit() and used.isdigit() and int(limit) < UNLIMITED:
                facts = dict(line.split() for line in _lines(folder / "memory.stat"))
                cached = int(facts.get("total_inactive_file") or facts.get("inactive_file") or 0)
                yield int(limit), max(0, int(used) - cached)

    def _groups(self, controller: str) -> Iterator[Path]:
        """Folders of the control groups around this process, its own first, in either version."""
        for line in _lines(self.root / "proc/self/cgroup"):
            _, controllers, path = line.split(":", 2)
            if controllers and controller not in controllers.split(","):
                continue
            mount = self.root / "sys/fs/cgroup" / (controller if controllers else "")
            own = PurePosixPath(path.lstrip("/"))
            yield from (mount / level for level in (own, *own.parents))

    def _meminfo(self, name: str) -> int:
        for line in _lines(self.root / "proc/meminfo"):
            if line.startswith(f"{name}:"):
                return int(line.split()[1]) * 1024
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")


def this_machine() -> Machine:
    """The machine as this process may use it."""
    if hasattr(os, "sched_getaffinity"):
        return Machine(frozenset(os.sched_getaffinity(0)))
    return Machine(frozenset(range(os.cpu_count() or 1)))


class Neighbours:
    """How many of this process's cores others keep busy, from one look to the next."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._before = self._look()

    def busy_cores(self) -> float:
        """Mean over the time since the last call, or since the start; this process's own threads left out."""
        before, self._before = self._before, self._look()
        wall, busy, own = (now - then for now, then in zip(self._before, before, strict=True))
        return max(0.0, busy - own) / wall if wall > 0 else 0.0

    def _look(self) -> tuple[float, float, float]:
        return time.monotonic(), self._machine.busy_s(), time.process_time()


def thread_share(machine: Machine, peers: int, busy_cores: float) -> int:
    """Threads for one of `peers` trainings while others keep `busy_cores` busy; 1 at least."""
    cores = machine.cores()
    free = min(cores, len(machine.cpus) - busy_cores)
    return max(1, math.floor(min(cores / max(1, peers), free + SPARE)))


def wished_threads(machine: Machine, environ: Mapping[str, str] = os.environ) -> int | None:
    """OMP_NUM_THREADS, at most the cores that may be used; None where it says nothing."""
    wish = environ.get(THREADS, "")
    return max(1, min(int(wish), len(machine.cpus))) if wish.isdigit() else None


def process_share(machine: Machine, environ: Mapping[str, str] = os.environ) -> int:
    """Processes of one thread each that this process may start: as many as its threads, and as memory holds."""
    return max(1, min(wished_threads(machine, environ) or 1, machine.memory_available() // PROCESS_BYTES))


def claim_threads(
    environ: MutableMapping[str, str] = os.environ, machine: Machine | None = None, listen_s: float = LISTEN_S
) -> int:
    """Settle this process's threads, for torch and for every BLAS, by variables they read when they are imported.

    Where OMP_NUM_THREADS says nothing, it listens to the neighbours first, for `listen_s` seconds. Threads that wait
    give their core away instead of spinning (OMP_WAIT_POLICY, GOMP_SPINCOUNT), unless a person said otherwise.
    """
    machine = machine or this_machine()
    threads = wished_threads(machine, environ)
    if threads is None:
        neighbours = Neighbours(machine)
        time.sleep(listen_s)
        peers = environ.get(PEERS, "")
        threads = thread_share(machine, int(peers) if peers.isdigit() else 1, neighbours.busy_cores())
        environ[MEASURED] = "1"
    environ[THREADS] = str(threads)
    for name in BLAS:
        environ.setdefault(name, str(threads))
    if threads > 1:
        environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
        environ.setdefault("GOMP_SPINCOUNT", "0")
    return threads


def may_shrink(environ: Mapping[str, str] = os.environ) -> bool:
    """Whether the threads were measured here, not asked for by a person."""
    return environ.get(MEASURED) == "1"


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace").strip()
    except OSError:
        return ""


def _lines(file: Path) -> list[str]:
    return _text(file).splitlines()
