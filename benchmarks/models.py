"""The quality of the models on real images: same images, same number of images seen, same ruler, three seeds.

    python -m benchmarks.models [CASE ...] [--dataset NAME]     measure what is not in benchmarks/models.json yet
    python -m benchmarks.models --page                          write benchmarks/models.md from it

Every case learns 32-pixel images until it has seen 24,000 of them, and then makes 2,000, mixed as the training split.
They are compared with training and validation images together in the features of one encoder per dataset, trained on
the training split. The test split is never opened. A figure is the mean over three seeds of the training, in brackets
the lowest and the highest. So few images are a seventh of the epochs that `gan` asks for by default (main_job.md has it
at its own). ATELIER_REAL_DATA names the folder of the images (tests/real_data.py).
"""

import argparse
import contextlib
import json
import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.main_job import machine
from ml.augment import diff_augment
from ml.device import choose_device, prepare
from ml.draw import Draw
from ml.encoder_training import train_encoder
from ml.features import Encoder, split_features
from ml.feed import Feed
from ml.generation import generate_images, load_for_generation
from ml.images import Pixels
from ml.ingest import read_folder
from ml.measure import measure_all
from ml.metric import Evidence
from ml.model import LabelledImageModel
from ml.models.dcgan import Dcgan, DcganSettings
from ml.pack import Pack, write_pack
from ml.plugin import find, read_settings
from ml.train import step_seed, train
from tests.real_data import clothing, write_mnist

HERE = Path(__file__).resolve().parent
RESULTS, PAGE = HERE / "models.json", HERE / "models.md"
RESOLUTION, NUM_SEEN, NUM_MADE = 32, 24_000, 2_000
SEEDS = (0, 1, 2)
METRICS = {"fid": "FID", "kid": "KID", "tarr": "TARR", "diversity": "diversity"}


@dataclass(frozen=True)
class Data:
    """One dataset; `source` is given an empty folder and answers None where the images are not at hand."""

    what: str
    source: Callable[[Path], Path | None]
    small: int | None = None
    """Training images of each class that are used; all when None."""


DATA = {
    "mnist-t10k": Data(
        "MNIST's test set, 100 images for each of 10 digits, grey", lambda folder: write_mnist(folder, 100)
    ),
    "clothing-cc0": Data("Photos of 10 kinds of clothes, in colour", lambda folder: clothing()),
    "mnist-t10k, 20 per class": Data(
        "The same digits, 20 training images of each", lambda folder: write_mnist(folder, 100), small=20
    ),
}


@dataclass(frozen=True, eq=False)
class Case:
    """A model with what differs from its defaults."""

    model: str
    settings: Mapping[str, Any]
    group: str

    def __str__(self) -> str:
        return " ".join([self.model, *(f"{name}={value}" for name, value in self.settings.items())])


LOSSES = (
    *("minimax", "lsgan", "hinge", "wgan_gp", "began"),
    *("f_kl", "f_reverse_kl", "f_pearson", "f_squared_hellinger", "f_jensen_shannon", "f_total_variation"),
)
DEFAULT = Case("dcgan", {}, "models")
PLAIN = Case("plain loop", {}, "guard")
CASES = (
    DEFAULT,
    Case("gan", {"resolution": RESOLUTION}, "models"),
    Case("progressive_gan", {}, "models"),
    Case("infogan", {}, "models"),
    PLAIN,
    Case("dcgan", {"augmentation": "none"}, "augmentation"),
    Case("dcgan", {"augmentation": "geometry,translation"}, "augmentation"),
    Case("dcgan", {"augmentation": "geometry,translation", "augmentation_mode": "adaptive"}, "augmentation"),
    Case("dcgan", {"r1_weight": 1.0}, "augmentation"),
    Case("dcgan", {"learning_rate_G": 0.0002, "learning_rate_D": 0.0002}, "augmentation"),
    *(Case("dcgan", {"loss": loss}, "losses") for loss in LOSSES),
)
IN_SMALL = ("models", "augmentation")
"""Groups that are measured on few images, too."""
GROUPS = {
    "models": "Models at their defaults",
    "augmentation": "DCGAN, what D sees, how it is held, and the paper's step size",
    "losses": "DCGAN, the adversarial loss",
    "guard": "The fast path and the plain one",
}


# --- one measurement ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Ground:
    """What all cases on one dataset share."""

    pack: Pack
    encoder: Encoder
    folder: Path


@contextlib.contextmanager
def ground(name: str) -> Iterator[Ground | None]:
    """Images at the training size and the encoder that measures; None where the images are not at hand."""
    with tempfile.TemporaryDirectory(prefix="atelier-bench-") as place:
        folder, data = Path(place), DATA[name]
        (folder / "images").mkdir()
        source = data.source(folder / "images")
        if source is None:
            yield None
            return
        records = [record for record in read_folder(source) if record.split != "test"]
        if data.small is not None:
            seen: dict[str, int] = {}
            kept = []
            for record in records:
                seen[record.label] = seen.get(record.label, 0) + (record.split == "train")
                if record.split == "val" or seen[record.label] <= data.small:
                    kept.append(record)
            records = kept
        classes = tuple(sorted({record.label for record in records}))
        pack = write_pack(records, classes, folder / "data", RESOLUTION)
        encoder = train_encoder(pack, int(pack.hash[:15], 16))
        (folder / "encoder").mkdir()
        yield Ground(pack, encoder, folder)


def measure(here: Ground, case: Case, seed: int) -> dict[str, Any]:
    """Train, generate, compare."""
    started = time.process_time()
    label = np.resize(np.random.default_rng(seed).permutation(here.pack.label[here.pack.rows("train")]), NUM_MADE)
    made = plain(here.pack, seed, label) if case is PLAIN else ours(here, case, seed, label)
    took_s = time.process_time() - started
    train_set, val_set = (
        split_features(here.encoder, here.pack, split, here.folder / "encoder") for split in ("train", "val")
    )
    evidence = Evidence(train_set, val_set, here.encoder.image_set(made, label), here.pack.classes, seed)
    rows = measure_all(evidence)
    return {"cpu_s": round(took_s, 1), **{name: rows[name]["value"] for name in METRICS}}


def ours(here: Ground, case: Case, seed: int, label: NDArray[np.int64]) -> Pixels:
    """The product's loop, to the images of the averaged generator at the last step."""
    model_class = find("models", LabelledImageModel, case.model)
    asked = {"resolution": RESOLUTION, "num_checkpoints": 1, "num_previews": 1, **case.settings}
    batch_size = read_settings(model_class, asked).batch_size
    settings = read_settings(model_class, {**asked, "num_steps": math.ceil(NUM_SEEN / batch_size)})
    with tempfile.TemporaryDirectory() as out:
        result = train(model_class, settings, here.pack, Path(out), seed)
        return generate_images(load_for_generation(result.checkpoint), label, seeds_of(seed))


def plain(pack: Pack, seed: int, label: NDArray[np.int64]) -> Pixels:
    """The same networks and losses in a loop as one writes it first: fp32, contiguous memory, nothing left out.

    The averaged generator is kept in the plainest way, too.
    """
    settings = DcganSettings(resolution=RESOLUTION)
    torch.manual_seed(step_seed(seed, "init"))
    model = Dcgan(pack.spec(), settings)
    G, D = model.G, model.D
    optimizer_G = torch.optim.Adam(G.parameters(), settings.learning_rate_G, (settings.beta1, settings.beta2))
    optimizer_D = torch.optim.Adam(D.parameters(), settings.learning_rate_D, (settings.beta1, settings.beta2))
    average = Dcgan(pack.spec(), settings).G
    average.load_state_dict(G.state_dict())
    decay = 0.5 ** (settings.batch_size / settings.ema_half_life)
    rows = pack.rows("train")
    feed = Feed(pack, rows, Draw(pack.label[rows], settings.batch_size, seed), (-1.0, 1.0), torch.device("cpu"))
    for step in range(1, NUM_SEEN // settings.batch_size + 1):
        torch.manual_seed(step_seed(seed, "step", step))
        batch = feed.batch(step)
        real, classes = batch.image.contiguous(), batch.label
        fake = G(torch.randn(len(classes), settings.z_dim), classes)
        optimizer_D.zero_grad()
        logits_real, classes_real = D(diff_augment(real, settings.augmentation), classes)
        logits_fake, _ = D(diff_augment(fake.detach(), settings.augmentation), classes)
        loss_D = torch.nn.functional.softplus(-logits_real).mean() + torch.nn.functional.softplus(logits_fake).mean()
        (loss_D + torch.nn.functional.cross_entropy(classes_real, classes)).backward()
        optimizer_D.step()
        optimizer_G.zero_grad()
        logits_fake, classes_fake = D(diff_augment(fake, settings.augmentation), classes)
        loss_G = torch.nn.functional.softplus(-logits_fake).mean()
        (loss_G + torch.nn.functional.cross_entropy(classes_fake, classes)).backward()
        optimizer_G.step()
        with torch.no_grad():
            for mean, value in zip(average.parameters(), G.parameters(), strict=True):
                mean.copy_(decay * mean + (1 - decay) * value)
            for mean, value in zip(average.buffers(), G.buffers(), strict=True):
                mean.copy_(value)
    average.eval()
    with torch.no_grad():
        z = model.noise(seeds_of(seed).tolist())
        images = [average(z[at : at + 100], torch.from_numpy(label[at : at + 100])) for at in range(0, len(label), 100)]
    pixels = ((torch.cat(images) + 1) * 127.5).round().clamp(0, 255).to(torch.uint8)
    made: Pixels = pixels.permute(0, 2, 3, 1).contiguous().numpy()
    return made


def seeds_of(seed: int) -> NDArray[np.int64]:
    """The noise of the images that are compared."""
    return np.random.default_rng([seed, 1]).integers(0, 2**53, NUM_MADE, dtype=np.int64)


# --- the page -----------------------------------------------------------------------------------------------------
def page(results: Mapping[str, Mapping[str, Any]]) -> str:
    """The figures as tables, with how they were made."""
    lines = [
        "# The quality of the models on real images",
        "",
        *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(),
    ]
    lines += ["", "    ATELIER_REAL_DATA=… python -m benchmarks.models", ""]
    for name, data in DATA.items():
        if not any(key.startswith(f"{name} | ") for key in results):
            continue
        lines += [f"## {name}", "", f"{data.what}.", ""]
        for group, title in GROUPS.items():
            cases = [case for case in CASES if case.group == group or (group != "models" and case is DEFAULT)]
            rows = {case: row for case in cases if (row := _row(results, name, case)) is not None}
            if not any(case.group == group for case in rows):
                continue
            lines += [f"{title}:", "", f"| recipe | {' | '.join(METRICS.values())} | CPU s |", "|---" * 6 + "|"]
            lines += rows.values()
            lines.append("")
    return "\n".join([*lines, f"{machine()}, one thread.", ""])


def _row(results: Mapping[str, Mapping[str, Any]], name: str, case: Case) -> str | None:
    """A line of a table; None where nothing is measured."""
    rows = [results[key] for seed in SEEDS if (key := _key(name, case, seed)) in results]
    if not rows:
        return None
    note = "" if len(rows) == len(SEEDS) else f" ({len(rows)} of {len(SEEDS)} seeds)"
    cells = [_cell([row[metric] for row in rows if row[metric] is not None]) for metric in METRICS]
    return f"| {case}{note} | {' | '.join(cells)} | {statistics.mean(row['cpu_s'] for row in rows):.0f} |"


def _cell(values: list[float]) -> str:
    if not values:
        return "refused"
    spread = f" ({min(values):.3g} to {max(values):.3g})" if len(values) > 1 else ""
    return f"{statistics.mean(values):.3g}{spread}"


def _key(name: str, case: Case, seed: int) -> str:
    return f"{name} | {case} | seed {seed}"


def main() -> int:
    """Measure what is missing, or write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("cases", nargs="*", help="as the page names them; all when none is named")
    parser.add_argument("--dataset", choices=list(DATA), action="append")
    parser.add_argument("--page", action="store_true")
    chosen = parser.parse_args()
    results: dict[str, dict[str, Any]] = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    if not chosen.page:
        prepare(choose_device("cpu"))
        for name in chosen.dataset or DATA:
            with ground(name) as here:
                if here is None:
                    print(f"{name}: set ATELIER_REAL_DATA to the folder that holds it")
                    continue
                wanted = [
                    (case, seed)
                    for case in CASES
                    if (not chosen.cases or str(case) in chosen.cases)
                    and (DATA[name].small is None or case.group in IN_SMALL)
                    for seed in SEEDS
                    if _key(name, case, seed) not in results
                ]
                for case, seed in wanted:
                    results[_key(name, case, seed)] = figures = measure(here, case, seed)
                    RESULTS.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")
                    print(_key(name, case, seed), figures, flush=True)
    PAGE.write_text(page(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
