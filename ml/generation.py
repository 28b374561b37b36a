"""From a checkpoint to images: the same function for previews, pools and the command line."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.average import Average
from ml.checkpoint import load_model, read_checkpoint
from ml.device import Precision, autocast, channels_last
from ml.errors import CheckpointError
from ml.images import Pixels, to_model, to_pixels
from ml.model import DataSpec, Model, SourceImages, TranslationModel
from ml.pack import Pack
from ml.plugin import find, read_settings
from ml.sources import give_sources

CHUNK = 64
"""Images per pass; the last chunk is filled up to it, because how numbers are rounded may depend on a batch's size."""
RESULT: Final = "result"
"""The name of the images themselves, among the views of a translation."""


def load_for_generation(
    checkpoint: Path, device: torch.device | None = None, sha256: str | None = None, pack: Pack | None = None
) -> Model:
    """The model of a checkpoint in eval mode, its averaged networks in place, asking for no gradients.

    pack: where a model that translates finds the images it starts from.

    Raises: CheckpointError when the file is torn, altered, not the one that `sha256` names, or of no known model.
    """
    saved = read_checkpoint(checkpoint, sha256)
    model = build_model(saved.facts)
    load_model(model, saved)
    model.eval().requires_grad_(False)
    if pack is not None:
        give_sources(model, pack)
    return channels_last(model, device or torch.device("cpu"))


def build_model(facts: Mapping[str, Any]) -> Model:
    """The untrained model that a checkpoint's header describes, with its averages.

    Raises: CheckpointError.
    """
    model_class = find("models", Model, facts["model"])
    spec = data_of(facts)
    settings = read_settings(model_class, facts["settings"])
    model = model_class(spec, settings)
    Average(model, settings.ema_half_life, settings.batch_size)
    return model


def data_of(facts: Mapping[str, Any]) -> DataSpec:
    """What a checkpoint's networks fit, from its header."""
    data = facts["data"]
    return DataSpec(
        data["resolution"],
        data["channels"],
        tuple(data["classes"]),
        tuple(data["counts"]),
        tuple(data.get("attributes", ())),
        tuple(tuple(row) for row in data.get("together", ())),
        data.get("source_channels", 0),
    )


def generate_images(
    model: Model,
    labels: Sequence[int] | NDArray[np.int64],
    seeds: Sequence[int] | NDArray[np.int64],
    device: torch.device | None = None,
    precision: Precision = "fp32",
    change: Callable[[Tensor], Tensor] | None = None,
) -> Pixels:
    """uint8 [N, resolution, resolution, channels]: image i shows class `labels[i]` from the noise of `seeds[i]`, or
    from the training image that class and seed pick.

    The model is left in the mode it had. `device` is where the model is; the model's own when left out. `change` gets
    the noise z [n, z_dim] and returns what the images are made from instead.
    """
    made = _in_chunks(model, labels, seeds, device, precision, change, with_views=False)
    shape = (0, model.data.resolution, model.data.resolution, model.data.channels)
    return np.concatenate([chunk[RESULT] for chunk in made]) if made else np.empty(shape, np.uint8)


def generate_with_views(
    model: Model,
    labels: Sequence[int] | NDArray[np.int64],
    seeds: Sequence[int] | NDArray[np.int64],
    device: torch.device | None = None,
    precision: Precision = "fp32",
    sources: SourceImages | None = None,
) -> dict[str, Pixels]:
    """As `generate_images`, under RESULT, with what a model that translates shows beside each image, by its name.

    sources: of which class and seed pick instead of the model's own."""
    made = _in_chunks(model, labels, seeds, device, precision, None, with_views=True, sources=sources)
    return {name: np.concatenate([chunk[name] for chunk in made]) for name in made[0]} if made else {}


def realism_of(
    model: Model,
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
def _at_rest(model: Model) -> Iterator[None]:
    """In eval mode and without gradients; then again in the mode it had."""
    was_training = {module: module.training for module in model.modules()}
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        for module, training in was_training.items():
            module.training = training


def _in_chunks(
    model: Model,
    labels: Sequence[int] | NDArray[np.int64],
    seeds: Sequence[int] | NDArray[np.int64],
    device: torch.device | None,
    precision: Precision,
    change: Callable[[Tensor], Tensor] | None,
    with_views: bool,
    sources: SourceImages | None = None,
) -> list[dict[str, Pixels]]:
    device = device or next(model.parameters()).device
    if len(labels) != len(seeds):
        raise ValueError(f"{len(labels)} labels and {len(seeds)} seeds; there must be one seed per label.")
    parts = [slice(start, start + CHUNK) for start in range(0, len(labels), CHUNK)]
    with _at_rest(model), autocast(device, precision):
        return [_chunk(model, labels[part], seeds[part], device, change, with_views, sources) for part in parts]


def _chunk(
    model: Model,
    labels: Sequence[int] | NDArray[np.int64],
    seeds: Sequence[int] | NDArray[np.int64],
    device: torch.device,
    change: Callable[[Tensor], Tensor] | None,
    with_views: bool,
    sources: SourceImages | None,
) -> dict[str, Pixels]:
    number = len(labels)
    filled = np.resize(np.asarray(labels, np.int64), CHUNK)
    picks = np.resize(np.asarray(seeds, np.int64), CHUNK)
    given: Any = model.inputs(filled, picks) if sources is None else sources.batch(filled, picks, model.image_range)
    inputs: Any = (given if change is None else change(given)).to(device)
    wanted = torch.from_numpy(filled).to(device)
    images = {RESULT: model.generate(inputs, wanted)}
    if with_views and isinstance(model, TranslationModel):
        images |= model.views_of(inputs, wanted, images[RESULT])
    return {name: to_pixels(image[:number], model.image_range).cpu().numpy() for name, image in images.items()}


__all__ = [
    "CHUNK",
    "RESULT",
    "CheckpointError",
    "build_model",
    "data_of",
    "generate_images",
    "generate_with_views",
    "load_for_generation",
    "realism_of",
]
