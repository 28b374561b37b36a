"""How well labels cover what they should: classes, attributes or poses of several sets in one space.

Labels become vectors, so that one measure and one picture serve all kinds. Equal labels lie at one place, with their
number; a label is covered where enough labels of the other set lie within a radius that is said beside the number.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import connected_components
from scipy.spatial import KDTree
from sklearn.manifold import TSNE

from ml.errors import TooFewSamplesError
from ml.intervals import wilson_interval

Vectors = NDArray[np.float64]
"""[N, L]: a row is one image's label."""
Method = Literal["pca", "tsne"]

MIN_LABELS = 10
MOST_FOR_TSNE = 3_000
"""Different labels; more than these are shown by principal components, whose cost does not grow with their square."""
USUAL_PERCENTILE = 95
HAIR = 1e-9
"""Rounding in a distance, in proportion to the radius."""


# --- labels as vectors --------------------------------------------------------------------------------------------
def of_classes(label: NDArray[np.int64], num_classes: int) -> Vectors:
    """int64 [N] -> [N, C], one 1 in each row."""
    return np.eye(num_classes)[label]


def of_attributes(present: NDArray[np.bool_]) -> Vectors:
    """bool [N, A], several at once."""
    return np.asarray(present, np.float64)


def of_poses(poses: Mapping[str, Vectors], ruler: str) -> dict[str, Vectors]:
    """Continuous values of several sets, each column in standard deviations of the set called `ruler`.

    One set is the ruler for all, so that adding images moves no other label. A column that does not vary there keeps
    its unit. An angle is two columns, its cosine and its sine: else 359 and 1 degrees lie far apart.
    """
    mean, deviation = poses[ruler].mean(axis=0), poses[ruler].std(axis=0)
    return {name: (values - mean) / np.where(deviation > 0, deviation, 1.0) for name, values in poses.items()}


def usual_distance(labels: Vectors) -> float:
    """A radius for continuous labels: what 95 of 100 different labels of a set have a neighbour within.

    Raises: TooFewSamplesError for fewer than two different labels.
    """
    different = np.unique(labels, axis=0)
    if len(different) < 2:
        raise TooFewSamplesError(
            f"A usual distance needs two different labels, and {len(labels)} images have {len(different)}; give a "
            f"radius."
        )
    distance, _ = KDTree(different).query(different, k=2)
    return float(np.percentile(distance[:, 1], USUAL_PERCENTILE))


# --- coverage -----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Gap:
    """Labels that are short of neighbours and whose surroundings, of one radius each, touch.

    centre: [L], their mean; number: images with such labels; nearest: distance from the centre to the nearest label of
    the other set, infinite where that is empty.
    """

    centre: Vectors
    number: int
    nearest: float


@dataclass(frozen=True)
class Coverage:
    """value: the share of labels that are covered, with its 95 % interval; gaps: the largest first."""

    value: float
    low: float
    high: float
    number: int
    radius: float
    gaps: tuple[Gap, ...]


def coverage(wanted: Vectors, have: Vectors, radius: float = 0.0, at_least: int = 1) -> Coverage:
    """The share of `wanted` labels with `at_least` labels of `have` within the radius, its edge included.

    A radius of 0 asks for the same class or the same combination of attributes.
    Raises: TooFewSamplesError.
    """
    if len(wanted) < MIN_LABELS:
        raise TooFewSamplesError(
            f"Label coverage needs at least {MIN_LABELS} labels to be covered; there are {len(wanted)}. Use a larger "
            f"split."
        )
    places, counts = np.unique(wanted, axis=0, return_counts=True)
    short = _neighbours(places, have, radius) < at_least
    covered = int(counts[~short].sum())
    return Coverage(
        covered / len(wanted),
        *wilson_interval(covered, len(wanted)),
        len(wanted),
        radius,
        _gaps(places[short], counts[short], have, radius),
    )


def _neighbours(places: Vectors, have: Vectors, radius: float) -> NDArray[np.int64]:
    """int64 [M]: labels of `have` within the radius of each place."""
    if len(have) == 0:
        return np.zeros(len(places), np.int64)
    different, counts = np.unique(have, axis=0, return_counts=True)
    within = KDTree(different).query_ball_point(places, _with_edge(radius))
    return np.array([counts[near].sum() for near in within], np.int64)


def _gaps(places: Vectors, counts: NDArray[np.int64], have: Vectors, radius: float) -> tuple[Gap, ...]:
    if len(places) == 0:
        return ()
    together = KDTree(places).sparse_distance_matrix(KDTree(places), _with_edge(2 * radius))
    together.setdiag(1.0)
    _, group = connected_components(together, directed=False)
    gaps = []
    for number in range(group.max() + 1):
        rows = group == number
        centre = np.average(places[rows], axis=0, weights=counts[rows])
        nearest = float(KDTree(have).query(centre)[0]) if len(have) else float("inf")
        gaps.append(Gap(centre, int(counts[rows].sum()), nearest))
    return tuple(sorted(gaps, key=lambda gap: (-gap.number, *gap.centre)))


def _with_edge(radius: float) -> float:
    return radius * (1 + HAIR) + HAIR


# --- the picture --------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Embedding:
    """The different labels of several sets on one plane.

    place: float64 [M, 2]; label: float64 [M, L]; counts: set -> int64 [M], images of it with that label; method: what
    placed them.
    """

    place: Vectors
    label: Vectors
    counts: dict[str, NDArray[np.int64]]
    method: Method


def embed(sets: Mapping[str, Vectors], method: Method = "pca", seed: int = 0) -> Embedding:
    """All sets on one plane: principal components, or t-SNE for labels of many dimensions.

    Each different label counts once, so neither the order nor the numbers of images move a place.
    van der Maaten, Hinton: Visualizing Data using t-SNE. JMLR 9, 2008.
    """
    everything = np.concatenate(list(sets.values()))
    label, place_of = np.unique(everything, axis=0, return_inverse=True)
    parts = np.split(place_of.ravel(), np.cumsum([len(labels) for labels in sets.values()])[:-1])
    counts = {name: np.bincount(part, minlength=len(label)) for name, part in zip(sets, parts, strict=True)}
    if method == "tsne" and 3 < len(label) <= MOST_FOR_TSNE:
        return Embedding(_tsne(label, seed), label, counts, "tsne")
    return Embedding(_principal(label), label, counts, "pca")


def _principal(label: Vectors) -> Vectors:
    """The two directions in which the labels differ most; the largest entry of each is positive."""
    centred = label - label.mean(axis=0)
    _, _, directions = np.linalg.svd(centred, full_matrices=False)
    directions = (
        directions[:2] * np.sign(directions[:2][np.arange(len(directions[:2])), _largest(directions[:2])])[:, None]
    )
    return np.pad(centred @ directions.T, ((0, 0), (0, 2 - len(directions))))


def _largest(directions: Vectors) -> NDArray[np.int64]:
    return np.asarray(np.abs(directions).round(9).argmax(axis=1))


def _tsne(label: Vectors, seed: int) -> Vectors:
    perplexity = min(30.0, (len(label) - 1) / 3)
    fitted = TSNE(2, perplexity=perplexity, init="pca", random_state=seed, n_jobs=1).fit_transform(label)
    return np.asarray(fitted, np.float64)
