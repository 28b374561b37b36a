"""The threads in which requests ask the database, for the parts of the server that must not wait themselves."""

from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, ParamSpec, TypeVar, cast

from channels.db import database_sync_to_async

P = ParamSpec("P")
T = TypeVar("T")
NUM_THREADS: Final = 4
_POOL: Final = ThreadPoolExecutor(NUM_THREADS, thread_name_prefix="request")


def in_thread(work: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    """The same, done by the first thread that is free, which keeps its connection to the database for the next.

    By itself Django starts and ends a thread for each request, and a connection with it: a third of the time of a short
    answer. Two calls of one request may meet two threads, so a transaction begins and ends within one.
    """
    return cast("Callable[P, Awaitable[T]]", database_sync_to_async(work, thread_sensitive=False, executor=_POOL))
