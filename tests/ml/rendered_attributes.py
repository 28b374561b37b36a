"""Images with known attributes: one disc or square in a colour, large or small, outlined or not, on dark or bright.

Red, green and blue exclude one another, and a quarter of the shapes is grey; large shapes are usually outlined and
small ones rarely; a bright ground comes by itself. Shape and place are no attribute: they are what edits must keep.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ml.pack import Pack, write_pack
from ml.records import ImageRecord

NAMES = ("red", "green", "blue", "large", "outlined", "bright")
NONE = "none"
INKS = ((210, 50, 50), (50, 190, 70), (60, 80, 220), (140, 140, 140))


def factors(number: int) -> NDArray[np.int64]:
    """int64 [A] of 0 and 1, what image `number` has."""
    rng = np.random.default_rng([number, 1])
    colour = int(rng.integers(0, 4))
    large = rng.random() < 0.45
    outlined = rng.random() < (0.75 if large else 0.2)
    return np.array([colour == 0, colour == 1, colour == 2, large, outlined, rng.random() < 0.4], np.int64)


def render(has: Sequence[int] | NDArray[np.int64], number: int, size: int = 32) -> Image.Image:
    """What `has` says; shape, place and exact tones come of `number`."""
    rng = np.random.default_rng([number, 2])
    is_disc, across, down = rng.random() < 0.5, rng.random(), rng.random()
    colour = next((place for place in range(3) if has[place]), 3)
    ground = (225 if has[5] else 30) + int(rng.integers(-15, 16))
    ink = tuple(int(np.clip(tone + rng.integers(-20, 21), 0, 255)) for tone in INKS[colour])
    image = Image.new("RGB", (4 * size, 4 * size), (ground, ground, ground))
    side = (0.56 if has[3] else 0.3) * 4 * size
    left, top = (float((4 * size - side) * (0.15 + 0.7 * share)) for share in (across, down))
    draw = ImageDraw.Draw(image).ellipse if is_disc else ImageDraw.Draw(image).rectangle
    edge = (250, 220, 60) if has[4] else None
    draw((left, top, left + side, top + side), fill=ink, outline=edge, width=size // 3 if edge else 0)
    return image.resize((size, size), Image.Resampling.BOX)


def write_attribute_images(folder: Path, num_train: int, num_val: int = 0, size: int = 32) -> list[ImageRecord]:
    """The class of an image is the rarest attribute that it has, or NONE."""
    folder.mkdir(parents=True, exist_ok=True)
    has = np.stack([factors(number) for number in range(num_train + num_val)])
    rarest = np.argsort(has.sum(0), kind="stable")
    records = []
    for number, own in enumerate(has):
        file = folder / f"{number}.png"
        render(own, number, size).save(file)
        label = next((NAMES[place] for place in rarest if own[place]), NONE)
        said = "".join(map(str, own))
        split = "train" if number < num_train else "val"
        records.append(ImageRecord(number, file, label, split, attributes=said))
    return records


def write_attribute_pack(folder: Path, num_train: int, num_val: int = 0, resolution: int = 32) -> Pack:
    records = write_attribute_images(folder / "source", num_train, num_val, resolution)
    return write_pack(records, [*NAMES, NONE], folder / "pack", resolution, attributes=NAMES)
