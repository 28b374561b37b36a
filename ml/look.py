"""How a picture looks, in five numbers from its thumbnail, taken once when it is read in; `ml.issues` judges by them.

    brightness   mean grey, 0 to 255
    darkest      grey that 5 % of the pixels do not exceed
    lightest     grey that 99 % of the pixels do not exceed
    sharpness    what varies within 2 x 2 pixels, beside what varies within 4 x 4 and not within 2 x 2
    entropy      of the greys, 0 to 8 bits

The grey of a pixel varies as much as the means of blocks do, and within blocks on average; so three histograms, of the
picture, its half and its quarter, tell how much varies at each scale. Detail of all sizes gives a sharpness of about 1,
a ramp, where nothing is finer than the blocks, 1/4; contrast makes no difference. What is blurred by less than a pixel
of the thumbnail is not noticed, and not lost on a model that learns at this size.

Imports neither numpy nor torch: the decoding child must start at once.
"""

from bisect import bisect_left
from collections.abc import Sequence
from itertools import accumulate
from math import log2
from operator import mul
from typing import TypedDict

from PIL import Image

DARKEST_SHARE, LIGHTEST_SHARE = 0.05, 0.99
_LEVELS = range(256)
_SQUARES = [level**2 for level in _LEVELS]
_ROUNDING = 1 / 16
"""Squared levels of fine detail that rounding to whole levels makes: three quarters of 1/12."""
_LITTLE = 0.02
"""Squared levels added to both parts of the sharpness, so that a picture of one tone counts as sharp."""


class Look(TypedDict):
    """See above."""

    brightness: float
    darkest: int
    lightest: int
    sharpness: float
    entropy: float


def look_of(small: Image.Image) -> Look:
    """How a thumbnail in mode "L" or "RGB" looks."""
    grey = small if small.mode == "L" else small.convert("L")
    half = grey.reduce(2)
    levels = grey.histogram()
    below = list(accumulate(levels))
    brightness, whole = _moments(levels, below[-1])
    _, in_halves = _moments(half.histogram(), half.width * half.height)
    quarter = half.reduce(2)
    _, in_quarters = _moments(quarter.histogram(), quarter.width * quarter.height)
    fine, coarse = max(0.0, whole - in_halves - _ROUNDING), max(0.0, in_halves - in_quarters)
    return {
        "brightness": round(brightness, 2),
        "darkest": bisect_left(below, DARKEST_SHARE * below[-1]),
        "lightest": bisect_left(below, LIGHTEST_SHARE * below[-1]),
        "sharpness": round((fine + _LITTLE) / (coarse + _LITTLE), 4),
        "entropy": round(log2(below[-1]) - sum(n * log2(n) for n in levels if n) / below[-1], 3),
    }


def _moments(levels: Sequence[int], number: int) -> tuple[float, float]:
    """Mean and variance of a histogram of so many pixels."""
    mean = sum(map(mul, levels, _LEVELS)) / number
    return mean, sum(map(mul, levels, _SQUARES)) / number - mean**2
