"""One running product for the client's tests: real server, Redis and workers, and a token of a researcher."""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from atelier import Client

from tests.stack import Stack
from webapp.core import machine

ROOT = machine.BASE_DIR


@dataclass
class Done:
    """What a command left."""

    status: int
    out: str
    err: str

    def json(self) -> Any:
        """stdout, of a command that must have succeeded."""
        assert self.status == 0, self.err
        return json.loads(self.out)


@dataclass
class Desk:
    """A person's machine: a home folder, and the command line on it."""

    home: Path
    url: str
    token: str

    @property
    def environment(self) -> dict[str, str]:
        """Nothing of the caller's own logins and settings gets in."""
        kept = {key: value for key, value in os.environ.items() if not key.startswith(("ATELIER", "XDG"))}
        own = {"HOME": str(self.home), "PYTHONPATH": str(ROOT / "client"), "ATELIER_URL": self.url}
        return {**kept, **own, **({"ATELIER_TOKEN": self.token} if self.token else {})}

    def run(self, *words: str, stdin: str = "", timeout_s: float = 120.0) -> Done:
        """`atelier WORDS`, to its end."""
        done = subprocess.run(
            [sys.executable, "-m", "atelier", *words],
            env=self.environment,
            cwd=self.home,
            input=stdin,
            capture_output=True,
            text=True,
            timeout=timeout_s,
        )
        return Done(done.returncode, done.stdout, done.stderr)

    def python(self, code: str) -> Done:
        """A program of the person's own."""
        done = subprocess.run(
            [sys.executable, "-c", code],
            env=self.environment,
            cwd=self.home,
            capture_output=True,
            text=True,
            timeout=120,
        )
        return Done(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="package")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("service")) as stack:
        yield stack


@pytest.fixture(scope="package")
def begun(stack: Stack) -> dict[str, str]:
    """A lab with a dataset, and the token of a researcher in it: {"token", "version", "lab"}."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.world", "begin"],
        cwd=ROOT,
        env={**os.environ, **stack.environment},
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
    )
    told: dict[str, str] = json.loads(done.stdout.splitlines()[-1])
    return told


@pytest.fixture
def desk(stack: Stack, begun: dict[str, str], tmp_path: Path) -> Desk:
    return Desk(tmp_path, stack.url, begun["token"])


@pytest.fixture
def client(stack: Stack, begun: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Client:
    """The Python client of that person; what it remembers lies in the test's own folder."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return Client(stack.url, begun["token"])


class Cutter:
    """A way to the service that breaks: each connection is closed after so many bytes of the answer."""

    def __init__(self, port: int, cuts: list[int]) -> None:
        self._target = port
        self.cuts = cuts
        self.connections = 0
        self._server = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._server.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._server.accept()
            except OSError:
                return
            self.connections += 1
            far = socket.create_connection(("127.0.0.1", self._target))
            threading.Thread(target=self._pass, args=(near, far, lambda: 10**12), daemon=True).start()
            threading.Thread(target=self._pass, args=(far, near, self._next_cut), daemon=True).start()

    def _next_cut(self) -> int:
        return self.cuts.pop(0) if self.cuts else 10**12

    def _pass(self, source: socket.socket, target: socket.socket, limit_of: Callable[[], int]) -> None:
        left = None
        try:
            while data := source.recv(65536):
                left = limit_of() if left is None else left
                target.sendall(data[:left])
                left -= len(data)
                if left <= 0:
                    break
        except OSError:
            pass
        for end in (source, target):
            with _quiet():
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def close(self) -> None:
        self._server.close()


@contextmanager
def _quiet() -> Iterator[None]:
    try:
        yield
    except OSError:
        return


@pytest.fixture
def cutter(stack: Stack) -> Iterator[Callable[[list[int]], Cutter]]:
    made: list[Cutter] = []

    def make(cuts: list[int]) -> Cutter:
        made.append(Cutter(stack.port, cuts))
        return made[-1]

    yield make
    for one in made:
        one.close()
