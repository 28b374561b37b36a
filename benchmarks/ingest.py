"""How fast images come in: the ingest of a worker beside unpacking the same zip and decoding its images.

    python -m benchmarks.ingest [IMAGES] [ROUNDS]      100,000 images unless said otherwise, into benchmarks/ingest.md

The images are rendered JPEG files of 256x256 pixels in ten class folders of one zip, stored. The plain way is what one
writes first: `extractall`, then Pillow opens and decodes every file. Ours reads the zip without unpacking it, decodes
in a limited child process, hashes, looks for exact and near duplicates, writes every file durably into the object store
with a thumbnail of it, draws splits and reports every file. Figures are images per second by the clock, all cores
allowed; the bar is 400 images per second of one core.
"""

import io
import json
import os
import resource
import sys
import tempfile
import time
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.main_job import machine
from benchmarks.paired import in_turn, middle, ratio
from ml.ingest import run
from ml.plans import IngestPlan
from ml.splits import DEFAULT_FRACTIONS
from ml.work import YIELDING

PAGE = Path(__file__).with_suffix(".md")
CLASSES, SIDE = 10, 256


def write_zip(file: Path, number: int) -> None:
    """So many different pictures: coarse noise made smooth, which no two share."""
    rng = np.random.default_rng(0)
    with zipfile.ZipFile(file, "w", zipfile.ZIP_STORED) as archive:
        for index in range(number):
            coarse = Image.fromarray(rng.integers(0, 256, (12, 12, 3), dtype=np.uint8))
            stream = io.BytesIO()
            coarse.resize((SIDE, SIDE), Image.Resampling.BILINEAR).save(stream, "JPEG", quality=85)
            archive.writestr(f"class_{index % CLASSES}/{index:06d}.jpg", stream.getvalue())


def ours(source: Path) -> dict[str, float]:
    """The verb of a worker's child, with everything that it says thrown away but the result."""
    os.nice(YIELDING)
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        said: list[dict[str, object]] = []
        plan = IngestPlan(
            verb="ingest",
            source=str(source),
            source_name=source.name,
            out=str(Path(folder) / "out"),
            store=str(Path(folder) / "store"),
            kind=None,
            split_seed=0,
            split_fractions=list(DEFAULT_FRACTIONS),
            limits={},
        )
        Path(plan["out"]).mkdir()
        started = time.perf_counter()
        run(plan, lambda message: said.append(message) if message["event"] == "result" else None)
        return _figures(int(str(said[-1]["num_images"])), time.perf_counter() - started)


def plain(source: Path) -> dict[str, float]:
    """Unpack and decode."""
    with tempfile.TemporaryDirectory(dir=source.parent) as folder:
        started = time.perf_counter()
        with zipfile.ZipFile(source) as archive:
            archive.extractall(folder)
        number = 0
        for file in Path(folder).rglob("*.jpg"):
            with Image.open(file) as image:
                image.load()
            number += 1
        return _figures(number, time.perf_counter() - started)


def _figures(number: int, spent: float) -> dict[str, float]:
    own, children = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    cpu = own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
    return {
        "num_images": number,
        "img_per_s": number / spent,
        "img_per_cpu_s": number / cpu,
        "peak_mib": max(own.ru_maxrss, children.ru_maxrss) / 1024,
    }


WORK = {"ours": ours, "plain": plain}


def compare(number: int, rounds: int) -> str:
    """The comparison as a page."""
    with tempfile.TemporaryDirectory(prefix="atelier-bench-") as folder:
        source = Path(folder) / "images.zip"
        write_zip(source, number)
        told = in_turn({name: ["benchmarks.ingest", name, str(source)] for name in WORK}, rounds)
    lines = ["# How fast images come in", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += [
        "| way | images | images/s | images/s of one core | peak of the largest process |",
        "|---|---|---|---|---|",
    ]
    for name, rows in told.items():
        per_s, per_core = (f"{middle(rows, what):,.0f}" for what in ("img_per_s", "img_per_cpu_s"))
        lines.append(
            f"| {name} | {rows[0]['num_images']:,.0f} | {per_s} | {per_core} | {middle(rows, 'peak_mib'):.0f} MiB |"
        )
    lines += ["", f"Ours beside the plain way, by the clock: {ratio(told['ours'], told['plain'], 'img_per_s')}."]
    return "\n".join([*lines, "", f"{machine()}; {rounds} rounds.", ""])


def main() -> None:
    """One measurement as JSON when named, else the page."""
    if len(sys.argv) > 1 and sys.argv[1] in WORK:
        print(json.dumps(WORK[sys.argv[1]](Path(sys.argv[2]))))
        return
    number, rounds = (int(given) for given in (*sys.argv[1:], *("100000", "3")[len(sys.argv) - 1 :]))
    page = compare(number, rounds)
    PAGE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
