"""How like one another two images are, pair by pair; what PSNR, SSIM and their like share as metrics.

All images are uint8 [N, H, W, C] of one shape.
"""

from collections.abc import Callable, Mapping
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from ml.errors import MeaninglessMetricError, TooFewSamplesError
from ml.images import Pixels
from ml.intervals import mean_interval
from ml.metric import Evidence, Measurement, Part, Translated

Floats = NDArray[np.float64]
Look = Callable[[Pixels], NDArray[np.float32]]
Compare = Callable[[Pixels, Pixels, Look], Floats]
"""(images, images, how they look to the encoder) -> a number for each pair [N]."""

TRUTH: Final = ("result", "target")
WAY_BACK: Final = ("source", "reconstruction")
BICUBIC: Final = "bicubic"
"""The view of what is made without learning, where there is such."""
ENOUGH: Final = 30
ROUNDING: Final = 1 / 12
"""Squared error that rounding to whole levels makes of itself: images that differ by less are the same as far as
anybody can tell, so that PSNR ends at 58.9 dB instead of infinity."""


def psnr(first: Pixels, second: Pixels) -> Floats:
    """Peak signal-to-noise ratio in dB [N], over all channels: 10 log10(255^2 / mean squared error)."""
    error = np.square(first.astype(np.float64) - second).mean(axis=(1, 2, 3))
    return np.asarray(10 * np.log10(255.0**2 / np.maximum(error, ROUNDING)))


def ssim(first: Pixels, second: Pixels) -> Floats:
    """Structural similarity [N], 1 for the same image: means of Gaussian windows of 11 pixels, borders mirrored.

    Zhou Wang, Alan Bovik, Hamid Sheikh, Eero Simoncelli: Image Quality Assessment: From Error Visibility to Structural
    Similarity. IEEE Transactions on Image Processing, 2004.
    """
    # takes a second and opens files, which no import of a plug-in may
    from torchmetrics.functional.image import structural_similarity_index_measure

    images = [torch.from_numpy(np.ascontiguousarray(one)).permute(0, 3, 1, 2).double() for one in (first, second)]
    values = structural_similarity_index_measure(images[0], images[1], data_range=255.0, reduction="none")
    if not isinstance(values, torch.Tensor):
        raise TypeError("one value for each image was asked for")
    return values.reshape(len(first)).numpy()


def mean_difference(first: Pixels, second: Pixels) -> Floats:
    """Mean absolute difference [N] over pixels and channels, from 0 to 1."""
    return np.asarray(np.abs(first.astype(np.float64) - second).mean(axis=(1, 2, 3)) / 255)


def likeness(views: Mapping[str, Pixels]) -> dict[str, float]:
    """Path of a scalar -> its mean over translations, of what their views allow."""
    values: dict[str, Floats] = {}
    if set(TRUTH) <= set(views):
        first, second = (views[name] for name in TRUTH)
        values |= {"metric/psnr": psnr(first, second), "metric/ssim": ssim(first, second)}
    if set(WAY_BACK) <= set(views):
        values["metric/cycle_error"] = mean_difference(*(views[name] for name in WAY_BACK))
    return {path: float(each.mean()) for path, each in values.items()}


def has_views(evidence: Evidence, compares: tuple[str, str] | None) -> bool:
    """Whether a metric that compares these views has something to compare."""
    there = {"result", *(evidence.translated.views if evidence.translated is not None else ())}
    return compares is None or set(compares) <= there


def measure_pairs(evidence: Evidence, compares: tuple[str, str], compare: Compare) -> Measurement:
    """The mean over held-out images where there are any, beside that of the synthetic images.

    Raises: MeaninglessMetricError without such views, TooFewSamplesError.
    """
    if evidence.translated is None or not has_views(evidence, compares):
        raise MeaninglessMetricError(f"These images have no {' and '.join(compares)} to compare.")
    measured = evidence.translated if evidence.held_out is None else evidence.held_out
    if len(measured) < 2:
        raise TooFewSamplesError(f"At least 2 pairs of images are needed; there are {len(measured)}.")
    values = _each(measured, compares, compare)
    low, high = mean_interval(list(values))
    parts = {}
    if measured is not evidence.translated and len(evidence.translated) >= 2:
        learnt = _each(evidence.translated, compares, compare)
        parts["the chosen images, from pairs that were learnt"] = Part(
            float(learnt.mean()), *mean_interval(list(learnt))
        )
    if compares == TRUTH and BICUBIC in measured.views:
        simple = _each(measured, (BICUBIC, "target"), compare)
        parts["bicubic enlargement of the same images"] = Part(float(simple.mean()), *mean_interval(list(simple)))
    return Measurement(
        value=float(values.mean()),
        low=low,
        high=high,
        num_real=len(evidence.train),
        num_synthetic=len(measured),
        parts=parts,
        per_class={
            name: float(values[measured.label == number].mean())
            for number, name in enumerate(evidence.classes)
            if (measured.label == number).any()
        },
        details={"held_out": measured is evidence.held_out},
        caution=_caution(evidence, len(measured)),
    )


def _each(translated: Translated, compares: tuple[str, str], compare: Compare) -> Floats:
    first, second = compares
    return np.concatenate(
        [compare(chunk[first], chunk[second], translated.look) for chunk in translated.chunks()], dtype=np.float64
    )


def _caution(evidence: Evidence, number: int) -> str:
    if evidence.held_out is None:
        return "There are no validation images; these were made from pairs that the model learnt, and flatter it."
    return "" if number >= ENOUGH else f"Measured on {number} images: read the interval, not the value alone."
