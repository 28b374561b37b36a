"""The set of processes: what dies is started again, and nothing outlives the one that started it."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from webapp.core.machine import hold, is_held, running
from webapp.core.processes import ProcessSet, Program
from webapp.core.redis_server import own_redis, wait_until_answers

SLEEPS = "import time; print('awake', flush=True); time.sleep(600)"
DEAF = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('awake', flush=True); time.sleep(600)"


def runs(code: str, role: str = "one", once: bool = False, ends_last: bool = False) -> Program:
    return Program(role, [sys.executable, "-c", code], once=once, ends_last=ends_last)


def lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def eventually(holds: Callable[[], bool], within_s: float = 60.0) -> bool:
    deadline = time.monotonic() + within_s
    while time.monotonic() < deadline:
        if holds():
            return True
        time.sleep(0.02)
    return holds()


@pytest.fixture
def said() -> list[str]:
    return []


@pytest.fixture
def processes(tmp_path: Path, said: list[str]) -> Iterator[ProcessSet]:
    started = ProcessSet(tmp_path / "logs", tmp_path, said.append)
    yield started
    started.end(grace_s=1.0)


def awake(processes: ProcessSet, role: str = "one", times: int = 1) -> bool:
    return eventually(lambda: processes.log(role).read_text().count("awake") >= times)


def test_what_a_process_prints_is_kept_in_its_log(processes: ProcessSet) -> None:
    processes.start(runs(SLEEPS))
    assert awake(processes)


def test_a_process_that_died_is_started_again_and_it_is_said(processes: ProcessSet, said: list[str]) -> None:
    processes.start(runs(SLEEPS))
    assert awake(processes)
    os.kill(processes.pid("one"), signal.SIGKILL)

    def started_again() -> bool:
        processes.look()
        return processes.log("one").read_text().count("awake") == 2

    assert eventually(started_again)
    assert len(said) == 1
    assert "was ended by SIGKILL" in said[0]


def test_a_process_that_keeps_dying_is_started_after_longer_and_longer_waits(
    processes: ProcessSet, said: list[str]
) -> None:
    processes.start(runs("raise SystemExit(3)"))

    def three_times() -> bool:
        processes.look()
        return len(said) >= 3

    assert eventually(three_times, within_s=60)
    assert [line.split("again in ")[1].split(" (")[0] for line in said[:3]] == ["1 s", "2 s", "4 s"]


def test_a_log_that_grew_long_is_set_aside_while_its_process_goes_on(
    processes: ProcessSet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.core.processes.LOG_MAX_BYTES", 1000)
    code = "import sys, time\nprint('awake' + 'x' * 2000, flush=True)\nsys.stdin.readline(); print('later', flush=True)"
    processes.start(Program("one", [sys.executable, "-c", code + "\ntime.sleep(600)"], stdin=b"go on\n"))
    assert eventually(lambda: "later" in processes.log("one").read_text())
    processes.look()
    assert processes.log("one").read_text() == ""
    assert "awake" in processes.log("one").with_suffix(".log.1").read_text()
    assert processes.alive("one")


def test_a_process_that_runs_once_is_left_ended(processes: ProcessSet, said: list[str]) -> None:
    processes.start(runs("print('awake')", once=True))
    assert eventually(lambda: not processes.alive("one"))
    processes.look()
    assert not processes.alive("one")
    assert said == []


def test_ending_waits_no_longer_than_the_grace_for_a_deaf_process(processes: ProcessSet) -> None:
    processes.start(runs(DEAF))
    assert awake(processes)
    pid = processes.pid("one")
    started = time.monotonic()
    processes.end(grace_s=0.5)
    assert time.monotonic() - started < 5
    assert not lives(pid)


def test_what_others_lean_on_ends_last(processes: ProcessSet, tmp_path: Path) -> None:
    writes_when_ended = (
        "import signal, sys, time\n"
        "def end(*_):\n"
        f"    open({str(tmp_path / 'order')!r}, 'a').write(NAME + '\\n'); sys.exit()\n"
        "signal.signal(signal.SIGTERM, end); print('awake', flush=True); time.sleep(600)"
    )
    processes.start(runs(f"NAME = 'base'\n{writes_when_ended}", "base", ends_last=True))
    processes.start(runs(f"NAME = 'leaning'\n{writes_when_ended}", "leaning"))
    assert awake(processes, "base")
    assert awake(processes, "leaning")
    processes.end()
    assert (tmp_path / "order").read_text().split() == ["leaning", "base"]


def test_nothing_outlives_a_parent_that_is_killed_outright(tmp_path: Path) -> None:
    parent = (
        "import sys, time; from pathlib import Path; from webapp.core.processes import ProcessSet, Program\n"
        f"processes = ProcessSet(Path({str(tmp_path)!r}), Path('.'), print)\n"
        f"processes.start(Program('one', [sys.executable, '-c', {SLEEPS!r}]))\n"
        "print(processes.pid('one'), flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True) as started:
        assert started.stdout is not None
        pid = int(started.stdout.readline())
        assert eventually((tmp_path / "one.log").exists)
        assert eventually(lambda: "awake" in (tmp_path / "one.log").read_text())
        started.kill()
    assert eventually(lambda: not lives(pid))


def test_the_own_redis_answers_only_to_its_password_and_shows_it_to_nobody(processes: ProcessSet) -> None:
    program, url = own_redis()
    processes.start(program)
    wait_until_answers(url)
    password = url.split(":")[2].split("@")[0]
    assert password not in Path(f"/proc/{processes.pid('redis')}/cmdline").read_text()
    with pytest.raises(RuntimeError, match="No Redis answers"):
        wait_until_answers(url.replace(password, "wrong"), timeout_s=0.2)


def test_only_one_service_holds_a_data_folder(tmp_path: Path) -> None:
    assert not is_held(tmp_path)
    lock = hold(tmp_path)
    assert lock is not None
    assert hold(tmp_path) is None
    assert is_held(tmp_path)
    lock.close()
    assert not is_held(tmp_path)


def test_what_a_killed_service_left_behind_is_not_taken_for_a_running_one(tmp_path: Path) -> None:
    (tmp_path / "server.json").write_text('{"pid": 1, "host": "127.0.0.1", "port": 1, "redis_url": "redis://x"}')
    assert running(tmp_path) is None
