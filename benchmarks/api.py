"""How fast the API answers: eight clients, each with one connection, against the server as `up` starts it.

    python -m benchmarks.api [SECONDS]      10 s for each kind of request unless said otherwise, into benchmarks/api.md

Clients ask as fast as they are answered, from threads of one process on the same machine, which costs time too. The bar
for verdicts is 100 a second with 95 of 100 within 150 ms, and a bulk of 500 within 300 ms. Beside work means: a run
writes its progress twice a second, and images are read in as fast as they can be, on the same cores.
"""

import contextlib
import itertools
import json
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from benchmarks.ingest import write_zip
from benchmarks.main_job import machine
from benchmarks.served import Connection, in_stack, served, start_in_stack
from tests.stack import Stack

PAGE = Path(__file__).with_suffix(".md")
NUM_CLIENTS, BULK = 8, 500
Ask = Callable[[Connection], object]
JSON = {"Content-Type": "application/json"}


def requests_of(begun: dict[str, Any], samples: list[int]) -> dict[str, Ask]:
    """What is asked, in the words of the page."""
    next_sample = itertools.cycle(samples)
    values = itertools.cycle(("accept", "reject"))

    def verdict(client: Connection) -> object:
        body = json.dumps({"value": next(values)}).encode()
        return client.send("PUT", f"/api/v1/samples/{next(next_sample)}/verdict/", body, JSON)

    def bulk(client: Connection) -> object:
        body = json.dumps({"value": next(values), "ids": samples[:BULK]}).encode()
        return client.send("POST", f"/api/v1/pools/{begun['pool']}/verdicts/", body, JSON)

    def get(path: str) -> Ask:
        return lambda client: client.send("GET", path)

    return {
        "list of runs": get("/api/v1/runs/"),
        "one run": get(f"/api/v1/runs/{begun['run']}/"),
        "list of datasets": get("/api/v1/datasets/"),
        "50 images of a version": get(f"/api/v1/versions/{begun['version']}/images/?limit=50"),
        "50 samples of a pool": get(f"/api/v1/pools/{begun['pool']}/samples/?limit=50"),
        "a verdict": verdict,
        f"{BULK} verdicts at once, one client": bulk,
    }


def press(stack: Stack, tokens: list[str], ask: Ask, seconds: float) -> tuple[float, list[float]]:
    """(requests a second, seconds of each answer in order of size)."""
    clients = [Connection(stack, token) for token in tokens]
    ask(clients[0])
    clients[0].spent.clear()
    started = time.perf_counter()

    def work(client: Connection) -> None:
        while time.perf_counter() - started < seconds:
            ask(client)

    threads = [threading.Thread(target=work, args=(client,)) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    spent = sorted(second for client in clients for second in client.spent)
    return len(spent) / (time.perf_counter() - started), spent


def row(what: str, rate: float, spent: list[float]) -> str:
    """A line of the table."""
    late = [1e3 * spent[int(share * (len(spent) - 1))] for share in (0.95, 0.99)]
    cells = [f"{1e3 * statistics.median(spent):.0f} ms", *(f"{value:.0f} ms" for value in late)]
    return f"| {what} | {rate:,.0f} | {' | '.join(cells)} |"


@contextlib.contextmanager
def beside_work(stack: Stack, run: str, seconds: float) -> Iterator[None]:
    """A run that tells its progress, and an ingest that goes on until the block ends."""
    with tempfile.TemporaryDirectory(prefix="atelier-bench-") as folder:
        source = Path(folder) / "images.zip"
        write_zip(source, round(600 * (seconds + 2)))
        work = [
            start_in_stack(stack, "benchmarks.world", "train", run, str(seconds)),
            start_in_stack(stack, "benchmarks.ingest", "ours", str(source)),
        ]
        time.sleep(2)  # both have started
        try:
            yield
        finally:
            for process in work:
                process.kill()
                process.wait()


def main() -> None:
    """The page."""
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    lines = ["# How fast the API answers", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += ["| request | answers a second | median | 95 of 100 | 99 of 100 |", "|---|---|---|---|---|"]
    with served() as stack:
        begun = in_stack(stack, "benchmarks.world", "begin", str(NUM_CLIENTS))
        _, body = Connection(stack, begun["tokens"][0]).send("GET", f"/api/v1/pools/{begun['pool']}/samples/?limit=500")
        samples = [sample["id"] for sample in json.loads(body)["results"]]
        asked = requests_of(begun, samples)
        for what, ask in asked.items():
            tokens = begun["tokens"][:1] if "one client" in what else begun["tokens"]
            lines.append(row(what, *press(stack, tokens, ask, seconds)))
        (run,) = in_stack(stack, "benchmarks.world", "queue", begun["run"], "1")
        with beside_work(stack, run, seconds):
            told = press(stack, begun["tokens"], asked["a verdict"], seconds)
        lines.append(row("a verdict, beside work", *told))
    page = "\n".join([*lines, "", f"{machine()}; {seconds:g} s each.", ""])
    PAGE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
