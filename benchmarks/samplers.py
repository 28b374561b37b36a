"""What the samplers cost on a large pool, and what they keep of it: `python -m benchmarks.samplers`.

A drawn pool of known quality: features of ten classes, a fifth of the candidates showing another class than the one
asked for, a twentieth near-copies of training images. The budget is a fifth of the pool. Each sampler runs with its
default settings in a process of its own, one thread; memory is the most that the process held while it selected, above
what it held with the pool loaded. The figures are written to `samplers.md`.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import threading
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.main_job import machine
from ml.metric import Evidence, ImageSet
from ml.neighbours import nearest
from ml.sampler import Candidates, Sampler
from ml.selection import make_sampler
from ml.shelves import names

HERE = Path(__file__).resolve().parent
PAGE = HERE / "samplers.md"
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
CLASSES = tuple("abcdefghij")
NUM_TRAIN, NUM_VAL, NUM_VERDICTS = 2_000, 500, 1_000
WRONG, COPIES = 0.2, 0.05
APART = 2.5
"""Between the centres of two classes; at this distance the best classifier is wrong on about one image in six."""
WATCH_S = 0.01


# --- the pool -------------------------------------------------------------------------------------------------------
def write_pool(file: Path, number: int, width: int) -> None:
    """Features, labels, scores and what is wrong with whom."""
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(len(CLASSES), width)) * APART / (2 * width) ** 0.5
    fade = (np.arange(1, width + 1) ** -0.5)[rng.permutation(width)]  # few directions hold most of what varies
    fade /= np.sqrt(np.mean(fade**2))

    def draw(label: NDArray[np.int64]) -> NDArray[np.float32]:
        return (centres[label] + rng.normal(size=(len(label), width)) * fade).astype(np.float32)

    train_label, val_label = (np.arange(size, dtype=np.int64) % len(CLASSES) for size in (NUM_TRAIN, NUM_VAL))
    label = np.arange(number, dtype=np.int64) % len(CLASSES)
    wrong, copy = rng.random(number) < WRONG, rng.random(number) < COPIES
    train, val = draw(train_label), draw(val_label)
    features = draw(np.where(wrong, (label + rng.integers(1, len(CLASSES), number)) % len(CLASSES), label))
    features[copy] = train[rng.integers(0, NUM_TRAIN // len(CLASSES), copy.sum()) * len(CLASSES) + label[copy]]
    wrong &= ~copy
    logits = features @ (centres / fade**2).T - ((centres / fade) ** 2).sum(axis=1) / 2
    odds = np.exp(logits - logits.max(axis=1, keepdims=True))
    own = (odds / odds.sum(axis=1, keepdims=True))[np.arange(number), label]
    np.savez(
        file,
        train=train,
        train_label=train_label,
        val=val,
        val_label=val_label,
        features=features,
        label=label,
        wrong=wrong,
        copy=copy,
        own=own.astype(np.float64),
        distance=nearest(features, train).distance[:, 0].astype(np.float64),
    )


def read_pool(file: Path) -> tuple[Candidates, NDArray[np.bool_], NDArray[np.bool_]]:
    """(The pool with verdicts on some, what is wrong, what is a copy)."""
    with np.load(file) as arrays:
        held = dict(arrays)
    rng, number = np.random.default_rng(1), len(held["label"])
    chances = np.full((number, len(CLASSES)), 0.1, np.float32)
    sets = [
        ImageSet(held[name], held[label], chances[: len(held[label])])
        for name, label in (("train", "train_label"), ("val", "val_label"), ("features", "label"))
    ]
    scores = {
        "class_confidence": np.clip(held["own"] + rng.normal(size=number) * 0.2, 0, 1),
        "realism": rng.normal(size=number) - held["wrong"],
        "classifier_confidence": held["own"],
        "nearest_training_distance": held["distance"],
    }
    verdict = np.zeros(number, np.int8)
    judged = rng.permutation(number)[:NUM_VERDICTS]
    verdict[judged] = np.where(held["wrong"][judged] ^ (rng.random(NUM_VERDICTS) < 0.1), -1, 1)
    evidence = Evidence(*sets, CLASSES)
    pool = Candidates(CLASSES, held["label"], np.arange(number), scores, evidence, verdict)
    return pool, held["wrong"], held["copy"]


# --- one sampler, in a child process ----------------------------------------------------------------------------------
def one(name: str, file: Path) -> dict[str, Any]:
    """CPU seconds, MiB above the loaded pool, and what was kept."""
    import torch

    torch.set_num_threads(1)
    pool, wrong, copy = read_pool(file)
    sampler: Sampler = make_sampler(name, {})
    budget = dict.fromkeys(CLASSES, len(pool) // len(CLASSES) // 5)
    before, most, done = resident(), 0, threading.Event()

    def watch() -> None:
        nonlocal most
        while not done.wait(WATCH_S):
            most = max(most, resident())

    watcher = threading.Thread(target=watch)
    watcher.start()
    started = time.process_time()
    selected = sampler.select(pool, budget, seed=0)
    spent = time.process_time() - started
    done.set()
    watcher.join()
    kept = selected.kept
    return {
        "cpu_s": spent,
        "mib": max(0, most - before) / 2**20,
        "kept": len(kept),
        "wrong": float(wrong[kept].mean()),
        "copies": float(copy[kept].mean()),
        "report": {key: value for key, value in selected.report.items() if not isinstance(value, (list, dict))},
    }


def resident() -> int:
    """Bytes of this process in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


def in_child(name: str, file: Path) -> dict[str, Any]:
    """Raises: RuntimeError when the sampler failed."""
    command = [sys.executable, "-m", "benchmarks.samplers", "--sampler", name, "--pool", str(file)]
    done = subprocess.run(command, cwd=HERE.parent, env={**os.environ, **ONE_THREAD}, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{name} failed")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


# --- all of them ------------------------------------------------------------------------------------------------------
def row(name: str, told: dict[str, Any]) -> str:
    cells = [f"`{name}`", f"{told['cpu_s']:.2f}", f"{told['mib']:.0f}", f"{told['kept']:,}"]
    return "| " + " | ".join([*cells, f"{told['wrong']:.1%}", f"{told['copies']:.1%}"]) + " |"


def page(rows: list[str], reports: list[str], number: int, width: int) -> str:
    """The figures as a table, with how they were made."""
    words = " ".join((__doc__ or "").split("\n\n", 1)[1].split())
    return "\n".join(
        [
            "# What the samplers cost, and what they keep",
            "",
            f"`python -m benchmarks.samplers --number {number} --width {width}`. {words}",
            "",
            f"{number:,} candidates of {width} features, {NUM_TRAIN:,} training and {NUM_VAL} validation images, "
            f"verdicts on {NUM_VERDICTS:,} candidates, one in ten of them mistaken. How the features are drawn "
            "decides what is kept: the table says what each sampler is for and what it costs, not which of them helps. "
            "The encoder's and the discriminator's scores are drawn with the truth known, so rows of samplers that "
            "rank by them flatter these.",
            "",
            "| sampler | CPU s | MiB | kept | wrong class | near-copies |",
            "|---|---|---|---|---|---|",
            *rows,
            "",
            "What they say of themselves:",
            "",
            *reports,
            "",
            f"{machine()}; {datetime.now(UTC).date().isoformat()}.",
            "",
        ]
    )


def main() -> int:
    """Measure all, or one for its parent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=100_000)
    parser.add_argument("--width", type=int, default=128)
    parser.add_argument("--sampler", help=argparse.SUPPRESS)
    parser.add_argument("--pool", type=Path, help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.sampler:
        print(json.dumps(one(chosen.sampler, chosen.pool)))
        return 0
    rows, reports = [], []
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "pool.npz"
        write_pool(file, chosen.number, chosen.width)
        for name in names()["samplers"]:
            told = in_child(name, file)
            rows.append(row(name, told))
            if told["report"]:
                said = ", ".join(
                    f"{key} {value:,}" if isinstance(value, int) else f"{key} {value:.4g}"
                    for key, value in told["report"].items()
                )
                reports.append(f"- `{name}`: {said}.")
            print(rows[-1], flush=True)
    PAGE.write_text(page(rows, reports, chosen.number, chosen.width), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
