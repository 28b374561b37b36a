"""A service on machines that share no folder: database, Redis and a bucket, and a data folder of its own for each."""

import io
import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psycopg
import pytest
from atelier import Client
from PIL import Image

from tests.faults.conftest import ENDED, RECIPE
from tests.object_store import object_store
from tests.postgres import NoPostgresError, cluster
from tests.stack import Api, Stack
from tests.worlds import CLASSES, picture
from webapp.core import machine
from webapp.core.processes import ProcessSet

pytestmark = [pytest.mark.stack, pytest.mark.postgres, pytest.mark.timeout(900)]
NUM_IMAGES = 60


class Machines:
    """The main machine, without a worker that trains, and others that do nothing else."""

    def __init__(self, root: Path, database: str, bucket: dict[str, str]) -> None:
        self.root, self.database = root, database
        self.shared = {"DATABASE_URL": database, "CUDA_VISIBLE_DEVICES": "", **bucket}
        self.main = Stack(root / "a", compute_workers=0, env=self.shared)
        self._others: dict[str, ProcessSet] = {}

    def start_training(self, name: str) -> None:
        """Another machine joins."""
        data = self.root / name
        own = {**self.main.environment, "ATELIER_DATA": str(data)}
        self._others[name] = ProcessSet(data / "logs", machine.BASE_DIR, lambda line: None)
        self._others[name].start(machine.worker_program("compute-0", "compute", own))

    def vanish(self, name: str, run: str) -> None:
        """The machine loses its power, and the time that everybody waits for it is over."""
        self._others[name].kill9("compute-0")
        shutil.rmtree(self.root / name)
        with psycopg.connect(self.database) as connection:
            connection.execute("UPDATE runs_run SET lease_expires_at = now() WHERE id = %s", [run])

    def end(self) -> None:
        for processes in self._others.values():
            processes.end(grace_s=10.0)


@pytest.fixture
def machines(tmp_path: Path) -> Iterator[Machines]:
    with ExitStack() as stack:
        try:
            database = stack.enter_context(cluster())
        except NoPostgresError as error:
            pytest.skip(str(error))
        found = Machines(tmp_path, database, stack.enter_context(object_store()))
        stack.enter_context(found.main)
        stack.callback(found.end)
        yield found


def test_a_run_outlives_its_machine_and_everything_is_seen_and_downloaded_at_another_one(
    machines: Machines, tmp_path: Path
) -> None:
    token = _researcher(machines.main)
    api, client = machines.main.api(token), Client(machines.main.url, token)
    api.timeout_s = 120.0  # the first recipe waits for the shelves to be read
    version = client.datasets.upload(_pictures(tmp_path / "shapes")).version().wait(60.0)
    run = str(api.post("/api/v1/runs/", {"version": version.id, "recipe": RECIPE})["id"])

    machines.start_training("b")
    api.wait_for(f"/api/v1/runs/{run}/checkpoints/", lambda rows: len(rows) >= 2, 300.0, every_s=0.05)
    machines.vanish("b", run)
    machines.start_training("c")
    told = api.wait_for(f"/api/v1/runs/{run}/", lambda told: told["state"] in ENDED, 300.0)
    assert (told["state"], told["warnings"]) == ("finished", []), told
    plan = json.loads((tmp_path / "c" / "runs" / run / "f2" / "plan.json").read_text())
    assert plan["resume_from"].startswith(str(tmp_path / "c" / "runs" / run / "f1" / "checkpoints")), "it went on"
    assert not (tmp_path / "c" / "labs").exists(), "the packed images were there, so the originals were not fetched"

    assert not (tmp_path / "a" / "runs" / run).exists(), "the main machine has made nothing of it itself"
    shutil.rmtree(tmp_path / "a" / "labs")
    _see(api, run, str(version.id), told)
    (selection,) = api.get(f"/api/v1/pools/{told['pool']}/selections/")
    export = client.exports.create(selection["id"]).wait(60.0)
    archive = zipfile.ZipFile(export.download(tmp_path))
    rows = [json.loads(line) for line in archive.read("manifest.jsonl").splitlines()]
    assert sum(row["synthetic"] for row in rows) == 12
    assert sum(not row["synthetic"] for row in rows) == NUM_IMAGES


def _see(api: Api, run: str, version: str, told: dict[str, Any]) -> None:
    """Pixels of every kind come from the main machine, which has to fetch them."""
    sample = api.get(f"/api/v1/pools/{told['pool']}/samples/?page_size=1")["results"][0]
    preview = api.get(f"/api/v1/runs/{run}/previews/")[-1]
    for path, size in (
        (f"/api/v1/samples/{sample['id']}/image/", (16, 16)),
        (preview["url"], None),
        (f"/api/v1/versions/{version}/images/0/thumbnail/", None),
        (f"/api/v1/versions/{version}/images/0/original/", (16, 16)),
    ):
        answer = api.request("GET", path)
        assert answer.status == 200, (path, answer.body)
        with Image.open(io.BytesIO(answer.body)) as picture:
            picture.load()
            assert size is None or picture.size == size


def _pictures(folder: Path) -> Path:
    for label in CLASSES:
        (folder / label).mkdir(parents=True)
        for number in range(NUM_IMAGES // len(CLASSES)):
            (folder / label / f"{number}.png").write_bytes(picture(label, number))
    return folder


def _researcher(stack: Stack) -> str:
    """A token; its lab has no dataset."""
    command = [sys.executable, "-m", "tests.faults.world", "join"]
    environment = {**os.environ, **stack.environment}
    done = subprocess.run(command, cwd=machine.BASE_DIR, env=environment, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return str(json.loads(done.stdout.splitlines()[-1])["token"])
