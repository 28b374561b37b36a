"""The small networks that a study trains: the same number of steps for every arm, judged all the same way.

`resnet` is that of He et al. with basic blocks: Deep Residual Learning for Image Recognition, CVPR 2016,
https://arxiv.org/abs/1512.03385.

Differs from the paper: the first convolution keeps the side, as in their nets for CIFAR, because images of a study are
small; AdamW with one rise and fall of the rate instead of SGD with steps, because a study affords few steps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from ml.arms import Arm
from ml.child_augment import mixed, transformed
from ml.device import channels_last
from ml.exactness import exact_arithmetic
from ml.images import Pixels, to_model
from ml.study_settings import ChildName
from ml.threads import one_thread
from ml.truth import Truth

IMAGE_RANGE = (-1.0, 1.0)
BATCH: Final = 64
PEAK_RATE: Final = 4e-3
LABEL_SMOOTHING: Final = 0.05
CHUNK: Final = 256

OnStep = Callable[[int, int], None]
"""Called with (step, number of steps); may raise to end the work."""


@dataclass(frozen=True)
class Labelled:
    """pixels: uint8 [N, H, W, C]; label: int64 [N]; member: float32 [N, classes], 1 has, 0 lacks, NaN nobody said,
    where the classes are attributes, else None."""

    pixels: Pixels
    label: NDArray[np.int64]
    member: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.label)

    def none(self) -> "Labelled":
        """No images, of the same size."""
        return Labelled(self.pixels[:0], self.label[:0], None if self.member is None else self.member[:0])

    def truth(self) -> Truth:
        """What it judges by."""
        return Truth(self.label, self.member)


def train_child(
    name: ChildName,
    arm: Arm,
    real: Labelled,
    synthetic: Labelled | None,
    num_classes: int,
    num_steps: int,
    seed: int,
    device: torch.device,
    on_step: OnStep | None = None,
    allowed: NDArray[np.bool_] | None = None,
) -> nn.Module:
    """A child network after `num_steps` batches of BATCH images.

    allowed: bool [num_classes, 5], what `geometric` may do to images of each class, as in `ml/child_augment.py`.
    It is given no other images than these, so what it is judged on cannot reach it. The random generators of this
    process are left as they were.
    """
    with torch.random.fork_rng(devices=[]), exact_arithmetic(), one_thread():
        torch.manual_seed(seed)
        batches = _Batches(arm, real, synthetic or real.none(), num_classes, seed, allowed)
        net = channels_last(_build(name, real.pixels.shape[-1], num_classes), device)
        optimizer = torch.optim.AdamW(net.parameters(), lr=PEAK_RATE, weight_decay=0.01)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, PEAK_RATE, total_steps=num_steps)
        prior = batches.log_prior().to(device) if arm.logit_adjusted else torch.zeros(num_classes, device=device)
        net.train()
        for step in range(1, num_steps + 1):
            image, target = batches.draw(device)
            loss = batches.loss(net(image) + prior, target)
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            schedule.step()
            if on_step is not None:
                on_step(step, num_steps)
    return net.eval().requires_grad_(False)


def probabilities(net: nn.Module, pixels: Pixels, device: torch.device, several: bool = False) -> NDArray[np.float32]:
    """float32 [N, C] of uint8 [N, H, W, C]; several: the classes are attributes, each with a probability of its own."""
    with torch.no_grad(), exact_arithmetic(), one_thread():
        logits = [net(_image(pixels[at : at + CHUNK], device)) for at in range(0, len(pixels), CHUNK)]
        parts = [(one.sigmoid() if several else one.softmax(1)).cpu().numpy() for one in logits]
    return np.concatenate(parts)


# --- what a batch is made of -----------------------------------------------------------------------------------------
def chances(arm: Arm, real: NDArray[np.int64], synthetic: NDArray[np.int64]) -> NDArray[np.float64]:
    """How likely each image is drawn, real ones first; sums to 1. real, synthetic: their labels.

    With a share, synthetic images together are drawn that often; without one, all images lie in the same bag.
    """
    label = np.concatenate([real, synthetic])
    is_synthetic = np.arange(len(label)) >= len(real)
    share = arm.synthetic.share if arm.synthetic is not None and len(synthetic) else None
    if arm.synthetic_only:
        return _within(is_synthetic, label, arm.balanced)
    if share is None:
        return _within(np.ones(len(label), np.bool_), label, arm.balanced)
    return (1 - share) * _within(~is_synthetic, label, arm.balanced) + share * _within(
        is_synthetic, label, arm.balanced
    )


def _within(chosen: NDArray[np.bool_], label: NDArray[np.int64], balanced: bool) -> NDArray[np.float64]:
    """Even chances among the chosen images, or among their classes."""
    counts = np.bincount(label[chosen], minlength=int(label.max()) + 1)
    weight: NDArray[np.float64] = np.where(chosen, 1.0 / np.maximum(counts, 1)[label] if balanced else 1.0, 0.0)
    return np.asarray(weight / weight.sum(), np.float64)


class _Batches:
    """Batches of one arm, drawn with replacement."""

    def __init__(
        self,
        arm: Arm,
        real: Labelled,
        synthetic: Labelled,
        num_classes: int,
        seed: int,
        allowed: NDArray[np.bool_] | None,
    ) -> None:
        self.arm, self.real, self.synthetic, self.num_classes = arm, real, synthetic, num_classes
        self.allowed = None if allowed is None else torch.from_numpy(allowed)
        self.label = np.concatenate([real.label, synthetic.label])
        self.member: NDArray[np.float32] | None = None
        if real.member is not None and synthetic.member is not None:
            self.member = np.concatenate([real.member, synthetic.member])
        self.chance = chances(arm, real.label, synthetic.label)
        self.rng = np.random.default_rng(seed % 2**64)

    def log_prior(self) -> Tensor:
        """float32 [C], the log of each class's share of what is drawn, one image's at least; of each attribute the log
        of its odds."""
        if self.member is not None:
            weight = np.where(np.isnan(self.member), 0.0, self.chance[:, None])
            least = 1 / len(self.label)
            odds = (weight * (self.member == 1)).sum(axis=0) / np.maximum(weight.sum(axis=0), least)
            odds = odds.clip(least, 1 - least)
            return torch.from_numpy(np.log(odds / (1 - odds)).astype(np.float32))
        share = np.bincount(self.label, weights=self.chance, minlength=self.num_classes)
        return torch.from_numpy(np.log(np.maximum(share, 1 / len(self.label))).astype(np.float32))

    def draw(self, device: torch.device) -> tuple[Tensor, Tensor]:
        """(image [BATCH, C, H, W] in IMAGE_RANGE, target [BATCH, num_classes]), transformed as the arm says."""
        rows = np.sort(self.rng.choice(len(self.label), BATCH, p=self.chance))
        cut = int(np.searchsorted(rows, len(self.real)))
        label = torch.from_numpy(self.label[rows])
        parts = [
            (self.real.pixels[rows[:cut]], self.arm.transforms, label[:cut]),
            (self.synthetic.pixels[rows[cut:] - len(self.real)], self.arm.transforms_of_synthetic, label[cut:]),
        ]
        image = torch.cat(
            [
                transformed(_image(pixels, device), kind, None if self.allowed is None else self.allowed[of])
                for pixels, kind, of in parts
                if len(pixels)
            ]
        )
        if self.member is None:
            target = F.one_hot(label, self.num_classes).float().to(device)
        else:
            target = torch.from_numpy(self.member[rows]).to(device)
        return mixed(image, target) if self.arm.mixup else (image, target)

    def loss(self, logits: Tensor, target: Tensor) -> Tensor:
        """Of attributes each is a question of its own, and one that nobody answered counts for nothing."""
        if self.member is None:
            return F.cross_entropy(logits, target, label_smoothing=LABEL_SMOOTHING)
        known = ~target.isnan()
        return F.binary_cross_entropy_with_logits(logits[known], target[known])


def _image(pixels: Pixels, device: torch.device) -> Tensor:
    return to_model(torch.from_numpy(pixels).to(device), IMAGE_RANGE)


# --- networks --------------------------------------------------------------------------------------------------------
def _build(name: ChildName, channels: int, num_classes: int) -> nn.Module:
    return _small_cnn(channels, num_classes) if name == "small_cnn" else _resnet(channels, num_classes)


def _small_cnn(channels: int, num_classes: int) -> nn.Module:
    """Four convolutions of 16 to 128 channels, each halving the side, the mean of the last map, a linear layer."""
    layers: list[nn.Module] = []
    for wider in (16, 32, 64, 128):
        layers += [nn.Conv2d(channels, wider, 3, 2, 1, bias=False), nn.BatchNorm2d(wider), nn.ReLU(inplace=True)]
        channels = wider
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(channels, num_classes))


def _resnet(channels: int, num_classes: int) -> nn.Module:
    """Three groups of two basic blocks of 32, 64 and 128 channels: 13 convolutions on the way."""
    layers: list[nn.Module] = [nn.Conv2d(channels, 32, 3, 1, 1, bias=False), nn.BatchNorm2d(32), nn.ReLU(inplace=True)]
    width = 32
    for wider in (32, 64, 128):
        layers += [_Block(width, wider, 1 if wider == width else 2), _Block(wider, wider, 1)]
        width = wider
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(width, num_classes))


class _Block(nn.Module):
    """Two 3x3 convolutions and a shortcut: [N, width, H, W] -> [N, wider, H / stride, W / stride]."""

    def __init__(self, width: int, wider: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(width, wider, 3, stride, 1, bias=False),
            nn.BatchNorm2d(wider),
            nn.ReLU(inplace=True),
            nn.Conv2d(wider, wider, 3, 1, 1, bias=False),
            nn.BatchNorm2d(wider),
        )
        self.shortcut: nn.Module = nn.Identity()
        if stride > 1 or width != wider:
            self.shortcut = nn.Sequential(nn.Conv2d(width, wider, 1, stride, bias=False), nn.BatchNorm2d(wider))

    def forward(self, image: Tensor) -> Tensor:
        return torch.relu(self.body(image) + self.shortcut(image))
