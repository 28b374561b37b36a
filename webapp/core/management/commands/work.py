"""`manage.py work`: workers alone, on any machine that reaches the database, the Redis and the data folder."""

import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import CommandError
from django.db import OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from webapp.core import machine
from webapp.core.commands import PlainCommand
from webapp.core.processes import ProcessSet
from webapp.core.shift import check_bucket, environment, keep_running, say

QUEUES = ("compute", "io")
PREPARED_WITHIN_S = 300.0


class Command(PlainCommand):
    help = (
        "Runs this machine's workers alone: `compute` trains and generates, one worker for each GPU; `io` is for files."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("queues", nargs="+", choices=QUEUES, help="what they work on")

    def handle(self, *args: Any, **options: Any) -> None:
        shared = environment()
        check_bucket()
        _wait_until_prepared()
        programs = machine.worker_programs(shared)
        chosen = [program for program in programs if program.role.partition("-")[0] in options["queues"]]
        keep_running(chosen, _greet)


def _greet(processes: ProcessSet) -> None:
    roles = processes.roles()
    say(f"Working: {', '.join(roles)}; logs: {processes.log(roles[0]).parent}")


def _wait_until_prepared() -> None:
    """Return once the database has the tables that this version of the code expects; `serve` makes them.

    Raises: CommandError.
    """
    deadline, has_said = time.monotonic() + PREPARED_WITHIN_S, False
    while fault := _why_not_prepared():
        if time.monotonic() > deadline:
            raise CommandError(f"The database is not prepared: {fault}. Start the server of the same version.")
        if not has_said:
            say(f"Waiting for the server to prepare the database: {fault}")
            has_said = True
        time.sleep(1.0)
    connection.close()  # this process only watches from here on


def _why_not_prepared() -> str:
    """In words; "" when there is nothing to wait for."""
    try:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    except OperationalError as error:
        return str(error).strip().partition("\n")[0]
    return f"{len(missing)} migrations are missing" if missing else ""
