"""Nearest training images in feature space, and the rule by which a synthetic image counts as memorised."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.exactness import exact_arithmetic
from ml.intervals import median_interval

Features = NDArray[np.float32]

MIN_VALIDATION = 100
MAX_REFERENCE = 5000
PERCENTILE = 1.0
GROUP = 16


@dataclass(frozen=True)
class Nearest:
    """row: int64 [N, k], rows of the reference set, nearest first; distance: float32 [N, k], Euclidean."""

    row: NDArray[np.int64]
    distance: Features


def nearest(
    query: Features, reference: Features, k: int = 1, device: str | torch.device = "cpu", chunk: int = 256
) -> Nearest:
    """The k nearest rows of `reference` (all of them when it has fewer); memory is bounded by `chunk` rows of a matrix.

    Candidates come from |a|^2 - 2ab, which cancels badly for near-copies; their distances are then computed from the
    differences, so that the distance of an exact copy is exactly 0. Equal distances go by row.
    """
    k = min(k, len(reference))
    points = torch.from_numpy(np.ascontiguousarray(reference)).to(device)
    squares = points.square().sum(1)
    rows = np.empty((len(query), k), np.int64)
    distances = np.empty((len(query), k), np.float32)
    with exact_arithmetic():
        for start in range(0, len(query), chunk):
            part = torch.from_numpy(np.ascontiguousarray(query[start : start + chunk])).to(device)
            near = _smallest(torch.addmm(squares, part, points.T, alpha=-2), min(k + 3, len(reference)))
            near = near.sort(dim=1).values
            distance, order = (points[near] - part[:, None]).square().sum(2).sqrt().sort(dim=1, stable=True)
            rows[start : start + chunk] = near.gather(1, order)[:, :k].cpu().numpy()
            distances[start : start + chunk] = distance[:, :k].cpu().numpy()
    return Nearest(rows, distances)


def _smallest(values: Tensor, number: int) -> Tensor:
    """int64 [N, number]: columns of the smallest values of each row, from the groups that hold the smallest minima."""
    rows, width = values.shape
    num_groups = width // GROUP
    if num_groups < number:
        return torch.topk(values, number, largest=False).indices
    whole = num_groups * GROUP
    # the number smallest of a row lie in no more groups than that, and none of those has a larger minimum
    minima = values[:, :whole].reshape(rows, GROUP, num_groups).amin(1)
    group = torch.topk(minima, number, largest=False).indices
    member = torch.arange(GROUP, device=values.device) * num_groups
    columns = (group[:, :, None] + member).flatten(1)
    rest = torch.arange(whole, width, device=values.device).expand(rows, -1)
    columns = torch.cat([columns, rest], dim=1)
    return columns.gather(1, torch.topk(values.gather(1, columns), number, largest=False).indices)


@dataclass(frozen=True)
class MemorisedRule:
    """A synthetic image is memorised when it lies closer to a training image than `threshold`.

    threshold: a percentile, usually the 1st, of how close real images that were not learnt lie to the nearest training
    image, so that about 1 % of genuinely new images would be flagged, too; median: of the same distances, low and high
    its 95 % interval; reference: which real images those were; num_reference: how many.
    """

    threshold: float
    median: float
    reference: str
    num_reference: int
    low: float = 0.0
    high: float = 0.0


def memorised_rule(
    train: Features, val: Features, device: str | torch.device = "cpu", percentile: float = PERCENTILE
) -> MemorisedRule:
    """The rule for a dataset: from validation images, or, below 100 of them, from each training image to the others.

    At most 5,000 images are asked, evenly spread. A single training image leaves exact copies only.
    """
    if len(val) < MIN_VALIDATION and len(train) < 2:
        return MemorisedRule(0.0, 0.0, "none", 0)
    if len(val) >= MIN_VALIDATION:
        reference, asked = "validation", _spread(val)
        distance = nearest(asked, train, 1, device).distance[:, 0]
    else:
        reference, asked = "training, each image to the others", _spread(train)
        distance = nearest(asked, train, 2, device).distance[:, 1]
    threshold, median = float(np.percentile(distance, percentile)), float(np.median(distance))
    return MemorisedRule(threshold, median, reference, len(asked), *median_interval(distance))


def _spread(features: Features) -> Features:
    if len(features) <= MAX_REFERENCE:
        return features
    return features[np.linspace(0, len(features) - 1, MAX_REFERENCE).astype(np.int64)]
