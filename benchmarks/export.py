"""How fast a dataset is exported: `ml/export.py` beside Info-ZIP's `zip -0` of the same files.

    python -m benchmarks.export [IMAGES] [ROUNDS]      both in turn, into benchmarks/export.md

Ours reads each image, compares its hash with what was uploaded, takes the metadata out, writes manifest, provenance,
card and SHA256SUMS and hashes the whole; `zip -0 -r` stores the same files and does none of that. Both write to one
disk and are timed until their file is synced, ours with the start of its process. Memory is the most that the
process held at one time.
"""

import hashlib
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from PIL import Image

from benchmarks.main_job import machine

PAGE = Path(__file__).with_suffix(".md")
SIDE, CLASSES = 256, ("bar", "dot")
MIB = 2**20


def make_images(folder: Path, count: int) -> int:
    """PNG files of noise in class folders, and the lines of the plan beside them; returns their bytes."""
    random, lines, total = np.random.default_rng(0), [], 0
    for number in range(count):
        label = CLASSES[number % len(CLASSES)]
        file = folder / "files" / label / f"{number:07d}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 255, (SIDE, SIDE), dtype=np.uint8)).save(file, compress_level=1)
        data = file.read_bytes()
        total += len(data)
        row = {"sha256": hashlib.sha256(data).hexdigest()}
        lines.append({"id": f"real-{number:07d}", "file": str(file), "label": label, "split": "train"})
        lines[-1] |= {"name": file.name, "row": row}
    (folder / "images.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "samples.jsonl").write_text("")
    plan = {
        "verb": "export", "format": "image_folder", "title": "Noise", "classes": list(CLASSES), "resolution": SIDE,
        "channels": 1, "fit": "crop", "images": str(folder / "images.jsonl"), "pool": None,
        "samples": str(folder / "samples.jsonl"), "provenance": {}, "card": "# Noise\n",
        "out": str(folder / "ours.zip"),
    }  # fmt: skip
    (folder / "plan.json").write_text(json.dumps(plan))
    return total


def measured(command: list[str], out: Path) -> dict[str, float]:
    """Seconds until the file is on the disk, and MiB that the process held at most."""
    out.unlink(missing_ok=True)
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"{command[0]} ended with {status}")
    with out.open("rb") as file:
        os.fsync(file.fileno())
    return {"seconds": time.perf_counter() - start, "peak_mib": used.ru_maxrss / 1024}


def ours(folder: Path) -> dict[str, float]:
    return measured([sys.executable, "-m", "ml", "work", str(folder / "plan.json")], folder / "ours.zip")


def plain(folder: Path) -> dict[str, float]:
    zip_program = shutil.which("zip")
    if zip_program is None:
        raise SystemExit("The program zip is not installed; apt-get install zip")
    out = folder / "plain.zip"
    return measured([zip_program, "-0", "-q", "-r", str(out), str(folder / "files")], out)


def page(count: int, total: int, told: dict[str, list[dict[str, float]]]) -> str:
    """The figures, the median of the rounds each."""
    lines = [
        "# Exporting\n",
        f"{count} PNG files of {SIDE} x {SIDE}, {total / MIB:.0f} MiB; {machine()}.",
        f"Medians of {len(told['ours'])} rounds.\n",
        "| | MiB/s | peak memory, MiB |",
        "| --- | --- | --- |",
    ]
    for name, rounds in told.items():
        rate = statistics.median(total / MIB / one["seconds"] for one in rounds)
        peak = statistics.median(one["peak_mib"] for one in rounds)
        lines.append(f"| {name} | {rate:.0f} | {peak:.0f} |")
    return "\n".join(lines) + "\n"


def main(count: int, rounds: int) -> None:
    with tempfile.TemporaryDirectory(prefix="export-benchmark-") as name:
        folder = Path(name)
        total = make_images(folder, count)
        told: dict[str, list[dict[str, float]]] = {"ours": [], "zip -0": []}
        for _ in range(rounds):
            told["ours"].append(ours(folder))
            told["zip -0"].append(plain(folder))
    PAGE.write_text(page(count, total, told))
    print(PAGE.read_text())


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 4000, int(sys.argv[2]) if len(sys.argv) > 2 else 5)
