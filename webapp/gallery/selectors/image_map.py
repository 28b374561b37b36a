"""The map of a pool: where samples and training images lie, as `ml/image_map.py` left it beside the scores."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from webapp.core import bucket
from webapp.core.errors import GoneError, InvalidError, NotFoundError
from webapp.core.storage import stored
from webapp.gallery.models import Pool

VIEWS: Final = ("pca", "tsne")
SIDE: Final = 9_999
MAX_CORNERS: Final = 64
AREA: Final = (
    f"a view and a polygon in it, `pca:0.0.500.0.500.500`; 3 to {MAX_CORNERS} corners, x and y from 0 to {SIDE}. Only "
    "samples inside it."
)
OPEN_MAPS: Final = 16
"""Each takes less than 500 kB."""

Columns = NDArray[np.int32]
"""[N, 4]: key, label, x, y."""


@dataclass(frozen=True)
class View:
    """One way to lay the images out; a real image's key is its place in the version, a sample's its row in the pool."""

    real: Columns
    samples: Columns


@dataclass(frozen=True)
class ImageMap:
    """num_real, num_samples: how many there are in all, of which the views may show a part."""

    num_real: int
    num_samples: int
    views: Mapping[str, View]


def map_path(pool: Pool) -> str | None:
    """Where the map lies in the data folder; None for a run that was scored before there were maps."""
    path: str | None = pool.run.artefacts.get("score", {}).get("map")
    return path


def map_of(pool: Pool) -> ImageMap:
    """Raises: NotFoundError where the run made none; GoneError when its file is not there any more; BucketError."""
    path = map_path(pool)
    if path is None:
        raise NotFoundError("This run was scored before there were maps; run its recipe again to get one.")
    try:
        return _read(stored(path))
    except (OSError, ValueError, KeyError):
        raise GoneError("The map of this pool is not on the disk any more; run the recipe again.") from None


def rows_within(pool: Pool, area: str) -> list[int]:
    """The rows of the pool whose samples lie in an area of the map, ascending.

    Raises: InvalidError for what is no area; NotFoundError; GoneError.
    """
    name, corners = _read_area(area)
    view = map_of(pool).views.get(name)
    if view is None:
        raise _no_area(f"this map has no view {name}")
    samples = view.samples
    return sorted(samples[inside(corners, samples[:, 2], samples[:, 3]), 0].tolist())


def inside(corners: list[tuple[int, int]], x: Columns, y: Columns) -> NDArray[np.bool_]:
    """bool [N]: whether a ray from each place crosses the polygon's outline an odd number of times.

    The page counts by the same formula, so that both say the same of a place on the outline, too.
    """
    odd = np.zeros(len(x), np.bool_)
    for (x0, y0), (x1, y1) in zip(corners, [corners[-1], *corners[:-1]], strict=True):
        if y0 != y1:
            odd ^= ((y0 > y) != (y1 > y)) & (x < (x1 - x0) * (y - y0) / (y1 - y0) + x0)
    return odd


def _read_area(text: str) -> tuple[str, list[tuple[int, int]]]:
    name, _, places = text.partition(":")
    parts = places.split(".")[: 2 * MAX_CORNERS + 1]
    numbers = [int(part) for part in parts if part.isascii() and part.isdigit() and len(part) <= len(str(SIDE))]
    if name not in VIEWS or len(numbers) != len(parts) or len(numbers) % 2 or not 6 <= len(numbers) <= 2 * MAX_CORNERS:
        raise _no_area(f"found {text[:40]!r}")
    return name, list(zip(numbers[::2], numbers[1::2], strict=True))


def _no_area(found: str) -> InvalidError:
    message = f"area: {found}; expected {AREA}"
    return InvalidError(message, fields={"area": [message]})


@lru_cache(maxsize=OPEN_MAPS)
def _read(file: Path) -> ImageMap:
    """A file has its attempt in its path and is written once."""
    bucket.pull(file)
    with np.load(file, allow_pickle=False) as arrays:
        views = {name: View(arrays[f"{name}_real"], arrays[f"{name}_samples"]) for name in _names(arrays.files)}
        return ImageMap(int(arrays["num_real"]), int(arrays["num_samples"]), views)


def _names(files: list[str]) -> Iterator[str]:
    return (name for name in VIEWS if f"{name}_real" in files)
