"""Small pictures for tests in the browser: real PNG files that differ from one another."""

import io
import zipfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

SIDE = 16
SHAPES = ("bar", "cross", "dot")


def zip_of_shapes(out: Path, per_class: int = 40) -> Path:
    """A zip with a folder for each shape, and two files that cannot be taken: a text and a broken image."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(out, "w") as archive:
        for shape in SHAPES:
            for number in range(per_class):
                archive.writestr(f"{shape}/{number:03d}.png", _png(_shape(shape, random)))
        archive.writestr("dot/notes.txt", "not an image")
        archive.writestr("dot/broken.png", b"\x89PNG\r\n\x1a\nnot really")
    return out


def heavy_zip(out: Path, megabytes: int) -> Path:
    """A zip of images of noise, which nothing makes smaller: two classes, so many MB together."""
    random = np.random.default_rng(0)
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(megabytes):
            noise = random.integers(0, 256, (577, 577, 3), dtype=np.uint8)
            archive.writestr(f"{'ab'[number % 2]}/{number:03d}.png", _png(noise))
    return out


def _shape(shape: str, random: np.random.Generator) -> NDArray[np.uint8]:
    pixels = random.integers(0, 60, (SIDE, SIDE), dtype=np.uint8)
    x, y = random.integers(4, SIDE - 4, 2)
    if shape != "dot":
        pixels[:, x - 1 : x + 1] = 230
    if shape == "cross":
        pixels[y - 1 : y + 1, :] = 230
    if shape == "dot":
        pixels[y - 2 : y + 2, x - 2 : x + 2] = 230
    return pixels


def _png(pixels: NDArray[np.uint8]) -> bytes:
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()
