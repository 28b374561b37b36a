"""The product as real processes for a measurement, and a client that keeps its connection."""

import contextlib
import http.client
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.stack import Stack
from webapp.core import machine

MIB = 2**20


@contextlib.contextmanager
def served(env: Mapping[str, str] | None = None, web_processes: int | None = None) -> Iterator[Stack]:
    """Server and Redis in a data folder of their own, without workers; as many server processes as `up` starts, unless
    said."""
    with (
        tempfile.TemporaryDirectory(prefix="atelier-bench-") as folder,
        Stack(Path(folder) / "data", env=env, workers=False, web_processes=web_processes) as stack,
    ):
        yield stack


def in_stack(stack: Stack, *arguments: str) -> Any:
    """What `python -m …` printed last, a line of JSON, with the stack's database and Redis."""
    process = start_in_stack(stack, *arguments)
    printed, _ = process.communicate()
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} failed")
    return json.loads(printed.splitlines()[-1])


def start_in_stack(stack: Stack, *arguments: str) -> "subprocess.Popen[str]":
    """The same, not waited for."""
    return subprocess.Popen(
        [sys.executable, "-m", *arguments],
        cwd=machine.BASE_DIR,
        env={**os.environ, **stack.environment},
        stdout=subprocess.PIPE,
        text=True,
    )


@dataclass
class Connection:
    """One client with one open connection; `spent` holds the seconds of each answer."""

    stack: Stack
    token: str
    spent: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._http = http.client.HTTPConnection(urlsplit(self.stack.url).netloc, timeout=60)

    def send(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] | None = None
    ) -> tuple[Mapping[str, str], bytes]:
        """The headers and body of an answer.

        Raises: RuntimeError for a refusal.
        """
        started = time.perf_counter()
        self._http.request(method, path, body, {"Authorization": f"Token {self.token}", **(headers or {})})
        answer = self._http.getresponse()
        data = answer.read()
        self.spent.append(time.perf_counter() - started)
        if answer.status >= 300:
            raise RuntimeError(f"{method} {path} answered {answer.status}: {data[:300]!r}")
        return answer.headers, data


def resident_mib(pid: int) -> float:
    """Memory of a process and of its children."""
    total = 0
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
        except (FileNotFoundError, ProcessLookupError):
            continue  # it has ended meanwhile
        if str(pid) in (status.parent.name, lines["PPid"].strip()) and "VmRSS" in lines:
            total += int(lines["VmRSS"].split()[0])
    return total / 1024
