"""Label maps among pairs of images: which files are such, and the colours by which people and networks see them.

A half of a dataset's pairs is a label map where each of its first files has few colours: a palette image, or one with
no more than MOST_COLOURS of them. A grey map of small numbers (0 road, 1 sky, ...), which looks black, is shown in
colours of its own, one for each number. A map is never blurred; `ml.fit` scales it to the nearest.
"""

from collections.abc import Sequence
from typing import Final, Literal

from PIL import Image

from ml.images import open_image
from ml.label_colours import has_few_colours, in_colours
from ml.records import ImageRecord

MOST_LOOKED_AT: Final = 12
"""Files of a half by which it is told."""
Side = Literal["A", "B"]


def is_map_side(records: Sequence[ImageRecord], side: str) -> bool:
    """Whether one half of these pairs holds label maps; False where there are no pairs."""
    pairs = [record for record in records if record.pair is not None][:MOST_LOOKED_AT]
    return bool(pairs) and all(has_few_colours(_half(record, side)) for record in pairs)


def halves(record: ImageRecord, map_A: bool = False, map_B: bool = False) -> tuple[Image.Image, Image.Image]:
    """(A, B) of a pair, label maps in colours. Raises: BadImageError."""
    A, B = (_half(record, side) for side in ("A", "B"))
    return in_colours(A) if map_A else A, in_colours(B) if map_B else B


def half_B(record: ImageRecord, map_B: bool = False) -> Image.Image:
    """What is learnt of a record: the half B of a pair, a label map in colours, or the image. Raises: BadImageError."""
    B = _half(record, "B")
    return in_colours(B) if map_B else B


def _half(record: ImageRecord, side: str) -> Image.Image:
    if record.pair is None or record.pair != record.file:
        return open_image(record.pair if side == "A" and record.pair is not None else record.file)
    both = open_image(record.file)
    middle = both.width // 2
    return both.crop((0, 0, middle, both.height) if side == "A" else (middle, 0, 2 * middle, both.height))
