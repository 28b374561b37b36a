"""The datasets of benchmarks/translation.md, as folders that `python -m ml` reads.

python -m benchmarks.translation_data NAME FOLDER
"""

import argparse
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from ml.images import Pixels
from tests.ml.rendered_attributes import NAMES, factors, render
from tests.real_data import clothing, folder, mnist

NUM_TRAIN, NUM_VAL = 2_000, 400
NUM_RENDERED, DIGIT_SIZE = 2_000, 32
REAL_DIGITS, TEST_DIGITS = slice(0, 2_000), slice(5_000, 10_000)
"""Of MNIST's test set: those that a refiner learns from, and those that judge."""


def write_rendered(out: Path) -> None:
    """Rendered shapes with six known attributes, listed as CelebA's are."""
    images = out / "img_celeba"
    images.mkdir(parents=True)
    attributes, partition = [str(NUM_TRAIN + NUM_VAL), " ".join(NAMES)], []
    for number in range(NUM_TRAIN + NUM_VAL):
        has, name = factors(number), f"{number:06d}.png"
        render(has, number).save(images / name)
        attributes.append(" ".join([name, *("1" if value else "-1" for value in has)]))
        partition.append(f"{name} {0 if number < NUM_TRAIN else 1}")
    (out / "list_attr_celeba.txt").write_text("\n".join(attributes) + "\n", encoding="utf-8")
    (out / "list_eval_partition.txt").write_text("\n".join(partition) + "\n", encoding="utf-8")


def write_fairface(out: Path) -> None:
    """The faces, with gender and age groups."""
    shutil.copytree(_of("fairface540"), out)


def write_tops(out: Path) -> None:
    """Photos of shirts with long sleeves, and of t-shirts."""
    _classes(out, ("longsleeve", "t-shirt"))


def write_trousers(out: Path) -> None:
    """Photos of long trousers and of short ones."""
    _classes(out, ("pants", "shorts"))


def write_clothing(out: Path) -> None:
    """All ten kinds of clothes."""
    shutil.copytree(_of("clothing-cc0"), out)


def write_camvid(out: Path) -> None:
    """Street scenes (A) and their label maps (B), with the splits of the set."""
    source = _of("camvid") / "CamVid"
    for split in ("train", "val", "test"):
        shutil.copytree(source / split, out / split / "A")
        shutil.copytree(source / f"{split}annot", out / split / "B")


@dataclass(frozen=True)
class Digits:
    """pixels: uint8 [N, H, W, 1]; label: int64 [N]."""

    pixels: Pixels
    label: NDArray[np.int64]


def mnist_digits(size: int = DIGIT_SIZE) -> Digits | None:
    """MNIST's test set at another size; None where it is not at hand."""
    found = mnist()
    if found is None:
        return None
    images = [np.asarray(Image.fromarray(one).resize((size, size), Image.Resampling.BICUBIC)) for one in found[0]]
    return Digits(np.stack(images)[..., None], found[1].astype(np.int64))


def write_digits_by_font(out: Path) -> None:
    """Digits of one font, turned, stretched and thickened by chance, and handwritten ones of which nothing is said.

    The first letter of a rendered file's name is its digit.
    """
    real = mnist_digits()
    if real is None:
        raise SystemExit("Set ATELIER_REAL_DATA to the folder of the real images.")
    for name in ("rendered", "real"):
        (out / name).mkdir(parents=True)
    for number in range(NUM_RENDERED):
        render_digit(number % 10, number).save(out / "rendered" / f"{number % 10}-{number:05d}.png")
    for number in range(*REAL_DIGITS.indices(len(real.pixels))):
        Image.fromarray(real.pixels[number, ..., 0]).save(out / "real" / f"{number:05d}.png")


def render_digit(digit: int, number: int, size: int = DIGIT_SIZE) -> Image.Image:
    """White on black; how it lies and how thick it is come of `number`."""
    rng, large = np.random.default_rng([number, 3]), 4 * size
    canvas = Image.new("L", (large, large))
    font = ImageFont.load_default(size=large * rng.uniform(0.8, 1.05))
    stroke = int(rng.integers(0, large // 32 + 1))
    middle = (large / 2, large / 2)
    ImageDraw.Draw(canvas).text(middle, str(digit), fill=255, font=font, anchor="mm", stroke_width=stroke)
    turn, lean, wide, tall = rng.uniform(-0.25, 0.25), rng.uniform(-0.3, 0.3), *rng.uniform(0.8, 1.15, 2)
    back = np.linalg.inv(
        np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ np.array([[wide, lean], [0, tall]])
    )
    shift = np.array(middle) - back @ np.array(middle)
    rows = (*back[0], shift[0], *back[1], shift[1])
    moved = canvas.transform((large, large), Image.Transform.AFFINE, rows, Image.Resampling.BICUBIC)
    return moved.resize((size, size), Image.Resampling.BOX)


def _classes(out: Path, names: tuple[str, ...]) -> None:
    root = clothing()
    if root is None:
        raise SystemExit("Set ATELIER_REAL_DATA to the folder of the real images.")
    for split in ("train", "test"):
        for name in names:
            shutil.copytree(root / split / name, out / split / name)


def _of(name: str) -> Path:
    found = folder(name)
    if found is None:
        raise SystemExit(f"Set ATELIER_REAL_DATA to the folder that holds {name}.")
    return found


DATA: dict[str, Callable[[Path], None]] = {
    "rendered": write_rendered,
    "fairface": write_fairface,
    "tops": write_tops,
    "trousers": write_trousers,
    "clothing": write_clothing,
    "camvid": write_camvid,
    "digits-by-font": write_digits_by_font,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=DATA)
    parser.add_argument("folder", type=Path, help="a new folder")
    asked = parser.parse_args()
    DATA[asked.name](asked.folder)


if __name__ == "__main__":
    main()
