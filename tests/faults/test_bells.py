"""Bells that are rung too often, and a Redis that is dead: work is done once, and it is done."""

import time
from typing import Any

import pytest

from tests.faults.conftest import Scene

pytestmark = [pytest.mark.stack, pytest.mark.timeout(900)]


def test_a_task_delivered_many_times_does_the_work_once(scene: Scene, uninterrupted: dict[str, Any]) -> None:
    run = scene.start()
    scene.world("ring", run)
    scene.train_until(run, 1)
    scene.world("ring", run)
    assert scene.finish(run) == uninterrupted
    scene.world("ring", run)
    time.sleep(2)
    row = scene.world("row", run)
    assert (row["fence"], row["state"]) == (1, "finished")


def test_with_redis_dead_a_run_is_accepted_found_and_finished(scene: Scene, uninterrupted: dict[str, Any]) -> None:
    scene.stack.kill9("redis")
    began = time.monotonic()
    run = scene.start()
    assert time.monotonic() - began < 10, "a request must not wait for Redis"
    scene.wait(run, lambda told: told["state"] != "queued", 30)
    role = scene.train_until(run, 1)
    scene.stack.terminate(role)
    began = time.monotonic()
    while scene.stack.alive(role):
        assert time.monotonic() - began < 30, "a worker must end although there is no broker to say goodbye to"
        time.sleep(0.1)
    assert scene.finish(run) == uninterrupted


def test_training_does_not_notice_that_redis_dies_and_comes_back_empty(
    scene: Scene, uninterrupted: dict[str, Any]
) -> None:
    run = scene.start()
    scene.train_until(run, 2)
    scene.stack.kill9("redis")
    waiting = scene.start()
    scene.stack.restart("redis")
    assert scene.finish(run) == uninterrupted
    assert scene.finish(waiting) == uninterrupted
    assert scene.world("row", run)["fence"] == 1
