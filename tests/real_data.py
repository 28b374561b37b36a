"""Real image sets for tests and benchmarks, from the folder that ATELIER_REAL_DATA names; none is fetched."""

import gzip
import os
from pathlib import Path

import numpy as np
from PIL import Image

HEADER_IMAGES, HEADER_LABELS, SIDE = 16, 8, 28


def folder(name: str) -> Path | None:
    """A set of the folder, or None where it is not at hand."""
    root = os.environ.get("ATELIER_REAL_DATA")
    found = Path(root) / name if root else None
    return found if found is not None and found.is_dir() else None


def write_mnist(out: Path, per_class: int) -> Path | None:
    """The first `per_class` images of each digit of MNIST's test set as class folders; None where it is not at hand."""
    source = folder("mnist-t10k")
    if source is None:
        return None
    pixels = np.frombuffer(
        gzip.decompress(next(source.glob("*images*gz")).read_bytes()), np.uint8, offset=HEADER_IMAGES
    )
    images = pixels.reshape(-1, SIDE, SIDE)
    labels = np.frombuffer(
        gzip.decompress(next(source.glob("*labels*gz")).read_bytes()), np.uint8, offset=HEADER_LABELS
    )
    for digit in range(10):
        place = out / str(digit)
        place.mkdir(parents=True, exist_ok=True)
        for index in np.flatnonzero(labels == digit)[:per_class]:
            Image.fromarray(images[index]).save(place / f"{index:05d}.png")
    return out


def clothing() -> Path | None:
    """Colour photos of clothes of any size in ten classes, with splits; None where they are not at hand."""
    return folder("clothing-cc0")
