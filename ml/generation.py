"""From a checkpoint to images: the same function for previews, pools and the command line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.average import Average
from ml.checkpoint import load_model, read_checkpoint
from ml.device import Precision, autocast, channels_last
from ml.errors import CheckpointError
from ml.images import Pixels, to_model, to_pixels
from ml.model import DataSpec, LabelledImageModel
from ml.plugin import find, read_settings

CHUNK = 64
"""Images per pass; the last chunk is filled up to it, because how numbers are rounded may depend on a batch's size."""


def load_for_generation(
    checkpoint: Path, device: torch.device | None = None, sha256: str | None = None
) -> LabelledImageModel:
    """The model of a checkpoint in eval mode, its averaged networks in place, asking for no gradients.

    Raises: CheckpointError when the file is torn, altered, not the one that `sha256` names, or of no known model.
    """
    saved = read_checkpoint(checkpoint, sha256)
    model = build_model(saved.facts)
    load_model(model, saved)
    model.eval().requires_grad_(False)
    return channels_last(model, device or torch.device("cpu"))


def build_model(facts: Mapping[str, Any]) -> LabelledImageModel:
    """The untrained model that a checkpoint's header describes, with its averages.

    Raises: CheckpointError.
    """
    model_class = find("models", LabelledImageModel, facts["model"])
    data = facts["data"]
    spec = DataSpec(data["resolution"], data["channels"], tuple(data["classes"]), tuple(data["counts"]))
    settings = read_settings(model_class, facts["settings"])
    model = model_class(spec, settings)
    Average(model, settings.ema_half_life, settings.batch_size)
    return model


def generate_images(
    model: LabelledImageModel,
    labels: Sequence[int] | NDArray[np.int64],
    seeds: Sequence[int] | NDArray[np.int64],
    device: torch.device | None = None,
    precision: Precision = "fp32",
    change: Callable[[Tensor], Tensor] | None = None,
) -> Pixels:
    """uint8 [N, resolution, resolution, channels]: image i shows class `labels[i]` from the noise of `seeds[i]`.

    The model is left in the mode it had. `device` is where the model is; the model's own when left out. `change` gets
    the noise z [n, z_dim] and returns what the images are made from instead.
    """
    device = device or next(model.parameters()).device
    if len(labels) != len(seeds):
        raise ValueError(f"{len(labels)} labels and {len(seeds)} seeds; there must be one seed per label.")
    with _at_rest(model), autocast(device, precision):
        chunks = [
            _chunk(model, labels[start : start + CHUNK], seeds[start : start + CHUNK], device, change)
            for start in range(0, len(labels), CHUNK)
        ]
    shape = (0, model.data.resolution, model.data.resolution, model.data.channels)
    return np.concatenate(chunks) if chunks else np.empty(shape, np.uint8)


def realism_of(
    model: LabelledImageModel,
    images: Pixels,
    labels: NDArray[np.int64],
    device: torch.device,
    precision: Precision = "fp32",
) -> NDArray[np.float64]:
    """D's raw scores [N] of uint8 images [N, H, W, C] as they are; the model is left in the mode it had."""
    with _at_rest(model), autocast(device, precision):
        scores = [
            model.realism(
                to_model(torch.from_numpy(images[start : start + CHUNK]).to(device), model.image_range),
                torch.from_numpy(labels[start : start + CHUNK]).to(device),
            )
            for start in range(0, len(labels), CHUNK)
        ]
        return torch.cat(scores).double().cpu().numpy()


@contextmanager
def _at_rest(model: LabelledImageModel) -> Iterator[None]:
    """In eval mode and without gradients; then again in the mode it had."""
    was_training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, training in was_training.items():
            module.training = training


def _chunk(
    model: LabelledImageModel,
    labels: Sequence[int] | NDArray[np.int64],
    seeds: Sequence[int] | NDArray[np.int64],
    device: torch.device,
    change: Callable[[Tensor], Tensor] | None,
) -> Pixels:
    number = len(labels)
    filled = np.resize(np.asarray(labels, np.int64), CHUNK)
    noise = model.noise([int(seed) for seed in np.resize(np.asarray(seeds, np.int64), CHUNK)])
    noise = noise if change is None else change(noise)
    images = model.generate(noise.to(device), torch.from_numpy(filled).to(device))
    pixels: Pixels = to_pixels(images[:number], model.image_range).cpu().numpy()
    return pixels


__all__ = ["CHUNK", "CheckpointError", "build_model", "generate_images", "load_for_generation", "realism_of"]
