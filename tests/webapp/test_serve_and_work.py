"""`manage.py serve` and `manage.py work`: the parts of a service on several machines, as processes of their own."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stack import Api
from webapp.core.machine import BASE_DIR, running
from webapp.core.processes import ProcessSet
from webapp.core.redis_server import free_port, own_redis, wait_until_answers

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


class Part:
    """One command and what it has said."""

    def __init__(self, data: Path, name: str, words: list[str], environment: dict[str, str]) -> None:
        self.output = data.with_name(f"{data.name}-{name}.out")
        command = [sys.executable, "manage.py", *words]
        with self.output.open("wb") as out:
            self.process = subprocess.Popen(
                command, cwd=BASE_DIR, env=environment, stdout=out, stderr=out, start_new_session=True
            )

    def wait_for(self, words: str, within_s: float = 90.0) -> str:
        deadline = time.monotonic() + within_s
        while words not in (said := self.output.read_text()):
            assert self.process.poll() is None, said
            assert time.monotonic() < deadline, said
            time.sleep(0.1)
        return said

    def end(self) -> int:
        """As `docker stop` does."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    processes = ProcessSet(tmp_path / "redis", tmp_path, lambda line: None)
    program, url = own_redis()
    processes.start(program)
    wait_until_answers(url)
    yield url
    processes.end()


@pytest.fixture
def environment(tmp_path: Path, redis_url: str) -> dict[str, str]:
    """What a container is given."""
    kept = {name: value for name, value in os.environ.items() if name not in {"HOST", "PUBLIC_URL", "DATABASE_URL"}}
    own = {"ATELIER_DATA": str(tmp_path / "data"), "REDIS_URL": redis_url, "PORT": str(free_port())}
    return {**kept, **own, "DJANGO_SETTINGS_MODULE": "webapp.settings", "CUDA_VISIBLE_DEVICES": ""}


def ready(environment: dict[str, str]) -> int:
    """What the image's HEALTHCHECK runs."""
    command = [sys.executable, "-m", "webapp.core.machine"]
    return subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, timeout=30).returncode


def test_server_and_workers_start_apart_in_any_order_work_together_and_end_apart(
    tmp_path: Path, environment: dict[str, str]
) -> None:
    data = tmp_path / "data"
    assert ready(environment) == 1
    worker = Part(data, "work", ["work", "compute", "io"], environment)
    server = None
    try:
        worker.wait_for("Waiting for the server to prepare the database")
        server = Part(data, "serve", ["serve"], environment)
        server.wait_for("Serving at")
        assert ready(environment) == 0
        assert "compute-0, io" in worker.wait_for("Working:")
        service = running(data)
        assert service is not None
        assert Api(service.url).get("/health/live") == {"status": "ok"}
        second = subprocess.run(
            [sys.executable, "manage.py", "serve"], cwd=BASE_DIR, env=environment, capture_output=True, text=True
        )
        assert (second.returncode, "runs on" in second.stderr) == (1, True)
        _ingest_through_the_worker(data, environment)
        assert (worker.end(), server.end()) == (0, 0)
        assert running(data) is None
        assert ready(environment) == 1
    finally:
        for part in (worker, server):
            if part is not None and part.process.poll() is None:
                part.process.kill()


def _ingest_through_the_worker(data: Path, environment: dict[str, str]) -> None:
    """A dataset that the server's side makes is read by the worker's."""
    code = """
import django, time; django.setup()
from pathlib import Path
from ml.digits import write_digits
from webapp.accounts.services import get_or_create_lab
from webapp.datasets.services import create_dataset
folder = Path({folder!r})
write_digits(folder)
version = create_dataset(get_or_create_lab("Lab"), "Digits", None, source_path=folder).versions.get()
for _ in range(600):
    version.refresh_from_db()
    if version.state in ("ready", "rejected"):
        break
    time.sleep(0.1)
print(version.state, version.num_images)
"""
    folder = str(data.parent / "digits")
    command = [sys.executable, "-c", code.format(folder=folder)]
    done = subprocess.run(command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=120)
    assert done.stdout.split()[0] == "ready", done.stdout + done.stderr


@pytest.mark.parametrize("words", [["serve"], ["work", "compute"]])
def test_without_a_redis_of_its_own_each_says_what_is_missing(tmp_path: Path, words: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "REDIS_URL"}
    environment |= {"ATELIER_DATA": str(tmp_path), "DJANGO_SETTINGS_MODULE": "webapp.settings"}
    done = subprocess.run(
        [sys.executable, "manage.py", *words], cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)
    assert "REDIS_URL is not set" in done.stderr
