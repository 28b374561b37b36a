"""How fast images are made: `ml/generation.py` beside a plain eager generator.

    python -m benchmarks.sampling [ROUNDS]      every comparison in turn, into benchmarks/sampling.md

The plain way is what one writes first: the same trained G in eval mode and fp32 under `torch.inference_mode`, 256 noise
vectors drawn and passed at once, contiguous memory, scaled to uint8. Ours is what makes a pool: one noise per seed, and
chunks of 64. Both use one thread. Figures are images per second of processor time, so that a busy machine changes them
little; a ratio is taken round by round and its median shown.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

import numpy as np
import torch
from torch import Tensor

from benchmarks.main_job import machine
from benchmarks.paired import in_turn, middle, ratio
from benchmarks.training import SHAPES, as_written, pack_of, settings_of
from ml.device import choose_device, choose_precision, prepare
from ml.generation import generate_images, load_for_generation
from ml.images import Pixels
from ml.model import LabelledImageModel
from ml.models.dcgan import Dcgan, Generator
from ml.train import train

PAGE = Path(__file__).with_suffix(".md")
BATCH, REPEATS, WARM = 256, 20, 2
STEPS = 20
"""Of the training whose G makes the images."""


def make(model: LabelledImageModel, seeds: range) -> Pixels:
    """uint8 [N, H, W, C], as pools are made."""
    device = choose_device("cpu")
    return generate_images(model, [0] * len(seeds), list(seeds), device, choose_precision("auto", device))


def make_plainly(G: Generator, z: Tensor) -> Pixels:
    """uint8 [N, H, W, C], all at once, every map in contiguous memory."""
    with torch.inference_mode():
        first = G.project(G.named(z, torch.zeros(len(z), dtype=torch.int64)))
        image = G.body(first.view(-1, *G.start)).tanh()
        pixels: Pixels = ((image + 1) * 127.5).round().clamp(0, 255).to(torch.uint8).permute(0, 2, 3, 1).numpy()
        return pixels


def plain_G(model: LabelledImageModel) -> Generator:
    """The averaged G of torch's own layers, its weights in contiguous memory."""
    G = cast(Generator, model.averaged("G").to(memory_format=torch.contiguous_format))  # type: ignore[call-overload]
    as_written(G)
    return G


def ours(checkpoint: Path) -> dict[str, float]:
    model = load_for_generation(checkpoint)
    return _timed(lambda turn: make(model, range(turn * BATCH, (turn + 1) * BATCH)))


def plain(checkpoint: Path) -> dict[str, float]:
    G = plain_G(load_for_generation(checkpoint))
    return _timed(lambda turn: make_plainly(G, torch.randn(BATCH, 100)))


def _timed(work: Callable[[int], object]) -> dict[str, float]:
    spent = []
    for turn in range(WARM + REPEATS):
        started = time.process_time()
        work(turn)
        spent.append(time.process_time() - started)
    return {"img_per_cpu_s": BATCH / statistics.median(spent[WARM:])}


def largest_difference(checkpoint: Path) -> int:
    """Of one pixel, 0..255, between the two ways from the same noise."""
    fast = make(load_for_generation(checkpoint), range(BATCH))
    model = load_for_generation(checkpoint)
    slow = make_plainly(plain_G(model), model.noise(range(BATCH)))
    return int(np.abs(fast.astype(int) - slow.astype(int)).max())


WORK = {"ours": ours, "plain": plain}


def compare(rounds: int) -> str:
    """All comparisons as a page."""
    lines = ["# How fast images are made", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += ["| images | ours | plain | ratio | largest difference of a pixel |", "|---|---|---|---|---|"]
    for shape in SHAPES:
        with tempfile.TemporaryDirectory() as folder, pack_of(shape) as pack:
            checkpoint = train(Dcgan, settings_of(shape, STEPS), pack, Path(folder), seed=0).checkpoint
            told = in_turn({name: ["benchmarks.sampling", name, str(checkpoint)] for name in WORK}, rounds)
            rates = [f"{middle(told[name], 'img_per_cpu_s'):,.0f}" for name in WORK]
            between = ratio(told["ours"], told["plain"], "img_per_cpu_s")
            lines.append(f"| {shape} | {' | '.join(rates)} | {between} | {largest_difference(checkpoint)} of 255 |")
    return "\n".join([*lines, "", f"{machine()}; {rounds} rounds.", ""])


def main() -> None:
    """One measurement as JSON when named, else the page."""
    prepare(choose_device("cpu"))
    if len(sys.argv) > 2:
        torch.manual_seed(0)
        print(json.dumps(WORK[sys.argv[1]](Path(sys.argv[2]))))
        return
    page = compare(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
    PAGE.write_text(page, encoding="utf-8")
    print(page)


if __name__ == "__main__":
    main()
