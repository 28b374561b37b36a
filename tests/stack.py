"""The whole product as real processes on free ports and a data folder of its own, for tests that must see it run.

    with Stack(tmp_path) as stack:
        stack.api(token).get("/api/v1/runs/")
        stack.kill9("compute-0")
        stack.restart("compute-0")

Roles: `redis`, `web`, `compute-0`, `compute-1`, …, `io`. `stack.manage("augment", …)` finds the stack as it would find
a running `manage.py up`.
"""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from webapp.core import machine
from webapp.core.processes import ProcessSet, last_lines
from webapp.core.redis_server import free_port, own_redis, wait_until_answers

READY_WITHIN_S = 60.0


class Stack:
    """Started by `with`, ended with it, whatever happens between."""

    def __init__(
        self,
        data_dir: Path,
        demo: bool = False,
        compute_workers: int = 1,
        env: Mapping[str, str] | None = None,
        workers: bool = True,
        web_processes: int | None = 1,
    ) -> None:
        self.data_dir = data_dir
        self.port = free_port()
        self.url = machine.address("127.0.0.1", self.port)
        self.env = dict(env or {})
        self._demo = demo
        self._compute_workers = compute_workers
        self._workers = workers
        self._web = web_processes
        self._processes = ProcessSet(data_dir / "logs", machine.BASE_DIR, lambda line: None)
        self.redis_url = ""
        self._lock: IO[str] | None = None

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.end()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def _start(self) -> None:
        self._lock = machine.hold(self.data_dir)
        redis, self.redis_url = own_redis()
        self.environment = {
            **machine.environment_for(self.data_dir, self.redis_url),
            "OMP_NUM_THREADS": "1",
            **self.env,
        }
        self._processes.start(redis)
        wait_until_answers(self.redis_url)
        self.manage("migrate", "--verbosity", "0")
        self._start_web()
        if self._workers:
            for program in machine.worker_programs(self.environment, self._compute_workers):
                self._processes.start(program)
        self.wait_ready()
        machine.announce(self.data_dir, machine.Service(os.getpid(), "127.0.0.1", self.port, self.redis_url))
        if self._demo:
            self.manage("demo", "--no-follow")

    def _start_web(self) -> None:
        """One server process, which alone holds the socket: when it is killed, connections are refused."""
        with machine.listen("127.0.0.1", self.port) as listener:
            for program in machine.web_programs(listener, "127.0.0.1", self.port, self.environment, self._web):
                self._processes.start(program)

    def manage(self, *arguments: str) -> str:
        """Run a management command on this stack's data; returns what it printed."""
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments],
            cwd=machine.BASE_DIR,
            env={**os.environ, **self.environment, "PORT": str(self.port)},
            capture_output=True,
            text=True,
            timeout=600,
        )
        if done.returncode != 0:
            raise AssertionError(f"manage.py {' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
        return done.stdout

    def wait_ready(self, timeout_s: float = READY_WITHIN_S) -> None:
        """Return once /health/ready answers 200; otherwise fail with the end of the server's log."""
        if not machine.wait_until_ready(self.url, timeout_s, broken=lambda: not self._processes.alive("web")):
            raise AssertionError(f"the service is not ready:\n{self.log('web')}")

    def log(self, role: str, count: int = 40) -> str:
        """The last lines that a role printed."""
        return last_lines(self._processes.log(role), count)

    def pid(self, role: str) -> int:
        """The process id of a role."""
        return self._processes.pid(role)

    def alive(self, role: str) -> bool:
        """Whether the role's process runs now."""
        return self._processes.alive(role)

    def kill9(self, role: str) -> None:
        """Kill a role's process outright, as a crash would; nobody starts it again but `restart`."""
        self._processes.kill9(role)

    def terminate(self, role: str) -> None:
        """Ask a role's process to end (SIGTERM), and do not wait."""
        os.kill(self.pid(role), signal.SIGTERM)

    def stop_cont(self, role: str, seconds: float) -> None:
        """Freeze a role's process for some seconds (SIGSTOP, SIGCONT), as swapping or a moved machine does."""
        os.kill(self.pid(role), signal.SIGSTOP)
        time.sleep(seconds)
        os.kill(self.pid(role), signal.SIGCONT)

    def restart(self, role: str) -> None:
        """Start a role's process anew; the server is waited for."""
        if role == "web":
            self._processes.kill9(role)
            self._start_web()
            self.wait_ready()
        else:
            self._processes.restart(role)

    def api(self, token: str = "") -> "Api":
        """A small client; with a token, it is that token's person."""
        return Api(self.url, token)

    def end(self) -> None:
        """End every process."""
        machine.withdraw(self.data_dir)
        self._processes.end(grace_s=15.0)
        if self._lock is not None:
            self._lock.close()


@dataclass
class Answer:
    """One answer of the service."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The decoded body."""
        return json.loads(self.body)


@dataclass
class Api:
    """Requests to a stack; answers of any status come back, so that tests can look at refusals too."""

    url: str
    token: str = ""
    timeout_s: float = 30.0

    def request(self, method: str, path: str, body: Any = None, headers: Mapping[str, str] | None = None) -> Answer:
        """Send JSON, or bytes as they are."""
        data = body if body is None or isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Accept": "application/json", **({"Content-Type": "application/json"} if body is not None else {})}
        if self.token:
            sent["Authorization"] = f"Token {self.token}"
        request = urllib.request.Request(self.url + path, data, {**sent, **(headers or {})}, method=method)
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=self.timeout_s) as response:
                return Answer(response.status, dict(response.headers), response.read())
        except urllib.error.HTTPError as error:
            with error:
                return Answer(error.code, dict(error.headers), error.read())

    def get(self, path: str) -> Any:
        """The JSON of a GET that must succeed."""
        return self._must("GET", path)

    def post(self, path: str, body: Any = None) -> Any:
        """The JSON of a POST that must succeed."""
        return self._must("POST", path, body if body is not None else {})

    def _must(self, method: str, path: str, body: Any = None) -> Any:
        answer = self.request(method, path, body)
        if answer.status >= 300:
            raise AssertionError(
                f"{method} {path} answered {answer.status}: {answer.body[:500].decode(errors='replace')}"
            )
        return answer.json() if answer.body else None

    def wait_for(self, path: str, until: Any, timeout_s: float = 120.0, every_s: float = 0.3) -> Any:
        """GET `path` until `until(json)` is true; returns that JSON."""
        deadline = time.monotonic() + timeout_s
        while True:
            found = self.get(path)
            if until(found):
                return found
            if time.monotonic() > deadline:
                raise AssertionError(f"{path} did not come about in {timeout_s:.0f} s: {json.dumps(found)[:500]}")
            time.sleep(every_s)
