"""The colours in which a label map is seen: by people as a thumbnail, by networks as an image.

Imports neither numpy nor torch: the decoding child must start at once.
"""

import colorsys
from functools import cache
from typing import Final

from PIL import Image

MOST_COLOURS: Final = 64
VOID: Final = 255


def has_few_colours(image: Image.Image) -> bool:
    """Whether no more than MOST_COLOURS occur."""
    return image.getcolors(MOST_COLOURS) is not None


def in_colours(image: Image.Image) -> Image.Image:
    """A label map as people can see it: numbers below MOST_COLOURS as colours, and 255, which often means nothing, as
    white. One that has colours, or other greys, stays as it is."""
    if image.mode != "L":
        return image
    numbers = [number for number, count in enumerate(image.histogram()) if count and number != VOID]
    if max(numbers, default=0) >= MOST_COLOURS:
        return image.convert("RGB")
    shown = Image.frombytes("P", image.size, image.tobytes())
    shown.putpalette(_palette())
    return shown.convert("RGB")


@cache
def _palette() -> bytes:
    """256 times red, green, blue: black, hues far apart with three brightnesses in turn, and white."""
    colours = [(0.0, 0.0, 0.0)]
    for number in range(1, VOID):
        colours.append(colorsys.hsv_to_rgb(number * 0.618034 % 1, 0.55 + 0.45 * (number % 2), 1 - 0.22 * (number % 3)))
    colours.append((1.0, 1.0, 1.0))
    return bytes(round(part * 255) for colour in colours for part in colour)
