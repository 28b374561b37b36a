"""The main job on real images, as a person at the command line does it: `make bench`.

Each case runs `manage.py augment` in a data folder of its own and keeps what came out in `main_job.json`; `main_job.md`
is drawn from that. ATELIER_REAL_DATA names the folder of the images (tests/real_data.py).
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from tests.real_data import clothing, write_mnist

HERE = Path(__file__).resolve().parent
RESULTS, PAGE = HERE / "main_job.json", HERE / "main_job.md"
INTRODUCTION = """# The main job on real images

`make bench` with ATELIER_REAL_DATA runs `manage.py augment` on each dataset and writes this page. FID and KID lie in
the feature space of an encoder trained on the dataset's own training split; in brackets the 95 % interval. TARR is the
share of synthetic images that a classifier trained on real ones recognises as what they should be.
"""
METRICS = ("fid", "kid", "tarr", "nearest_training_distance")


@dataclass(frozen=True)
class Case:
    """One dataset and what is asked for."""

    name: str
    what: str
    source: Callable[[Path], Path | None]
    """Given an empty folder; None where the images are not at hand."""
    arguments: tuple[str, ...]


CASES = (
    Case(
        "mnist-t10k",
        "MNIST's test set, 100 images for each of 10 digits, 28x28 grey",
        lambda folder: write_mnist(folder, 100),
        ("--model", "dcgan", "--sampler", "class_confidence", "--per-class", "200"),
    ),
    Case(
        "mnist-t10k, gan",
        "the same images with the seminar's GAN at its own settings, 200 epochs",
        lambda folder: write_mnist(folder, 100),
        ("--model", "gan", "--sampler", "realism", "--per-class", "200"),
    ),
    Case(
        "clothing-cc0",
        "photos of 10 kinds of clothes, of many sizes, in colour, with splits",
        lambda folder: clothing(),
        ("--model", "dcgan", "--sampler", "class_confidence", "--per-class", "50"),
    ),
)


def measure(case: Case, more: list[str]) -> dict[str, Any] | None:
    """Run one case; None where its images are not at hand.

    Raises: RuntimeError with what `augment` printed when it failed.
    """
    with tempfile.TemporaryDirectory(prefix="atelier-bench-") as folder:
        source = case.source(Path(folder) / "images")
        if source is None:
            return None
        out = Path(folder) / "augmented.zip"
        command = [
            sys.executable,
            "manage.py",
            "augment",
            str(source),
            *case.arguments,
            *more,
            "--out",
            str(out),
            "--json",
        ]
        environment = {**os.environ, "ATELIER_DATA": str(Path(folder) / "data")}
        started = time.monotonic()
        done = subprocess.run(command, cwd=HERE.parent, env=environment, stdout=subprocess.PIPE, text=True)
        took_s = time.monotonic() - started
        if done.returncode != 0:
            raise RuntimeError(f"{case.name}: augment failed")
    outcome: dict[str, Any] = json.loads(done.stdout)
    return {
        "case": case.name,
        "what": case.what,
        "arguments": [*case.arguments, *more],
        "took_s": round(took_s, 1),
        "machine": machine(),
        "measured": datetime.now(UTC).date().isoformat(),
        "commit": _commit(),
        **{
            key: outcome[key]
            for key in ("device", "seconds", "num_real", "num_synthetic", "memorised", "metrics", "classes")
        },
    }


def machine() -> str:
    """The processor, its cores and the versions that matter."""
    model = platform.processor() or platform.machine()
    if (info := Path("/proc/cpuinfo")).exists():
        names = [
            line.partition(":")[2].strip() for line in info.read_text().splitlines() if line.startswith("model name")
        ]
        model = names[0] if names else model
    return f"{model}, {os.cpu_count()} cores; Python {platform.python_version()}, torch {version('torch')}"


def _commit() -> str:
    asked = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=HERE, capture_output=True, text=True)
    return asked.stdout.strip()


def keep(row: dict[str, Any]) -> None:
    """Replace the figures of the same case on the same kind of device."""
    rows = json.loads(RESULTS.read_text()) if RESULTS.exists() else []
    same = [old for old in rows if (old["case"], old["device"]) == (row["case"], row["device"])]
    rows = sorted([*(old for old in rows if old not in same), row], key=lambda each: (each["case"], each["device"]))
    RESULTS.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(rows))


def page(rows: list[dict[str, Any]]) -> str:
    """The figures as a table, with how they were made."""
    lines = [INTRODUCTION]
    for row in rows:
        lines += [
            f"## {row['case']} on {row['device']}",
            "",
            f"{row['what']}.",
            "",
            f"    augment … {' '.join(row['arguments'])}",
            "",
        ]
        lines += ["| measure | value |", "|---|---|", f"| time in all | {row['took_s']:.0f} s |"]
        lines += [f"| … {stage} | {seconds:.0f} s |" for stage, seconds in row["seconds"].items()]
        lines += [f"| {name} | {_value(row['metrics'][name])} |" for name in METRICS if name in row["metrics"]]
        generated = sum(part["generated"] for part in row["classes"].values())
        kept = sum(part["kept"] for part in row["classes"].values())
        asked = sum(part["asked"] for part in row["classes"].values())
        lines.append(f"| yield | {kept:,} kept of {asked:,} asked, from {generated:,} generated |")
        lines.append(f"| memorised | {row['memorised']['in_export']:,} of {row['num_synthetic']:,} exported |")
        lines += ["", f"{row['machine']}; {row['measured']}, commit {row['commit']}.", ""]
    return "\n".join(lines)


def _value(metric: dict[str, Any]) -> str:
    if metric["value"] is None:
        return f"refused: {metric['caution']}"
    between = f" ({metric['low']:.4g} to {metric['high']:.4g})" if metric["low"] is not None else ""
    return f"{metric['value']:.4g}{between}"


def main() -> int:
    """Measure the cases named, or all; further arguments go to `augment`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cases", nargs="*", choices=[[], *(case.name for case in CASES)])
    chosen, more = parser.parse_known_args()
    for case in CASES:
        if chosen.cases and case.name not in chosen.cases:
            continue
        row = measure(case, more)
        if row is None:
            print(f"{case.name}: set ATELIER_REAL_DATA to the folder that holds it")
            continue
        keep(row)
        print(f"{case.name}: {row['took_s']:.0f} s, see {PAGE.relative_to(HERE.parent)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
