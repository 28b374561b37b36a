"""The only place that knows pixel ranges; `ml.image_file` says how a file becomes a picture, `ml.fit` how a square.

Stored images are uint8 NHWC, 0..255. A model sees float NCHW in its `image_range`.
"""

import io
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from ml import image_file
from ml.errors import BadImageError
from ml.image_file import read_image
from ml.image_limits import INGESTED

Pixels = NDArray[np.uint8]


# --- from files ---------------------------------------------------------------------------------------------------
def open_image(source: Path | bytes) -> Image.Image:
    """An image as `ml.image_file` reads it: decoded fully, upright, as "L" or "RGB".

    Raises: BadImageError.
    """
    name = source.name if isinstance(source, Path) else "image"
    with _named(name):
        return read_image(source.read_bytes() if isinstance(source, Path) else source, INGESTED)


def is_grey(source: Path) -> bool:
    """Whether an image shows no colour, by the rule of its thumbnail; a file of a grey mode is not decoded for it.

    Raises: BadImageError.
    """
    with _named(source.name):
        with Image.open(source, formats=INGESTED.formats) as image:
            if image.mode in ("1", "L") or image.mode.startswith("I"):
                return True
        with image_file.open_image(source.read_bytes(), INGESTED) as image:
            return image_file.is_grey(image_file.thumbnail(image, image_file.orientation(image)))


@contextmanager
def _named(name: str) -> Iterator[None]:
    """Every fault of decoding as one sentence that names the file."""
    try:
        yield
    except BadImageError as error:
        raise BadImageError(f"{name}: {error.message}") from error
    except (OSError, SyntaxError, ValueError, EOFError, Image.DecompressionBombError) as error:
        raise BadImageError(f"{name} cannot be decoded ({error}); replace it or leave it out.") from error


# --- to and from a model ------------------------------------------------------------------------------------------
def to_model(pixels: Tensor, image_range: tuple[float, float]) -> Tensor:
    """uint8 [N, H, W, C] -> float32 [N, C, H, W] in `image_range`, channels-last in memory."""
    low, high = image_range
    return pixels.permute(0, 3, 1, 2).float().mul_((high - low) / 255.0).add_(low)


def to_pixels(image: Tensor, image_range: tuple[float, float]) -> Tensor:
    """float [N, C, H, W] in `image_range` -> uint8 [N, H, W, C], rounded to the nearest, outside values clamped."""
    low, high = image_range
    scaled = image.float().sub(low).mul_(255.0 / (high - low)).add_(0.5).clamp_(0, 255)
    return scaled.to(torch.uint8).permute(0, 2, 3, 1).contiguous()


# --- to files -----------------------------------------------------------------------------------------------------
def png_bytes(pixels: Pixels) -> bytes:
    """uint8 [H, W, 1 or 3] as PNG, without loss."""
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()


def strip(pixels: Pixels, num_columns: int | None = None) -> Pixels:
    """uint8 [N, H, W, C] side by side: [rows * H, num_columns * W, C]; one row unless `num_columns` says otherwise.

    An incomplete last row is filled with black.
    """
    number, height, width, channels = pixels.shape
    columns = num_columns or number
    rows = -(-number // columns)
    sheet = np.zeros((rows * columns, height, width, channels), np.uint8)
    sheet[:number] = pixels
    grid = sheet.reshape(rows, columns, height, width, channels).transpose(0, 2, 1, 3, 4)
    return np.ascontiguousarray(grid.reshape(rows * height, columns * width, channels))


def write_png(file: Path, pixels: Pixels) -> None:
    """Write uint8 [H, W, C] so that `file` is whole or absent."""
    file.parent.mkdir(parents=True, exist_ok=True)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        temporary.write_bytes(png_bytes(pixels))
        os.replace(temporary, file)
    finally:
        temporary.unlink(missing_ok=True)
