"""Real image sets for tests and benchmarks, from the folder that ATELIER_REAL_DATA names; none is fetched."""

import gzip
import os
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

HEADER_IMAGES, HEADER_LABELS, SIDE = 16, 8, 28


def folder(name: str) -> Path | None:
    """A set of the folder, or None where it is not at hand."""
    root = os.environ.get("ATELIER_REAL_DATA")
    found = Path(root) / name if root else None
    return found if found is not None and found.is_dir() else None


def mnist() -> tuple[NDArray[np.uint8], NDArray[np.uint8]] | None:
    """MNIST's test set: uint8 [10000, 28, 28] and the digits [10000]; None where it is not at hand."""
    source = folder("mnist-t10k")
    if source is None:
        return None
    pixels, labels = (gzip.decompress(next(source.glob(f"*{name}*gz")).read_bytes()) for name in ("images", "labels"))
    images = np.frombuffer(pixels, np.uint8, offset=HEADER_IMAGES).reshape(-1, SIDE, SIDE)
    return images, np.frombuffer(labels, np.uint8, offset=HEADER_LABELS)


def write_mnist(out: Path, per_class: int) -> Path | None:
    """The first `per_class` images of each digit of MNIST's test set as class folders; None where it is not at hand."""
    found = mnist()
    if found is None:
        return None
    images, labels = found
    for digit in range(10):
        place = out / str(digit)
        place.mkdir(parents=True, exist_ok=True)
        for index in np.flatnonzero(labels == digit)[:per_class]:
            Image.fromarray(images[index]).save(place / f"{index:05d}.png")
    return out


def clothing() -> Path | None:
    """Colour photos of clothes of any size in ten classes, with splits; None where they are not at hand."""
    return folder("clothing-cc0")
