"""How well the memory of a training is foretold: the estimate of `ml/memory.py` beside what a process really took.

    python -m benchmarks.memory      every case in turn, into benchmarks/memory.md

Each case is measured in a process of its own: three steps, the previews, a checkpoint, a chunk of images and their
scores, on colour images of two classes. On a CPU the figure is the peak of its resident memory, Python and torch
included; on a GPU it is what torch allocated there at the peak, and the estimate is without the CUDA context.
"""

import json
import resource
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from benchmarks.main_job import machine
from benchmarks.paired import measure
from ml.device import choose_device, prepare
from ml.generation import generate_images, load_for_generation
from ml.memory import KERNEL_FACTOR, MIB, PROCESS_BYTES, estimate
from ml.model import DataSpec, LabelledImageModel
from ml.pack import Pack, write_pack
from ml.plugin import find, read_settings
from ml.pool import CHUNK
from ml.records import ImageRecord
from ml.score import model_scores
from ml.train import train

PAGE = Path(__file__).with_suffix(".md")
CASES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("dcgan", {"resolution": 32, "batch_size": 64}),
    ("dcgan", {"resolution": 32, "batch_size": 256}),
    ("dcgan", {"resolution": 64, "batch_size": 64}),
    ("dcgan", {"resolution": 64, "batch_size": 256}),
    ("dcgan", {"resolution": 32, "batch_size": 64, "loss": "wgan_gp"}),
    ("dcgan", {"resolution": 32, "batch_size": 256, "loss": "wgan_gp"}),
    ("dcgan", {"resolution": 64, "batch_size": 64, "loss": "wgan_gp"}),
    ("dcgan", {"resolution": 64, "batch_size": 256, "loss": "wgan_gp"}),
    ("gan", {}),
    ("infogan", {}),
    ("progressive_gan", {}),
    ("progressive_gan", {"resolution": 64}),
)
CLASSES = ("first", "second")
NUM_STEPS, NUM_IMAGES = 3, 40


def take(model: str, values: dict[str, Any]) -> dict[str, float]:
    """Train, make images and score them; the estimate and the peak, in MiB."""
    device = choose_device()
    prepare(device)
    model_class = find("models", LabelledImageModel, model)
    settings = read_settings(
        model_class, {"num_steps": NUM_STEPS, "num_checkpoints": 1, "num_previews": 1, "channels": "colour", **values}
    )
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder)
        result = train(model_class, settings, _pack(out, settings.resolution), out, seed=0, device=device)
        trained = load_for_generation(result.checkpoint, device)
        label = np.arange(CHUNK, dtype=np.int64) % len(CLASSES)
        pixels = generate_images(trained, label, np.arange(CHUNK), device)
        model_scores(trained, pixels, label, device)
    if device.type == "cuda":
        peak = torch.cuda.max_memory_allocated(device)
    else:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    data = DataSpec(settings.resolution, 3, CLASSES, (NUM_IMAGES, NUM_IMAGES))
    need = estimate(model_class, settings, data, device)
    foretold = need.needed_bytes - (PROCESS_BYTES["cuda"] if device.type == "cuda" else 0)
    return {"estimate": foretold / MIB, "measured": peak / MIB, "tensors": need.tensors / MIB}


def _pack(folder: Path, resolution: int) -> Pack:
    """Colour noise in two classes."""
    rng, records = np.random.default_rng(0), []
    for number in range(NUM_IMAGES * len(CLASSES)):
        file = folder / f"{number:03d}.png"
        Image.fromarray(rng.integers(0, 256, (resolution, resolution, 3), dtype=np.uint8)).save(file)
        records.append(ImageRecord(number, file, CLASSES[number % len(CLASSES)], "train"))
    return write_pack(records, CLASSES, folder / "pack", resolution)


Told = list[tuple[str, dict[str, Any], dict[str, float]]]
"""Model, settings and what `take` found, of each case."""


def page(told: Told) -> str:
    """Every case as a row of a table."""
    lines = ["# How well memory is foretold", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += [
        "| training | tensors, MiB | estimate, MiB | measured, MiB | estimate / measured |",
        "|---|---|---|---|---|",
    ]
    ratios = []
    for model, values, case in told:
        ratios.append(case["estimate"] / case["measured"])
        words = ", ".join(f"{name} {value}" for name, value in values.items()) or "defaults"
        figures = f"{case['tensors']:,.0f} | {case['estimate']:,.0f} | {case['measured']:,.0f} | {ratios[-1]:.2f}x"
        lines.append(f"| `{model}`, {words} | {figures} |")
    kind = choose_device().type
    rule = f"the process's own {PROCESS_BYTES[kind] // MIB} MiB, and {KERNEL_FACTOR[kind]:g} times the living tensors"
    lines += ["", f"The estimate is {rule}: {min(ratios):.2f}x to {max(ratios):.2f}x of what was measured.", ""]
    if kind != "cuda":
        lines += ["No GPU was at hand: what is foretold for one was not measured.", ""]
    return "\n".join([*lines, f"{machine()}.", ""])


def main() -> None:
    """One case as JSON when named, else the page."""
    if len(sys.argv) > 2:
        print(json.dumps(take(sys.argv[1], json.loads(sys.argv[2]))))
        return
    text = page([(model, values, measure(["benchmarks.memory", model, json.dumps(values)])) for model, values in CASES])
    PAGE.write_text(text)
    print(text)


if __name__ == "__main__":
    main()
