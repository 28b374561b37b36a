"""What is wrong with images of a dataset, beside copies: judged when a version is put together, all images at once.

    dark               99 % of the pixels are darker than a third of white
    light              95 % of the pixels are nearly white
    blurry             nothing varies between neighbouring pixels but what a ramp would
    low_information    the greys hold little: nearly one tone
    odd_aspect_ratio   far wider or higher than the dataset's images are
    odd_size           far larger or smaller than the dataset's images are
    grayscale          no colour

The names are those of CleanVision. What holds for more than half of the images is how the dataset is: it is told as
usual, and is no issue of any image. So digits are not dark, nor X-rays grey; in photographs a grey one stands out.
Shape and size are odd beside the dataset's own spread, and never within a factor that is common.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ml.look import Look

DARK_BELOW, LIGHT_ABOVE = 82, 242
BLURRY_BELOW = 0.3
LOW_INFORMATION_BELOW = 3.0
ASPECT_FACTOR, SIZE_FACTOR = 2.5, 3.0
"""Within such a factor of the median nothing is odd."""
SPREADS = 4.0
"""So many spreads from the median is odd; a spread is a standard deviation, told from the median deviation."""


class Judged(Protocol):
    """What is known of an image. look: None where it was read before looks were taken."""

    @property
    def width(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def is_grey(self) -> bool: ...
    @property
    def look(self) -> Look | None: ...


@dataclass(frozen=True, slots=True)
class Judgement:
    """issues: for each image the names of its own, in the order above; usual: what holds for most images."""

    issues: list[tuple[str, ...]]
    usual: list[str]


def judge(images: Sequence[Judged]) -> Judgement:
    """The issues of each image beside the others."""
    found = _found(images)
    usual = [name for name, hit in found.items() if 2 * hit.sum() > len(images)]
    own = [name for name in found if name not in usual]
    each: list[tuple[str, ...]] = [()] * len(images)
    if own:
        table = np.stack([found[name] for name in own], axis=1)
        for row in np.flatnonzero(table.any(axis=1)):
            each[row] = tuple(name for name, hit in zip(own, table[row], strict=True) if hit)
    return Judgement(each, usual)


def _found(images: Sequence[Judged]) -> dict[str, NDArray[np.bool_]]:
    """Issue -> bool [N]; comparisons with what was not measured (nan) are false."""

    def looks(name: str) -> NDArray[np.float64]:
        return np.array([np.nan if image.look is None else image.look[name] for image in images])  # type: ignore[literal-required]

    width, height = (np.array([getattr(image, side) for image in images], float) for side in ("width", "height"))
    return {
        "dark": looks("lightest") < DARK_BELOW,
        "light": looks("darkest") > LIGHT_ABOVE,
        "blurry": looks("sharpness") < BLURRY_BELOW,
        "low_information": looks("entropy") < LOW_INFORMATION_BELOW,
        "odd_aspect_ratio": _odd(np.log(width / height), np.log(ASPECT_FACTOR)),
        "odd_size": _odd(np.log(width * height) / 2, np.log(SIZE_FACTOR)),
        "grayscale": np.array([image.is_grey for image in images], bool),
    }


def _odd(values: NDArray[np.float64], least: float) -> NDArray[np.bool_]:
    """Which values lie far from the median: farther than `least`, and than the spread explains."""
    away = np.abs(values - np.median(values))
    odd: NDArray[np.bool_] = away > max(least, SPREADS * 1.4826 * float(np.median(away)))
    return odd
