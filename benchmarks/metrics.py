"""The metrics against what others use, `python -m benchmarks.metrics compare`, and on many images, `... large`.

compare: 10,000 images of 512 features in either set, one thread. Each way runs in a process of its own, in turn, some
rounds long; ratios are taken round by round and the median is given. Memory is the peak of the whole process.
large: every metric on 50,000 images in either set, each in a process of its own, one thread, timed once. The sets are
made in that process a chunk at a time, so that its peak memory is the metric's and not the making's.
Each writes its own section of `metrics.md`.
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
import torch
from numpy.typing import NDArray

from benchmarks.main_job import machine
from ml.comparison import Weighted
from ml.manifold import balls, membership, mutual
from ml.metric import Evidence, ImageSet, Metric
from ml.metrics.fid import distance_of_moments, frechet_distance, moments
from ml.metrics.kid import kernel_distance
from ml.neighbours import nearest
from ml.plugin import shelf

HERE = Path(__file__).resolve().parent
PAGE = HERE / "metrics.md"
NEIGHBOURS = 5
ONE_THREAD = {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
Features = NDArray[np.float32]

NUM_CLASSES = 10
NUM_MANY = 1_008
"""Classes of Inception's classifier."""
TIMES = 60
"""An image's appearance is so many times as wide as its features: 30,720 numbers at 64 pixels."""
CHUNK = 2_048
SHARE_OF_VALIDATION = 5


def features(number: int, width: int) -> tuple[Features, Features]:
    """Two correlated clouds, the second a little narrower and aside."""
    rng = np.random.default_rng(0)
    mixing = rng.normal(size=(width, width)) / width**0.5
    first, second = (rng.normal(size=(number, width)) @ mixing for _ in range(2))
    return first.astype(np.float32), (second * 0.9 + 0.1).astype(np.float32)


# --- the ways: each gets both sets and returns what to clock, as others' libraries are imported before that -----------
def frechet_scipy(x: Features, y: Features) -> Callable[[], list[float]]:
    from scipy.linalg import sqrtm

    both = [(part.mean(0, dtype=np.float64), np.cov(part.astype(np.float64), rowvar=False)) for part in (x, y)]

    def distance() -> list[float]:
        (mean, first), (other, second) = both
        root = sqrtm(first @ second).real
        return [float(((mean - other) ** 2).sum() + np.trace(first + second - 2 * root))]

    return distance


def frechet_ours(x: Features, y: Features) -> Callable[[], list[float]]:
    first, second = moments(_plain(x)), moments(_plain(y))
    return lambda: [distance_of_moments(first, second)]


def frechet_from_features_scipy(x: Features, y: Features) -> Callable[[], list[float]]:
    import scipy.linalg  # noqa: F401  (its import is not what is clocked)

    return lambda: frechet_scipy(x, y)()


def frechet_from_features_ours(x: Features, y: Features) -> Callable[[], list[float]]:
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
    def measures() -> list[float]:
        real, synthetic = mutual(balls(x, NEIGHBOURS), balls(y, NEIGHBOURS))
        density = real.balls_around.sum() / NEIGHBOURS / len(y)
        recall = (synthetic.balls_around > 0).mean()
        return [(real.balls_around > 0).mean(), recall, density, (real.holds > 0).mean()]

    return measures


def _plain(x: Features) -> Weighted:
    return Weighted(x, np.full(len(x), 1 / len(x)))


PAIRS: dict[str, tuple[str, str, str]] = {
    "Fréchet distance, from means and covariances": ("frechet_scipy", "frechet_ours", "CPU time 10x"),
    "Fréchet distance, from features": ("frechet_from_features_scipy", "frechet_from_features_ours", "none"),
    "Precision, recall, density, coverage": ("prdc_scikit_learn", "prdc_ours", "CPU time 2x, memory 0.6x"),
}


# --- one way, in a child process ------------------------------------------------------------------------------------
def one(way: str, number: int, width: int, repeats: int) -> dict[str, Any]:
    """CPU seconds (median of repeats), peak memory of this process in MiB, and the values."""
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


def compared(number: int, width: int, rounds: int) -> str:
    """The first section: the figures as a table, with how they were made."""
    rows = []
    for title in PAIRS:
        rows.append(compare(title, number, width, rounds))
        print(rows[-1], flush=True)
    return "\n".join(
        [
            "# The metrics against what others use",
            "",
            f"`python -m benchmarks.metrics compare` compares on {number:,} images of {width} features in either set, "
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


# --- many images --------------------------------------------------------------------------------------------------
def image_set(number: int, width: int, seed: int, aside: float, num_outputs: int = NUM_CLASSES) -> ImageSet:
    """Correlated clouds around the centres of classes, `aside` of where they would be; a mostly right classifier."""
    mixing = np.random.default_rng(0).normal(size=(width, width)).astype(np.float32) / np.float32(width**0.5)
    centres = np.random.default_rng(1).normal(size=(NUM_CLASSES, width)).astype(np.float32)
    rng = np.random.default_rng([2, seed])
    label = np.arange(number) % NUM_CLASSES
    features = np.empty((number, width), np.float32)
    probabilities = np.empty((number, num_outputs), np.float32)
    for start in range(0, number, CHUNK):
        rows = slice(start, start + CHUNK)
        own = label[rows]
        drawn = rng.standard_normal((len(own), width), np.float32)
        features[rows] = drawn @ mixing + centres[own] + np.float32(aside)
        logits = rng.standard_normal((len(own), num_outputs), np.float32)
        logits[np.arange(len(own)), own] += 8
        chances = np.exp(logits)
        probabilities[rows] = chances / chances.sum(1, keepdims=True)
    return ImageSet(features, label, probabilities, lambda rows: np.tile(features[rows], TIMES))


def evidence(number: int, width: int, num_outputs: int) -> Evidence:
    """As many real images, a fifth of them for validation, as synthetic ones."""
    num_val = number // SHARE_OF_VALIDATION
    return Evidence(
        image_set(number - num_val, width, 0, 0.0, num_outputs),
        image_set(num_val, width, 1, 0.0, num_outputs),
        image_set(number, width, 2, 0.1, num_outputs),
        tuple(f"class {place}" for place in range(NUM_CLASSES)),
    )


# --- the statistics themselves, on all images, where a metric draws fewer -------------------------------------------
def precision_recall(real: Weighted, synthetic: Weighted) -> list[float]:
    in_real, in_synthetic = mutual(balls(real.features, 3), balls(synthetic.features, 3))
    return [float((one.balls_around > 0).mean()) for one in (in_real, in_synthetic)]


def density_coverage(real: Weighted, synthetic: Weighted) -> list[float]:
    counted = membership(balls(real.features, 5), synthetic.features)
    return [float(counted.balls_around.mean() / 5), float((counted.holds > 0).mean())]


def nearest_real(real: Weighted, synthetic: Weighted) -> list[float]:
    return [float(np.median(nearest(synthetic.features, real.features, 5).distance[:, 0]))]


ON_ALL: dict[str, tuple[str, Callable[[Weighted, Weighted], list[float]]]] = {
    "frechet": ("Fréchet distance", lambda real, synthetic: [frechet_distance(real, synthetic)]),
    "kernel": ("Kernel distance", lambda real, synthetic: [kernel_distance(real, synthetic)]),
    "manifolds": ("Precision and recall", precision_recall),
    "balls": ("Density and coverage", density_coverage),
    "nearest": ("Five nearest real images of each synthetic one", nearest_real),
}
MANY_OUTPUTS = "inception_score of Inception"


def one_large(name: str, number: int, width: int) -> dict[str, Any]:
    """CPU and wall seconds, peak memory of this process and what it held before, in MiB, and what was measured on."""
    work = _work(name, number, width)
    before = _peak_mib()
    started = time.monotonic(), time.process_time()
    values, used = work()
    wall_s, cpu_s = time.monotonic() - started[0], time.process_time() - started[1]
    return {"wall_s": wall_s, "cpu_s": cpu_s, "before": before, "mib": _peak_mib(), "used": used, "values": values}


def _work(name: str, number: int, width: int) -> Callable[[], tuple[list[float], str]]:
    if name in ON_ALL:
        sides = (image_set(number, width, seed, aside).features for seed, aside in ((0, 0.0), (2, 0.1)))
        real, synthetic = (Weighted(side, np.full(number, 1 / number)) for side in sides)
        return lambda: (ON_ALL[name][1](real, synthetic), f"{number:,} and {number:,}")
    plugin = shelf("metrics", Metric)[name.partition(" ")[0]]
    given = evidence(number, width, NUM_MANY if name == MANY_OUTPUTS else NUM_CLASSES)

    def measured() -> tuple[list[float], str]:
        answer = plugin(plugin.Settings()).measure(given)
        return [answer.value], f"{answer.num_real:,} and {answer.num_synthetic:,}"

    return measured


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def large(number: int, on_all: int, width: int) -> str:
    """The second section of the page, measured now."""
    titles = {name: plugin.card.title for name, plugin in shelf("metrics", Metric).items()}
    titles[MANY_OUTPUTS] = f"Inception score, {NUM_MANY:,} classes"
    shown = [_row(title, in_child(name, number, width, 1)) for name, title in titles.items()]
    alone = [_row(title, in_child(name, on_all, width, 1)) for name, (title, _) in ON_ALL.items()]
    return large_page(shown, alone, on_all)


def large_page(shown: list[str], alone: list[str], on_all: int) -> str:
    """The rows as tables, with how they were made."""
    fewer = f" They were measured on {on_all:,} images at most (`--on-all`), not on 50,000." if on_all < 50_000 else ""
    head = ["| measure | measured on, real and synthetic | CPU s | wall s | peak MiB | added MiB | values |"]
    head += ["|---|---|---|---|---|---|---|"]
    return "\n".join(
        [
            "## On many images",
            "",
            "`nice -n 10 python -m benchmarks.metrics large` gives each metric 50,000 real images, a fifth of them for "
            f"validation, and 50,000 synthetic ones of {NUM_CLASSES} classes, 512 features each, and measures as a run "
            "does: the value with its interval and the values of classes. Where the second column names fewer, the "
            "metric takes so many, as its page says. Each runs once, on one thread, in its own process. Peak memory "
            "is that of the whole process; added is what measuring took beside the sets and the libraries. The machine "
            "was shared with other work, which came first: times are upper bounds, and wall times mostly tell how long "
            "the metric stood behind others.",
            "",
            *head,
            *shown,
            "",
            "The statistics alone, on all images and with nothing drawn, no interval and no classes. No matrix of all "
            "pairs is ever held: time grows with the number of pairs, memory with the number of images."
            f"{fewer}",
            "",
            *head,
            *alone,
            "",
            f"{machine()}; {datetime.now(UTC).date().isoformat()}.",
            "",
        ]
    )


def _row(title: str, found: dict[str, Any]) -> str:
    cells = [title, found["used"], f"{found['cpu_s']:.1f}", f"{found['wall_s']:.1f}", f"{found['mib']:.0f}"]
    cells += [f"{found['mib'] - found['before']:.0f}", ", ".join(f"{value:.4g}" for value in found["values"])]
    row = "| " + " | ".join(cells) + " |"
    print(row, flush=True)
    return row


# --- the page -----------------------------------------------------------------------------------------------------
def write_section(first: bool, text: str) -> None:
    """One of the page's two sections; the other stays as it was measured."""
    before, _, after = PAGE.read_text(encoding="utf-8").partition("\n## ")
    sections = [text, after and f"## {after}"] if first else [before, text]
    PAGE.write_text("\n".join(section for section in sections if section), encoding="utf-8")


def main() -> int:
    """Measure one section of the page, or run one way for its parent."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("section", choices=["compare", "large"], nargs="?", default="compare")
    parser.add_argument("--number", type=int, help="images in either set; 10,000, and 50,000 for large")
    parser.add_argument("--on-all", type=int, default=50_000, help="images in either set for the statistics alone")
    parser.add_argument("--width", type=int, default=512)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--way", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.way:
        torch.set_num_threads(1)
        compared_with = chosen.way in {way for pair in PAIRS.values() for way in pair[:2]}
        measured = one(chosen.way, chosen.number, chosen.width, chosen.repeats) if compared_with else None
        print(json.dumps(measured or one_large(chosen.way, chosen.number, chosen.width)))
    elif chosen.section == "compare":
        write_section(True, compared(chosen.number or 10_000, chosen.width, chosen.rounds))
    else:
        write_section(False, large(chosen.number or 50_000, chosen.on_all, chosen.width))
    return 0


if __name__ == "__main__":
    sys.exit(main())
