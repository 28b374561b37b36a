"""The share of a machine: each source read from files of a made-up system."""

import os
import time
from pathlib import Path

import pytest

from ml.share import (
    MEASURED,
    PEERS,
    THREADS,
    Machine,
    Neighbours,
    claim_threads,
    may_shrink,
    process_share,
    this_machine,
    thread_share,
)

GIB = 2**30
TICKS = os.sysconf("SC_CLK_TCK")


def write(root: Path, **files: str) -> None:
    """Files by their paths, with __ for a slash."""
    for name, text in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


def machine(root: Path, cpus: int = 8) -> Machine:
    return Machine(frozenset(range(cpus)), root)


def busy(root: Path, *seconds: float) -> None:
    """/proc/stat in which each core was busy for so long."""
    cores = [f"cpu{n} {int(s * TICKS)} 0 0 999999 5 0 0 0 0 0" for n, s in enumerate(seconds)]
    write(root, proc__stat="\n".join(["cpu 1 2 3 4 5 6 7 8 9 10", *cores, "intr 5"]))


def test_without_control_groups_the_cores_are_those_of_the_affinity(tmp_path: Path) -> None:
    assert machine(tmp_path, 3).cores() == 3
    assert this_machine().cpus


def test_the_quota_of_any_control_group_above_holds(tmp_path: Path) -> None:
    write(tmp_path, proc__self__cgroup="0::/lab/run\n")
    folder = tmp_path / "sys/fs/cgroup/lab"
    (folder / "run").mkdir(parents=True)
    (folder / "run" / "cpu.max").write_text("max 100000\n")
    assert machine(tmp_path).cores() == 8
    (folder / "cpu.max").write_text("250000 100000\n")
    assert machine(tmp_path).cores() == 2.5
    assert machine(tmp_path, 2).cores() == 2


@pytest.mark.parametrize(("quota", "cores"), [("150000", 1.5), ("-1", 8)])
def test_the_quota_of_version_1_is_read_too(tmp_path: Path, quota: str, cores: float) -> None:
    write(tmp_path, proc__self__cgroup="4:memory:/a\n3:cpu,cpuacct:/a\n1:name=systemd:/b\n")
    folder = tmp_path / "sys/fs/cgroup/cpu/a"
    folder.mkdir(parents=True)
    (folder / "cpu.cfs_quota_us").write_text(quota)
    (folder / "cpu.cfs_period_us").write_text("100000")
    assert machine(tmp_path).cores() == cores


def test_memory_is_the_machine_s_or_the_control_group_s_where_that_is_less(tmp_path: Path) -> None:
    write(tmp_path, proc__meminfo=f"MemTotal: {16 * 2**20} kB\nMemAvailable: {9 * 2**20} kB\n")
    assert (machine(tmp_path).memory_total(), machine(tmp_path).memory_available()) == (16 * GIB, 9 * GIB)
    write(tmp_path, proc__self__cgroup="0::/\n")
    folder = tmp_path / "sys/fs/cgroup"
    folder.mkdir(parents=True)
    (folder / "memory.max").write_text(str(4 * GIB))
    (folder / "memory.current").write_text(str(3 * GIB))
    (folder / "memory.stat").write_text(f"anon 5\ninactive_file {GIB}\n")
    assert (machine(tmp_path).memory_total(), machine(tmp_path).memory_available()) == (4 * GIB, 2 * GIB)


def test_a_limit_of_version_1_that_is_none_counts_as_none(tmp_path: Path) -> None:
    write(tmp_path, proc__meminfo="MemTotal: 2048 kB\nMemAvailable: 1024 kB\n", proc__self__cgroup="4:memory:/a\n")
    folder = tmp_path / "sys/fs/cgroup/memory"
    folder.mkdir(parents=True)
    (folder / "memory.limit_in_bytes").write_text("9223372036854771712")
    (folder / "memory.usage_in_bytes").write_text("1000000000")
    assert machine(tmp_path).memory_available() == 2**20


def test_neighbours_are_what_keeps_the_own_cores_busy_besides_oneself(tmp_path: Path) -> None:
    busy(tmp_path, 10, 10, 10)
    neighbours = Neighbours(machine(tmp_path, 2))
    time.sleep(0.2)
    busy(tmp_path, 10.1, 10.2, 99)  # the third core is not ours
    measured = neighbours.busy_cores()
    assert 0.5 < measured <= 0.3 / 0.2
    assert neighbours.busy_cores() == 0.0


@pytest.mark.parametrize(
    ("cpus", "peers", "busy_cores", "threads"),
    [(8, 1, 0.0, 8), (8, 2, 0.0, 4), (8, 2, 4.0, 4), (8, 2, 6.1, 2), (2, 1, 0.2, 2), (2, 1, 1.0, 1), (2, 4, 9.0, 1)],
)
def test_threads_are_the_free_cores_shared_among_the_trainings(
    tmp_path: Path, cpus: int, peers: int, busy_cores: float, threads: int
) -> None:
    assert thread_share(machine(tmp_path, cpus), peers, busy_cores) == threads


def test_a_number_that_was_asked_for_wins_within_the_cores(tmp_path: Path) -> None:
    for wish, threads in (("3", 3), ("1", 1), ("4096", 4)):
        environ = {THREADS: wish, PEERS: "4"}
        assert claim_threads(environ, machine(tmp_path, 4), listen_s=99) == threads
        assert environ["OPENBLAS_NUM_THREADS"] == environ["MKL_NUM_THREADS"] == environ[THREADS] == str(threads)
        assert not may_shrink(environ)


def test_otherwise_the_share_is_measured_and_threads_wait_without_spinning(tmp_path: Path) -> None:
    environ = {PEERS: "2", "OMP_WAIT_POLICY": "ACTIVE"}
    assert claim_threads(environ, machine(tmp_path, 8), listen_s=0.01) == 4
    assert environ == {
        **{PEERS: "2", THREADS: "4", MEASURED: "1", "OMP_WAIT_POLICY": "ACTIVE", "GOMP_SPINCOUNT": "0"},
        **dict.fromkeys(("MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "4"),
    }
    assert may_shrink(environ)


@pytest.mark.parametrize(
    ("wish", "free_gib", "share"), [("4", 32, 4), ("64", 32, 8), ("4", 3, 3), ("4", 0, 1), ("", 32, 1)]
)
def test_processes_are_as_many_as_the_threads_asked_for_and_as_memory_holds(
    tmp_path: Path, wish: str, free_gib: int, share: int
) -> None:
    write(tmp_path, proc__meminfo=f"MemTotal: {64 * GIB // 1024} kB\nMemAvailable: {free_gib * GIB // 1024} kB\n")
    assert process_share(machine(tmp_path), {THREADS: wish}) == share
