"""How late live events come: sockets that all watch one run, an event every second.

    python -m benchmarks.live [SECONDS]      30 s for each number of sockets unless said, into benchmarks/live.md

The server is one uvicorn process, with Redis between it and the process that tells the events, as a worker does. The
time of an event is from when it was made until a client has read it. All sockets are in one client process on the same
machine, which costs time too. The bars are for 500 sockets: every event arrives, 95 of 100 within 300 ms and all
within 1 s, connecting takes at most 10 s in all, and the server stays within 200 MiB.
"""

import asyncio
import json
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect

from benchmarks.main_job import machine
from benchmarks.served import in_stack, resident_mib, served, start_in_stack
from tests.stack import Stack

PAGE = Path(__file__).with_suffix(".md")
NUMBERS = (50, 500)
SOCKETS_PER_PERSON = 20
AT_ONCE = 20
"""Sockets that connect at the same time."""


async def watch(stack: Stack, tokens: list[str], run: str, number: int, seconds: int) -> dict[str, float]:
    """`number` sockets on one run, and so many events, one a second."""
    started = time.perf_counter()
    few = asyncio.Semaphore(AT_ONCE)

    async def open_one(place: int) -> ClientConnection:
        async with few:
            return await _open(stack, tokens[place // SOCKETS_PER_PERSON], run)

    sockets = await asyncio.gather(*(open_one(place) for place in range(number)))
    connected = time.perf_counter() - started
    readers = [asyncio.create_task(_read(socket, seconds)) for socket in sockets]
    teller = start_in_stack(stack, "benchmarks.world", "tell", run, str(seconds))
    late: list[float] = [delay for reader in readers for delay in await reader]
    await asyncio.to_thread(teller.wait)
    memory = resident_mib(stack.pid("web"))
    for socket in sockets:
        await socket.close()
    late.sort()
    return {
        "connected_s": connected,
        "delivered": len(late) / (number * seconds),
        "p50_ms": 1e3 * statistics.median(late),
        "p95_ms": 1e3 * late[int(0.95 * (len(late) - 1))],
        "max_ms": 1e3 * late[-1],
        "memory_mib": memory,
    }


async def _open(stack: Stack, token: str, run: str) -> ClientConnection:
    address = f"{stack.url.replace('http', 'ws', 1)}/ws/"
    socket = await connect(address, additional_headers={"Authorization": f"Token {token}"}, proxy=None)
    await socket.send(json.dumps({"type": "subscribe", "run": run}))
    while json.loads(await socket.recv())["type"] != "run.snapshot":
        pass
    return socket


async def _read(socket: ClientConnection, seconds: int) -> list[float]:
    """How late each event came; reading ends some seconds after the last one is due."""
    late = []
    try:
        async with asyncio.timeout(seconds + 10):
            while len(late) < seconds:
                event = json.loads(await socket.recv())
                if event["type"] == "run.progressed":
                    made = datetime.fromisoformat(event["ts"].replace("Z", "+00:00"))
                    late.append((datetime.now(UTC) - made).total_seconds())
    except TimeoutError:
        pass  # what is missing by now counts as not delivered
    return late


def main() -> None:
    """The page."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    lines = ["# How late live events come", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += [
        "| sockets | all connected | arrived | median | 95 of 100 | latest | server's memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for number in NUMBERS:
        with served() as stack:
            begun = in_stack(stack, "benchmarks.world", "begin", str(-(-number // SOCKETS_PER_PERSON)))
            told = asyncio.run(watch(stack, begun["tokens"], begun["run"], number, seconds))
        lines.append(
            f"| {number} | {told['connected_s']:.1f} s | {told['delivered']:.1%} | {told['p50_ms']:.0f} ms | "
            f"{told['p95_ms']:.0f} ms | {told['max_ms']:.0f} ms | {told['memory_mib']:.0f} MiB |"
        )
    page = "\n".join([*lines, "", f"{machine()}; {seconds} events for each number of sockets.", ""])
    PAGE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
