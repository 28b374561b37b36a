"""A classifier of attributes that judges edits: it learns from real training images alone and meets no others.

An image's attributes are questions of their own, and having one weighs as much as lacking it, however rare it is, so
that neither answer is the safe one. Of classes it is one question, and every class weighs the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file, save
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits, cross_entropy

from ml.attributes import AttributeSpace
from ml.augment import diff_augment
from ml.device import channels_last
from ml.encoder_training import num_steps
from ml.exactness import exact_arithmetic
from ml.feed import batch_of
from ml.images import Pixels, to_model
from ml.layers.attribute_net import AttributeNet
from ml.model import Batch
from ml.pack import Pack
from ml.threads import one_thread
from ml.whole import whole_file

BATCH: Final = 64
CHUNK: Final = 256
PEAK_RATE: Final = 4e-3
IMAGE_RANGE: Final = (-1.0, 1.0)
LEAST_SHARE: Final = 0.01
"""An attribute that fewer have counts as if so many had it, or a few images would outweigh all others."""

OnStep = Callable[[int, int], None]
"""Called with (step, number of steps); may raise to end the work."""


@dataclass(frozen=True)
class AttributeClassifier:
    """A trained network in eval mode, and what its answers mean."""

    net: AttributeNet
    space: AttributeSpace

    def recognised(self, images: Pixels) -> NDArray[np.bool_]:
        """bool [N, A] of uint8 [N, H, W, C]: what it finds on them; of classes the most probable one."""
        device = next(self.net.parameters()).device
        found = []
        with torch.inference_mode(), exact_arithmetic():
            for start in range(0, len(images), CHUNK):
                pixels = torch.from_numpy(np.ascontiguousarray(images[start : start + CHUNK])).to(device)
                logits = self.net(to_model(pixels, IMAGE_RANGE))
                if self.space.are_classes:
                    found.append(logits.argmax(1)[:, None] == torch.arange(len(self.space), device=device))
                else:
                    found.append(logits > 0)
        return torch.cat(found).cpu().numpy()


def train_classifier(
    pack: Pack, seed: int, device: torch.device, on_step: OnStep = lambda step, number: None
) -> AttributeClassifier:
    """From the training split; the random generators of this process are left as they were."""
    space, train = AttributeSpace(pack.spec()), pack.rows("train")
    rng, number = np.random.default_rng(seed % 2**64), num_steps(len(train))
    with torch.random.fork_rng(devices=[]), exact_arithmetic(), one_thread():
        torch.manual_seed(seed)
        net = channels_last(AttributeNet(pack.resolution, pack.channels, len(space)), device).train()
        weights = _weights(_vectors_of(pack, space, train)).to(device)
        optimizer = torch.optim.AdamW(net.parameters(), PEAK_RATE, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=number)
        for step in range(1, number + 1):
            batch = batch_of(pack.read_whole(np.sort(rng.choice(train, BATCH))), IMAGE_RANGE).to(device)
            logits = net(diff_augment(batch.image, "translation"))
            loss = _loss(logits, space.vectors(batch), weights, space.are_classes)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            on_step(step, number)
    return AttributeClassifier(net.eval().requires_grad_(False), space)


def _vectors_of(pack: Pack, space: AttributeSpace, rows: NDArray[np.int64]) -> Tensor:
    """[len(rows), A] without the pixels."""
    said = None if pack.attribute is None else torch.from_numpy(pack.attribute[rows]).float()
    attributes = None if said is None else said.masked_fill(said < 0, torch.nan)
    return space.vectors(Batch(torch.empty(len(rows), 0), torch.from_numpy(pack.label[rows]), None, attributes))


def kept_classifier(
    file: Path, pack: Pack, seed: int, device: torch.device, on_step: OnStep = lambda step, number: None
) -> AttributeClassifier:
    """The one in `file`; trained and written there where there is none."""
    if not file.exists():
        trained = train_classifier(pack, seed, device, on_step)
        tensors = {name: value.contiguous().cpu() for name, value in trained.net.state_dict().items()}
        with whole_file(file) as partial:
            partial.write_bytes(save(tensors))
    space = AttributeSpace(pack.spec())
    net = AttributeNet(pack.resolution, pack.channels, len(space))
    net.load_state_dict(load_file(file))
    return AttributeClassifier(channels_last(net, device).eval().requires_grad_(False), space)


def _weights(vectors: Tensor) -> Tensor:
    """[2, A]: of lacking and of having each attribute, so that both sides weigh the same among those that are known."""
    share = vectors.nanmean(0).nan_to_num(0.5).clamp(LEAST_SHARE, 1 - LEAST_SHARE)
    return torch.stack([0.5 / (1 - share), 0.5 / share])


def _loss(logits: Tensor, vectors: Tensor, weights: Tensor, are_classes: bool) -> Tensor:
    if are_classes:
        return cross_entropy(logits, vectors.argmax(1), weights[1])
    known = ~vectors.isnan()
    has = vectors.nan_to_num(0.0)
    weight = torch.where(has > 0.5, weights[1], weights[0]) * known
    return binary_cross_entropy_with_logits(logits, has, weight)
