"""The threads that answer requests, and the queue of those that write."""

import asyncio
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.http import HttpRequest, StreamingHttpResponse

from webapp.core.asgi import Django
from webapp.core.one_writer import one_writer
from webapp.core.threads import NUM_THREADS, in_thread

pytestmark = pytest.mark.django_db(transaction=True)  # a thread may hold a connection of the test before


def test_requests_share_threads_that_live_on() -> None:
    async def one_after_the_other() -> set[str]:
        return {await in_thread(lambda: threading.current_thread().name)() for _ in range(3 * NUM_THREADS)}

    assert asyncio.run(one_after_the_other()) <= {f"request_{number}" for number in range(NUM_THREADS)}


def test_a_slow_request_holds_up_no_other() -> None:
    may_end = threading.Event()

    async def all_at_once() -> None:
        slow = asyncio.ensure_future(in_thread(may_end.wait)(30))
        await asyncio.wait_for(asyncio.gather(*[in_thread(int)() for _ in range(5 * NUM_THREADS)]), 20)
        assert not slow.done()
        may_end.set()
        assert await slow

    asyncio.run(all_at_once())


def test_who_writes_waits_for_another_process_that_does(data_folder: object) -> None:
    if connection.vendor != "sqlite":
        pytest.skip("only where there is one writer")
    lock = settings.DATA_DIR / "writer.lock"
    hold = "import fcntl, sys; f = open(sys.argv[1], 'a'); fcntl.flock(f, 2); print('held', flush=True); input()"
    other = subprocess.Popen(
        [sys.executable, "-c", hold, str(lock)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert other.stdout is not None
    assert other.stdout.readline() == "held\n"
    entered = threading.Event()

    def write() -> None:
        with one_writer():
            entered.set()

    writer = threading.Thread(target=write)
    writer.start()
    time.sleep(0.1)
    assert not entered.is_set()
    other.communicate("\n")
    assert entered.wait(10)
    writer.join()


def test_a_stream_that_nobody_reads_any_more_is_ended_and_closed() -> None:
    told: list[str] = []

    class Endless(Django):
        def __init__(self) -> None:
            pass

        def get_response(self, request: HttpRequest) -> Any:
            async def parts() -> AsyncIterator[bytes]:
                try:
                    while True:
                        yield b"part"
                        await asyncio.sleep(0.001)
                finally:
                    told.append("ended")

            response = StreamingHttpResponse(parts())
            response._resource_closers.append(lambda: told.append("closed"))
            return response

    async def leave_after_ten() -> int:
        sent = 0
        messages: asyncio.Queue[dict[str, Any]] = asyncio.Queue()
        messages.put_nowait({"type": "http.request", "body": b"", "more_body": False})

        async def send(message: Any) -> None:
            nonlocal sent
            sent += 1
            if sent == 10:
                messages.put_nowait({"type": "http.disconnect"})

        scope = {"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": []}
        async with asyncio.timeout(20):
            await Endless()(scope, messages.get, send)
        return sent

    assert 10 <= asyncio.run(leave_after_ten()) < 40
    assert told == ["ended", "closed"]
