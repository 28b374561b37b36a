"""Tiny real datasets: rendered shapes, written as PNG and packed as any upload is."""

from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from ml.pack import Pack, write_pack
from ml.records import ImageRecord

SHAPES = ("bar", "disc", "frame")


def render(label: str, number: int, size: int = 20, colour: bool = False) -> Image.Image:
    """One shape on black; place, size and brightness vary with `number`."""
    rng = np.random.default_rng([SHAPES.index(label), number])
    image = Image.new("RGB" if colour else "L", (size, size))
    pen = ImageDraw.Draw(image)
    left, top = rng.integers(1, size // 4, 2).tolist()
    side = int(rng.integers(size // 2, size * 2 // 3))
    level = int(rng.integers(160, 256))
    ink = (level, level // 2, 255 - level) if colour else level
    box = (left, top, left + side, top + side)
    if label == "bar":
        pen.rectangle((left, top, left + side // 3, top + side), fill=ink)
    elif label == "disc":
        pen.ellipse(box, fill=ink)
    else:
        pen.rectangle(box, outline=ink, width=2)
    return image


def write_images(
    folder: Path, counts: dict[str, int] | None = None, num_val: int = 2, colour: bool = False
) -> list[ImageRecord]:
    """`counts` training images (10 of each shape if left out) and `num_val` validation images of each class."""
    records: list[ImageRecord] = []
    for label, count in (counts or dict.fromkeys(SHAPES, 10)).items():
        (folder / label).mkdir(parents=True, exist_ok=True)
        for number in range(count + num_val):
            file = folder / label / f"{number}.png"
            render(label, number, colour=colour).save(file)
            records.append(ImageRecord(len(records), file, label, "train" if number < count else "val"))
    return records


def write_tiny_pack(
    folder: Path, resolution: int = 16, counts: dict[str, int] | None = None, colour: bool = False
) -> Pack:
    """A pack of `write_images`, its classes in the order of `counts`."""
    records = write_images(folder / "source", counts, colour=colour)
    return write_pack(records, list(counts or SHAPES), folder / "pack", resolution)
