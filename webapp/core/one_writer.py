"""Whose turn it is to write, on a database that has one writer at a time."""

import fcntl
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection

_of_this_process = threading.Lock()


@contextmanager
def one_writer() -> Iterator[None]:
    """Wait here, before the transaction, for the others of this data folder that do; on PostgreSQL nobody waits.

    SQLite lets who must wait sleep and try again, ever longer: who came first is served last, and the disk stands still
    meanwhile. Not to be entered inside a transaction that has written.
    """
    if connection.vendor != "sqlite":
        yield
        return
    with _of_this_process:
        turn = os.open(settings.DATA_DIR / "writer.lock", os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(turn, fcntl.LOCK_EX)
            yield
        finally:
            os.close(turn)
