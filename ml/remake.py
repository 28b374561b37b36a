"""One synthetic image made again, from the checkpoint, class and seed that its provenance names, and compared.

The noise of an image follows its seed alone, so the same checkpoint on the same kind of device gives the same pixels.
"""

import argparse
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from ml.device import choose_device, choose_precision
from ml.device import prepare as prepare_device
from ml.errors import BadImageError, BadSettingsError, DifferentPixelsError
from ml.export_images import TEXT_KEY
from ml.generation import generate_images, load_for_generation
from ml.images import Pixels, write_png
from ml.pack import open_pack
from ml.protocol import EXIT_DONE


@dataclass(frozen=True)
class Origin:
    """What an image is made from; sha256: of the checkpoint."""

    label: str
    seed: int
    sha256: str | None


def command(options: argparse.Namespace) -> int:
    """Make the image, compare it with `--like`, write it to `--out`; returns the exit code."""
    like: Path | None = options.like
    pixels = remake(options.checkpoint, _origin(options), options.data)
    if options.out:
        write_png(options.out, pixels)
    if like is not None:
        compare(pixels, _read_pixels(like), like.name)
        print(f"Every pixel is that of {like.name}; sha256 of the pixels: {hash_of(pixels)}")
    else:
        print(f"sha256 of the pixels: {hash_of(pixels)}")
    return EXIT_DONE


def remake(checkpoint: Path, origin: Origin, data: Path | None = None) -> Pixels:
    """uint8 [H, W, C], as the stage generate made it. data: the run's packed images, of which a translation starts.

    Raises: CheckpointError when the file is torn or not the one named; BadSettingsError for a class it does not know,
    or a translation without `data`; BadDatasetError.
    """
    device = choose_device()
    prepare_device(device)
    model = load_for_generation(checkpoint, device, origin.sha256, open_pack(data) if data else None)
    if origin.label not in model.data.classes:
        known = ", ".join(model.data.classes)
        raise BadSettingsError(f"The checkpoint knows no class {origin.label!r}; choose one of: {known}.")
    precision = choose_precision(model.settings.precision, device)
    images = generate_images(model, [model.data.classes.index(origin.label)], [origin.seed], device, precision)
    pixels: Pixels = images[0]
    return pixels


def compare(made: Pixels, expected: Pixels, name: str) -> None:
    """Raises: DifferentPixelsError, with how far they are apart."""
    if made.shape != expected.shape:
        raise DifferentPixelsError(
            f"{name} has {_size(expected)} pixels and the image made again {_size(made)}; it was scaled or converted, "
            "so compare it with the file as it was exported."
        )
    apart = np.abs(made.astype(int) - expected.astype(int))
    if apart.any():
        raise DifferentPixelsError(
            f"{np.count_nonzero(apart)} of {apart.size} values differ from those of {name}, by at most {apart.max()} "
            "of 255. Another kind of device or precision rounds otherwise; make it again where the run was computed."
        )


def hash_of(pixels: Pixels) -> str:
    """sha256 of the values, row by row, channels last."""
    return hashlib.sha256(np.ascontiguousarray(pixels).tobytes()).hexdigest()


def _origin(options: argparse.Namespace) -> Origin:
    """From the options, and for what they leave out from the text in `--like`.

    Raises: BadImageError, BadSettingsError.
    """
    told = _read_row(options.like) if options.like else {}
    label = told.get("class") if options.label is None else options.label
    seed = told.get("seed") if options.seed is None else options.seed
    if not isinstance(label, str) or not isinstance(seed, int):
        raise BadSettingsError(
            "The class or the seed is missing; give --class and --seed, or an exported PNG by --like."
        )
    sha256 = options.sha256 or told.get("checkpoint_sha256")
    return Origin(label, seed, str(sha256) if sha256 else None)


def _read_row(file: Path) -> dict[str, object]:
    """The manifest row in an exported PNG; empty where there is none. Raises: BadImageError."""
    with _opened(file) as picture:
        try:
            row = json.loads(str(getattr(picture, "text", {}).get(TEXT_KEY, "{}")))
        except ValueError as error:
            raise BadImageError(f"{file.name}: its text {TEXT_KEY!r} cannot be read ({error}).") from None
    return row if isinstance(row, dict) else {}


def _read_pixels(file: Path) -> Pixels:
    """uint8 [H, W, 1 or 3]. Raises: BadImageError."""
    with _opened(file) as picture:
        pixels = np.asarray(picture)
    return pixels[..., None] if pixels.ndim == 2 else pixels


def _opened(file: Path) -> Image.Image:
    try:
        picture = Image.open(file, formats=["PNG"])
        picture.load()
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError) as error:
        raise BadImageError(f"{file} cannot be read as PNG ({error}).") from None
    return picture


def _size(pixels: Pixels) -> str:
    return " x ".join(str(number) for number in pixels.shape)
