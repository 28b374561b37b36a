"""How fast training is: the loop of `ml/train.py` beside a plain PyTorch loop of the same networks.

    python -m benchmarks.training [ROUNDS]      every comparison in turn, into benchmarks/training.md

The plain loop is what one writes first: an unconditional DCGAN (one class, no class head) in fp32, images decoded from
PNG files by a DataLoader, contiguous memory, Adam as it comes, `loss.item()` at each step. Both learn batches of 64 of
the same rendered images with one thread. Figures are images per second of processor time, so that a busy machine
changes them little; a ratio is taken round by round and its median shown. The small plain G is also written as most
small GANs are: every image doubled by nearest-neighbour up-sampling and then convolved 3x3, which is what a transposed
convolution of 4x4 computes at once with 4/9 of the multiplications. The bar at 32x32x1 was set against that form.
"""

import contextlib
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import numpy as np
import torch
from PIL import Image
from torch import nn
from torch.nn.functional import softplus
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.main_job import machine
from benchmarks.paired import in_turn, measure, middle, ratio
from ml.callbacks import Callbacks
from ml.device import choose_device, choose_precision
from ml.draw import Draw
from ml.feed import Feed
from ml.layers.few_channels import DownFromImage, UpToImage
from ml.model import DataSpec
from ml.models.dcgan import Dcgan, DcganSettings
from ml.pack import Pack, write_pack
from ml.records import ImageRecord
from ml.share import this_machine, wished_threads
from ml.train import train

PAGE = Path(__file__).with_suffix(".md")
SHAPES = ("64x64x3", "32x32x1")
BATCH, NUM_IMAGES, WARM = 64, 1024, 3


def settings_of(shape: str, num_steps: int) -> DcganSettings:
    """The unconditional DCGAN of the comparison."""
    return DcganSettings(
        resolution=int(shape.partition("x")[0]),
        batch_size=BATCH,
        num_steps=num_steps,
        class_head_weight=0,
        augmentation="none",
        ema_half_life=0,
        num_checkpoints=1,
        num_previews=1,
    )


def write_images(folder: Path, shape: str) -> list[ImageRecord]:
    """Smooth random pictures as PNG files."""
    side, _, channels = (int(part) for part in shape.split("x"))
    rng, records = np.random.default_rng(0), []
    for number in range(NUM_IMAGES):
        coarse = rng.integers(0, 256, (8, 8, channels), dtype=np.uint8)
        picture = Image.fromarray(coarse[..., 0] if channels == 1 else coarse).resize(
            (side, side), Image.Resampling.BICUBIC
        )
        file = folder / f"{number:05d}.png"
        picture.save(file)
        records.append(ImageRecord(number, file, "all", "train"))
    return records


# --- the two loops ------------------------------------------------------------------------------------------------
class _Clock(Callbacks):
    """The time of every step: the loop asks before each one whether to stop."""

    def __init__(self) -> None:
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def should_stop(self) -> bool:
        self.wall.append(time.perf_counter())
        self.cpu.append(time.process_time())
        return False

    def figures(self) -> dict[str, float]:
        """Images per second of both clocks, after the warm-up."""
        return {
            "img_per_s": BATCH / statistics.median(np.diff(self.wall)[WARM:]),
            "img_per_cpu_s": BATCH / statistics.median(np.diff(self.cpu)[WARM:]),
        }


def ours(shape: str, num_steps: int) -> dict[str, float]:
    """The product's loop, from the pack to the averaged weights; the share of the matmul rate of this moment too."""
    with pack_of(shape) as pack, tempfile.TemporaryDirectory() as out:
        clock, settings = _Clock(), settings_of(shape, num_steps)
        train(Dcgan, settings, pack, Path(out), seed=0, callbacks=clock)
        figures = clock.figures()
        limit = matmul_gflops() / gflop_per_image(settings, pack.spec())
        threads = float(torch.get_num_threads())
        return {**figures, "share_of_matmul": figures["img_per_cpu_s"] / limit, "threads": threads}


def plain(shape: str, num_steps: int, upsampling: bool = False) -> dict[str, float]:
    """What one writes first; with `upsampling`, G doubles its maps and then convolves them."""
    with tempfile.TemporaryDirectory() as folder:
        files = [record.file for record in write_images(Path(folder), shape)]
        model = Dcgan(DataSpec(*_size(shape), ("all",), (NUM_IMAGES,)), settings_of(shape, num_steps))
        G, D, label = model.G, model.D, torch.zeros(BATCH, dtype=torch.int64)
        as_written(model)
        if upsampling:
            up_sample(G)
        optimizer_G = torch.optim.Adam(G.parameters(), 2e-4, (0.5, 0.999))
        optimizer_D = torch.optim.Adam(D.parameters(), 2e-4, (0.5, 0.999))
        clock, batches = _Clock(), _batches(files)
        for _ in range(num_steps):
            clock.should_stop()
            real = next(batches)
            optimizer_D.zero_grad()
            loss_real = softplus(-D(real, label)[0]).mean()
            loss_real.backward()
            fake = G(torch.randn(BATCH, 100), label)
            loss_fake = softplus(D(fake.detach(), label)[0]).mean()
            loss_fake.backward()
            optimizer_D.step()
            optimizer_G.zero_grad()
            loss_G = softplus(-D(fake, label)[0]).mean()
            loss_G.backward()
            optimizer_G.step()
            _ = (loss_real.item(), loss_fake.item(), loss_G.item())
        return clock.figures()


def as_written(network: nn.Module) -> None:
    """Each layer that computes as we do becomes torch's own."""
    for layer in network.modules():
        if isinstance(layer, UpToImage | DownFromImage):
            layer.__class__ = type(layer).__base__


def up_sample(network: nn.Module) -> None:
    """Each doubling transposed convolution becomes nearest-neighbour up-sampling and a 3x3 convolution."""
    for name, layer in network.named_children():
        if isinstance(layer, nn.ConvTranspose2d):
            conv = nn.Conv2d(layer.in_channels, layer.out_channels, 3, 1, 1, bias=layer.bias is not None)
            setattr(network, name, nn.Sequential(nn.Upsample(scale_factor=2), conv))
        else:
            up_sample(layer)


class _Files(Dataset[torch.Tensor]):
    def __init__(self, files: list[Path]) -> None:
        self.files = files

    def __len__(self) -> int:
        return len(self.files)

    def __getitem__(self, place: int) -> torch.Tensor:
        with Image.open(self.files[place]) as image:
            pixels = np.array(image, dtype=np.float32)
        pixels = pixels[None] if pixels.ndim == 2 else pixels.transpose(2, 0, 1)
        return torch.from_numpy(pixels / 127.5 - 1)


def _batches(files: list[Path]) -> Iterator[torch.Tensor]:
    while True:
        yield from DataLoader(_Files(files), BATCH, shuffle=True, drop_last=True)


# --- feeding alone ------------------------------------------------------------------------------------------------
def feed(shape: str, num_steps: int) -> dict[str, float]:
    """Batches of the product's feed, ready for D, and nothing else."""
    with pack_of(shape) as pack:
        rows = pack.rows("train")
        source = Feed(pack, rows, Draw(pack.label[rows], BATCH, 0), (-1.0, 1.0), torch.device("cpu"))
        return _timed(lambda step: source.batch(step + 1), 20 * num_steps)


def loader(shape: str, num_steps: int) -> dict[str, float]:
    """The same from the DataLoader."""
    with tempfile.TemporaryDirectory() as folder:
        batches = _batches([record.file for record in write_images(Path(folder), shape)])
        return _timed(lambda step: next(batches), num_steps)


def _timed(work: Callable[[int], object], times: int) -> dict[str, float]:
    clock = _Clock()
    for step in range(times):
        clock.should_stop()
        work(step)
    return clock.figures()


# --- what it takes ------------------------------------------------------------------------------------------------
def matmul_gflops(size: int = 1024) -> float:
    """What this machine multiplies in the run's arithmetic now, by one thread."""
    device = choose_device("cpu")
    kind = torch.bfloat16 if choose_precision("auto", device) == "bf16" else torch.float32
    a, b = torch.randn(size, size, dtype=kind), torch.randn(size, size, dtype=kind)
    spent = []
    for _ in range(20):
        started = time.process_time()
        a @ b
        spent.append(time.process_time() - started)
    return 2 * size**3 / statistics.median(spent) / 1e9


def gflop_per_image(settings: DcganSettings, spec: DataSpec) -> float:
    """Multiplications and additions of one step, those of gradients nobody asks for left out."""
    from ml.model import Batch
    from ml.update import Updates

    model = Dcgan(spec, settings)
    side, channels = spec.resolution, spec.channels
    batch = Batch(torch.zeros(BATCH, channels, side, side), torch.zeros(BATCH, dtype=torch.int64))
    with FlopCounterMode(display=False) as counter:
        model.training_step(batch, Updates(model, model.optimizers()), 1)
    return float(counter.get_total_flops() / BATCH / 1e9)


@contextlib.contextmanager
def pack_of(shape: str) -> Iterator[Pack]:
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "png").mkdir()
        records = write_images(Path(folder) / "png", shape)
        yield write_pack(records, ("all",), Path(folder) / "pack", _size(shape)[0])


def _size(shape: str) -> tuple[int, int]:
    side, _, channels = (int(part) for part in shape.split("x"))
    return side, channels


@contextlib.contextmanager
def _busy(number: int) -> Iterator[None]:
    """So many processes that do nothing but compute."""
    others = [subprocess.Popen([sys.executable, "-c", "while True: sum(range(10000))"]) for _ in range(number)]
    try:
        yield
    finally:
        for other in others:
            other.kill()
            other.wait()


# --- the page -----------------------------------------------------------------------------------------------------
UPSAMPLING = "plain, up-sampling"
WORK = {"ours": ours, "plain": plain, UPSAMPLING: partial(plain, upsampling=True), "feed": feed, "loader": loader}
NEIGHBOURS = """
Images per second by the clock, in turn: a run takes as many threads as cores are free when it starts, and its threads
wait without spinning. The bar is half of the idle machine's rate, all cores used, beside one busy neighbour."""
STEPS = {"64x64x3": 12, "32x32x1": 30}


def compare(rounds: int) -> str:
    """All comparisons as a page."""
    lines = ["# How fast training is", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += ["| comparison | ours | plain | ratio |", "|---|---|---|---|"]
    shares = []
    for shape in SHAPES:
        jobs = {name: ["benchmarks.training", name, shape, str(STEPS[shape])] for name in WORK}
        told = in_turn(jobs, rounds)
        pairs = {"training": ("ours", "plain"), "feeding alone": ("feed", "loader")}
        if shape == SHAPES[-1]:
            pairs["training, plain G by up-sampling"] = ("ours", UPSAMPLING)
        for what, (mine, other) in pairs.items():
            rates = [middle(told[name], "img_per_cpu_s") for name in (mine, other)]
            between = ratio(told[mine], told[other], "img_per_cpu_s")
            lines.append(f"| {what}, {shape} | {rates[0]:,.0f} | {rates[1]:,.0f} | {between} |")
        shares.append(f"{middle(told['ours'], 'share_of_matmul'):.0%} at {shape}")
    lines += ["", f"Share of the matmul rate measured in the same process: {', '.join(shares)}.", ""]
    return "\n".join([*lines, *beside_neighbours(rounds), f"{machine()}; {rounds} rounds.", ""])


def beside_neighbours(rounds: int) -> list[str]:
    """What busy programs on the same cores cost, with threads by number and with the share that a run takes."""
    cores = len(this_machine().cpus)
    cases: dict[str, tuple[int, int | None]] = {
        f"alone, {cores} threads": (0, cores),
        "alone, 1 thread": (0, 1),
        f"1 busy neighbour, {cores} threads": (1, cores),
        "1 busy neighbour, the share a run takes": (1, None),
        "2 busy neighbours, the share a run takes": (2, None),
    }
    lines = [f"## Beside busy programs, on {cores} cores", "", *NEIGHBOURS.strip().splitlines(), ""]
    lines += ["| case | " + " | ".join(f"{shape}, images/s | beside alone" for shape in SHAPES) + " |"]
    lines += ["|---|" + "---|" * (2 * len(SHAPES))]
    told: dict[tuple[str, str], list[dict[str, float]]] = {}
    loads = []
    for _ in range(rounds):
        for case, (number, threads) in cases.items():
            for shape in SHAPES:
                loads.append(os.getloadavg()[0])
                own = ["benchmarks.training", "ours", shape, str(STEPS[shape])]
                told.setdefault((case, shape), []).append(measure(own, _busy(number), threads))
    first = next(iter(cases))
    for case in cases:
        cells = []
        for shape in SHAPES:
            rows = told[case, shape]
            cells += [f"{middle(rows, 'img_per_s'):,.0f}", str(ratio(rows, told[first, shape], "img_per_s"))]
        lines.append(f"| {case} | {' | '.join(cells)} |")
    share = [row["threads"] for shape in SHAPES for row in told["1 busy neighbour, the share a run takes", shape]]
    lines += ["", f"The share beside one neighbour was {min(share):.0f} to {max(share):.0f} threads.", ""]
    return [*lines, f"Load of the machine before the measurements: {min(loads):.1f} to {max(loads):.1f}.", ""]


def main() -> None:
    """One measurement as JSON when named, else the page."""
    if len(sys.argv) > 2:
        torch.set_num_threads(wished_threads(this_machine()) or 1)
        torch.manual_seed(0)
        print(json.dumps(WORK[sys.argv[1]](sys.argv[2], int(sys.argv[3]))))
        return
    page = compare(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    PAGE.write_text(page)
    print(page)


if __name__ == "__main__":
    main()
