"""One running product for all fault tests: real server, Redis and workers, two of which train."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.stack import Api, Stack
from tests.worlds import QUICK
from webapp.core import machine

STEPS, CHECKPOINTS = 960, 12
STALL_AFTER_S = 45.0
"""Shorter than the service waits, and longer than a process needs to start on a busy machine."""
RECIPE = {
    **QUICK,
    "model_settings": {**QUICK["model_settings"], "num_steps": STEPS, "num_checkpoints": CHECKPOINTS},
}
ENDED = {"finished", "failed", "stopped", "cancelled"}


@dataclass
class Scene:
    """A running product with a dataset in it."""

    stack: Stack
    token: str = ""
    version: str = ""
    reference: dict[str, Any] = field(default_factory=dict)

    @property
    def api(self) -> Api:
        return self.stack.api(self.token)

    def world(self, *words: str) -> Any:
        """What `tests.faults.world` answers."""
        done = subprocess.run(
            [sys.executable, "-m", "tests.faults.world", *words],
            cwd=machine.BASE_DIR,
            env={**os.environ, **self.stack.environment},
            capture_output=True,
            text=True,
            timeout=120,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    def start(self) -> str:
        """The id of a new run of the same recipe on the same images."""
        return str(self.api.post("/api/v1/runs/", {"version": self.version, "recipe": RECIPE})["id"])

    def wait(self, run: str, until: Callable[[dict[str, Any]], bool], timeout_s: float = 180.0) -> dict[str, Any]:
        told: dict[str, Any] = self.api.wait_for(f"/api/v1/runs/{run}/", until, timeout_s, every_s=0.2)
        return told

    def finish(self, run: str) -> dict[str, Any]:
        """Wait for the end, which must be a good one; what the run left."""
        told = self.wait(run, lambda told: told["state"] in ENDED)
        assert told["state"] == "finished", told["error"]
        found: dict[str, Any] = self.world("outcome", run)
        return found

    def train_until(self, run: str, num_checkpoints: int) -> str:
        """Wait until so many checkpoints are there; the role of the worker that trains."""
        path = f"/api/v1/runs/{run}/checkpoints/"
        self.api.wait_for(path, lambda rows: len(rows) >= num_checkpoints, 180.0, every_s=0.05)
        return self.worker_of(run)

    def worker_of(self, run: str) -> str:
        """The role of the process whose child computes the run."""
        child = child_of(run)
        assert child is not None, self.api.get(f"/api/v1/runs/{run}/")
        parent = int(Path(f"/proc/{child}/stat").read_text().rpartition(")")[2].split()[1])
        return next(role for role in ("compute-0", "compute-1") if self.stack.pid(role) == parent)


def child_of(run: str) -> int | None:
    """The process that computes the run, None when there is none."""
    for entry in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = entry.read_bytes().split(b"\0")
        except OSError:
            continue
        if b"work" in words and b"-S" not in words and any(run.encode() in word for word in words):
            return int(entry.parent.name)
    return None


def gone_within(run: str, seconds: float) -> bool:
    """Whether no process computes the run any more after at most so long."""
    deadline = time.monotonic() + seconds
    while child_of(run) is not None:
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


@pytest.fixture(scope="package")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    env = {"ATELIER_STALL_AFTER_S": str(STALL_AFTER_S)}
    with Stack(tmp_path_factory.mktemp("faults"), compute_workers=2, env=env) as stack:
        scene = Scene(stack)
        begun = scene.world("begin")
        scene.token, scene.version = begun["token"], begun["version"]
        yield scene


@pytest.fixture
def scene(running: Scene) -> Scene:
    """The product with all its processes; what a test killed is there again."""
    for role in ("redis", "compute-0", "compute-1", "io"):
        if not running.stack.alive(role):
            running.stack.restart(role)
    return running


@pytest.fixture
def uninterrupted(scene: Scene) -> dict[str, Any]:
    """What the run leaves when nothing happens to it; computed once."""
    if not scene.reference:
        scene.reference = scene.finish(scene.start())
    return scene.reference
