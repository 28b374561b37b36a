"""The pixels of a pool's samples, read straight from the memory-mapped shards: one image costs one page of disk."""

import io
import json
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from webapp.core import bucket
from webapp.core.errors import GoneError
from webapp.core.storage import stored
from webapp.gallery.models import Pool

IMAGES = "images"
"""The shards of the samples themselves; those of a view bear its name."""
MAX_SCALE = 8
OPEN_SHARDS = 64
SHEET_COLUMNS = 10
MAX_ON_SHEET = 100


def sample_png(pool: Pool, index: int, scale: int = 1, view: str = IMAGES) -> bytes:
    """A sample as PNG, each pixel drawn `scale` times in both directions, so that small images are seen as they are.

    view: one of the pool's `views` of it instead. Raises: GoneError when the pool's files are not there any more.
    """
    pixels = sample_pixels(pool, index, view).repeat(scale, axis=0).repeat(scale, axis=1)
    return _png(pixels)


def sheet_png(pool: Pool, indexes: Sequence[int], view: str = IMAGES) -> bytes:
    """Samples, or one of the `views` of each, beside each other, SHEET_COLUMNS in a row, as one PNG; what is left of
    the last row is black.

    Raises: GoneError.
    """
    tiles = [sample_pixels(pool, index, view) for index in indexes]
    side, number_of_rows = pool.resolution, -(-len(indexes) // SHEET_COLUMNS)
    sheet = np.zeros((number_of_rows * side, min(len(indexes), SHEET_COLUMNS) * side, tiles[0].shape[-1]), np.uint8)
    for place, tile in enumerate(tiles):
        top, left = (part * side for part in divmod(place, SHEET_COLUMNS))
        sheet[top : top + side, left : left + side] = tile
    return _png(sheet)


def bare_png(pixels: NDArray[np.uint8]) -> bytes:
    """Pixels as PNG without compression: images of one size are equally long, whatever they show."""
    return _png(pixels, compress_level=0)


def packed(pool: Pool, name: str) -> NDArray[Any]:
    """An array of the images that the pool's run learnt from (`ml/pack.py`), mapped: images, index, label or split.

    Raises: GoneError.
    """
    folder = pool.run.artefacts.get("prepare", {}).get("data")
    try:
        file = stored(folder or "none") / f"{name}.npy"
        bucket.pull(file)
        array: NDArray[Any] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        raise GoneError("The training images of this run are not packed on the disk any more.") from None
    return array


def sample_pixels(pool: Pool, index: int, view: str = IMAGES) -> NDArray[np.uint8]:
    """uint8 [resolution, resolution, channels]; a view may have other channels.

    Raises: GoneError.
    """
    folder = stored(pool.path)
    try:
        shard, row = divmod(index, _shard_size(folder))
        pixels: NDArray[np.uint8] = _shard(folder / f"{view}-{shard:05d}.npy")[row]
    except (OSError, ValueError, IndexError, KeyError):
        raise GoneError("The images of this pool are not on the disk any more; run the recipe again.") from None
    return pixels


def _png(pixels: NDArray[np.uint8], compress_level: int = 1) -> bytes:
    picture = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    stream = io.BytesIO()
    picture.save(stream, "PNG", compress_level=compress_level)
    return stream.getvalue()


@lru_cache(maxsize=OPEN_SHARDS)
def _shard(file: Path) -> NDArray[np.uint8]:
    """uint8 [shard size, resolution, resolution, channels], mapped, never loaded as a whole."""
    bucket.pull(file)
    pixels: NDArray[np.uint8] = np.load(file, mmap_mode="r", allow_pickle=False)
    return pixels


@lru_cache(maxsize=OPEN_SHARDS)
def _shard_size(folder: Path) -> int:
    bucket.pull(folder / "pool.json")
    return int(json.loads((folder / "pool.json").read_text())["shard_size"])
