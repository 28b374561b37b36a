"""How fast the translation models train: the loop of `ml/train.py` beside a plain PyTorch loop of the same networks.

    python -m benchmarks.translation_speed [MODEL ...] [--rounds N]     measure, into benchmarks/translation_speed.json
    python -m benchmarks.translation_speed --table                      show what was measured as a table

Models that are named are measured anew, else those that the file does not hold yet. Both loops take turns, each in a
process of its own with one thread, at the model's default settings but for the averaged networks, which the plain loop
does not have and ours leaves out. A figure is images per second of processor time, so that a busy machine changes it
little; those of both domains count. A step that also trains G, or the encoders instead of the game, is another kind of
step: each kind's median weighs by how often the kind comes. A ratio is taken round by round.
"""

import argparse
import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch

from benchmarks.main_job import machine
from benchmarks.paired import in_turn, middle, ratio
from benchmarks.plain_translation import STEPS, as_public
from benchmarks.translation_speed_data import KINDS, batches, packed, write_records
from ml.callbacks import Callbacks
from ml.model import Model, ModelSettings
from ml.plugin import find, read_settings
from ml.train import train

RESULTS: Final = Path(__file__).with_suffix(".json")
WARM: Final = 3
"""First steps that no figure holds."""
SHAPES: Final[dict[str, tuple[int, int]]] = {
    "cyclegan": (64, 14),
    "discogan": (64, 25),
    "pix2pix": (64, 60),
    "simgan": (32, 30),
    "srgan": (64, 20),
    "stargan": (32, 41),
    "attgan": (32, 61),
    "stgan": (32, 61),
    "fader": (32, 100),
    "icgan": (32, 120),
}
"""Model -> (resolution, steps of one measurement)."""
PLAIN: Final = """
The plain loop is one file of PyTorch, as public implementations are: PNG files through a DataLoader, contiguous fp32,
torch's own layers, Adam as it comes, each batch through a network by itself, each loss fetched at each step."""


def setting(name: str, resolution: int, num_steps: int, **others: Any) -> tuple[type[Model], ModelSettings]:
    """The model and its settings in the comparison."""
    model = find("models", Model, name)
    values = {"resolution": resolution, "num_steps": num_steps, "ema_half_life": 0, "num_checkpoints": 1}
    return model, read_settings(model, values | {"num_previews": 1} | others)


def kind_of_step(settings: ModelSettings, step: int) -> bool:
    """Whether a step is of the rarer kind: one that trains G too, or the encoders."""
    if every := getattr(settings, "num_critic_steps", 0):
        return step % every == 0
    return step > round(getattr(settings, "gan_share", 1) * settings.num_steps)


class Clock(Callbacks):
    """Processor time at the beginning of each step: the loop asks before each one whether to stop."""

    def __init__(self) -> None:
        self.ticks: list[float] = []

    def should_stop(self) -> bool:
        self.ticks.append(time.process_time())
        return False

    def images_per_s(self, settings: ModelSettings) -> float:
        """Over all steps but the last, whose end is not seen."""
        spent, number = defaultdict(list), defaultdict(int)
        for step, seconds in enumerate(np.diff(self.ticks), 1):
            kind = kind_of_step(settings, step)
            number[kind] += 1
            if step > WARM:
                spent[kind].append(seconds)
        all_s = sum(number[kind] * statistics.median(spent[kind]) for kind in number)
        return float(settings.batch_size * sum(number.values()) / all_s)


def ours(name: str) -> dict[str, float]:
    """The product's loop, from the pack on."""
    resolution, num_steps = SHAPES[name]
    model, settings = setting(name, resolution, num_steps)
    with tempfile.TemporaryDirectory() as folder:
        records = write_records(KINDS[name], Path(folder, "png"), resolution)
        pack = packed(KINDS[name], records, Path(folder, "pack"), resolution)
        clock = Clock()
        train(model, settings, pack, Path(folder, "out"), seed=0, callbacks=clock)
    return {"img_per_cpu_s": clock.images_per_s(settings)}


def plain(name: str) -> dict[str, float]:
    """What a file of plain PyTorch does, from PNG files on."""
    resolution, num_steps = SHAPES[name]
    model_class, settings = setting(name, resolution, num_steps)
    torch.set_num_threads(1)
    torch.manual_seed(0)
    with tempfile.TemporaryDirectory() as folder:
        records = write_records(KINDS[name], Path(folder, "png"), resolution)
        spec = packed(KINDS[name], records, Path(folder, "pack"), resolution).spec()
        model, clock = model_class(spec, settings).train(), Clock()
        with as_public(model):
            step = STEPS[name](model)
            for number, (first, second) in enumerate(batches(KINDS[name], records, settings.batch_size), 1):
                clock.should_stop()
                if number > num_steps:
                    break
                step(first, second, number)
    return {"img_per_cpu_s": clock.images_per_s(settings)}


# --- what was measured --------------------------------------------------------------------------------------------
def measured(name: str, rounds: int) -> dict[str, Any]:
    """Both loops of a model in turn."""
    sides = {side: ["benchmarks.translation_speed", "--one", side, name] for side in ("ours", "plain")}
    told = in_turn(sides, rounds)
    resolution, num_steps = SHAPES[name]
    rates = {side: [round(row["img_per_cpu_s"], 2) for row in rows] for side, rows in told.items()}
    batch_size = setting(name, resolution, num_steps)[1].batch_size
    return {"resolution": resolution, "batch_size": batch_size, "machine": machine(), **rates}


def table(results: Mapping[str, Mapping[str, Any]]) -> str:
    """Markdown: a row for each model of benchmarks/translation_speed.json, and what the plain loop is."""
    lines = ["| model | resolution | batch | ours, images/s | plain, images/s | ratio |", "|---|---|---|---|---|---|"]
    for name in SHAPES:
        if name not in results:
            continue
        row = results[name]
        own, other = (_rows(row[side]) for side in ("ours", "plain"))
        rates = [f"{middle(rows, 'img_per_cpu_s'):,.1f}" for rows in (own, other)]
        between = ratio(own, other, "img_per_cpu_s")
        lines.append(f"| {name} | {row['resolution']} | {row['batch_size']} | {' | '.join(rates)} | {between} |")
    rounds = {len(row["ours"]) for row in results.values()}
    machines = sorted({row["machine"] for row in results.values()})
    told = f"{'; '.join(machines)}; one thread; images per second of processor time; medians of {_or(rounds)} rounds."
    return "\n".join([*lines, "", *PLAIN.strip().splitlines(), "", told, ""])


def _rows(rates: Sequence[float]) -> list[dict[str, float]]:
    return [{"img_per_cpu_s": rate} for rate in rates]


def _or(numbers: set[int]) -> str:
    return " or ".join(map(str, sorted(numbers)))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help=f"of {', '.join(SHAPES)}")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--table", action="store_true")
    parser.add_argument("--one", choices=("ours", "plain"), help=argparse.SUPPRESS)
    wish = parser.parse_args()
    if unknown := set(wish.models) - set(SHAPES):
        parser.error(f"There is no {', '.join(sorted(unknown))}; choose of {', '.join(SHAPES)}.")
    if wish.one:
        print(json.dumps({"ours": ours, "plain": plain}[wish.one](wish.models[0])))
        return
    results = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    for name in [] if wish.table else wish.models or [name for name in SHAPES if name not in results]:
        results[name] = measured(name, wish.rounds)
        RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
        print(f"{name}: {ratio(*(_rows(results[name][side]) for side in ('ours', 'plain')), 'img_per_cpu_s')}")
    print(table(results))


if __name__ == "__main__":
    main()
