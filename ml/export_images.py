"""The images of an export with their manifest rows: real ones without their metadata, synthetic ones as PNG."""

import hashlib
import io
import json
import math
import re
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from ml.dataset_kind import SPLITS
from ml.errors import BadImageError
from ml.export_format import ExportImage
from ml.image_file import read_image
from ml.image_limits import INGESTED
from ml.metadata import without_metadata
from ml.pool_pixels import PoolPixels

COLUMNS = (
    "id",
    "path",
    "split",
    "class",
    "synthetic",
    "recipe",
    "checkpoint_sha256",
    "seed",
    "scores",
    "verdict",
    "nearest_train_distance",
)
"""Keys of every manifest row, in this order; further ones follow in the order they are given."""
SOURCE = "source_index"
"""Key of a translation's row: place in the dataset version of the image that it was made from."""
TEXT_KEY = "atelier"
"""The text chunk of a synthetic PNG that holds its manifest row."""
_SAFE_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


def in_order(row: dict[str, Any]) -> dict[str, Any]:
    """The manifest row with all columns, in their order."""
    return {key: _finite(value) for key, value in {**dict.fromkeys(COLUMNS), **row}.items()}


def _finite(value: Any) -> Any:
    """JSON has no word for NaN and infinity; a score that is none becomes null."""
    if isinstance(value, dict):
        return {key: _finite(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_finite(inner) for inner in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def real_image(row: dict[str, Any]) -> ExportImage:
    """A real image as it was uploaded, without its metadata.

    Raises: BadImageError when the file is gone, is not what was ingested, or cannot be stored without its metadata.
    """
    file = Path(row["file"])
    try:
        data = file.read_bytes()
    except OSError as error:
        raise BadImageError(f"The image {row['name']} cannot be read ({error.strerror}); it is left out.") from None
    columns = row.get("row", {})
    expected = columns.get("sha256")
    if expected and hashlib.sha256(data).hexdigest() != expected:
        raise BadImageError(f"The image {row['name']} is no longer what was uploaded; it is left out.")
    if row["split"] not in SPLITS:
        raise BadImageError(f"The image {row['name']} has the split {row['split']!r}; expected train, val or test.")
    label = str(row["label"])
    data, suffix = without_metadata(data, row["name"]), file.suffix.lower()
    if half := row.get("half"):
        data, suffix = _half(data, half), ".png"
    first: dict[str, Any] = {"id": _safe_id(row["id"]), "split": row["split"], "class": label, "synthetic": False}
    hashes = {"sha256": hashlib.sha256(data).hexdigest(), "original_sha256": expected}
    shown = {**first, "original_name": row["name"], **_without(columns, first), **hashes}
    return ExportImage(first["id"], row["split"], label, False, suffix, data, shown)


def _half(data: bytes, half: Literal["A", "B"]) -> bytes:
    """A, on the left, or B of a file that holds a pair, as PNG. Raises: BadImageError."""
    both = read_image(data, INGESTED)
    buffer, left = io.BytesIO(), 0 if half == "A" else both.width // 2
    both.crop((left, 0, left + both.width // 2, both.height)).save(buffer, "PNG")
    return buffer.getvalue()


def synthetic_image(row: dict[str, Any], pool: PoolPixels) -> ExportImage:
    """A sample of the pool as PNG; always in the training split."""
    label = pool.classes[row["label"]] if isinstance(row["label"], int) else str(row["label"])
    first: dict[str, Any] = {"id": _safe_id(row["id"]), "split": "train", "class": label, "synthetic": True}
    pixels, source = pool.pixels(row["index"]), pool.source(row["index"])
    made_from = {} if source is None else {SOURCE: source}
    shown = {**first, **_without(row.get("row", {}), first), **made_from}
    return ExportImage(first["id"], "train", label, True, ".png", _png(pixels, shown), shown)


def _without(columns: dict[str, Any], first: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in columns.items() if key not in first and key != "path"}


def _safe_id(value: object) -> str:
    """The id as a file name; ids are the service's own, so one that is none is a defect.

    Raises: ValueError.
    """
    if not _SAFE_ID.fullmatch(str(value)):
        raise ValueError(f"The id {value!r} cannot be a file name")
    return str(value)


def _png(pixels: NDArray[np.uint8], row: dict[str, Any]) -> bytes:
    text = PngInfo()
    text.add_text(TEXT_KEY, json.dumps({key: value for key, value in in_order(row).items() if key != "path"}))
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()
