"""What a person would have without a translation model."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.comparison import equal_weights
from ml.features import load_encoder, split_features
from ml.images import Pixels
from ml.likeness import psnr, ssim
from ml.metric import ImageSet
from ml.metrics.kid import kernel_distance
from ml.pack import open_pack


def untranslated(run: Path) -> Mapping[str, float]:
    """KID of the other class's training images as they are, and between two halves of each class's own.

    FID is left out: of half as many images it is further too high.
    """
    pack = open_pack(run / "data")
    train = split_features(load_encoder(run / "encoder"), pack, "train", run / "encoder")
    own = [train.take(np.flatnonzero(train.label == number)) for number in range(2)]
    told: dict[str, float] = {}
    for number, name in enumerate(pack.classes):
        rows = np.random.default_rng(0).permutation(len(own[number]))
        halves = [own[number].take(rows[start::2]) for start in range(2)]
        told[f"{name}: KID of the other class as it is"] = _kid(own[number], own[1 - number])
        told[f"{name}: KID of two halves of its own"] = _kid(*halves)
    return told


def _kid(first: ImageSet, second: ImageSet) -> float:
    return kernel_distance(equal_weights(first), equal_weights(second))


def nearest_street(run: Path) -> Mapping[str, float]:
    """PSNR and SSIM of held-out photos and the photo whose label map is most alike, and the mean of all photos."""
    pack = open_pack(run / "data")
    known, held_out = pack.read_whole(pack.rows("train")), pack.read_whole(pack.rows("val"))
    if known.source is None or held_out.source is None:
        raise TypeError("no pairs")
    alike = np.array([[_agreement(one, other) for other in known.source] for one in held_out.source])
    mean = np.broadcast_to(known.image.mean(0).round().astype(np.uint8), held_out.image.shape)
    return {
        **_likeness("photo of the most similar label map", known.image[alike.argmax(1)], held_out.image),
        **_likeness("mean of all photos", mean, held_out.image),
    }


def _agreement(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    """The share of pixels with the same label."""
    return float((one == other).all(-1).mean())


def _likeness(what: str, made: Pixels, true: Pixels) -> dict[str, float]:
    return {
        f"{what}: PSNR in dB": float(psnr(made, true).mean()),
        f"{what}: SSIM": float(ssim(made, true).mean()),
    }
