"""The in-domain encoder: a small classifier of the user's own training split, whose features the metrics compare.

Nothing is downloaded, and grey, tiny or unusual images are as welcome as photographs. It learns from the training split
alone (`ml/encoder_training.py`); validation images only choose its best state. The same pack and seed give the same
encoder, so that runs on one dataset version are measured by one ruler.

    <folder>/encoder.json, encoder.safetensors
    <folder>/<split>-features.npy       float32 [N, 128], zero mean and mean variance 1 over the training split
    <folder>/<split>-probabilities.npy  float32 [N, C]

Those of a pool's images are kept beside its scores, as pool-features.npy and pool-probabilities.npy.
"""

import json
import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor, nn
from torch.nn import functional as F

from ml.device import channels_last
from ml.errors import BadDatasetError
from ml.exactness import exact_arithmetic
from ml.images import Pixels, to_model
from ml.metric import ImageSet
from ml.pack import Pack

NUM_FEATURES = 128
MAX_SIDE = 64
"""Larger images are averaged down to this side before they are looked at."""
WIDTHS = (16, 32, 64, NUM_FEATURES)
CHUNK = 256
POOL = "pool"
IMAGE_RANGE = (-1.0, 1.0)

FeaturesAndProbabilities = tuple[NDArray[np.float32], NDArray[np.float32]]
"""[N, D] and [N, C]."""


class EncoderNet(nn.Module):
    """Four convolutions down to a 4 x 4 map, its mean as features, and a linear classifier."""

    mean: Tensor
    scale: Tensor

    def __init__(self, resolution: int, channels: int, num_classes: int) -> None:
        super().__init__()
        side, width = min(resolution, MAX_SIDE), channels
        self.side = side
        layers: list[nn.Module] = []
        for wider in WIDTHS:
            stride = 2 if side > 4 else 1
            layers += [nn.Conv2d(width, wider, 3, stride, 1, bias=False), nn.BatchNorm2d(wider), nn.ReLU(inplace=True)]
            side, width = -(-side // stride), wider
        self.body = nn.Sequential(*layers)
        self.classifier = nn.Linear(NUM_FEATURES, num_classes)
        self.register_buffer("mean", torch.zeros(NUM_FEATURES))
        self.register_buffer("scale", torch.ones(()))

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 [N, H, W, C] -> raw features [N, 128] and logits [N, C]."""
        features = self.body(self._image(pixels)).mean(dim=(2, 3))
        return features, self.classifier(features)

    def maps(self, pixels: Tensor) -> list[Tensor]:
        """uint8 [N, H, W, C] -> the activations behind each convolution, each [N, width, h, w]."""
        maps, image = [], self._image(pixels)
        for layer in self.body:
            image = layer(image)
            if isinstance(layer, nn.ReLU):
                maps.append(image)
        return maps

    def _image(self, pixels: Tensor) -> Tensor:
        image = to_model(pixels, IMAGE_RANGE)
        if image.shape[-1] > self.side:
            image = F.interpolate(image, size=(self.side, self.side), mode="area")
        return image


@dataclass(frozen=True)
class EncoderFacts:
    """What an encoder is. val_accuracy: mean over classes, None below 20 validation images; several: the classes are
    attributes, of which an image may have several."""

    classes: tuple[str, ...]
    resolution: int
    channels: int
    data_hash: str
    num_steps: int
    val_accuracy: float | None
    several: bool = False


@dataclass(frozen=True)
class Encoder:
    """A trained encoder on its device."""

    net: EncoderNet
    facts: EncoderFacts

    def encode(
        self, images: Pixels, rows: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 [N, H, W, C], in memory or mapped, or some rows of them -> features [N, 128], probabilities [N, C]."""
        rows = np.arange(len(images)) if rows is None else rows
        features = np.empty((len(rows), NUM_FEATURES), np.float32)
        probabilities = np.empty((len(rows), len(self.facts.classes)), np.float32)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            features[part], probabilities[part] = self._chunk(np.asarray(images[rows[part]]))
        return features, probabilities

    def image_set(self, images: Pixels, label: NDArray[np.int64]) -> ImageSet:
        """What metrics may know of these images."""
        features, probabilities = self.encode(images)
        return ImageSet(features, label, probabilities, lambda rows: self.appearance(images[rows]), self.facts.several)

    def appearance(self, images: Pixels) -> NDArray[np.float32]:
        """uint8 [N, H, W, C] -> float32 [N, P], whose squared distances are LPIPS without learnt weights.

        At every place of every map the activations have length 1 over the channels; each map is divided by the root of
        its number of places, so that the squared distance of two rows is the sum over maps of the mean over places.
        Zhang, Isola, Efros, Shechtman, Wang: The Unreasonable Effectiveness of Deep Features as a Perceptual Metric.
        CVPR 2018. https://arxiv.org/abs/1801.03924
        """
        parts = [self._appearance(np.asarray(images[at : at + CHUNK])) for at in range(0, len(images), CHUNK)]
        return np.concatenate(parts)

    @torch.inference_mode()
    def _chunk(self, images: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        net = self.net.eval()
        with exact_arithmetic():
            raw, logits = net(torch.from_numpy(images).to(net.mean.device))
            chances = logits.sigmoid() if self.facts.several else logits.softmax(dim=1)
            return ((raw - net.mean) / net.scale).cpu().numpy(), chances.cpu().numpy()

    @torch.inference_mode()
    def _appearance(self, images: Pixels) -> NDArray[np.float32]:
        net = self.net.eval()
        with exact_arithmetic():
            maps = net.maps(torch.from_numpy(images).to(net.mean.device))
            units = [F.normalize(one, dim=1, eps=1e-10) / one[0, 0].numel() ** 0.5 for one in maps]
            return torch.cat([one.flatten(1) for one in units], dim=1).cpu().numpy()


# --- on disk ------------------------------------------------------------------------------------------------------
def save_encoder(encoder: Encoder, folder: Path) -> None:
    """Write into an existing folder."""
    tensors = {name: value.contiguous().cpu() for name, value in encoder.net.state_dict().items()}
    (folder / "encoder.safetensors").write_bytes(save(tensors))
    (folder / "encoder.json").write_text(json.dumps(asdict(encoder.facts), indent=1), encoding="utf-8")


def load_encoder(folder: Path, device: torch.device | None = None) -> Encoder:
    """The encoder in a folder, in eval mode.

    Raises: BadDatasetError when it holds none, or a damaged one.
    """
    try:
        facts = EncoderFacts(**json.loads((folder / "encoder.json").read_text(encoding="utf-8")))
        net = EncoderNet(facts.resolution, facts.channels, len(facts.classes))
        net.load_state_dict(load_file(folder / "encoder.safetensors"))
    except (OSError, ValueError, RuntimeError, TypeError, SafetensorError) as error:
        raise BadDatasetError(f"{folder} holds no readable encoder ({error}); prepare the data again.") from error
    net = channels_last(net, device or torch.device("cpu"))
    net.eval().requires_grad_(False)
    return Encoder(net, EncoderFacts(**(asdict(facts) | {"classes": tuple(facts.classes)})))


def split_features(encoder: Encoder, pack: Pack, split: str, folder: Path) -> ImageSet:
    """One split's features and probabilities, extracted at the first call and read from `folder` afterwards."""
    rows = pack.rows(split)
    features, probabilities = kept_features(folder, split, lambda: encoder.encode(pack.images, rows))
    several = encoder.facts.several
    return ImageSet(
        features, pack.label[rows], probabilities, lambda some: encoder.appearance(pack.images[rows[some]]), several
    )


def kept_features(folder: Path, stem: str, extract: Callable[[], FeaturesAndProbabilities]) -> FeaturesAndProbabilities:
    """What `extract` gave when it was first asked for, kept in `folder` as <stem>-features.npy, -probabilities.npy."""
    found = found_features(folder, stem)
    if found is None:
        found = extract()
        keep_features(folder, stem, found)
    return found


def keep_features(folder: Path, stem: str, found: FeaturesAndProbabilities) -> None:
    """Write what `found_features` reads, in place of what was there."""
    for file, array in zip(_files(folder, stem), found, strict=True):
        _save(file, array)


def found_features(folder: Path, stem: str) -> FeaturesAndProbabilities | None:
    """What was kept in `folder`; None when nothing was."""
    files = _files(folder, stem)
    if not all(file.exists() for file in files):
        return None
    features, probabilities = (np.load(file, allow_pickle=False) for file in files)
    return features, probabilities


def _files(folder: Path, stem: str) -> list[Path]:
    return [folder / f"{stem}-{what}.npy" for what in ("features", "probabilities")]


def _save(file: Path, array: NDArray[np.float32]) -> None:
    temporary = file.with_name(f".{os.getpid()}-{file.name}")
    np.save(temporary, array, allow_pickle=False)
    os.replace(temporary, file)
