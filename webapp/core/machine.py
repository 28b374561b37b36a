"""Everything that runs on one machine: which processes there are, who holds the data folder, and where it answers.

Knows nothing of Django's settings, so that the command `up`, `augment` and the tests start the very same processes on
folders and ports of their choice. `python -m webapp.core.machine` asks the server of this machine (PORT) whether it is
ready, and says by its exit status what it answered.
"""

import fcntl
import http.client
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from webapp.core.processes import Program

BASE_DIR = Path(__file__).resolve().parents[2]
WS_MAX_BYTES = 64 * 2**10
"""Largest message a browser may send through the socket, in bytes."""
MAX_CONNECTIONS = 1000
"""Open connections, live pages included, beyond which a server process answers 503."""
MAX_WEB_PROCESSES = 4
BACKLOG = 2048
"""Connections that wait to be taken."""
COMPUTE_WORKERS = "ATELIER_COMPUTE_WORKERS"
"""Variable that tells a training how many of its kind this machine may run at once."""
ANY_ADDRESS = {"0.0.0.0": "127.0.0.1", "::": "::1"}  # noqa: S104  # where to knock when it listens on all addresses


@dataclass(frozen=True)
class Service:
    """A running service as `server.json` describes it to other commands of the same machine."""

    pid: int
    host: str
    port: int
    redis_url: str = field(repr=False)

    @property
    def url(self) -> str:
        """The address that reaches it from this machine."""
        return address(self.host, self.port)


def address(host: str, port: int) -> str:
    """http://… of a host and port, from this machine."""
    host = ANY_ADDRESS.get(host, host)
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


# --- who holds the data folder ----------------------------------------------------------------------------------
def hold(data_dir: Path) -> "IO[str] | None":
    """Take the data folder for one running service; None when another holds it. Held until the file is closed."""
    data_dir.mkdir(parents=True, exist_ok=True)
    lock = (data_dir / "server.lock").open("a")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        lock.close()
        return None
    return lock


def is_held(data_dir: Path) -> bool:
    """Whether a service runs on the data folder, or is starting."""
    lock = hold(data_dir)
    if lock is None:
        return True
    lock.close()
    return False


def announce(data_dir: Path, service: Service) -> None:
    """Write `server.json`, readable by its owner only: it holds the password of Redis."""
    temporary = data_dir / f"server.json.{os.getpid()}"
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as file:
        json.dump(asdict(service), file)
    temporary.replace(data_dir / "server.json")


def withdraw(data_dir: Path) -> None:
    """Remove `server.json`: the service ends."""
    (data_dir / "server.json").unlink(missing_ok=True)


def running(data_dir: Path) -> Service | None:
    """The service that runs on the data folder now; None when none does, whatever a killed one left behind."""
    path = data_dir / "server.json"
    if not path.exists() or not is_held(data_dir):
        return None
    return Service(**json.loads(path.read_text()))


# --- which processes there are ----------------------------------------------------------------------------------
def visible_gpus() -> list[str]:
    """The GPUs that training may use, as CUDA_VISIBLE_DEVICES names them; asked of the driver, without torch."""
    if (chosen := os.environ.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [name for name in chosen.split(",") if name.strip() not in {"", "-1"}]
    query = ["nvidia-smi", "--query-gpu=uuid", "--format=csv,noheader"]
    try:
        answer = subprocess.run(query, capture_output=True, text=True, timeout=20, check=True)
    except (OSError, subprocess.SubprocessError):
        return []
    return [line.strip() for line in answer.stdout.splitlines() if line.strip()]


def gpus_per_worker() -> list[list[str]]:
    """Which GPUs each worker gets: one, or as many as ATELIER_GPUS_PER_RUN says, which then share a run's batches.

    What is left over when the machine's GPUs are shared out goes to a worker of its own.
    """
    gpus, wish = visible_gpus(), os.environ.get("ATELIER_GPUS_PER_RUN", "1")
    number = int(wish) if wish.isdigit() and int(wish) > 0 else 1
    return [gpus[start : start + number] for start in range(0, len(gpus), number)]


def listen(host: str, port: int) -> socket.socket:
    """The socket that all server processes of this machine take their connections from.

    While one of them starts anew the others go on, and while none runs connections wait.
    An address that cannot be had raises OSError; a host that is no name of this machine, socket.gaierror.
    """
    family, kind, protocol, _, where = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(where)
        listener.listen(BACKLOG)
    except OSError:
        listener.close()
        raise
    return listener


def web_programs(
    listener: socket.socket, host: str, port: int, environment: dict[str, str], number: int | None = None
) -> list[Program]:
    """The ASGI server: pages, API, uploads and live events; a process for each core, four at most, or `number`.

    Python uses one core in a process however many threads there are. They share nothing but database and Redis.
    """
    options = {
        "fd": str(listener.fileno()),
        "ws-max-size": str(WS_MAX_BYTES),
        "limit-concurrency": str(MAX_CONNECTIONS),
        "timeout-graceful-shutdown": "5",
        "log-level": "info",
    }
    flags = [part for name, value in options.items() for part in (f"--{name}", value)]
    command = [sys.executable, "-m", "uvicorn", "webapp.asgi:application", *flags, "--no-server-header"]
    environment = {**environment, "HOST": host, "PORT": str(port)}
    number = number or min(MAX_WEB_PROCESSES, len(os.sched_getaffinity(0)))
    roles = ["web", *(f"web-{place}" for place in range(1, number))]
    return [Program(role, command, environment, listener=listener.fileno()) for role in roles]


def worker_program(role: str, queue: str, environment: dict[str, str]) -> Program:
    """One Celery worker, which works on one row at a time of one queue."""
    options = ["-Q", queue, "-n", f"{role}@%h", "-P", "threads", "-c", "1", "-l", "INFO"]
    quiet = ["--without-gossip", "--without-mingle"]
    return Program(
        role, [sys.executable, "-m", "celery", "-A", "webapp.celery", "worker", *options, *quiet], environment
    )


def worker_programs(environment: dict[str, str], compute_workers: int = 1) -> list[Program]:
    """The workers: one for each GPU (or several), or `compute_workers` on a CPU alone; and one for files."""
    gpus = gpus_per_worker()
    # each training takes its share of the cores by this number (`ml/share.py`)
    environment = {COMPUTE_WORKERS: str(len(gpus) or compute_workers), **environment}
    if gpus:
        compute = [
            worker_program(f"compute-{n}", "compute", {**environment, "CUDA_VISIBLE_DEVICES": ",".join(some)})
            for n, some in enumerate(gpus)
        ]
    else:
        compute = [worker_program(f"compute-{n}", "compute", environment) for n in range(compute_workers)]
    return [*compute, worker_program("io", "io", environment)]


def catalogue_program(data_dir: Path, environment: dict[str, str]) -> Program:
    """Makes the catalogue of the shelves anew where `ml` changed, so that nobody's first page waits for it."""
    command = [sys.executable, "-m", "ml.catalog", str(data_dir / "catalogue")]
    return Program("catalogue", command, environment, once=True)


def environment_for(data_dir: Path, redis_url: str) -> dict[str, str]:
    """What every process of one service must agree on."""
    return {
        "DJANGO_SETTINGS_MODULE": "webapp.settings",
        "ATELIER_DATA": str(data_dir),
        "REDIS_URL": redis_url,
        "PYTHONUNBUFFERED": "1",
    }


def answers(url: str, timeout_s: float = 2.0) -> bool:
    """Whether GET `url` answers 200; never through a proxy."""
    try:
        with _opener().open(url, timeout=timeout_s) as response:
            return bool(response.status == 200)
    except (OSError, http.client.HTTPException):
        return False


def what_is_amiss(url: str) -> str:
    """What the service says of its own health, in words."""
    try:
        with _opener().open(f"{url}/health/ready", timeout=5.0) as response:
            said = bytes(response.read())
    except urllib.error.HTTPError as error:
        with error:
            said = error.read()
    except OSError as error:
        return f"no answer ({error})"
    try:
        faults = {name: fault for name, fault in json.loads(said).items() if name != "status"}
    except ValueError:
        return said.decode(errors="replace")[:200]
    return "; ".join(f"the {name} {fault}" for name, fault in faults.items())


def _opener() -> urllib.request.OpenerDirector:
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def wait_until_ready(url: str, timeout_s: float, broken: Callable[[], bool] = lambda: False) -> bool:
    """Wait until the service says that it is ready; False after `timeout_s`, or as soon as `broken()` says so."""
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and not broken():
        if answers(f"{url}/health/ready"):
            return True
        time.sleep(0.2)
    return False


if __name__ == "__main__":
    here = address("127.0.0.1", int(os.environ.get("PORT") or "8000"))
    if not answers(f"{here}/health/ready", timeout_s=5.0):
        sys.exit(f"{here} is not ready: {what_is_amiss(here)}")
