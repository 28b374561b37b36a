"""Workers that die, are told to end, or fall asleep in the middle of training: the end is the same as without."""

import os
import signal
import time
from typing import Any

import pytest

from tests.faults.conftest import STALL_AFTER_S, Scene, child_of, gone_within

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def other(role: str) -> str:
    return {"compute-0": "compute-1", "compute-1": "compute-0"}[role]


def test_kill_9_of_the_worker_in_the_middle_of_training_and_another_ends_the_run_identically(
    scene: Scene, uninterrupted: dict[str, Any]
) -> None:
    run = scene.start()
    role = scene.train_until(run, 2)
    scene.stack.kill9(role)
    assert gone_within(run, 2.0), "the child must die with its worker"
    killed_at = time.monotonic()
    scene.wait(run, lambda told: told["state"] == "interrupted" or (told["last_heard_s"] or 0) > 25, 45)
    outcome = scene.finish(run)
    print(f"killed {role}; finished by {other(role)} {time.monotonic() - killed_at:.0f} s later")
    assert scene.world("row", run)["fence"] == 2
    assert run in scene.stack.log(other(role), 400)
    assert outcome == uninterrupted


def test_kill_9_of_the_training_process_alone_and_its_worker_goes_on_at_once(
    scene: Scene, uninterrupted: dict[str, Any]
) -> None:
    run = scene.start()
    scene.train_until(run, 2)
    child = child_of(run)
    assert child is not None
    os.kill(child, signal.SIGKILL)
    began = time.monotonic()
    scene.wait(run, lambda told: told["state"] == "interrupted" or scene.world("row", run)["fence"] == 2, 10)
    assert time.monotonic() - began < 10
    assert scene.finish(run) == uninterrupted


def test_a_worker_that_is_told_to_end_saves_gives_the_run_back_and_ends_in_time(
    scene: Scene, uninterrupted: dict[str, Any]
) -> None:
    run = scene.start()
    role = scene.train_until(run, 2)
    scene.stack.terminate(role)
    began = time.monotonic()
    while scene.stack.alive(role):
        assert time.monotonic() - began < 30
        time.sleep(0.1)
    assert child_of(run) is None or scene.worker_of(run) == other(role)
    assert scene.world("row", run)["attempts"] <= 1
    assert scene.finish(run) == uninterrupted


def test_a_worker_that_wakes_up_after_another_took_its_run_writes_nothing(
    scene: Scene, uninterrupted: dict[str, Any]
) -> None:
    run = scene.start()
    role = scene.train_until(run, 1)
    sleeper, child = scene.stack.pid(role), child_of(run)
    assert child is not None
    os.kill(child, signal.SIGSTOP)  # it would finish otherwise, and with it the reason to take the run over
    os.kill(sleeper, signal.SIGSTOP)
    try:
        scene.wait(run, lambda told: scene.world("row", run)["fence"] == 2, 60)
    finally:
        os.kill(child, signal.SIGCONT)
        os.kill(sleeper, signal.SIGCONT)
    assert scene.finish(run) == uninterrupted
    row = scene.world("row", run)
    assert (row["fence"], row["state"]) == (2, "finished")
    deadline = time.monotonic() + 10
    while "nothing of this attempt is kept" not in scene.stack.log(role, 400):
        assert time.monotonic() < deadline
        time.sleep(0.2)


def test_a_training_that_hangs_is_ended_and_goes_on_from_its_last_checkpoint(
    scene: Scene, uninterrupted: dict[str, Any]
) -> None:
    run = scene.start()
    scene.train_until(run, 2)
    child = child_of(run)
    assert child is not None
    os.kill(child, signal.SIGSTOP)  # its worker lives, and renews the lease; only the step stands still
    began = time.monotonic()
    scene.wait(run, lambda told: told["attempts"] == 2 or scene.world("row", run)["fence"] == 2, STALL_AFTER_S + 60)
    assert time.monotonic() - began > STALL_AFTER_S - 5, "a pause is no hang"
    said = [one["data"] for one in scene.api.get(f"/api/v1/runs/{run}/events/")["results"]]
    assert any("hung: it did not advance" in one.get("error_message", "") for one in said)
    assert scene.finish(run) == uninterrupted
    assert scene.world("row", run)["fence"] == 2
