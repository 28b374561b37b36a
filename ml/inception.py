"""Inception's features of images, where the operator supplies its weights; nothing is fetched.

They are a second space beside the in-domain encoder's: the one that published figures are measured in. ImageNet taught
it, so that it sees photographs well and, say, digits or scans poorly. The in-domain values steer training; these are
measured once, of what was kept.
"""

import hashlib
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load as load_safetensors
from torch import Tensor

from ml.device import channels_last
from ml.errors import BadWeightsError
from ml.exactness import exact_arithmetic
from ml.features import kept_features
from ml.images import Pixels
from ml.inception_net import NUM_FEATURES, NUM_OUTPUTS, InceptionNet
from ml.metric import ImageSet, Space
from ml.pack import Pack

VARIABLE = "ATELIER_INCEPTION_WEIGHTS"
PUBLISHED = "6726825d0af5f729cebd5821db510b11b1cfad8faad88a03f1befd49fb9129b2"
"""sha256 of the published file, of 95,628,359 bytes; its name ends with the first signs of it."""
EXPECTED = "expected the published pt_inception-2015-12-05 or weights-inception-2015-12-05 file"
MAX_BYTES = 512 * 2**20
CHUNK = 32
NOT_SHARED = ("num_batches_tracked", "AuxLogits.")
"""Tensors that some of these files hold, and that features do not depend on."""

Looked = Callable[[int], None]
"""Is told after each chunk how many images it held."""


def supplied_weights() -> Path | None:
    """The file that the environment names, or None."""
    name = os.environ.get(VARIABLE)
    return Path(name) if name else None


@dataclass(frozen=True)
class Inception:
    """The network on its device, in eval mode, and which file it came from."""

    net: InceptionNet
    sha256: str

    @property
    def space(self) -> Space:
        """What people are told of it."""
        strange = "" if self.sha256 == PUBLISHED else "The weights are not the published file."
        return Space("Inception", "inception", False, {"weights_sha256": self.sha256}, strange)

    def encode(
        self, images: Pixels, rows: NDArray[np.int64] | None = None, looked: Looked = lambda number: None
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """uint8 [N, H, W, 1 or 3], or some rows of them -> features [N, 2048], probabilities [N, 1008]."""
        rows = np.arange(len(images)) if rows is None else rows
        features = np.empty((len(rows), NUM_FEATURES), np.float32)
        probabilities = np.empty((len(rows), NUM_OUTPUTS), np.float32)
        for start in range(0, len(rows), CHUNK):
            part = slice(start, start + CHUNK)
            features[part], probabilities[part] = self._chunk(np.asarray(images[rows[part]]))
            looked(len(rows[part]))
        return features, probabilities

    @torch.inference_mode()
    def _chunk(self, images: Pixels) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        with exact_arithmetic():
            features, logits = self.net(torch.from_numpy(images).to(self.net.fc.weight.device))
            return features.cpu().numpy(), logits.softmax(dim=1).cpu().numpy()

    def split_set(self, pack: Pack, split: str, folder: Path, looked: Looked = lambda number: None) -> ImageSet:
        """One split of the real images, looked at once and read from `folder` afterwards."""
        rows = pack.rows(split)
        features, probabilities = kept_features(
            folder, f"inception-{self.sha256[:16]}-{split}", lambda: self.encode(pack.images, rows, looked)
        )
        return ImageSet(features, pack.label[rows], probabilities)


# --- the file -----------------------------------------------------------------------------------------------------
def load_inception(file: Path, device: torch.device) -> Inception:
    """The network with the weights of a file: a state dict by torch.save, or safetensors. No code in it is run.

    Raises: BadWeightsError when it is missing, torn, or another network's.
    """
    data = _bytes_of(file)
    net = InceptionNet()
    net.load_state_dict(_fitting(_tensors(file, data), net, file), strict=False)
    net = channels_last(net, device)
    net.eval().requires_grad_(False)
    return Inception(net, hashlib.sha256(data).hexdigest())


def _bytes_of(file: Path) -> bytes:
    try:
        if not file.is_file():
            raise _refusal(file, "is not there or is no file")
        if file.stat().st_size > MAX_BYTES:
            raise _refusal(file, f"has {file.stat().st_size / 2**20:.0f} MiB")
        return file.read_bytes()
    except OSError as error:
        raise _refusal(file, f"cannot be read ({error.strerror})") from None


def _tensors(file: Path, data: bytes) -> Any:
    try:
        if file.suffix == ".safetensors":
            return load_safetensors(data)
        return torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # a file of any kind raises anything here
        raise _refusal(file, "is torn or holds no weights") from error


def _fitting(found: Any, net: InceptionNet, file: Path) -> dict[str, Tensor]:
    """The tensors of the network, each of its shape and finite. Raises: BadWeightsError with the first fault."""
    wanted = {name: value for name, value in net.state_dict().items() if not _is_spare(name)}
    if not isinstance(found, dict) or not all(isinstance(value, Tensor) for value in found.values()):
        raise _refusal(file, "holds no state dict")
    for name in wanted:
        if name not in found:
            raise _refusal(file, f"lacks {name}")
        if found[name].shape != wanted[name].shape:
            raise _refusal(file, f"holds {name} as {list(found[name].shape)} where {list(wanted[name].shape)} belongs")
        if not found[name].is_floating_point() or not bool(found[name].isfinite().all()):
            raise _refusal(file, f"holds numbers in {name} that are not finite")
    for name in found:
        if name not in wanted and not _is_spare(name):
            raise _refusal(file, f"holds {name}, which that network has not")
    return {name: found[name] for name in wanted}


def _is_spare(name: object) -> bool:
    return str(name).startswith(NOT_SHARED[1]) or str(name).endswith(NOT_SHARED[0])


def _refusal(file: Path, found: str) -> BadWeightsError:
    return BadWeightsError(
        f"The Inception weights {file} are not used: the file {found}; {EXPECTED}. Set {VARIABLE} to it, or unset it."
    )
