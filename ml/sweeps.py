"""Sweep sheets: one code of a model moved through its values, while noise, class and all other codes stand still.

<folder>/<code>.png     a row per value of the code, a column per class and noise
<folder>/sweeps.json    side of a tile in pixels, the columns, and the values and file of each code
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ml.device import Precision
from ml.errors import NoSweepsError
from ml.generation import generate_images
from ml.images import Pixels, strip, write_png
from ml.model import Model, Sweep
from ml.protocol import PreviewColumn
from ml.whole import whole_file

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Sheet:
    """One code's sheet on disk."""

    sweep: Sweep
    file: Path


def swept_images(
    model: Model,
    sweep: Sweep,
    labels: Rows,
    seeds: Rows,
    device: torch.device | None = None,
    precision: Precision = "fp32",
) -> Pixels:
    """uint8 [values, columns, resolution, resolution, channels]: column i is class `labels[i]`, noise `seeds[i]`."""
    changes = [partial(model.with_code, name=sweep.name, value=value) for value in sweep.values]
    return np.stack([generate_images(model, labels, seeds, device, precision, change) for change in changes])


def write_sweeps(
    model: Model,
    folder: Path,
    labels: Rows,
    seeds: Rows,
    device: torch.device | None = None,
    precision: Precision = "fp32",
) -> list[Sheet]:
    """A sheet for each code, and the file that names rows and columns.

    Raises: NoSweepsError when the model has no codes.
    """
    sheets = [Sheet(sweep, folder / f"{sweep.name}.png") for sweep in model.sweeps(model.settings)]
    if not sheets:
        raise NoSweepsError(f"The model {model.name} has no codes to sweep; train one that has, such as infogan.")
    for sheet in sheets:
        images = swept_images(model, sheet.sweep, labels, seeds, device, precision)
        write_png(sheet.file, strip(images.reshape(-1, *images.shape[2:]), len(labels)))
    facts = {
        "tile": model.data.resolution,
        "columns": columns_of(model.data.classes, labels, seeds),
        "sweeps": [{**asdict(sheet.sweep), "file": sheet.file.name} for sheet in sheets],
    }
    with whole_file(folder / "sweeps.json") as unfinished:
        unfinished.write_text(json.dumps(facts, indent=1), encoding="utf-8")
    return sheets


def columns_of(classes: Sequence[str], labels: Rows, seeds: Rows) -> list[PreviewColumn]:
    """Class and noise of each column."""
    return [{"class": classes[label], "seed": int(seed)} for label, seed in zip(labels, seeds, strict=True)]
