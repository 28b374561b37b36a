"""Measurements in turn: A B A B …, each in a process of its own, so that a ratio means something on a busy machine."""

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from ml.share import THREADS, claim_threads

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Ratio:
    """median, low and high over the rounds."""

    median: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.median:.2f}x ({self.low:.2f} to {self.high:.2f})"


def in_turn(jobs: Mapping[str, Sequence[str]], rounds: int) -> dict[str, list[dict[str, float]]]:
    """Run `python -m benchmarks.…` of every job once a round; job -> what it printed, a JSON object per round.

    Raises: RuntimeError when a job failed.
    """
    told: dict[str, list[dict[str, float]]] = {name: [] for name in jobs}
    for _ in range(rounds):
        for name, arguments in jobs.items():
            told[name].append(measure(arguments))
    return told


def measure(
    arguments: Sequence[str], beside: AbstractContextManager[object] | None = None, threads: int | None = 1
) -> dict[str, float]:
    """One job, `beside` whatever else shall run meanwhile; with `threads` None it takes its share as a run does."""
    environment = {name: value for name, value in os.environ.items() if name != THREADS}
    with beside or nullcontext():
        if threads is not None:
            environment[THREADS] = str(threads)
        claim_threads(environment)
        done = subprocess.run(
            [sys.executable, "-m", *arguments], cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
        )
    if done.returncode != 0:
        raise RuntimeError(f"{' '.join(arguments)} failed")
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def ratio(ours: Sequence[Mapping[str, float]], theirs: Sequence[Mapping[str, float]], what: str) -> Ratio:
    """`what` of ours over theirs, round by round."""
    values = [mine[what] / other[what] for mine, other in zip(ours, theirs, strict=True)]
    return Ratio(statistics.median(values), min(values), max(values))


def middle(rows: Sequence[Mapping[str, float]], what: str) -> float:
    """The median of one figure over the rounds."""
    return statistics.median(row[what] for row in rows)
