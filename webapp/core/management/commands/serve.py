"""`manage.py serve`: the server alone, for a service whose Redis and workers run elsewhere."""

import os
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from webapp.core import machine
from webapp.core.commands import PlainCommand
from webapp.core.processes import ProcessSet, last_lines
from webapp.core.shift import check_bucket, environment, keep_running, listen, say

READY_WITHIN_S = 120.0


class Command(PlainCommand):
    help = "Prepares the database and runs the server alone, on HOST and PORT, with REDIS_URL and DATABASE_URL."

    def handle(self, *args: Any, **options: Any) -> None:
        shared = environment()
        check_bucket()
        lock = machine.hold(settings.DATA_DIR)
        if lock is None:
            raise CommandError(f"A server runs on {settings.DATA_DIR} already; end it first.")
        with lock:
            say("Preparing the database")
            call_command("migrate", verbosity=0)
            connections.close_all()  # this process only watches from here on
            host, port = settings.HOST, settings.PORT
            listener = listen(host, port)
            web = machine.web_programs(listener, host, port, {**shared, "SETUP_CODE": settings.SETUP_CODE})
            try:
                keep_running([*web, machine.catalogue_program(settings.DATA_DIR, shared)], _greet)
            finally:
                machine.withdraw(settings.DATA_DIR)


def _greet(processes: ProcessSet) -> None:
    """Raises: CommandError when the server does not become ready."""
    url = machine.address(settings.HOST, settings.PORT)
    if not machine.wait_until_ready(url, READY_WITHIN_S, broken=lambda: not processes.alive("web")):
        log = processes.log("web")
        raise CommandError(f"The server did not become ready. The end of {log}:\n{last_lines(log)}")
    service = machine.Service(os.getpid(), settings.HOST, settings.PORT, environment()["REDIS_URL"])
    machine.announce(settings.DATA_DIR, service)
    say(f"Serving at {settings.PUBLIC_URL or url}; log: {processes.log('web')}")
