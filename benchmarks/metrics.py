"""The metrics against what others use, in one run: `python -m benchmarks.metrics`.

10,000 images of 512 features in either set, one thread. Each way runs in a process of its own, in turn, some rounds
long; ratios are taken round by round and the median is given. Memory is the peak of the whole process. The figures
are written to `metrics.md`.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.main_job import machine

HERE = Path(__file__).resolve().parent
PAGE = HERE / "metrics.md"
NEIGHBOURS = 5
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
Features = NDArray[np.float32]


def features(number: int, width: int) -> tuple[Features, Features]:
    """Two correlated clouds, the second a little narrower and aside."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(width, width)) / width**0.5
    first, second = (rng.normal(size=(number, width)) @ mixing for _ in range(2))
    return first.astype(np.float32), (second * 0.9 + 0.1).astype(np.float32)


# --- the ways: each gets both sets and returns what to clock, as others' libraries are imported before that -----------
def frechet_scipy(x: Features, y: Features) -> Callable[[], list[float]]:
    from scipy.linalg import sqrtm

    moments = [(part.mean(0, dtype=np.float64), np.cov(part.astype(np.float64), rowvar=False)) for part in (x, y)]

    def distance() -> list[float]:
        (mean, first), (other, second) = moments
        root = sqrtm(first @ second).real
        return [float(((mean - other) ** 2).sum() + np.trace(first + second - 2 * root))]

    return distance


def frechet_ours(x: Features, y: Features) -> Callable[[], list[float]]:
    from ml.metrics.fid import distance_of_moments, moments

    first, second = moments(_plain(x)), moments(_plain(y))
    return lambda: [distance_of_moments(first, second)]


def frechet_from_features_scipy(x: Features, y: Features) -> Callable[[], list[float]]:
    import scipy.linalg  # noqa: F401  (its import is not what is clocked)

    return lambda: frechet_scipy(x, y)()


def frechet_from_features_ours(x: Features, y: Features) -> Callable[[], list[float]]:
    from ml.metrics.fid import frechet_distance

    return lambda: [frechet_distance(_plain(x), _plain(y))]


def prdc_scikit_learn(x: Features, y: Features) -> Callable[[], list[float]]:
    from sklearn.metrics import pairwise_distances

    def measures() -> list[float]:
        radii = [np.partition(pairwise_distances(part), NEIGHBOURS, axis=1)[:, NEIGHBOURS] for part in (x, y)]
        distance = pairwise_distances(x, y)
        inside = distance <= radii[0][:, None]
        recall = (distance <= radii[1]).any(1).mean()
        return [inside.any(0).mean(), recall, inside.sum() / NEIGHBOURS / len(y), inside.any(1).mean()]

    return measures


def prdc_ours(x: Features, y: Features) -> Callable[[], list[float]]:
    from ml.manifold import balls, mutual

    def measures() -> list[float]:
        real, synthetic = mutual(balls(x, NEIGHBOURS), balls(y, NEIGHBOURS))
        density = real.balls_around.sum() / NEIGHBOURS / len(y)
        recall = (synthetic.balls_around > 0).mean()
        return [(real.balls_around > 0).mean(), recall, density, (real.holds > 0).mean()]

    return measures


def _plain(x: Features) -> Any:
    from ml.comparison import Weighted

    return Weighted(x, np.full(len(x), 1 / len(x)))


PAIRS: dict[str, tuple[str, str, str]] = {
    "Fréchet distance, from means and covariances": ("frechet_scipy", "frechet_ours", "CPU time 10x"),
    "Fréchet distance, from features": ("frechet_from_features_scipy", "frechet_from_features_ours", "none"),
    "Precision, recall, density, coverage": ("prdc_scikit_learn", "prdc_ours", "CPU time 2x, memory 0.6x"),
}


# --- one way, in a child process ------------------------------------------------------------------------------------
def one(way: str, number: int, width: int, repeats: int) -> dict[str, Any]:
    """CPU seconds (median of repeats), peak memory of this process in MiB, and the values."""
    import torch

    torch.set_num_threads(1)
    work = globals()[way](*features(number, width))
    seconds = []
    for _ in range(repeats):
        started = time.process_time()
        values = work()
        seconds.append(time.process_time() - started)
    peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"cpu_s": statistics.median(seconds), "mib": peak_mib, "values": [float(value) for value in values]}


def in_child(way: str, number: int, width: int, repeats: int) -> dict[str, Any]:
    """Raises: RuntimeError when the way failed."""
    command = [sys.executable, "-m", "benchmarks.metrics", "--way", way, "--number", str(number)]
    command += ["--width", str(width), "--repeats", str(repeats)]
    done = subprocess.run(command, cwd=HERE.parent, env={**os.environ, **ONE_THREAD}, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"{way} failed")
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


# --- the comparison -------------------------------------------------------------------------------------------------
def compare(title: str, number: int, width: int, rounds: int) -> str:
    """One row of the table."""
    theirs, ours, bar = PAIRS[title]
    repeats = 1 if "prdc" in ours else 5
    pairs = [(in_child(theirs, number, width, repeats), in_child(ours, number, width, repeats)) for _ in range(rounds)]
    faster = statistics.median(their["cpu_s"] / our["cpu_s"] for their, our in pairs)
    seconds = [statistics.median(pair[side]["cpu_s"] for pair in pairs) for side in (0, 1)]
    mib = [statistics.median(pair[side]["mib"] for pair in pairs) for side in (0, 1)]
    difference = max(
        abs(one - other) / abs(other) for other, one in zip(pairs[0][0]["values"], pairs[0][1]["values"], strict=True)
    )
    cells = [title, f"{seconds[0]:.3f}", f"{seconds[1]:.3f}", f"**{faster:.1f}x**", f"{mib[0]:.0f}", f"{mib[1]:.0f}"]
    cells += [f"{mib[1] / mib[0]:.2f}x", f"{difference:.1e}", bar]
    return "| " + " | ".join(cells) + " |"


def page(rows: list[str], number: int, width: int, rounds: int) -> str:
    """The figures as a table, with how they were made."""
    return "\n".join(
        [
            "# The metrics against what others use",
            "",
            f"`python -m benchmarks.metrics` compares on {number:,} images of {width} features in either set, "
            f"fp32, one thread, {rounds} rounds in turn, each way in a process of its own. Others: "
            "`scipy.linalg.sqrtm` of the product of the covariances of `numpy.cov`; whole distance matrices by "
            "`sklearn.metrics.pairwise_distances`. Memory is the peak of the whole process.",
            "",
            "| measure | theirs CPU s | ours CPU s | faster | theirs MiB | ours MiB | memory | difference | bar |",
            "|---|---|---|---|---|---|---|---|---|",
            *rows,
            "",
            f"{machine()}; {datetime.now(UTC).date().isoformat()}.",
            "",
        ]
    )


def main() -> int:
    """Compare all, or run one way for its parent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--number", type=int, default=10_000)
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.way:
        print(json.dumps(one(chosen.way, chosen.number, chosen.width, chosen.repeats)))
        return 0
    rows = []
    for title in PAIRS:
        rows.append(compare(title, chosen.number, chosen.width, chosen.rounds))
        print(rows[-1], flush=True)
    PAGE.write_text(page(rows, chosen.number, chosen.width, chosen.rounds), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
