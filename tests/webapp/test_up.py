"""`manage.py up`: one command serves everything, and when it ends, whichever way, nothing of it is left."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

from tests.stack import Api
from webapp.core.machine import BASE_DIR, MAX_WEB_PROCESSES, address, running
from webapp.core.redis_server import free_port

pytestmark = pytest.mark.stack


class Up:
    """A running `manage.py up` and what it has printed."""

    def __init__(self, data: Path, env: Mapping[str, str]) -> None:
        self.data, self.port = data, free_port()
        self.output = data.with_suffix(".out")
        self.env = {
            **os.environ,
            "ATELIER_DATA": str(data),
            "PORT": str(self.port),
            "DJANGO_SETTINGS_MODULE": "webapp.settings",
        }
        self.env = {**{name: value for name, value in self.env.items() if name not in {"REDIS_URL", "HOST"}}, **env}
        self.process = self.start(self.output)

    def start(self, output: Path) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "manage.py", "up", "--no-demo"]
        with output.open("wb") as out:
            return subprocess.Popen(command, cwd=BASE_DIR, env=self.env, stdout=out, stderr=out, start_new_session=True)

    def said(self) -> str:
        return self.output.read_text()

    def wait_for(self, pattern: str, within_s: float = 60) -> "re.Match[str]":
        deadline = time.monotonic() + within_s
        while not (found := re.search(pattern, self.said())):
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < deadline, self.said()
            time.sleep(0.1)
        return found

    def children(self) -> list[int]:
        """The processes that it started and that run now."""
        return [pid for pid in _pids() if _parent(pid) == self.process.pid]

    def role(self, word: str) -> int:
        """The process that was started with this word among its arguments."""
        return next(pid for pid in self.children() if word.encode() in _read(pid, "cmdline").split(b"\0"))


def _pids() -> list[int]:
    return [int(path.name) for path in Path("/proc").glob("[0-9]*")]


def _read(pid: int, name: str) -> bytes:
    try:
        return Path(f"/proc/{pid}/{name}").read_bytes()
    except OSError:
        return b""


def _parent(pid: int) -> int | None:
    """None when the process has ended, be it waited for or not."""
    state, parent = (_read(pid, "stat").rpartition(b")")[2].split() or [b"Z", b"0"])[:2]
    return None if state == b"Z" else int(parent)


def eventually(holds: Callable[[], bool], within_s: float) -> bool:
    deadline = time.monotonic() + within_s
    while not holds() and time.monotonic() < deadline:
        time.sleep(0.1)
    return holds()


@pytest.fixture
def up(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Up]:
    started = Up(tmp_path / "data", getattr(request, "param", {}))
    yield started
    started.process.kill()
    started.process.wait()


def test_it_serves_everything_until_ctrl_c_and_leaves_nothing_running(up: Up) -> None:
    up.wait_for(rf"Atelier runs at http://127\.0\.0\.1:{up.port}")
    up.wait_for("the first visitor creates the account")
    page = Api(address("127.0.0.1", up.port)).request("GET", "/", headers={"Accept": "text/html"})
    assert page.status == 200
    assert b"atelier" in page.body.lower()
    service = running(up.data)
    assert service is not None
    assert service.port == up.port
    assert (up.data / "server.json").stat().st_mode & 0o777 == 0o600
    assert eventually(lambda: any((up.data / "catalogue").glob("catalogue-*.json")), 60), "made before somebody asks"
    servers = min(MAX_WEB_PROCESSES, len(os.sched_getaffinity(0)))
    assert eventually(lambda: len(up.children()) == 3 + servers, 30), "Redis, servers, workers for training and files"
    parts = up.children()

    second = up.start(up.data.with_suffix(".second"))
    assert second.wait(timeout=30) == 0
    assert f"already runs at {service.url}" in up.data.with_suffix(".second").read_text()

    for _ in range(3):  # `make` passes on what its child has heard already
        up.process.send_signal(signal.SIGINT)
    assert up.process.wait(timeout=40) == 0
    assert "Ended" in up.said()
    assert "Traceback" not in up.said()
    assert [pid for pid in parts if _parent(pid) is not None] == []
    assert running(up.data) is None
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", up.port)) != 0


def test_a_process_that_dies_is_said_and_started_again(up: Up) -> None:
    up.wait_for("Ctrl-C ends it")
    before = up.role("io")
    os.kill(before, signal.SIGKILL)
    up.wait_for(r"io was ended by SIGKILL; starting it again in 1 s")
    assert eventually(
        lambda: any(pid != before and b"io" in _read(pid, "cmdline").split(b"\0") for pid in up.children()), 60
    )


def test_nothing_outlives_it_when_it_is_killed_outright_and_it_starts_again(up: Up) -> None:
    up.wait_for("Ctrl-C ends it")
    parts = up.children()
    up.process.kill()
    up.process.wait()
    assert eventually(lambda: all(_parent(pid) is None for pid in parts), 30)
    up.process = up.start(up.output)
    up.wait_for("Ctrl-C ends it")


@pytest.mark.parametrize("up", [{"HOST": "0.0.0.0"}], indirect=True)
def test_on_the_network_the_first_visitor_needs_the_code_that_was_printed(up: Up) -> None:
    code = up.wait_for(r"asked for this code: (\S+)")[1]
    up.wait_for("Ctrl-C ends it")
    api = Api(address("127.0.0.1", up.port))
    assert api.get("/api/v1/session/")["setup_code_needed"] is True
    other = api.request("GET", "/api/v1/session/", headers={"Host": "attacker.example"})
    assert other.status == 400
    own = api.request("GET", "/api/v1/session/", headers={"Host": f"{socket.gethostname()}:{up.port}"})
    assert own.status == 200
    assert code not in up.data.joinpath("logs", "web.log").read_text()


def test_a_busy_port_is_one_sentence(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "manage.py", "up", "--no-demo"],
            cwd=BASE_DIR,
            env={
                **os.environ,
                "ATELIER_DATA": str(tmp_path),
                "PORT": str(port),
                "DJANGO_SETTINGS_MODULE": "webapp.settings",
            },
            capture_output=True,
            text=True,
            timeout=60,
        )
    assert done.returncode == 1
    assert done.stderr.strip() == (
        f"Port {port} of 127.0.0.1 cannot be used (Address already in use); "
        f"choose another, for example PORT={port + 1} make start."
    )
