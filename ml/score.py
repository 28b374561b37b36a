"""The scores of a pool: what the model's discriminator and the in-domain encoder say of each candidate.

<file>.npz  class_confidence, realism       float64 [N], where the model gives them
            classifier_confidence           float64 [N], the encoder's probability of the class asked for
            nearest_training_distance       float64 [N], in the encoder's features
            nearest_index                   int64 [N, 5], places in the dataset version, nearest first, -1 for none
            nearest_distance                float32 [N, 5]
            memorised                       bool [N]

Beside it lies how the encoder sees the candidates (`ml/features.py`), so that no later stage looks at them again.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ml.device import choose_device
from ml.exactness import exact_arithmetic
from ml.features import POOL, Encoder, keep_features
from ml.images import Pixels, to_model
from ml.metric import ImageSet
from ml.model import Model, TranslationModel
from ml.neighbours import memorised_rule, nearest
from ml.pool import Pool
from ml.whole import whole_file

NUM_NEAREST = 5
FACTS = ("nearest_index", "nearest_distance", "memorised")
"""Arrays in the file that are no scores."""
ENCODER_SCORES = ("classifier_confidence", "nearest_training_distance")
"""Scores that every pool gets, whoever made it."""

Floats = NDArray[np.float64]
OnScored = Callable[[int, int], None]
"""Called with (images scored, images in all); may raise to end the work."""


@dataclass(frozen=True)
class Known:
    """The real images that candidates are compared with; train_index: place of each in the dataset version."""

    train: ImageSet
    val: ImageSet
    train_index: NDArray[np.int64]


def score_pool(
    pool: Pool,
    model: Model,
    encoder: Encoder,
    known: Known,
    file: Path,
    device: torch.device | None = None,
    on_scored: OnScored | None = None,
    given: Mapping[str, Floats] | None = None,
) -> tuple[str, ...]:
    """Write all scores to `file`, whole or not at all; returns their names. `given`: scores that the images brought."""
    device = device or choose_device("cpu")
    rule = memorised_rule(known.train.features, known.val.features, device)
    parts: dict[str, list[NDArray[np.generic]]] = {}
    seen = []
    for rows, pixels in pool.chunks():
        label = pool.label[rows]
        features, probabilities = encoder.encode(pixels)
        seen.append((features, probabilities))
        near = nearest(features, known.train.features, NUM_NEAREST, device)
        values: dict[str, NDArray[np.generic]] = {
            **model_scores(model, pixels, label, device, pool.seed[rows]),
            "classifier_confidence": np.take_along_axis(probabilities, label[:, None], 1)[:, 0].astype(np.float64),
            "nearest_training_distance": near.distance[:, 0].astype(np.float64),
            "nearest_index": _wide(known.train_index[near.row], -1),
            "nearest_distance": _wide(near.distance, np.inf),
            "memorised": near.distance[:, 0] <= rule.threshold,
        }
        for name, array in values.items():
            parts.setdefault(name, []).append(array)
        if on_scored is not None:
            on_scored(rows.stop, len(pool))
    arrays = {name: np.concatenate(chunks) for name, chunks in parts.items()} | dict(given or {})
    all_features, all_probabilities = zip(*seen, strict=True)
    keep_features(file.parent, POOL, (np.concatenate(all_features), np.concatenate(all_probabilities)))
    with whole_file(file) as partial:
        np.savez(partial, allow_pickle=False, **arrays)
    return score_names(arrays)


@torch.inference_mode()
def model_scores(
    model: Model,
    pixels: Pixels,
    label: NDArray[np.int64],
    device: torch.device,
    seed: NDArray[np.int64] | None = None,
) -> dict[str, Floats]:
    """Every score that the model can give with its settings, in fp32: bf16 would tie what a ranking must tell apart.

    seed: of each image, by which a model that translates finds what it was made from.
    """
    image = to_model(torch.from_numpy(pixels).to(device), model.image_range)
    wanted = torch.from_numpy(label).to(device)
    available = model.available_scores(model.settings)
    scores: dict[str, Floats] = {}
    with exact_arithmetic():
        if "class_confidence" in available:
            confidence = model.class_confidence(image).gather(1, wanted[:, None])[:, 0]
            scores["class_confidence"] = confidence.double().cpu().numpy()
        if "realism" in available:
            if isinstance(model, TranslationModel) and seed is not None:
                realism = model.realism_beside(image, wanted, model.inputs(label, seed).to(device))
            else:
                realism = model.realism(image, wanted)
            scores["realism"] = realism.double().cpu().numpy()
    return scores


def read_scores(file: Path) -> dict[str, Floats]:
    """The scores in a file by name, without the other facts."""
    with np.load(file, allow_pickle=False) as arrays:
        return {name: arrays[name] for name in score_names(arrays)}


def score_names(arrays: "dict[str, NDArray[np.generic]] | np.lib.npyio.NpzFile") -> tuple[str, ...]:
    """Names of the arrays that are scores, in alphabetical order."""
    return tuple(sorted(name for name in arrays if name not in FACTS))


def _wide(array: NDArray[np.generic], fill: float) -> NDArray[np.generic]:
    """Five columns, also where there are fewer training images."""
    missing = NUM_NEAREST - array.shape[1]
    return np.pad(array, ((0, 0), (0, missing)), constant_values=fill) if missing > 0 else array
