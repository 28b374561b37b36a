"""Work shared by real processes: told as it is done, ended by a wish, a fault or a death, and nobody left over."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ml.errors import BadBudgetError, ProcessLostError
from ml.processes import in_processes
from ml.told import ShouldStop, StopRequested

ROOT = Path(__file__).parents[2]
ENDLESS = """
from ml.processes import in_processes
from tests.ml.test_processes import until_stopped
if __name__ == "__main__":
    in_processes(2, until_stopped, [0, 1], print, lambda: False)
"""


def act(item: float, should_stop: ShouldStop) -> tuple[float, int]:
    """Twice the item after so many seconds, and who did it; a fault below 0, a death at 7."""
    if item < 0:
        raise BadBudgetError(f"{item} is below 0")
    if item == 7:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(item)
    return 2 * item, os.getpid()


def until_stopped(item: int, should_stop: ShouldStop) -> None:
    for _ in range(3000):
        if should_stop():
            raise StopRequested
        time.sleep(0.02)


@pytest.mark.parametrize("number", [1, 2])
def test_what_is_done_is_told_whoever_did_it(number: int) -> None:
    told: dict[float, tuple[float, int]] = {}
    in_processes(number, act, [0.3, 0.0, 0.1, 0.2], told.__setitem__, lambda: False)
    assert {item: answer for item, (answer, _) in told.items()} == {0.3: 0.6, 0.0: 0.0, 0.1: 0.2, 0.2: 0.4}
    assert len({pid for _, pid in told.values()}) <= number
    assert (os.getpid() in {pid for _, pid in told.values()}) == (number == 1)
    assert multiprocessing.active_children() == []


def test_the_first_that_is_done_is_the_first_that_is_told() -> None:
    told: list[float] = []
    in_processes(2, act, [3.0, 0.0, 0.1], lambda item, answer: told.append(item), lambda: False)
    assert told == [0.0, 0.1, 3.0]


def test_a_wish_to_stop_reaches_every_process() -> None:
    began = time.monotonic()
    with pytest.raises(StopRequested):
        in_processes(2, until_stopped, [0, 1, 2], lambda item, answer: None, lambda: time.monotonic() > began + 3)
    assert multiprocessing.active_children() == []


def test_a_fault_in_one_ends_the_others_and_is_the_callers() -> None:
    with pytest.raises(BadBudgetError, match="-1 is below 0"):
        in_processes(2, act, [-1, *[0.1] * 300], lambda item, answer: None, lambda: False)
    assert multiprocessing.active_children() == []


def test_a_fault_of_who_listens_ends_them_all() -> None:
    def told(item: float, answer: tuple[float, int]) -> None:
        raise ValueError("heard enough")

    with pytest.raises(ValueError, match="heard enough"):
        in_processes(2, act, [0.0, 0.0, *[0.1] * 300], told, lambda: False)
    assert multiprocessing.active_children() == []


def test_a_process_that_is_killed_is_told_with_what_to_do() -> None:
    with pytest.raises(ProcessLostError, match="--jobs 1"):
        in_processes(2, act, [7, *[0.1] * 300], lambda item, answer: None, lambda: False)
    assert multiprocessing.active_children() == []


def test_a_parent_that_is_killed_leaves_no_process() -> None:
    with subprocess.Popen([sys.executable, "-c", ENDLESS], cwd=ROOT) as parent:
        pids = _wait_for_both(parent.pid)
        parent.kill()
    _wait_for_end(pids)


def test_ctrl_c_in_a_terminal_is_for_the_parent_alone(tmp_path: Path) -> None:
    code = (
        "import signal, threading\n"
        "from ml.told import StopRequested\n"
        "asked = threading.Event()\n"
        "signal.signal(signal.SIGINT, lambda *ours: asked.set())\n"
        f"{ENDLESS.replace('lambda: False', 'asked.is_set')}"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True, start_new_session=True
    ) as parent:
        pids = _wait_for_both(parent.pid)
        os.killpg(parent.pid, signal.SIGINT)
        _, said = parent.communicate(timeout=30)
    assert said.strip().splitlines()[-1] == "ml.told.StopRequested"
    assert "KeyboardInterrupt" not in said
    _wait_for_end(pids)


def _wait_for_both(parent: int) -> list[int]:
    """Process numbers of all that it started, once two of them are at work and so ignore Ctrl-C."""
    for _ in range(600):
        pids = [int(pid) for pid in Path(f"/proc/{parent}/task/{parent}/children").read_text().split()]
        if sum(_ignores_ctrl_c(pid) for pid in pids) >= 3:  # one is the standard library's, which tidies up
            return pids
        time.sleep(0.1)
    raise AssertionError("its processes never began")


def _ignores_ctrl_c(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    ignored = next(line for line in status.splitlines() if line.startswith("SigIgn:")).split()[1]
    return bool(int(ignored, 16) >> (signal.SIGINT - 1) & 1)


def _wait_for_end(pids: list[int]) -> None:
    left = pids
    for _ in range(100):
        left = [pid for pid in left if not _has_ended(pid)]
        if not left:
            return
        time.sleep(0.1)
    raise AssertionError(f"processes {left} are still there")


def _has_ended(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
