"""Two sets of features as manifolds: a ball around every image that reaches to its k-th nearest neighbour.

Distances are computed a tile at a time in fp32, so that memory is bounded by the tile and not by the square of the
number of images. What fp32 cannot tell apart (a point within rounding of a ball's edge) is decided in float64 from the
differences, so that neither tile nor order of the images changes a decision.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.exactness import exact_arithmetic
from ml.neighbours import nearest

Features = NDArray[np.float32]
Floats = NDArray[np.float64]
Rows = NDArray[np.int64]

TILE_BALLS = 256
TILE_POINTS = 2_048
PAIRS = 4_096


@dataclass(frozen=True)
class Balls:
    """centre: float32 [N, D]; square: float64 [N], the square of the distance from a centre to its k-th neighbour."""

    centre: Features
    square: Floats


@dataclass(frozen=True)
class Membership:
    """balls_around: int64 [M], balls in which each point lies, the edge included; holds: int64 [N], points per ball."""

    balls_around: Rows
    holds: Rows


def balls(features: Features, k: int) -> Balls:
    """A ball around each image to the k-th nearest of the others, fewer when there are no more."""
    found = nearest(features, features, k + 1)  # an image is its own nearest
    return Balls(features, _squares(features, features[found.row[:, -1]]))


def membership(of: Balls, points: Features) -> Membership:
    """Which points lie in which balls, counted."""
    counts = _Counts(len(of.centre), len(points))
    for tile in _tiles(of.centre, points):
        counts.add(*_inside(tile, of, points))
    return counts.membership()


def mutual(first: Balls, second: Balls) -> tuple[Membership, Membership]:
    """The second's centres in the first's balls, and the first's in the second's, from the same distances."""
    forth = _Counts(len(first.centre), len(second.centre))
    back = _Counts(len(second.centre), len(first.centre))
    for tile in _tiles(first.centre, second.centre):
        forth.add(*_inside(tile, first, second.centre))
        back.add(*_inside(tile.turned(), second, first.centre))
    return forth.membership(), back.membership()


@dataclass(frozen=True)
class _Tile:
    """square: float32 [B, P], squared distances of balls from `top` on to points from `left` on, within `doubt`."""

    square: Tensor
    top: int
    left: int
    doubt: float

    def turned(self) -> "_Tile":
        return _Tile(self.square.T, self.left, self.top, self.doubt)


def _tiles(centres: Features, points: Features) -> Iterator[_Tile]:
    centre, point = torch.from_numpy(centres), torch.from_numpy(points)
    own, other = centre.square().sum(1), point.square().sum(1)
    doubt = _rounding(centre.shape[1]) * float(own.max().sqrt() + other.max().sqrt()) ** 2
    with exact_arithmetic():
        for top in range(0, len(centre), TILE_BALLS):
            rows = slice(top, top + TILE_BALLS)
            for left in range(0, len(point), TILE_POINTS):
                columns = slice(left, left + TILE_POINTS)
                square = torch.addmm(other[columns], centre[rows], point[columns].T, alpha=-2)
                yield _Tile(square.add_(own[rows, None]), top, left, doubt)


def _rounding(width: int) -> float:
    """Bound of the relative error of a product of `width` terms in fp32, with both norms added and rounded."""
    return (2 * width + 8) * 2.0**-24


def _inside(tile: _Tile, of: Balls, points: Features) -> tuple[Rows, Rows]:
    """Pairs (ball, point) with the point inside, the edge included."""
    reach = torch.from_numpy(of.square[tile.top : tile.top + len(tile.square)])
    possible, sure = (reach + tile.doubt).float(), (reach - tile.doubt).float()
    row, column = (tile.square <= possible[:, None]).nonzero(as_tuple=True)
    inside = (tile.square[row, column] < sure[row]).numpy()
    ball, point = row.numpy() + tile.top, column.numpy() + tile.left
    doubtful = (~inside).nonzero()[0]
    for start in range(0, len(doubtful), PAIRS):
        part = doubtful[start : start + PAIRS]
        inside[part] = _squares(of.centre[ball[part]], points[point[part]]) <= of.square[ball[part]]
    return ball[inside], point[inside]


class _Counts:
    """Pairs inside, counted by ball and by point."""

    def __init__(self, num_balls: int, num_points: int) -> None:
        self.holds, self.around = np.zeros(num_balls, np.int64), np.zeros(num_points, np.int64)

    def add(self, ball: Rows, point: Rows) -> None:
        self.holds += np.bincount(ball, minlength=len(self.holds))
        self.around += np.bincount(point, minlength=len(self.around))

    def membership(self) -> Membership:
        return Membership(self.around, self.holds)


def _squares(first: Features, second: Features) -> Floats:
    """float64 [N]: squared distance of each pair of rows."""
    difference = first.astype(np.float64) - second
    return np.asarray(np.einsum("nd,nd->n", difference, difference))
