"""Pages of the gallery: how many a second, and how long each takes, by depth, filter and order, from the real server.

    python -m benchmarks.gallery [--samples N] [--seconds S]      a million unless said, into benchmarks/gallery.md

A pool of made-up rows in a SQLite database of its own (pixels for the first shard only), the server as `up` starts it,
and clients that ask as the browser does, from threads of one process on the same machine. The bars: eight clients get
80 pages a second, 95 of 100 within 200 ms; 32 clients 70, within 1.2 s; at any depth and order within 250 ms; the
pool's own page, which tells how many of each class are judged, within 100 ms.
"""

import argparse
import http.client
import json
import os
import tempfile
import threading
import time
import urllib.parse
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.main_job import machine

PAGE_FILE = Path(__file__).with_suffix(".md")
CLASSES = [f"class {number}" for number in range(10)]
SCORES = ("class_confidence", "classifier_confidence", "nearest_training_distance", "realism")
PAGE = 50
SIDE = 32
SHARD = 4096


def main() -> None:
    """Make the pool, start the server, ask."""
    options = _options()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
        os.environ["ATELIER_DATA"] = folder
        import django

        django.setup()
        from tests.stack import Stack

        with Stack(Path(folder), workers=False, web_processes=None) as stack:
            started = time.monotonic()
            facts = make(options.samples, with_pixels=min(options.samples, SHARD))
            print(f"{options.samples:,} samples brought in within {time.monotonic() - started:.0f} s", flush=True)
            rows = [_ask(stack.port, facts["token"], name, url, 8, options.seconds) for name, url in _questions(facts)]
            name, url = _questions(facts)[0]
            rows.append(_ask(stack.port, facts["token"], f"{name}; 32 clients", url, 32, options.seconds))
            pool = f"/api/v1/pools/{facts['pool']}/"
            rows.append(_ask(stack.port, facts["token"], "the pool; one client", pool, 1, options.seconds))
    lines = ["# Pages of the gallery", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += [f"{options.samples:,} samples, {PAGE} on a page.", ""]
    lines += ["| what is shown | pages a second | median | 95 of 100 |", "|---|---|---|---|", *rows]
    page = "\n".join([*lines, "", f"{machine()}; {options.seconds:g} s each.", ""])
    PAGE_FILE.write_text(page, encoding="utf-8")
    print(page)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser("python -m benchmarks.gallery", description=__doc__)
    parser.add_argument("--samples", type=int, default=1_000_000, help="rows of the pool")
    parser.add_argument("--seconds", type=float, default=10.0, help="for each kind of page")
    return parser.parse_args()


# --- the pool -----------------------------------------------------------------------------------------------------
def make(number: int, with_pixels: int) -> dict[str, Any]:
    """A finished run with its pool, a selection that keeps a tenth, and some verdicts, by the product's services.

    Only the first `with_pixels` samples have an image.
    """
    from django.db import transaction

    from tests.worlds import queue_run
    from webapp.accounts.models import Lab, Membership, Person
    from webapp.accounts.services import create_token
    from webapp.core import storage
    from webapp.gallery.services import pools, selections, verdicts
    from webapp.runs.events import PoolCreated, PoolCreatedData
    from webapp.runs.models import Run, RunState
    from webapp.runs.services import attempt

    lab = Lab.objects.create(name="Benchmark")
    person = Person.objects.create(email="bench@lab.example", name="Bench")
    Membership.objects.create(lab=lab, person=person, role="owner")
    held = Run.claim(queue_run(_version(lab), person).pk, "benchmark", RunState.PREPARING)
    if held is None:
        raise RuntimeError("the run could not be claimed")
    folder = storage.run_folder(held.pk, held.fence)
    facts, kept = _files(folder, number, with_pixels)
    pool = pools.bring_in(
        held,
        pools.Facts(path=storage.relative(folder / "pool"), score_names=list(SCORES), **facts),
        folder / "scores.npz",
        held.renew,
    )
    generated = number // len(CLASSES)
    part = {"asked": kept, "generated": generated, "kept": kept, "dropped": {"not_drawn": generated - kept}}
    selection = selections.first_selection(pool, dict.fromkeys(CLASSES, part), {})
    pools.bring_in_choices(selection, folder / "selection.npz", held.renew)
    with transaction.atomic():
        created = PoolCreatedData(pool=pool.pk, selection=selection.pk, num_samples=number)
        attempt.finish_run(held, PoolCreated(run=held.pk, data=created))
        pools.publish(pool)
    ids = list(pool.samples.filter(index__lt=number // 5).order_by("index").values_list("pk", flat=True))
    verdicts.decide(pool, person, ids[: len(ids) // 2], "accept")
    verdicts.decide(pool, person, ids[-20:], "reject")
    token = create_token(person, "b", scopes=[], days=1)[1]
    return {"run": held.pk, "pool": pool.pk, "selection": selection.pk, "token": token, "email": person.email}


def _version(lab: Any) -> Any:
    """A version of the classes with no files: nothing looks at them here."""
    from tests.worlds import make_version

    counts = {"train": dict.fromkeys(CLASSES, 100), "val": dict.fromkeys(CLASSES, 10), "test": {}}
    return make_version(lab, classes=CLASSES, counts=counts)


def _files(folder: Path, number: int, with_pixels: int) -> tuple[dict[str, Any], int]:
    """Facts of the pool, and how many of each class the selection keeps."""
    random = np.random.default_rng(0)
    pool = folder / "pool"
    pool.mkdir(parents=True)
    label = np.arange(number, dtype=np.int64) % len(CLASSES)
    np.save(pool / "label.npy", label)
    np.save(pool / "seed.npy", random.integers(0, 2**53, number))
    for place in range(0, with_pixels, SHARD):
        pixels = random.integers(0, 255, (min(SHARD, with_pixels - place), SIDE, SIDE, 1), dtype=np.uint8)
        np.save(pool / f"images-{place // SHARD:05d}.npy", pixels)
    facts = {
        "classes": CLASSES,
        "resolution": SIDE,
        "channels": 1,
        "num_samples": number,
        "checkpoint_sha256": "0" * 64,
    }
    (pool / "pool.json").write_text(json.dumps({**facts, "model": "dcgan", "shard_size": SHARD}))
    distance = random.gamma(3.0, 1.0, number).astype(np.float32)
    np.savez(
        folder / "scores.npz",
        **{name: random.normal(size=number) for name in SCORES},
        nearest_index=np.full((number, 5), -1),
        nearest_distance=np.tile(distance[:, None], (1, 5)),
        memorised=random.random(number) < 0.01,
    )
    kept = number // 10 // len(CLASSES)
    chosen = np.concatenate([np.flatnonzero(label == name)[:: len(CLASSES)][:kept] for name in range(len(CLASSES))])
    reason = np.full(number, "not_drawn")
    reason[chosen] = ""
    np.savez(folder / "selection.npz", kept=chosen, reason=reason)
    return facts, kept


# --- the questions ------------------------------------------------------------------------------------------------
def _questions(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What is asked for -> its address."""
    base = f"/api/v1/pools/{facts['pool']}/samples/?limit={PAGE}&selection={facts['selection']}"
    label = urllib.parse.quote(CLASSES[3])
    depths = {"first": "", "middle": "&at=0.5", "last": "&at=0.999"}
    asked = {
        "as drawn": "",
        "kept": "&kept=true",
        "one class": f"&label={label}",
        "accepted (a tenth)": "&standing=accepted",
        "rejected (twenty)": "&standing=rejected",
        "memorised (1 %)": "&memorised=true",
        "a score between two values": "&score=realism&low=0.1&high=0.11",
        "one class, undecided, kept": f"&label={label}&standing=undecided&kept=true",
    }
    sorts = {"as drawn": "", "by score": "&sort=-score:realism"}
    return [
        (f"{what}; {how}; {depth}", base + query + sort + place)
        for what, query in asked.items()
        for how, sort in sorts.items()
        for depth, place in depths.items()
    ]


def _ask(port: int, token: str, name: str, url: str, clients: int, seconds: float) -> str:
    """A line of the table: each client asks for the page again and again, on a connection that stays open."""
    taken: list[float] = []
    faults: list[str] = []
    end = time.monotonic() + seconds

    def client() -> None:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        while time.monotonic() < end:
            at = time.perf_counter()
            connection.request("GET", url, headers={"Authorization": f"Token {token}"})
            answer = connection.getresponse()
            body = answer.read()
            taken.append(time.perf_counter() - at)
            if answer.status != 200:
                faults.append(f"{answer.status} {body[:200]!r}")
                return

    threads = [threading.Thread(target=client) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if faults:
        raise RuntimeError(f"{name}: {faults[0]}")
    p50, p95 = (float(np.percentile(taken, share)) * 1000 for share in (50, 95))
    row = f"| {name} | {len(taken) / seconds:.0f} | {p50:.0f} ms | {p95:.0f} ms |"
    print(row, flush=True)
    return row


if __name__ == "__main__":
    main()
