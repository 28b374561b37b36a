"""Near duplicates: the same picture stored again, smaller, brighter or more compressed.

Two pictures are near duplicates when their grey fingerprints (`ml.image_file.fingerprint`), freed of brightness and
contrast, correlate at 0.995 or more, and their colours differ by at most 16 of 255. Groups are the connected parts:
what is near to a member belongs to the group. Pictures of one tone have no shape to compare and stand alone.

At 0.995 no two of MNIST's 10,000 test digits are near, nor any two of 540 faces; a JPEG stored at quality 60 or a
photo at half its size still is. A picture cropped, mirrored or turned is not.
"""

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from ml.image_file import FINGERPRINT_BYTES, FINGERPRINT_SIDE

CORRELATION = 0.995
COLOUR_TOLERANCE = 16
_GREYS = FINGERPRINT_SIDE**2
_FLAT_CONTRAST = 2.0
_BLOCK = 1024
_SAMPLE = 2048


def near_groups(fingerprints: Sequence[bytes], tick: Callable[[], None] = lambda: None) -> list[int]:
    """For each picture the position of the first of its group; its own where it stands alone.

    `tick` is called often, to tell that the work goes on. Takes about 20 s for 100,000 pictures on one core.
    """
    if not fingerprints:
        return []
    table = np.frombuffer(b"".join(fingerprints), np.uint8).reshape(len(fingerprints), FINGERPRINT_BYTES)
    shaped = np.flatnonzero(table[:, :_GREYS].std(axis=1, dtype=np.float32) >= _FLAT_CONTRAST)
    firsts = np.arange(len(fingerprints))
    if len(shaped) > 1:
        _join(table[shaped], shaped, firsts, tick)
    return [int(first) for first in _settled(firsts)]


def _join(
    table: NDArray[np.uint8], places: NDArray[np.intp], firsts: NDArray[np.intp], tick: Callable[[], None]
) -> None:
    """Join near pictures in `firsts`, a forest in which every picture points to an earlier one or to itself.

    Unit vectors a small angle apart lie close along any direction; so the pictures are put in order along the one in
    which they differ most, and each block is compared only with the blocks that it may reach.
    """
    direction = _widest(_shapes(table[:: max(1, len(table) // _SAMPLE)]))
    along = np.concatenate([_shapes(table[at : at + _BLOCK]) @ direction for at in range(0, len(table), _BLOCK)])
    order = np.argsort(along, kind="stable")
    table, places, along = table[order], places[order], along[order]
    reach = np.sqrt(2 - 2 * CORRELATION) + 1e-4
    for start in range(0, len(table), _BLOCK):
        rows = slice(start, start + _BLOCK)
        shapes = _shapes(table[rows])
        until = int(np.searchsorted(along, along[rows][-1] + reach, side="right"))
        for other in range(start, until, _BLOCK):
            columns = slice(other, other + _BLOCK)
            near = shapes @ (shapes if other == start else _shapes(table[columns])).T >= CORRELATION
            _join_block(near, table[rows], table[columns], places[rows], places[columns], firsts)
            tick()


def _join_block(
    near: NDArray[np.bool_],
    table: NDArray[np.uint8],
    others: NDArray[np.uint8],
    places: NDArray[np.intp],
    other_places: NDArray[np.intp],
    firsts: NDArray[np.intp],
) -> None:
    own, others_own = _roots(firsts, places), _roots(firsts, other_places)
    near &= own[:, None] != others_own  # also takes away that a picture is near to itself
    for row in np.flatnonzero(near.any(axis=1)):
        hits = np.flatnonzero(near[row])
        hits = hits[_roots(firsts, other_places[hits]) != _roots(firsts, places[row : row + 1])]
        apart = np.abs(others[hits, _GREYS:].astype(np.int16) - table[row, _GREYS:]).max(axis=1)
        members = np.append(other_places[hits[apart <= COLOUR_TOLERANCE]], places[row])
        roots = np.unique(_roots(firsts, members))
        firsts[roots] = roots[0]
        firsts[members] = roots[0]


def _roots(firsts: NDArray[np.intp], members: NDArray[np.intp]) -> NDArray[np.intp]:
    roots = firsts[members]
    while not np.array_equal(above := firsts[roots], roots):
        roots = above
    return roots


def _settled(firsts: NDArray[np.intp]) -> NDArray[np.intp]:
    return _roots(firsts, np.arange(len(firsts)))


def _shapes(table: NDArray[np.uint8]) -> NDArray[np.float32]:
    """float32 [N, 256]: grey fingerprints without their mean, of length 1."""
    greys = table[:, :_GREYS].astype(np.float32)
    greys -= greys.mean(axis=1, keepdims=True)
    shapes: NDArray[np.float32] = greys / np.linalg.norm(greys, axis=1, keepdims=True)
    return shapes


def _widest(shapes: NDArray[np.float32]) -> NDArray[np.float32]:
    """float32 [256]: the direction along which they differ most."""
    _, vectors = np.linalg.eigh(np.cov(shapes.T.astype(np.float64)))
    widest: NDArray[np.float32] = vectors[:, -1].astype(np.float32)
    return widest
