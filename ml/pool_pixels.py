"""The pixels of a run's pool, read from shards that stay on disk; imports no torch."""

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadDatasetError


class PoolPixels:
    """Candidates by their index; the shard used last stays open."""

    def __init__(self, folder: Path) -> None:
        """Raises: BadDatasetError when the folder holds no pool."""
        try:
            facts = json.loads((folder / "pool.json").read_text(encoding="utf-8"))
            self.classes: list[str] = facts["classes"]
            self._shard_size: int = facts["shard_size"]
            self._number: int = facts["num_samples"]
        except (OSError, ValueError, KeyError) as error:
            raise BadDatasetError(f"The run's pool cannot be read ({error}); run the stage generate again.") from None
        self._folder = folder
        self._opened: tuple[int, NDArray[np.uint8]] | None = None
        self._source = _column(folder / "source.npy")

    def source(self, index: int) -> int | None:
        """Place in the dataset version of the real image that a translation was made from; None of one from noise."""
        return None if self._source is None else int(self._source[index])

    def pixels(self, index: int) -> NDArray[np.uint8]:
        """uint8 [H, W, 1 or 3].

        Raises: BadDatasetError when the pool does not hold it.
        """
        number, row = divmod(index, self._shard_size)
        if not 0 <= index < self._number:
            raise BadDatasetError(f"The export names sample {index} of a pool with {self._number}.")
        if self._opened is None or self._opened[0] != number:
            path = self._folder / f"images-{number:05d}.npy"
            try:
                self._opened = (number, np.load(path, mmap_mode="r", allow_pickle=False))
            except (OSError, ValueError) as error:
                raise BadDatasetError(f"The run's pool is damaged ({error}); run the stage generate again.") from None
        return np.asarray(self._opened[1][row])


def _column(file: Path) -> NDArray[np.int64] | None:
    if not file.exists():
        return None
    try:
        column: NDArray[np.int64] = np.load(file, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError) as error:
        raise BadDatasetError(f"The run's pool is damaged ({error}); run the stage generate again.") from None
    return column
