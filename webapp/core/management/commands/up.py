"""`manage.py up`: everything on one machine, as real processes, until Ctrl-C."""

import os
import secrets
import signal
import sys
import time
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connections

from webapp.core import machine, storage, version_floors
from webapp.core.commands import PlainCommand
from webapp.core.processes import ProcessSet, Program, last_lines
from webapp.core.redis_server import own_redis, server_version, wait_until_answers
from webapp.core.shift import SIGNALS, AskedToEnd, ask_to_end, check_bucket, listen

READY_WITHIN_S = 120.0
LOOK_EVERY_S = 0.3


class Command(PlainCommand):
    help = "Runs everything on this machine (Redis, server, workers) until Ctrl-C. HOST and PORT say where it answers."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--no-demo", action="store_true", help="do not make a demo lab in an empty database")

    def handle(self, *args: Any, **options: Any) -> None:
        lock = machine.hold(settings.DATA_DIR)
        if lock is None:
            self.stdout.write(_already_runs(settings.DATA_DIR))
            return
        with lock:
            _Up(demo=not options["no_demo"]).run()


def _already_runs(data_dir: Path) -> str:
    service = machine.running(data_dir)
    if service is None:
        return f"Atelier is just starting or ending on {data_dir}; look again in a few seconds."
    return f"Atelier already runs at {service.url} (process {service.pid}). End it there with Ctrl-C to start it anew."


class _Up:
    """One life of the service."""

    def __init__(self, demo: bool) -> None:
        self._demo = demo
        self._data: Path = settings.DATA_DIR
        self._host, self._port = settings.HOST, settings.PORT
        self._url = machine.address(self._host, self._port)
        self._processes = ProcessSet(self._data / "logs", machine.BASE_DIR, say)

    def run(self) -> None:
        """Start, watch, and end everything, whatever happens between."""
        for number in SIGNALS:
            signal.signal(number, ask_to_end)
        try:
            self._start()
            self._watch()
        except AskedToEnd:
            say("Ending: a run in progress saves a checkpoint first (up to 25 s) …")
        finally:
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN)
            machine.withdraw(self._data)
            self._processes.end()
        say("Ended. Everything is kept in", str(self._data))

    def _start(self) -> None:
        self._listener = listen(self._host, self._port)
        for sentence in version_floors.warnings(datetime.now(UTC).date()):
            say("Note:", sentence)
        check_bucket()
        say("Preparing the database")
        call_command("migrate", verbosity=0)
        setup_code = _setup_code()
        connections.close_all()  # this process only watches from here on
        if storage.free_bytes() < settings.DISK_FLOOR_BYTES:
            say(f"Note: the disk at {self._data} is almost full; nothing can be uploaded until there is space.")
        redis_url = self._start_redis()
        environment = machine.environment_for(self._data, redis_url)
        workers = machine.worker_programs(environment)
        say(f"Starting the server and {len(workers)} workers ({_devices()})")
        code = {"SETUP_CODE": setup_code or settings.SETUP_CODE}
        for program in machine.web_programs(self._listener, self._host, self._port, {**environment, **code}):
            self._processes.start(program)
        for program in workers:
            self._processes.start(program)
        self._processes.start(machine.catalogue_program(self._data, environment))
        if not machine.wait_until_ready(self._url, READY_WITHIN_S, broken=lambda: not self._processes.alive("web")):
            raise CommandError(self._why_not_ready())
        machine.announce(self._data, machine.Service(os.getpid(), self._host, self._port, redis_url))
        self._greet(setup_code)
        if self._demo:
            self._start_demo(environment)

    def _why_not_ready(self) -> str:
        if self._processes.alive("web"):
            return f"The service is not ready: {machine.what_is_amiss(self._url)}"
        log = self._processes.log("web")
        return f"The server did not start. The end of {log}:\n{last_lines(log)}"

    def _start_redis(self) -> str:
        """The address of the Redis to use: the configured one, or one of our own."""
        if configured := os.environ.get("REDIS_URL"):
            wait_until_answers(configured)
            if sentence := version_floors.redis_warning(server_version(configured)):
                say("Note:", sentence)
            return configured
        program, url = own_redis()
        self._processes.start(program)
        wait_until_answers(url)
        return url

    def _greet(self, setup_code: str) -> None:
        where = settings.PUBLIC_URL or self._url
        first = not get_user_model().objects.exists()
        connections.close_all()
        say()
        say(f"Atelier runs at {where}")
        if first:
            say("  Log in:    open the address; the first visitor creates the account that owns the lab")
        else:
            say("  Log in:    open the address, with your e-mail address and password")
        if setup_code:
            say(f"  Setup:     the first visitor is asked for this code: {setup_code}")
        if not settings.IS_LOOPBACK and not settings.PUBLIC_URL:
            names = sorted({name for name in settings.ALLOWED_HOSTS if name not in settings.LOOPBACK | {"[::1]"}})
            say(f"  Network:   reached as {', '.join(names)}, port {self._port}")
        say(f"  Data:      {self._data}")
        say(f"  Logs:      {self._data / 'logs'}")
        say("  Ctrl-C ends it.")
        say()

    def _start_demo(self, environment: dict[str, str]) -> None:
        """A process of its own, which does nothing in a database that already has a lab."""
        command = [sys.executable, "manage.py", "demo", "--url", settings.PUBLIC_URL or self._url]
        log = self._processes.log("demo")
        self._relay_from = log.stat().st_size if log.exists() else 0
        self._processes.start(Program("demo", command, environment, once=True))

    def _watch(self) -> None:
        while True:
            self._processes.look()
            self._relay_demo()
            time.sleep(LOOK_EVERY_S)

    def _relay_demo(self) -> None:
        """Say the whole lines that the demo printed since the last look."""
        if not self._demo:
            return
        with self._processes.log("demo").open("rb") as log:
            log.seek(self._relay_from)
            new = log.read()
        whole = new[: new.rfind(b"\n") + 1]
        self._relay_from += len(whole)
        for line in whole.decode(errors="replace").splitlines():
            if line.startswith("Demo:"):
                say(line)


def say(*words: str) -> None:
    """One line for the person at the terminal, at once; a terminal that is gone is no reason to stop."""
    try:
        print(*words, flush=True)
    except OSError:
        return


def _setup_code() -> str:
    """A code that the first visitor must know where others could be first; empty where none is needed."""
    if settings.IS_LOOPBACK or settings.SETUP_CODE or get_user_model().objects.exists():
        return ""
    return f"{secrets.token_hex(3)}-{secrets.token_hex(3)}"


def _devices() -> str:
    gpus = len(machine.visible_gpus())
    if gpus:
        return "training on the GPU" if gpus == 1 else f"training on {gpus} GPUs"
    return "training on the CPU"
