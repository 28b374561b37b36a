"""A shift: some programs kept running until somebody asks to end. What the commands `serve` and `work` share.

They are for a service whose parts run on several machines; `up` is for one.
"""

import os
import signal
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import FrameType

from django.conf import settings
from django.core.management.base import CommandError

from webapp.core import bucket, machine
from webapp.core.bucket import BucketError, BucketRefusedError
from webapp.core.processes import ProcessSet, Program

LOOK_EVERY_S = 0.3
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class AskedToEnd(BaseException):
    """Ctrl-C, SIGTERM, or the terminal was closed."""


def keep_running(
    programs: Sequence[Program], when_started: Callable[[ProcessSet], None] = lambda processes: None
) -> None:
    """Run the programs, start again what dies, and end them all in good order when this process is asked to end."""
    logs: Path = settings.DATA_DIR / "logs" / socket.gethostname()  # the data folder may be that of several machines
    processes = ProcessSet(logs, machine.BASE_DIR, say)
    for number in SIGNALS:
        signal.signal(number, ask_to_end)
    try:
        for program in programs:
            processes.start(program)
        when_started(processes)
        while True:
            processes.look()
            time.sleep(LOOK_EVERY_S)
    except AskedToEnd:
        say("Ending: work in progress saves a checkpoint first (up to 25 s) …")
    finally:
        for number in SIGNALS:
            signal.signal(number, signal.SIG_IGN)
        processes.end()
    say("Ended.")


def environment() -> dict[str, str]:
    """What the programs must agree on with those on other machines.

    Raises: CommandError when nobody said where Redis is.
    """
    url = os.environ.get("REDIS_URL")
    if not url:
        raise CommandError("REDIS_URL is not set: say which Redis the server and all workers use, or run `up` instead.")
    return machine.environment_for(settings.DATA_DIR, url)


def check_bucket() -> None:
    """Raises: CommandError when somebody has to change the configuration; a store that is silent is only told."""
    try:
        bucket.check()
    except BucketRefusedError as error:
        raise CommandError(error.message) from error
    except BucketError as error:
        say("Note:", error.message)


def listen(host: str, port: int) -> socket.socket:
    """The socket of the server. Raises: CommandError, in one sentence."""
    try:
        return machine.listen(host, port)
    except socket.gaierror as error:
        raise CommandError(f"HOST={host} is no name or address of this machine ({error.strerror}).") from error
    except OSError as error:
        another = f"choose another, for example PORT={port + 1} make start"
        raise CommandError(f"Port {port} of {host} cannot be used ({error.strerror}); {another}.") from error


def say(*words: str) -> None:
    """One line for the person, or the log of the container, at once."""
    print(*words, flush=True)


def ask_to_end(number: int, frame: FrameType | None) -> None:
    """Raises AskedToEnd, once: who asks again, as `make` does for its child, must not break off the ending."""
    for one in SIGNALS:
        signal.signal(one, signal.SIG_IGN)
    raise AskedToEnd
