"""How late live events come: sockets that all watch one run, an event every second.

    python -m benchmarks.live [SECONDS]      30 s for each number of sockets unless said, into benchmarks/live.md

The server is one process here (`up` starts one for each core), with Redis between it and the process that tells the
events, as a worker does. The time of an event is from when it was made until a client has read it. All sockets are in
one client process on the same machine, which costs time too. The bars are for 500 sockets: every event arrives, 95 of
100 within 300 ms and all within 1 s, connecting takes at most 10 s in all, and the server stays within 200 MiB; for
1000, 95 of 100 within 1 s.

Then the server is killed under 500 sockets and started again, and each client comes back as the browser does. The
bar is 30 s for all of them, with 95 of 100 answers of the API within 1 s meanwhile.
"""

import asyncio
import json
import random
import statistics
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from benchmarks.main_job import machine
from benchmarks.served import Connection, in_stack, resident_mib, served, start_in_stack
from tests.stack import Stack

PAGE = Path(__file__).with_suffix(".md")
NUMBERS = (50, 500, 1000)
STORM = 500
RETRY_S = (0.3, 1.0, 2.0, 4.0, 8.0, 15.0)
"""How long a browser waits before each try, give or take a fifth (frontend/src/api/socket.ts)."""
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


async def storm(stack: Stack, tokens: list[str], run: str, number: int) -> dict[str, float]:
    """Every socket loses the server and looks for it again, while one client goes on asking the API."""
    sockets = [await _open(stack, tokens[place // SOCKETS_PER_PERSON], run) for place in range(number)]
    await asyncio.to_thread(stack.kill9, "web")
    await asyncio.gather(*(socket.wait_closed() for socket in sockets))
    await asyncio.to_thread(stack.restart, "web")
    started, back = time.perf_counter(), asyncio.Event()
    asking = asyncio.create_task(asyncio.to_thread(_ask_until, stack, tokens[0], back))
    again = await asyncio.gather(
        *(_come_back(stack, tokens[place // SOCKETS_PER_PERSON], run) for place in range(number))
    )
    all_back = time.perf_counter() - started
    back.set()
    answers = await asking
    for socket in again:
        await socket.close()
    return {"back_s": all_back, "api_p95_ms": 1e3 * answers[int(0.95 * (len(answers) - 1))], "asked": len(answers)}


async def _come_back(stack: Stack, token: str, run: str) -> ClientConnection:
    tries = 0
    while True:
        await asyncio.sleep(RETRY_S[min(tries, len(RETRY_S) - 1)] * random.uniform(0.8, 1.2))
        tries += 1
        try:
            return await _open(stack, token, run)
        except (OSError, WebSocketException):
            continue


def _ask_until(stack: Stack, token: str, done: asyncio.Event) -> list[float]:
    """Seconds of each answer to a client that asks ten times a second, in order of size."""
    client = Connection(stack, token)
    while not done.is_set():
        client.send("GET", "/api/v1/runs/")
        time.sleep(0.1)
    return sorted(client.spent)


def main() -> None:
    """The page."""
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    lines = ["# How late live events come", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += [
        "| sockets | all connected | arrived | median | 95 of 100 | latest | server's memory |",
        "|---|---|---|---|---|---|---|",
    ]
    for number in NUMBERS:
        with served(web_processes=1) as stack:
            begun = in_stack(stack, "benchmarks.world", "begin", str(-(-number // SOCKETS_PER_PERSON)))
            told = asyncio.run(watch(stack, begun["tokens"], begun["run"], number, seconds))
        lines.append(
            f"| {number} | {told['connected_s']:.1f} s | {told['delivered']:.1%} | {told['p50_ms']:.0f} ms | "
            f"{told['p95_ms']:.0f} ms | {told['max_ms']:.0f} ms | {told['memory_mib']:.0f} MiB |"
        )
    with served(web_processes=1) as stack:
        begun = in_stack(stack, "benchmarks.world", "begin", str(-(-STORM // SOCKETS_PER_PERSON)))
        told = asyncio.run(storm(stack, begun["tokens"], begun["run"], STORM))
    lines += [
        "",
        f"{STORM} sockets were back {told['back_s']:.0f} s after the killed server ran again; of {told['asked']:.0f} ",
    ]
    lines[-1] += f"answers of the API meanwhile 95 of 100 took at most {told['api_p95_ms']:.0f} ms."
    page = "\n".join([*lines, "", f"{machine()}; {seconds} events for each number of sockets.", ""])
    PAGE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
