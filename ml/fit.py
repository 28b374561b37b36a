"""How a picture of any shape becomes a square of a wanted side; imports no torch."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageOps

Fit = Literal["crop", "pad", "stretch"]


def fit_image(image: Image.Image, resolution: int, fit: Fit, channels: int, nearest: bool = False) -> NDArray[np.uint8]:
    """uint8 [resolution, resolution, channels]: cut the middle, add borders, or stretch.

    nearest: every pixel keeps a colour that is there, as a label map must. Borders take the median colour of the
    image's own edge, so that a digit on black stays on black and a product photo on white stays on white.
    """
    square = image.convert("L" if channels == 1 else "RGB")
    size = (resolution, resolution)
    way = Image.Resampling.NEAREST if nearest else Image.Resampling.BICUBIC
    if fit == "crop":
        square = ImageOps.fit(square, size, way)
    elif fit == "pad":
        square = ImageOps.pad(square, size, way, color=_edge_colour(square))
    else:
        square = square.resize(size, way)
    return np.asarray(square, dtype=np.uint8).reshape(resolution, resolution, channels)


def _edge_colour(image: Image.Image) -> Any:
    pixels = np.asarray(image)
    edge = np.concatenate([pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]])
    colour = np.median(edge, axis=0)
    return int(colour) if image.mode == "L" else tuple(int(part) for part in colour)
