"""The pool of a run: every candidate that its model generated, on disk in shards.

    <folder>/pool.json          classes, resolution, channels, num_samples, checkpoint_sha256, model, shard_size
    <folder>/images-00000.npy   uint8 [up to shard_size, resolution, resolution, channels], …
    <folder>/label.npy          int64 [N], index into classes
    <folder>/seed.npy           int64 [N]; label and seed make the image again
    <folder>/source.npy         int64 [N] of translations: place in the dataset version of what each was made from
    <folder>/member.npy         float32 [N, classes] of translations of attributes: what each was made to have (1) and
                                lack (0), NaN where nobody knows
    <folder>/<view>-00000.npy   as images, for each of the facts' `views`: what is shown beside each translation

The folder is written whole or not at all. The classes take turns, so that every part of a pool shows all of them.
"""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ml.errors import BadDatasetError
from ml.images import Pixels
from ml.whole import whole_folder

SHARD_BYTES = 64 * 2**20
CHUNK = 256
"""Images asked for at once."""
SEED_LIMIT = 2**53
"""Seeds stay below it, so that a browser can say them back exactly."""

Rows = NDArray[np.int64]
Make = Callable[[Rows, Rows], Pixels | Mapping[str, Pixels]]
"""(labels, seeds) -> uint8 [N, resolution, resolution, channels], or that under "result" beside the views."""
OnMade = Callable[[int, int], None]
"""Called with (images made, images in all); may raise to end the work."""


@dataclass(frozen=True)
class PoolFacts:
    """What `pool.json` says."""

    classes: tuple[str, ...]
    resolution: int
    channels: int
    num_samples: int
    checkpoint_sha256: str
    model: str
    shard_size: int
    views: tuple[str, ...] = ()


@dataclass(frozen=True)
class Pool:
    """An opened pool; pixels are read as they are asked for."""

    folder: Path
    facts: PoolFacts
    label: Rows
    seed: Rows
    source: Rows | None = None
    member: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return self.facts.num_samples

    def chunks(self, size: int = CHUNK) -> Iterator[tuple[slice, Pixels]]:
        """The images in order, a few at a time, with the rows they are."""
        for start in range(0, len(self), self.facts.shard_size):
            shard = self._shard(start // self.facts.shard_size)
            for at in range(0, len(shard), size):
                part = np.array(shard[at : at + size])  # torch wants arrays it could write to
                yield slice(start + at, start + at + len(part)), part

    def images(self, rows: Rows) -> Pixels:
        """uint8 [len(rows), H, W, C], in the order of `rows`."""
        return self._at(rows, "images")

    def views_at(self, rows: Rows) -> dict[str, Pixels]:
        """As `images`, under "result", with each of the facts' `views` of these rows."""
        return {"result": self.images(rows), **{name: self._at(rows, name) for name in self.facts.views}}

    def view(self, name: str, row: int) -> Pixels:
        """uint8 [H, W, 1 or 3]: one of the facts' `views` of a candidate."""
        shard = self._shard(row // self.facts.shard_size, name)
        return np.asarray(shard[row % self.facts.shard_size])

    def _at(self, rows: Rows, name: str) -> Pixels:
        side = self.facts.resolution
        pixels = np.empty((0, side, side, self.facts.channels), np.uint8)
        numbers = rows // self.facts.shard_size
        for number in np.unique(numbers):
            here, shard = numbers == number, self._shard(int(number), name)
            if not len(pixels):
                pixels = np.empty((len(rows), *shard.shape[1:]), np.uint8)
            pixels[here] = shard[rows[here] % self.facts.shard_size]
        return pixels

    def _shard(self, number: int, name: str = "images") -> Pixels:
        file = self.folder / f"{name}-{number:05d}.npy"
        try:
            shard: Pixels = np.load(file, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise BadDatasetError(f"The pool's {file.name} cannot be read ({error}); generate again.") from error
        return shard


def open_pool(folder: Path) -> Pool:
    """The pool in a folder.

    Raises: BadDatasetError when it holds none.
    """
    try:
        facts = json.loads((folder / "pool.json").read_text(encoding="utf-8"))
        facts = PoolFacts(**{**facts, "classes": tuple(facts["classes"]), "views": tuple(facts.get("views", ()))})
        label, seed = (np.load(folder / f"{name}.npy", allow_pickle=False) for name in ("label", "seed"))
        source, member = (_load(folder / f"{name}.npy") for name in ("source", "member"))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BadDatasetError(f"{folder} holds no readable pool ({error}); run the stage generate again.") from error
    return Pool(folder, facts, label, seed, source, member)


def _load(file: Path) -> Any:
    """The array, or None where it was not written."""
    return np.load(file, allow_pickle=False) if file.exists() else None


def plan_candidates(sizes: Mapping[str, int], run_seed: int) -> tuple[Rows, Rows]:
    """Labels and seeds of a pool with `sizes[class]` candidates, the classes taking turns.

    A class's seeds depend on the run's seed and the class alone: a larger pool begins with the smaller one's images.
    """
    label = np.concatenate([np.full(size, number, np.int64) for number, size in enumerate(sizes.values())])
    turn = np.concatenate([np.arange(size, dtype=np.int64) for size in sizes.values()])
    seeds = np.concatenate(
        [
            np.random.default_rng([run_seed % 2**64, number]).integers(0, SEED_LIMIT, size, dtype=np.int64)
            for number, size in enumerate(sizes.values())
        ]
    )
    order = np.lexsort((label, turn))
    return label[order], seeds[order]


def write_pool(
    folder: Path,
    label: Rows,
    seed: Rows,
    facts: PoolFacts,
    make: Make,
    on_made: OnMade | None = None,
    source: Rows | None = None,
    member: NDArray[np.float32] | None = None,
) -> Pool:
    """Make every candidate and write the pool, in place of an older one. `facts.shard_size` says how it is cut."""
    with whole_folder(folder) as partial:
        for number, start in enumerate(range(0, len(label), facts.shard_size)):
            end = min(start + facts.shard_size, len(label))
            shards: dict[str, Pixels] = {}
            for at in range(start, end, CHUNK):
                rows = slice(at, min(at + CHUNK, end))
                made = make(label[rows], seed[rows])
                for name, part in (made if isinstance(made, Mapping) else {"result": made}).items():
                    shard = shards.setdefault(name, np.empty((end - start, *part.shape[1:]), np.uint8))
                    shard[at - start : rows.stop - start] = part
                if on_made is not None:
                    on_made(rows.stop, len(label))
            for name, shard in shards.items():
                file = f"{'images' if name == 'result' else name}-{number:05d}.npy"
                np.save(partial / file, shard, allow_pickle=False)
        np.save(partial / "label.npy", label, allow_pickle=False)
        np.save(partial / "seed.npy", seed, allow_pickle=False)
        for name, array in (("source", source), ("member", member)):
            if array is not None:
                np.save(partial / f"{name}.npy", array, allow_pickle=False)
        (partial / "pool.json").write_text(json.dumps(asdict(facts), indent=1), encoding="utf-8")
    return open_pool(folder)


def shard_size(resolution: int, channels: int) -> int:
    """Images per shard: whole chunks, about 64 MiB."""
    return max(1, SHARD_BYTES // (resolution * resolution * channels * CHUNK)) * CHUNK
