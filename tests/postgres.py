"""A throw-away PostgreSQL, and the web's own tests on it.

SQLite carries one machine, PostgreSQL a lab; both must hold what the services promise, so the same tests run on both.
"""

import os
import pwd
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from webapp.core.redis_server import free_port

USER = "postgres"


class NoPostgresError(RuntimeError):
    """There is no PostgreSQL server program that this user may start."""


def binaries() -> Path:
    """The folder of `initdb` and `postgres`.

    Raises: NoPostgresError.
    """
    if found := shutil.which("initdb"):
        return Path(found).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if not versions:
        raise NoPostgresError("PostgreSQL is not installed (apt-get install postgresql)")
    return versions[-1].parent


def _as_its_user() -> list[str]:
    """What to put before a command: the server refuses root. It dies with this process, even when that is killed."""
    tie = ["setpriv", "--pdeathsig", "KILL"]
    if os.geteuid() != 0:
        return tie
    try:
        account = pwd.getpwnam(USER)
    except KeyError as error:
        raise NoPostgresError(f"the server refuses root, and there is no user {USER}") from error
    return [*tie, f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]


@contextmanager
def cluster() -> Iterator[str]:
    """DATABASE_URL of a server on a free port of the loopback that forgets everything; ended and removed afterwards.

    Raises: NoPostgresError.
    """
    programs, before, password, port = binaries(), _as_its_user(), secrets.token_hex(16), free_port()
    folder = Path(tempfile.mkdtemp(prefix="atelier-postgres-"))
    server = None
    try:
        (folder / "password").write_text(password)
        if os.geteuid() == 0:
            for path in (folder, folder / "password"):
                shutil.chown(path, USER, USER)
        make = ["initdb", "--no-sync", "--auth=scram-sha-256", f"--username={USER}", f"--pwfile={folder / 'password'}"]
        _run([*before, str(programs / make[0]), *make[1:], "--encoding=UTF8", "-D", str(folder / "data")])
        careless = ["fsync=off", "synchronous_commit=off", "full_page_writes=off", "listen_addresses=127.0.0.1"]
        options = [part for option in careless for part in ("-c", option)]
        command = [str(programs / "postgres"), "-D", str(folder / "data"), "-k", str(folder), "-p", str(port), *options]
        with (folder / "log").open("wb") as log:
            server = subprocess.Popen([*before, *command], cwd=folder, stdout=log, stderr=log, start_new_session=True)
        _wait_until_answers(programs, port)
        yield f"postgresql://{USER}:{password}@127.0.0.1:{port}/postgres"
    finally:
        if server is not None:
            _end(server)
        shutil.rmtree(folder, ignore_errors=True)


def _end(server: "subprocess.Popen[bytes]") -> None:
    server.send_signal(signal.SIGQUIT)  # its word for "now, without ceremony"; shared memory is given back
    try:
        server.wait(timeout=10)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd="/", capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise NoPostgresError(f"{command[-1]}: {done.stderr.strip()}")


def _wait_until_answers(programs: Path, port: int) -> None:
    ask = [str(programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(port)]
    deadline = time.monotonic() + 30
    while subprocess.run(ask).returncode != 0:
        if time.monotonic() > deadline:
            raise NoPostgresError("the server did not answer within 30 s")
        time.sleep(0.05)
