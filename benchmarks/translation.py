"""The translation models on real and rendered images: what becomes of attributes, domains, pairs and small images.

    ATELIER_REAL_DATA=… python -m benchmarks.translation [NAME ...] [--out FOLDER]   measure what is not measured yet
    python -m benchmarks.translation --page                                          write benchmarks/translation.md

What is asked stands in benchmarks/translation_plan.py, the figures in benchmarks/translation.json. Work that was ended
goes on in the same --out folder.
"""

import argparse
import contextlib
import json
import math
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.evidence import carry_out, rounded
from benchmarks.evidence_plan import Asked
from benchmarks.translation_data import DATA, TEST_DIGITS, mnist_digits
from benchmarks.translation_page import page
from benchmarks.translation_plan import CASES, AttributeStudy, Refinement, Translation
from ml.arms import read_arm
from ml.attribute_edits import asked_edits, edited_rows
from ml.attribute_model import AttributeModel
from ml.attribute_study import spread
from ml.child import Labelled, probabilities, train_child
from ml.feed import batch_of
from ml.generation import load_for_generation
from ml.images import Pixels, to_pixels
from ml.intervals import mean_interval
from ml.likeness import psnr
from ml.pack import Pack, open_pack
from ml.pool import open_pool
from ml.records import read_records
from ml.whole import whole_file
from tests.ml.rendered_attributes import render

HERE: Final = Path(__file__).resolve().parent
RESULTS, PAGE = HERE / "translation.json", HERE / "translation.md"
METRICS: Final = ("fid", "kid", "tarr", "psnr", "ssim", "paired_distance", "cycle_error")
Figures = dict[str, Any]


def command(*arguments: str | Path) -> str:
    """What `python -m ml …` printed.

    Raises: subprocess.CalledProcessError.
    """
    words = [sys.executable, "-m", "ml", *map(str, arguments)]
    return subprocess.run(words, stdout=subprocess.PIPE, text=True, check=True).stdout


def data_of(name: str, out: Path) -> Path:
    """The dataset's folder, written where it is not there."""
    place = out / "data" / name
    if not place.exists():
        place.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=place.parent) as beside:
            DATA[name](Path(beside) / name)
            # where another process was quicker, its folder stays
            with contextlib.suppress(OSError):
                (Path(beside) / name).rename(place)
    return place


# --- attributes -----------------------------------------------------------------------------------------------------
def attributes(asked: AttributeStudy, out: Path, data: Path) -> Figures:
    """The study's table, the differences of arts by seed, and of rendered images what edits are exactly."""
    going_on = ["--resume"] if (out / "done.json").exists() else []
    shared = [word for name, value in asked.settings.items() for word in ("--set", f"{name}={value}")]
    command(
        "attribute-study", data, "--out", out, "--arts", *asked.arts, "--seeds", str(asked.num_seeds), *shared, "-q",
        *going_on,
    )  # fmt: skip
    result = json.loads((out / "result.json").read_text())
    rates = {
        art: np.array([_average(out / "arts" / str(place) / str(seed)) for seed in range(asked.num_seeds)])
        for place, art in enumerate(asked.arts)
    }
    figures: Figures = {"result": result, "differences": _differences(asked, rates)}
    if asked.is_rendered:
        exact = {art: _exact(out, place, asked.num_seeds) for place, art in enumerate(asked.arts)}
        figures["exact"] = {
            art: {name: spread(np.array([one[name] for one in of_seeds]), MOST[name]) for name in of_seeds[0]}
            for art, of_seeds in exact.items()
        }
        whole = {art: np.array([one["asked"] for one in of_seeds]) for art, of_seeds in exact.items()}
        figures["exact_differences"] = _differences(asked, whole)
    return figures


def _average(folder: Path) -> float:
    told = json.loads((folder / "edits.json").read_text())
    hits, total = np.array(told["hits"]), np.array(told["total"])
    return float((hits[total > 0] / total[total > 0]).mean())


def _differences(asked: AttributeStudy, values: Mapping[str, NDArray[np.float64]]) -> list[Figures]:
    """Of each pair of arts, seed by seed."""
    return [
        {"better": better, "than": than, **_spread(list(values[better] - values[than]))}
        for better, than in asked.compared
    ]


def _spread(values: Sequence[float]) -> Figures:
    low, high = mean_interval(values) if len(values) > 1 else (None, None)
    return {"mean": float(np.mean(values)), "low": low, "high": high}


MOST: Final = {"asked": 1.0, "whole": 1.0, "psnr": math.inf}
"""What the figures of `_exact_of` can be at most."""
COMBINATIONS: Final = [
    [int(colour == 0), int(colour == 1), int(colour == 2), large, outlined, bright]
    for colour in range(4)
    for large in (0, 1)
    for outlined in (0, 1)
    for bright in (0, 1)
]


def _exact(out: Path, place: int, num_seeds: int) -> list[dict[str, float]]:
    """Of each seed: an edit is what the rendering is that lies nearest to it, of all that its shape and place allow.

    asked: the share of edits that have the attribute as asked for; whole: the share in which all others are right, too;
    psnr: of edits and the renderings that were asked for, in dB.
    """
    pack = open_pack(out / "data")
    return [
        _exact_of(max((out / "arts" / str(place) / str(seed) / "checkpoints").glob("*.safetensors")), pack)
        for seed in range(num_seeds)
    ]


def _exact_of(checkpoint: Path, pack: Pack) -> dict[str, float]:
    model = load_for_generation(checkpoint, torch.device("cpu"))
    if not isinstance(model, AttributeModel):
        raise TypeError(f"{checkpoint} edits no attributes")
    rows = edited_rows(pack)
    batch = batch_of(pack.read_whole(rows), model.image_range)
    vectors = model.space.vectors(batch)
    worlds = [_renderings(int(number), pack.resolution) for number in pack.index[rows]]
    whole, near = [], []
    rate = np.zeros(len(model.space)), np.zeros(len(model.space))
    with torch.inference_mode():
        for attribute, value, chosen in asked_edits(model.space, vectors):
            own = vectors[chosen]
            targets = model.space.changed(own, torch.full((len(own),), attribute), value)
            made = to_pixels(model.translate(batch.image[chosen], own, targets), model.image_range).numpy()
            here = [worlds[int(one)] for one in np.flatnonzero(chosen.numpy())]
            found = np.array([_nearest(image, world) for image, world in zip(made, here, strict=True)])
            wanted = targets.numpy().astype(int)
            rate[0][attribute] += (found[:, attribute] == value).sum()
            rate[1][attribute] += len(found)
            whole.append((found == wanted).all(1))
            truth = np.stack([world[COMBINATIONS.index(one.tolist())] for world, one in zip(here, wanted, strict=True)])
            near.append(psnr(made, truth))
    return {
        "asked": float((rate[0] / rate[1]).mean()),
        "whole": float(np.concatenate(whole).mean()),
        "psnr": float(np.concatenate(near).mean()),
    }


def _renderings(number: int, size: int) -> Pixels:
    """uint8 [32, H, W, 3] of one shape and place, in the order of COMBINATIONS."""
    return np.stack([np.asarray(render(one, number, size)) for one in COMBINATIONS])


def _nearest(image: Pixels, world: Pixels) -> list[int]:
    far = np.square(world.astype(np.float64) - image).sum((1, 2, 3))
    return COMBINATIONS[int(far.argmin())]


# --- domains, pairs, small images -----------------------------------------------------------------------------------
def translation(asked: Translation, out: Path, data: Path) -> Figures:
    """What `evaluate` says of each seed's run, and what the images were before."""
    rows: list[Figures] = []
    for seed in range(asked.num_seeds):
        run = out / str(seed)
        settings = [word for name, value in asked.settings.items() for word in ("--set", f"{name}={value}")]
        if not (run / "metrics.json").exists():
            going_on = ["--resume"] if (run / "plan.json").exists() else []
            command(
                "train", data, "--model", asked.model, *settings, "--out", run, "--seed", str(seed), "-q", *going_on
            )
            command("generate", run, "--per-class", str(asked.per_class), "-q")
            command("select", run, "--sampler", "random", "--budget", str(asked.per_class), "-q")
            command("evaluate", run, "--json", "-q")
        told = json.loads((run / "metrics.json").read_text())
        rows.append({name: told[name] for name in METRICS if name in told})
    return {"seeds": rows, "before": asked.before(out / "0") if asked.before else {}}


# --- refinement -----------------------------------------------------------------------------------------------------
def refinement(asked: Refinement, out: Path, data: Path) -> Figures | None:
    """Accuracy on real test images of children that learnt rendered images, and the same images refined."""
    digits = mnist_digits(asked.resolution)
    if digits is None:
        return None
    test = Labelled(digits.pixels[TEST_DIGITS], digits.label[TEST_DIGITS])
    arm, device = read_arm("balanced+geometric"), torch.device("cpu")
    found: dict[str, list[float]] = {"rendered": [], "refined": [], "real": []}
    for seed in range(asked.num_seeds):
        run = out / str(seed)
        if not (run / "pool" / "pool.json").exists():
            settings = [word for name, value in asked.settings.items() for word in ("--set", f"{name}={value}")]
            going_on = ["--resume"] if (run / "plan.json").exists() else []
            command("train", data, "--model", "simgan", *settings, "--out", run, "--seed", str(seed), "-q", *going_on)
            command("generate", run, "--budget", f"real={asked.num_made}", "-q")
        pool = open_pool(run / "pool")
        if pool.source is None:
            raise TypeError("SimGAN's pool has no sources")
        records = {record.index: record for record in read_records(run / "images.jsonl")}
        # a rendered image's name begins with its digit, and a real one's is its place in MNIST
        label = np.array([int(records[int(place)].file.name[0]) for place in pool.source])
        learnt = [one for one in records.values() if one.split == "train" and one.label == "real"]
        rows = np.array([int(one.file.stem) for one in learnt])
        real = Labelled(digits.pixels[rows], digits.label[rows])
        views = pool.views_at(np.arange(len(pool)))
        sets = {"rendered": Labelled(views["source"], label), "refined": Labelled(views["result"], label), "real": real}
        for name, known in sets.items():
            for child in range(asked.num_children):
                net = train_child("small_cnn", arm, known, None, 10, asked.child_steps, 100 * seed + child, device)
                hit = probabilities(net, test.pixels, device).argmax(1) == test.label
                found[name].append(float(np.mean([hit[test.label == digit].mean() for digit in range(10)])))
    per_seed = {name: np.array(values).reshape(asked.num_seeds, -1).mean(1) for name, values in found.items()}
    gain = list(per_seed["refined"] - per_seed["rendered"])
    return {
        "accuracy": {name: _spread(list(values)) for name, values in per_seed.items()},
        "gain": _spread(gain),
        "num_test": len(test),
        "num_rendered": len(label),
    }


# --- studies --------------------------------------------------------------------------------------------------------
def study(asked: Asked, out: Path, images: Path) -> Figures | None:
    """As benchmarks/evidence.py measures them."""
    return carry_out(asked, "study", out, images)


def measure(name: str, out: Path) -> Figures | None:
    """None where the images are not at hand."""
    asked = CASES[name]
    if isinstance(asked, Asked):
        return study(asked, out / name, out / "images")
    data = data_of(asked.data, out)
    if isinstance(asked, AttributeStudy):
        return attributes(asked, out / name, data)
    if isinstance(asked, Translation):
        return translation(asked, out / name, data)
    return refinement(asked, out / name, data)


def main() -> int:
    """Measure what is missing, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="of what is asked; all by default")
    parser.add_argument("--page", action="store_true", help="write the page alone")
    parser.add_argument("--out", type=Path, default=Path("var/translation"))
    options = parser.parse_args()
    for name in [] if options.page else options.names or CASES:
        if name in _results():
            continue
        figures = measure(name, options.out.absolute())
        if figures is None:
            print(f"{name}: set ATELIER_REAL_DATA to the folder that holds its images", file=sys.stderr)
            continue
        # read again: another process may have measured something meanwhile
        results = _results() | {name: rounded(figures)}
        with whole_file(RESULTS) as partial:
            partial.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
    PAGE.write_text(page(_results()))
    return 0


def _results() -> dict[str, Figures]:
    return json.loads(RESULTS.read_text()) if RESULTS.exists() else {}


if __name__ == "__main__":
    sys.exit(main())
