"""Progressive GAN: G and D learn small images first and grow, layer by layer, to the full resolution.

Tero Karras, Timo Aila, Samuli Laine, Jaakko Lehtinen: Progressive Growing of GANs for Improved Quality, Stability, and
Variation, ICLR 2018, https://arxiv.org/abs/1710.10196.

Notation (code -> paper)
    G, D                        generator, discriminator
    real, fake, z, label        x, G(z), latent vector, class
    level                       0 for the smallest images (4x4), one more for each doubling
    alpha                       the weight alpha with which the newest layers are faded in, 0..1
    to_image, from_image        toRGB, fromRGB
    penalty/gradient            E[(|grad D(x_hat)|_2 - 1)^2], lambda = 10
    penalty/drift               E[D(x)^2], epsilon_drift = 0.001

Differs from the paper
    G and D are told the class, and D has a class head that learns from real images only, as `dcgan` has; the paper's
    labels are an appendix. DiffAugment is not in the paper; a setting turns it off.
    How long each resolution lasts is a share of the training's steps, not 1.2 million images; widths are meant for tens
    to thousands of images. For so few steps Adam's is 0.005 instead of 0.001: a step moves an equalised weight by that
    share of its spread. The batch size is one for all resolutions.
    A side that is no power of two is halved, rounded down, to 4 to 7 pixels, and those are the sizes it grows through:
    30 by 7 and 15. Doubling repeats pixels, with one row and column more where the side is odd.
    Continued or reused, it goes on growing as it was planned at first, and stays at the full resolution after that.
    In eval mode the minibatch standard deviation is what was usual in training, so that a score belongs to one image.
    Images in the middle of the growing are shown enlarged to the full resolution. Values beyond -1..1 are cut off.
"""

import math
from collections.abc import Callable
from functools import cached_property
from typing import ClassVar, NamedTuple

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, cross_entropy, interpolate, leaky_relu

from ml.augment import Policy, diff_augment
from ml.layers.equalised import EqualisedConv2d, EqualisedLinear
from ml.layers.halving import channels_at, halving
from ml.layers.label_head import LabelHead
from ml.layers.minibatch_stddev import MinibatchStddev
from ml.layers.named_noise import NamedNoise
from ml.layers.pixel_norm import pixel_norm
from ml.losses import ADVERSARIAL, gradient_penalty
from ml.model import Batch, DataSpec, LabelledImageModel, ModelSettings, Scalars, Update
from ml.optimizers import adam
from ml.plugin import Card


class ProgressiveGanSettings(ModelSettings):
    """The paper's game and optimizer, at the size of small datasets."""

    full_resolution_share: float = Field(
        0.5, ge=0.05, le=1, description="Share of the steps at the full resolution; smaller sizes share the rest alike."
    )
    fade_share: float = Field(
        0.5, ge=0, le=1, description="Share of a size's steps in which its new layers are faded in, linearly."
    )
    gradient_penalty_weight: float = Field(
        10.0, ge=0, le=1000, description="How firmly D is held to slopes of 1 (WGAN-GP)."
    )
    drift_weight: float = Field(0.001, ge=0, le=1, description="How firmly D's scores of real images are held near 0.")
    class_head_weight: float = Field(
        1.0, ge=0, le=100, description="Weight of the class losses; 0 builds no class head, and no class confidence."
    )
    augmentation: Policy = Field(
        "translation", description="What DiffAugment does to all images that D sees; helps below a few thousand images."
    )
    width: int = Field(
        16, ge=4, le=256, description="Channels at the full resolution; each smaller size has twice as many, to 8x."
    )
    z_dim: int = Field(128, ge=1, le=4096, description="Numbers of noise that an image is made from.")
    label_dim: int = Field(32, ge=1, le=1024, description="Numbers that tell G the class, learnt per class.")
    learning_rate: float = Field(5e-3, gt=0, le=0.1, description="Adam's step size, for G and D.")
    beta1: float = Field(0.0, ge=0, lt=1, description="Adam's memory of past gradients.")
    beta2: float = Field(0.99, ge=0, lt=1, description="Adam's memory of past squared gradients.")


class Growth(NamedTuple):
    """How far the networks have grown: layers up to `level`, the newest of them with the weight `alpha`."""

    level: int
    alpha: float


def growth_at(step: int, num_steps: int, num_levels: int, full_resolution_share: float, fade_share: float) -> Growth:
    """The growth of a step, 1..num_steps: a function of these numbers alone.

    The smaller levels last equally long. Within a level alpha rises linearly over the first `fade_share` of its steps;
    level 0 has nothing to fade from.
    """
    small = min(round(num_steps * (1.0 - full_resolution_share)), num_steps - 1)
    ends = [round(small * (level + 1) / (num_levels - 1)) for level in range(num_levels - 1)] + [num_steps]
    level = next(level for level, end in enumerate(ends) if step <= end)
    start = ends[level - 1] if level else 0
    num_fading = round(fade_share * (ends[level] - start)) if level else 0
    return Growth(level, min(1.0, (step - start) / num_fading) if num_fading else 1.0)


class ProgressiveGan(LabelledImageModel):
    """A convolutional G and D that grow while they learn."""

    name = "progressive_gan"
    card = Card(
        title="Progressive GAN",
        summary="Learns small images first and grows to the full resolution, fading each new layer in.",
        authors="Tero Karras, Timo Aila, Samuli Laine, Jaakko Lehtinen",
        paper="Progressive Growing of GANs for Improved Quality, Stability, and Variation",
        venue="ICLR 2018",
        url="https://arxiv.org/abs/1710.10196",
        strengths="Large structure first, then detail; steady from 64 pixels on; varied images; gives every score.",
        limits="Several times the work of a DCGAN per step at the full resolution; little gain on small images.",
    )
    Settings = ProgressiveGanSettings
    settings: ProgressiveGanSettings
    provides: ClassVar[dict[str, str | None]] = {"realism": None, "class_confidence": "class_head_weight"}
    continuing = "It grows as it was planned at first, and the steps beyond are all at the full resolution."
    trained_steps: Tensor
    growing_steps: Tensor

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return "wgan_gp"

    def build(self) -> None:
        self.z_dim = self.settings.z_dim
        self.loss = ADVERSARIAL["wgan_gp"]
        self.sizes = halving(self.data.resolution)[::-1]
        self.G = Generator(self.data, self.settings, self.sizes)
        self.D = Discriminator(self.data, self.settings, self.sizes)
        # travels in every checkpoint, so that images and scores come from as much of the networks as has grown
        self.register_buffer("trained_steps", torch.zeros((), dtype=torch.int64))
        # and the plan with it: a training that goes on from a checkpoint does not begin to grow anew
        self.register_buffer("growing_steps", torch.tensor(self.total_steps(self.settings, self.data)))
        self.steps_before: int | None = None

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        rate, betas = self.settings.learning_rate, (self.settings.beta1, self.settings.beta2)
        return {"G": adam(self.G, rate, betas), "D": adam(self.D, rate, betas)}

    @cached_property
    def planned(self) -> int:
        """Steps over which the networks grow; read once, because it lies on the device."""
        return int(self.growing_steps)

    def growth(self, step: int) -> Growth:
        """How far the networks have grown at a step; all the way beyond the planned ones."""
        shares = (self.settings.full_resolution_share, self.settings.fade_share)
        return growth_at(min(step, self.planned), self.planned, len(self.sizes), *shares)

    def _count(self, step: int) -> int:
        """Steps that the networks have learnt with this one, those of a training they were taken from among them."""
        if self.steps_before is None:
            self.steps_before = max(0, int(self.trained_steps) - (step - 1))
        self.trained_steps.fill_(self.steps_before + step)
        return self.steps_before + step

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """D learns, then G on the same fake images, both at the size that the step has grown to."""
        growth = self.growth(self._count(step))
        real, label = shown_at(batch.image, self.sizes, growth), batch.label
        z = torch.randn(len(label), self.z_dim, device=label.device)
        with update("G") as minimise_G:
            fake = self.G(z, label, growth)
            with update("D") as minimise_D:
                loss_D, scalars = self._loss_D(real, fake.detach(), label, growth)
                minimise_D(loss_D)
            loss_G, scalars_G = self._loss_G(fake, label, growth)
            minimise_G(loss_G)
        grown = {"growth/resolution": float(self.sizes[growth.level]), "growth/alpha": growth.alpha}
        return (
            scalars | scalars_G | {path: label.new_tensor(value, dtype=torch.float32) for path, value in grown.items()}
        )

    def _loss_D(self, real: Tensor, fake: Tensor, label: Tensor, growth: Growth) -> tuple[Tensor, Scalars]:
        settings = self.settings
        real, fake = self._seen_by_D(real), self._seen_by_D(fake)
        logits_real, classes_real = self.D(real, label, growth)
        logits_fake, _ = self.D(fake, label, growth)
        penalty = gradient_penalty(lambda image: self.D(image, label, growth)[0], real, fake)
        drift = logits_real.square().mean()
        loss = self.loss.D(logits_real, logits_fake)
        scalars = {
            "loss/D": loss.detach(),
            "score/real": logits_real.detach().mean(),
            "score/fake": logits_fake.detach().mean(),
            "penalty/gradient": penalty.detach(),
            "penalty/drift": drift.detach(),
        }
        loss = loss + settings.gradient_penalty_weight * penalty + settings.drift_weight * drift
        if classes_real is not None:
            loss_class = cross_entropy(classes_real, label)
            scalars["loss/class_real"] = loss_class.detach()
            loss = loss + settings.class_head_weight * loss_class
        return loss, scalars

    def _loss_G(self, fake: Tensor, label: Tensor, growth: Growth) -> tuple[Tensor, Scalars]:
        logits_fake, classes_fake = self.D(self._seen_by_D(fake), label, growth)
        loss = self.loss.G(logits_fake)
        scalars = {"loss/G": loss.detach()}
        if classes_fake is not None:
            loss_class = cross_entropy(classes_fake, label)
            scalars["loss/class_fake"] = loss_class.detach()
            loss = loss + self.settings.class_head_weight * loss_class
        return loss, scalars

    def _seen_by_D(self, image: Tensor) -> Tensor:
        return diff_augment(image, self.settings.augmentation)

    def _grown(self) -> Growth:
        """How far the networks have been trained; before the first step, what the first one trains."""
        return self.growth(max(1, int(self.trained_steps)))

    def generate(self, z: Tensor, label: Tensor) -> Tensor:
        image: Tensor = self.averaged("G")(z, label, self._grown())
        return enlarged(image, self.data.resolution).clamp(-1.0, 1.0)

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        growth = self._grown()
        logits: Tensor = self.D(shown_at(image, self.sizes, growth), label, growth)[0]
        return logits

    def class_confidence(self, image: Tensor) -> Tensor:
        growth = self._grown()
        features = self.D.features(shown_at(image, self.sizes, growth), growth)
        return self.D.head.class_logits(features).softmax(1)


def shown_at(image: Tensor, sizes: list[int], growth: Growth) -> Tensor:
    """Full-size images as D meets them at a growth: at the level's size, detail faded in as G's is."""
    for size in reversed(sizes[growth.level : -1]):
        image = shrunk(image, size)
    if growth.alpha == 1.0:
        return image
    coarse = enlarged(shrunk(image, sizes[growth.level - 1]), sizes[growth.level])
    return torch.lerp(coarse, image, growth.alpha)


def shrunk(x: Tensor, size: int) -> Tensor:
    """[N, C, 2 size or 2 size + 1, ...] -> [N, C, size, size], by means over patches."""
    return avg_pool2d(x, 2) if x.shape[-1] == 2 * size else adaptive_avg_pool2d(x, size)


def enlarged(x: Tensor, size: int) -> Tensor:
    """[N, C, H, W] -> [N, C, size, size], by repeating pixels."""
    return x if x.shape[-1] == size else interpolate(x, size=size, mode="nearest")


def _rectified(x: Tensor) -> Tensor:
    return leaky_relu(x, 0.2)


def _rectified_and_normed(x: Tensor) -> Tensor:
    return pixel_norm(leaky_relu(x, 0.2))


def _channels(settings: ProgressiveGanSettings, num_levels: int) -> list[int]:
    """Channels of each level, the smallest images first."""
    return [channels_at(num_levels - level, settings.width) for level in range(num_levels)]


class Generator(nn.Module):
    """z [N, z_dim], label [N], growth -> images [N, C, size, size] of the growth's level, about -1..1."""

    def __init__(self, data: DataSpec, settings: ProgressiveGanSettings, sizes: list[int]) -> None:
        super().__init__()
        channels = _channels(settings, len(sizes))
        self.sizes, self.start = sizes, (channels[0], sizes[0], sizes[0])
        self.named = NamedNoise(len(data.classes), settings.label_dim, length=math.sqrt(settings.label_dim))
        self.first = EqualisedLinear(settings.z_dim + settings.label_dim, math.prod(self.start))
        self.blocks = nn.ModuleList([EqualisedBlock(channels[0], channels[0], 1, _rectified_and_normed)])
        self.blocks.extend(
            EqualisedBlock(channels[level - 1], channels[level], 2, _rectified_and_normed)
            for level in range(1, len(sizes))
        )
        self.to_image = nn.ModuleList(EqualisedConv2d(number, data.channels, 1, gain=1.0) for number in channels)

    def forward(self, z: Tensor, label: Tensor, growth: Growth) -> Tensor:
        x = self.first(self.named(pixel_norm(z), label)).view(-1, *self.start)
        x = self.blocks[0](_rectified_and_normed(x.contiguous(memory_format=torch.channels_last)))
        before = x
        for level in range(1, growth.level + 1):
            before, x = x, self.blocks[level](enlarged(x, self.sizes[level]))
        image: Tensor = self.to_image[growth.level](x).float()
        if growth.alpha == 1.0:
            return image
        coarse = self.to_image[growth.level - 1](before).float()
        return torch.lerp(enlarged(coarse, self.sizes[growth.level]), image, growth.alpha)


class Discriminator(nn.Module):
    """images [N, C, size, size] of the growth's level, label [N] -> (raw scores [N], class logits or None)."""

    def __init__(self, data: DataSpec, settings: ProgressiveGanSettings, sizes: list[int]) -> None:
        super().__init__()
        channels = _channels(settings, len(sizes))
        self.sizes = sizes
        self.from_image = nn.ModuleList(EqualisedConv2d(data.channels, number, 1) for number in channels)
        self.blocks = nn.ModuleList([EqualisedBlock(channels[0] + 1, channels[0], 1, _rectified)])
        self.blocks.extend(
            EqualisedBlock(channels[level], channels[level - 1], 2, _rectified) for level in range(1, len(sizes))
        )
        self.stddev = MinibatchStddev()
        self.last = EqualisedLinear(channels[0] * sizes[0] ** 2, channels[0])
        self.head = LabelHead(channels[0], len(data.classes), settings.class_head_weight > 0, _linear)

    def forward(self, image: Tensor, label: Tensor, growth: Growth) -> tuple[Tensor, Tensor | None]:
        answer: tuple[Tensor, Tensor | None] = self.head(self.features(image, growth), label)
        return answer

    def features(self, image: Tensor, growth: Growth) -> Tensor:
        """phi(x) [N, channels of the smallest level]."""
        level, alpha = growth
        x = _rectified(self.from_image[level](image))
        for lower in range(level - 1, -1, -1):
            x = shrunk(self.blocks[lower + 1](x), self.sizes[lower])
            if lower == level - 1 and alpha < 1.0:
                coarse = _rectified(self.from_image[lower](shrunk(image, self.sizes[lower])))
                x = torch.lerp(coarse, x, alpha)
        x = self.blocks[0](self.stddev(x))
        return _rectified(self.last(x.flatten(1)))


class EqualisedBlock(nn.Module):
    """[N, inputs, H, W] -> [N, outputs, H, W]: `number` 3x3 convolutions, each followed by `after`.

    The channels change at the first convolution where they grow fewer (G), else at the last (D).
    """

    def __init__(self, inputs: int, outputs: int, number: int, after: Callable[[Tensor], Tensor]) -> None:
        super().__init__()
        between = min(inputs, outputs)
        steps = [inputs] + [between] * (number - 1) + [outputs]
        self.convolutions = nn.ModuleList(EqualisedConv2d(steps[place], steps[place + 1], 3) for place in range(number))
        self.after = after

    def forward(self, x: Tensor) -> Tensor:
        for convolution in self.convolutions:
            x = self.after(convolution(x))
        return x


def _linear(inputs: int, outputs: int, /, bias: bool = True) -> EqualisedLinear:
    """For raw scores: nothing follows."""
    return EqualisedLinear(inputs, outputs, bias, gain=1.0)
