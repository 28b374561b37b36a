"""A base of the commands that people type: their errors are one sentence and the exit status 1."""

import sys
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError

from webapp.core.errors import AtelierError
from webapp.core.redis_server import NoRedisError


class PlainCommand(BaseCommand):
    """Says what went wrong and no more; `--traceback` shows where. A defect is shown whole, as ever."""

    requires_system_checks = []
    _typed = False

    def run_from_argv(self, argv: list[str]) -> None:
        self._typed = True
        super().run_from_argv(argv)

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            return super().execute(*args, **options)
        except (AtelierError, NoRedisError, OperationalError, CommandError) as error:
            if options.get("traceback") or not self._typed:
                raise
            self.stderr.write(str(error).strip())
            sys.exit(getattr(error, "returncode", 1))
