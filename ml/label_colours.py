"""The colours in which a label map is seen: by people as a thumbnail, by networks as an image.

Imports neither numpy nor torch: the decoding child must start at once.
"""

import colorsys
from functools import cache
from typing import Final

from PIL import Image

MOST_COLOURS: Final = 64


def has_few_colours(image: Image.Image) -> bool:
    """Whether no more than MOST_COLOURS occur."""
    return image.getcolors(MOST_COLOURS) is not None


def in_colours(image: Image.Image) -> Image.Image:
    """A label map as people can see it: each number has its colour in every image; one that has colours stays."""
    if image.mode != "L":
        return image
    shown = Image.frombytes("P", image.size, image.tobytes())
    shown.putpalette(_palette())
    return shown.convert("RGB")


@cache
def _palette() -> bytes:
    """256 times red, green, blue: black, then hues far apart, three brightnesses in turn."""
    colours = [(0.0, 0.0, 0.0)]
    for number in range(1, 256):
        colours.append(colorsys.hsv_to_rgb(number * 0.618034 % 1, 0.55 + 0.45 * (number % 2), 1 - 0.22 * (number % 3)))
    return bytes(round(part * 255) for colour in colours for part in colour)
