"""Workers for a command that needs work done: those of the running service, or some of its own until it ends."""

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from webapp.core import machine
from webapp.core.processes import ProcessSet
from webapp.core.redis_server import own_redis, wait_until_answers

GONE_AFTER_LOOKS = 20
"""So many looks in a row find no service before it is taken for gone: one that starts anew needs a while."""


class Crew:
    """Somebody who works. Call `look` about twice a second while waiting for them."""

    def __init__(self, service: machine.Service | None, processes: ProcessSet | None) -> None:
        self.service = service
        self._processes = processes
        self._looks_without_service = 0

    def look(self) -> None:
        """Raises: CommandError when the service that did the work has ended."""
        if self._processes is not None:
            self._processes.look()
            return
        gone = machine.running(settings.DATA_DIR) is None
        self._looks_without_service = self._looks_without_service + 1 if gone else 0
        if self._looks_without_service > GONE_AFTER_LOOKS:
            raise CommandError("The service that did the work has ended; start it again and its work goes on.")


@contextmanager
def crew_at_hand(say: Callable[[str], None]) -> Iterator[Crew]:
    """The running service's workers; without one, a Redis and workers on free ports, ended when the block ends.

    Raises: NoRedisError; CommandError.
    """
    service = machine.running(settings.DATA_DIR)
    if service is not None:
        use_redis(service.redis_url)
        yield Crew(service, None)
        return
    data: Path = settings.DATA_DIR
    processes = ProcessSet(data / "logs" / "without-service", machine.BASE_DIR, say)
    try:
        url = os.environ.get("REDIS_URL") or _start_redis(processes)
        wait_until_answers(url)
        use_redis(url)
        call_command("migrate", verbosity=0)
        for program in machine.worker_programs(machine.environment_for(data, url)):
            processes.start(program)
        yield Crew(None, processes)
    finally:
        processes.end()


def _start_redis(processes: ProcessSet) -> str:
    program, url = own_redis()
    processes.start(program)
    return url


def use_redis(url: str) -> None:
    """Let this process, which read its settings before the address was known, ring and publish there."""
    from webapp.celery import app  # only here, so that everything else imports without Celery

    settings.REDIS_URL = url
    layers: dict[str, Any] = settings.CHANNEL_LAYERS
    layers["default"]["CONFIG"]["hosts"][:] = [url]
    app.conf.update(broker_url=url)
