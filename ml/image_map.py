"""The map of a run: its training images and its samples on one plane, as the in-domain encoder sees them.

Two views. `pca`: the two directions in which the training images differ most, and the samples seen from there.
`tsne`: a part of both, placed so that neighbours stay neighbours; distances between groups say nothing there.

    <file>.npz  num_real, num_samples int64: how many there are, of which some are placed
                <view>_real, <view>_samples int32 [N, 4]: key, label, x, y, in the order of the keys

A real image's key is its place in the dataset version, a sample's its row in the pool. Which ones are placed, and
where, follows from keys, features and seed alone, not from the order in which they are given.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.metric import ImageSet
from ml.score import Known
from ml.whole import whole_file

SIDE: Final = 9_999
"""The plane reaches from 0 to SIDE in x and in y; places are whole numbers."""
MARGIN: Final = 100
"""Kept free around all, so that an area can be drawn around what lies outermost."""
MOST: Final = 10_000
"""Of the real images and of the samples each; a fixed part of more is placed."""
MOST_BY_NEIGHBOURS: Final = 1_000
"""The same for `tsne`, which costs more: 2,000 points take six to nine seconds of a core, 10,000 a minute."""
FEWEST_BY_NEIGHBOURS: Final = 12
NUM_COMPONENTS: Final = 30
"""What `tsne` sees of the features."""
NUM_ITERATIONS: Final = 500
PERPLEXITY: Final = 30.0

Features = NDArray[np.float32]
Keys = NDArray[np.int64]
Places = NDArray[np.float64]


@dataclass(frozen=True)
class Placed:
    """Images to be placed. key: int64 [N], each once; label: int64 [N]; features: float32 [N, D]."""

    key: Keys
    label: NDArray[np.int64]
    features: Features

    def rows(self, rows: NDArray[np.int64]) -> "Placed":
        """Some of them, in this order."""
        return Placed(self.key[rows], self.label[rows], self.features[rows])


def fixed_part(key: Keys, most: int, seed: int) -> NDArray[np.int64]:
    """int64 [up to `most`]: rows of a part that follows from the keys and the seed alone, in the order of the keys."""
    if len(key) > most:
        key_order = np.lexsort((key, _scattered(key, seed)))[:most]
        return np.asarray(key_order[np.argsort(key[key_order])], np.int64)
    return np.argsort(key).astype(np.int64)


def map_pool(candidates: ImageSet, known: Known, file: Path, seed: int) -> None:
    """The map of a pool and the training images."""
    rows = fixed_part(np.arange(len(candidates)), MOST, seed)
    samples = candidates.take(rows)
    real = Placed(known.train_index, known.train.label, known.train.features)
    write_map(real, Placed(rows, samples.label, samples.features), len(candidates), file, seed)


def write_map(real: Placed, samples: Placed, num_samples: int, file: Path, seed: int) -> None:
    """Write where a fixed part of the training images and of these samples lies, whole or not at all.

    num_samples: how many there are in the pool, of which `samples` may be a part.
    """
    real = real.rows(np.argsort(real.key))
    samples = samples.rows(fixed_part(samples.key, MOST, seed))
    shown = real.rows(fixed_part(real.key, MOST, seed))
    axes = _Axes.of(real.features)
    arrays = _view("pca", shown, samples, axes.seen(shown.features, 2), axes.seen(samples.features, 2))
    few_real, few = (some.rows(fixed_part(some.key, MOST_BY_NEIGHBOURS, seed)) for some in (shown, samples))
    components = np.concatenate([axes.seen(some.features, NUM_COMPONENTS) for some in (few_real, few)])
    places = _by_neighbours(components, seed)
    if places is not None:
        arrays |= _view("tsne", few_real, few, places[: len(few_real.key)], places[len(few_real.key) :])
    with whole_file(file) as partial:
        counts = {"num_real": np.int64(len(real.key)), "num_samples": np.int64(num_samples)}
        np.savez_compressed(partial, allow_pickle=False, **counts, **arrays)


@dataclass(frozen=True)
class _Axes:
    """Principal components of the training images. mean: [D]; directions: [D, D], a column each, the widest first."""

    mean: Places
    directions: Places

    @classmethod
    def of(cls, features: Features) -> "_Axes":
        """The largest entry of each direction is positive, so that no picture is mirrored by chance."""
        wide = features.astype(np.float64)
        mean = wide.mean(axis=0)
        centred = wide - mean
        _, directions = np.linalg.eigh(centred.T @ centred / len(wide))
        directions = directions[:, ::-1]
        largest = np.abs(directions).round(9).argmax(axis=0)
        signs = np.where(directions[largest, np.arange(directions.shape[1])] < 0, -1.0, 1.0)
        return cls(mean, directions * signs)

    def seen(self, features: Features, number: int) -> Places:
        """float64 [N, number], or fewer columns where there are fewer features."""
        return np.asarray((features - self.mean) @ self.directions[:, :number], np.float64)


def _by_neighbours(components: Places, seed: int) -> Places | None:
    """float64 [N, 2]; None where there are too few points, or all are one.

    van der Maaten, Hinton: Visualizing Data using t-SNE. JMLR 9, 2008.
    """
    spread = components[:, 0].std() if len(components) else 0.0
    if len(components) < FEWEST_BY_NEIGHBOURS or spread < 1e-9:
        return None
    from sklearn.manifold import TSNE  # takes seconds to load, which nobody else at work needs

    begin = components[:, :2] / spread * 1e-4
    perplexity = min(PERPLEXITY, (len(components) - 1) / 3)
    method = TSNE(
        2,
        perplexity=perplexity,
        init=begin.astype(np.float32),
        max_iter=NUM_ITERATIONS,
        random_state=seed % 2**32,
        n_jobs=1,
    )
    return np.asarray(method.fit_transform(components.astype(np.float32)), np.float64)


def _view(
    name: str, real: Placed, samples: Placed, real_places: Places, sample_places: Places
) -> dict[str, NDArray[np.int32]]:
    """Both sets with their places in whole numbers; one scale for both directions, so that nothing is stretched."""
    both = np.concatenate([real_places, sample_places])
    low, high = both.min(axis=0), both.max(axis=0)
    span = float((high - low).max())
    scale = (SIDE - 2 * MARGIN) / span if span > 0 else 0.0
    return {
        f"{name}_{source}": np.column_stack(
            [images.key, images.label, np.rint((places - (low + high) / 2) * scale + SIDE / 2)]
        ).astype(np.int32)
        for source, images, places in (("real", real, real_places), ("samples", samples, sample_places))
    }


def _scattered(key: Keys, seed: int) -> NDArray[np.uint64]:
    """A number for each key that looks drawn at random (the last steps of splitmix64)."""
    mixed = key.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + np.uint64(seed % 2**64)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return np.asarray(mixed ^ (mixed >> np.uint64(31)))
