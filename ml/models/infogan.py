"""InfoGAN: a GAN some of whose noise has a meaning, because a head Q must be able to read it off the images.

Xi Chen, Yan Duan, Rein Houthooft, John Schulman, Ilya Sutskever, Pieter Abbeel: InfoGAN: Interpretable Representation
Learning by Information Maximizing Generative Adversarial Nets, NeurIPS 2016, https://arxiv.org/abs/1606.03657. The
numbers of codes and of noise are those of the seminar (Taeoh Kim: GANs for Image Processing & Computer Vision, 2017):
1 categorical, 2 continuous codes, 256 noise.

Notation (code -> paper)
    G, D, Q                  G, D, Q: G(z, c), D(x), Q(c|x), where Q begins with D's layers
    z                        (z, c): noise, the category as one 1 among 0s, and the continuous codes in -1..1
    information/category     -E[log Q(c|x)] of the categorical code, the part of -L_I that training moves
    information/continuous   the same of the continuous codes, Gaussians; summed over them
    category_weight, continuous_weight   lambda

Differs from the paper
    The paper knows no labels. Here the classes that are asked for must come out: with two classes or more, G and D are
    told the class and D has a class head (real images only), as in `dcgan`, and the codes sweep the variation *within*
    a class. With a single class there is nothing to tell, and it is the paper's unsupervised setting.
    Noise is N(0, 1), and G hears it no louder than a category: trained for so few steps, it would not find the codes
    among 256 numbers. For the same reason D and Q learn as fast as G, at 1e-3; the paper has 2e-4 for D.
    DiffAugment is not in the paper; a setting turns it off, and Q sees images as D does.
    Two hidden layers and as many convolutions as the resolution has halvings, rounded down, to a side of 4 to 7; the
    paper has a network per dataset. Widths are meant for tens to thousands of images.
"""

import math
from typing import ClassVar, Literal, NamedTuple, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from ml.augment import Policy, diff_augment
from ml.layers.flat import flat
from ml.layers.halving import channels_at, down, halving, up
from ml.layers.label_head import LabelHead
from ml.layers.named_noise import NamedNoise
from ml.layers.small_normal import small_normal
from ml.losses import ADVERSARIAL
from ml.model import Batch, DataSpec, LabelledImageModel, ModelSettings, Scalars, Sweep, Update
from ml.optimizers import adam
from ml.plugin import Card

NUM_SWEPT = 9
"""Rows of a continuous code's sheet: -1, -0.75 ... 1."""
NOISE_LENGTH = 1.0
"""Length at which G hears all the noise, as a category and a class; louder, hundreds of numbers drown the codes."""
LEAST_LOG_DEVIATION, MOST_LOG_DEVIATION = -3.0, 1.0
"""Bounds of what Q may claim to know: within 0.05 of a code that spans 2, or nothing at all."""


class InfoganSettings(ModelSettings):
    """The seminar's codes, the paper's losses, and what small datasets and short trainings need."""

    num_categories: int = Field(
        10, ge=1, le=100, description="Values of the categorical code; 1 leaves the code without meaning."
    )
    num_continuous: int = Field(2, ge=0, le=16, description="Continuous codes, each between -1 and 1.")
    noise_dim: int = Field(256, ge=1, le=4096, description="Numbers of noise beside the codes.")
    category_weight: float = Field(
        1.0, ge=0, le=100, description="How firmly the category must be readable from the images."
    )
    continuous_weight: float = Field(
        0.5, ge=0, le=100, description="How firmly the continuous codes must be readable from the images."
    )
    code_deviation: Literal["learned", "fixed"] = Field(
        "learned", description="Whether Q also says how sure it is of a continuous code, or a deviation of 1 is taken."
    )
    class_head_weight: float = Field(
        1.0, ge=0, le=100, description="Weight of the class losses; 0 builds no class head, and no class confidence."
    )
    augmentation: Policy = Field(
        "translation",
        description="What DiffAugment does to all images that D and Q see; no code holds what it hides.",
    )
    width: int = Field(32, ge=4, le=256, description="Channels of the largest map; each halving doubles them, to 8x.")
    hidden_width: int = Field(512, ge=8, le=8192, description="Units of the fully connected layers of G and D.")
    label_dim: int = Field(32, ge=1, le=1024, description="Numbers that tell G the class, learnt per class.")
    learning_rate_G: float = Field(1e-3, gt=0, le=0.1, description="Adam's step size for G.")
    learning_rate_D: float = Field(1e-3, gt=0, le=0.1, description="Adam's step size for D and Q.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's memory of past gradients.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's memory of past squared gradients.")


class Infogan(LabelledImageModel):
    """A convolutional G and D, and a head Q on D's features that reads the codes."""

    name = "infogan"
    card = Card(
        title="InfoGAN",
        summary="A GAN with codes that mean something: each can be swept, and varies one thing within a class.",
        authors="Xi Chen, Yan Duan, Rein Houthooft, John Schulman, Ilya Sutskever, Pieter Abbeel",
        paper="InfoGAN: Interpretable Representation Learning by Information Maximizing Generative Adversarial Nets",
        venue="NeurIPS 2016",
        url="https://arxiv.org/abs/1606.03657",
        strengths="Finds kinds and directions of variation by itself; codes hold variety up; gives every score.",
        limits="What a code comes to mean is found, not chosen; fine detail beyond 64 pixels, as with a DCGAN.",
    )
    Settings = InfoganSettings
    settings: InfoganSettings
    provides: ClassVar[dict[str, str | None]] = {"realism": None, "class_confidence": "class_head_weight"}

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return "non_saturating"

    def build(self) -> None:
        settings = self.settings
        self.loss = ADVERSARIAL["non_saturating"]
        self.z_dim = settings.noise_dim + settings.num_categories + settings.num_continuous
        self.G = Generator(self.data, settings, self.z_dim)
        self.D = Discriminator(self.data, settings)
        self.Q = CodeReader(settings)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        settings = self.settings
        betas = (settings.beta1, settings.beta2)
        return {
            "G": adam(self.G, settings.learning_rate_G, betas),
            "D": adam(nn.ModuleList([self.D, self.Q]), settings.learning_rate_D, betas),
        }

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """D learns real from fake and Q to read the fake ones' codes; then G to pass for real and to be readable."""
        label = batch.label
        codes = self._draw_codes(len(label), label.device)
        z = self._as_input(torch.randn(len(label), self.settings.noise_dim, device=label.device), codes)
        with update("G") as minimise_G:
            fake = self.G(z, label)
            with update("D") as minimise_D:
                loss_D, scalars = self._loss_D(batch.image, fake.detach(), label, codes)
                minimise_D(loss_D)
            loss_G, scalars_G = self._loss_G(fake, label, codes)
            minimise_G(loss_G)
        return scalars | scalars_G

    def _loss_D(self, real: Tensor, fake: Tensor, label: Tensor, codes: "Codes") -> tuple[Tensor, Scalars]:
        logits_real, classes_real = self.D.head(self.D.features(self._seen_by_D(real)), label)
        features_fake = self.D.features(self._seen_by_D(fake))
        logits_fake, _ = self.D.head(features_fake, label)
        loss = self.loss.D(logits_real, logits_fake)
        scalars = {
            "loss/D": loss.detach(),
            "score/real": logits_real.detach().mean(),
            "score/fake": logits_fake.detach().mean(),
        }
        if classes_real is not None:
            loss_class = cross_entropy(classes_real, label)
            scalars["loss/class_real"] = loss_class.detach()
            loss = loss + self.settings.class_head_weight * loss_class
        return loss + self._information_loss(features_fake, codes)[0], scalars

    def _loss_G(self, fake: Tensor, label: Tensor, codes: "Codes") -> tuple[Tensor, Scalars]:
        features = self.D.features(self._seen_by_D(fake))
        logits_fake, classes_fake = self.D.head(features, label)
        loss = self.loss.G(logits_fake)
        scalars = {"loss/G": loss.detach()}
        if classes_fake is not None:
            loss_class = cross_entropy(classes_fake, label)
            scalars["loss/class_fake"] = loss_class.detach()
            loss = loss + self.settings.class_head_weight * loss_class
        information, scalars_Q = self._information_loss(features, codes)
        return loss + information, scalars | scalars_Q

    def _information_loss(self, features: Tensor, codes: "Codes") -> tuple[Tensor, Scalars]:
        """-lambda L_I: how badly Q reads the codes, weighted."""
        read = self.Q(features)
        category = cross_entropy(read.category, codes.category)
        continuous = gaussian_surprise(codes.continuous, read.mean, read.log_deviation)
        loss = self.settings.category_weight * category + self.settings.continuous_weight * continuous
        return loss, {"information/category": category.detach(), "information/continuous": continuous.detach()}

    def _seen_by_D(self, image: Tensor) -> Tensor:
        return diff_augment(image, self.settings.augmentation)

    # --- codes --------------------------------------------------------------------------------------------------
    def _draw_codes(self, number: int, device: torch.device) -> "Codes":
        settings = self.settings
        category = torch.randint(settings.num_categories, (number,), device=device)
        return Codes(category, torch.rand(number, settings.num_continuous, device=device) * 2.0 - 1.0)

    def _as_input(self, noise: Tensor, codes: "Codes") -> Tensor:
        category = one_hot(codes.category, self.settings.num_categories).to(noise.dtype)
        return torch.cat([noise, category, codes.continuous], 1)

    def noise_of(self, generator: torch.Generator) -> Tensor:
        settings = self.settings
        noise = torch.randn(1, settings.noise_dim, generator=generator)
        category = torch.randint(settings.num_categories, (1,), generator=generator)
        continuous = torch.rand(1, settings.num_continuous, generator=generator) * 2.0 - 1.0
        return self._as_input(noise, Codes(category, continuous))[0]

    @classmethod
    def sweeps(cls, settings: ModelSettings) -> tuple[Sweep, ...]:
        own = cast(InfoganSettings, settings)
        category = Sweep("category", tuple(float(value) for value in range(own.num_categories)))
        values = tuple(torch.linspace(-1.0, 1.0, NUM_SWEPT).tolist())
        continuous = tuple(Sweep(f"code_{number + 1}", values) for number in range(own.num_continuous))
        return (category, *continuous) if own.num_categories > 1 else continuous

    def with_code(self, z: Tensor, name: str, value: float) -> Tensor:
        first = self.settings.noise_dim
        after = first + self.settings.num_categories
        z = z.clone()
        if name == "category":
            z[:, first:after] = 0.0
            z[:, first + int(value)] = 1.0
        else:
            z[:, after + int(name.removeprefix("code_")) - 1] = value
        return z

    def read_codes(self, image: Tensor) -> "ReadCodes":
        """What Q reads off images in `image_range`."""
        read: ReadCodes = self.Q(self.D.features(image))
        return read

    # --- images and scores --------------------------------------------------------------------------------------
    def generate(self, z: Tensor, label: Tensor) -> Tensor:
        image: Tensor = self.averaged("G")(z, label)
        return image

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        logits: Tensor = self.D.head(self.D.features(image), label)[0]
        return logits

    def class_confidence(self, image: Tensor) -> Tensor:
        return self.D.head.class_logits(self.D.features(image)).softmax(1)


class Codes(NamedTuple):
    """What G was told: category int64 [N], continuous [N, codes] in -1..1."""

    category: Tensor
    continuous: Tensor


class ReadCodes(NamedTuple):
    """Q(c|x): logits of the category [N, categories]; mean and log deviation of each continuous code [N, codes]."""

    category: Tensor
    mean: Tensor
    log_deviation: Tensor


def gaussian_surprise(value: Tensor, mean: Tensor, log_deviation: Tensor) -> Tensor:
    """-log N(value; mean, deviation^2) without its constant; [N, codes] -> sum over the codes, mean over the batch."""
    error = (value - mean) * torch.exp(-log_deviation)
    return (0.5 * error.square() + log_deviation).sum(1).mean()


class Generator(nn.Module):
    """z [N, z_dim], label [N] -> images [N, C, H, W] in -1..1."""

    def __init__(self, data: DataSpec, settings: InfoganSettings, z_dim: int) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        depth = len(sizes) - 1
        self.start = (channels_at(depth, settings.width), sizes[-1], sizes[-1])
        num_start = self.start[0] * sizes[-1] ** 2
        self.noise_dim, self.noise_gain = settings.noise_dim, NOISE_LENGTH / math.sqrt(settings.noise_dim)
        is_told = len(data.classes) > 1
        self.named = NamedNoise(len(data.classes), settings.label_dim) if is_told else None
        self.hidden = nn.Sequential(
            nn.Linear(z_dim + (settings.label_dim if is_told else 0), settings.hidden_width, bias=False),
            nn.BatchNorm1d(settings.hidden_width),
            nn.ReLU(inplace=True),
            nn.Linear(settings.hidden_width, num_start, bias=False),
            nn.BatchNorm1d(num_start),
            nn.ReLU(inplace=True),
        )
        layers: list[nn.Module] = []
        for level in range(depth, 1, -1):
            inputs, outputs = channels_at(level, settings.width), channels_at(level - 1, settings.width)
            layers += [up(inputs, outputs, sizes[level - 1]), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers, up(settings.width, data.channels, data.resolution, bias=True))
        self.apply(small_normal)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        noise, codes = z.tensor_split([self.noise_dim], dim=1)
        heard = torch.cat([noise * self.noise_gain, codes], 1)
        told = heard if self.named is None else self.named(heard, label)
        first = self.hidden(told).view(-1, *self.start)
        image: Tensor = self.body(first.contiguous(memory_format=torch.channels_last))
        return image.float().tanh()


class Discriminator(nn.Module):
    """images [N, C, H, W] in -1..1 -> features [N, hidden_width], which `head` and Q judge."""

    def __init__(self, data: DataSpec, settings: InfoganSettings) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        depth = len(sizes) - 1
        layers: list[nn.Module] = [down(data.channels, settings.width, bias=True), nn.LeakyReLU(0.1, inplace=True)]
        for level in range(2, depth + 1):
            inputs, outputs = channels_at(level - 1, settings.width), channels_at(level, settings.width)
            layers += [down(inputs, outputs, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.1, inplace=True)]
        self.body = nn.Sequential(*layers)
        self.hidden = nn.Sequential(
            nn.Linear(channels_at(depth, settings.width) * sizes[-1] ** 2, settings.hidden_width, bias=False),
            nn.BatchNorm1d(settings.hidden_width),
            nn.LeakyReLU(0.1, inplace=True),
        )
        self.head = LabelHead(settings.hidden_width, len(data.classes), settings.class_head_weight > 0)
        self.apply(small_normal)

    def features(self, image: Tensor) -> Tensor:
        """phi(x) [N, hidden_width]."""
        features: Tensor = self.hidden(flat(self.body(image)))
        return features


class CodeReader(nn.Module):
    """D's features [N, hidden_width] -> what can be read of the codes."""

    HIDDEN = 128

    def __init__(self, settings: InfoganSettings) -> None:
        super().__init__()
        self.num_categories, self.num_continuous = settings.num_categories, settings.num_continuous
        self.learns_deviation = settings.code_deviation == "learned"
        self.hidden = nn.Sequential(
            nn.Linear(settings.hidden_width, self.HIDDEN, bias=False),
            nn.BatchNorm1d(self.HIDDEN),
            nn.LeakyReLU(0.1, inplace=True),
        )
        num_outputs = self.num_categories + self.num_continuous * (2 if self.learns_deviation else 1)
        self.out = nn.Linear(self.HIDDEN, num_outputs)
        self.apply(small_normal)

    def forward(self, features: Tensor) -> ReadCodes:
        read = self.out(self.hidden(features)).float()
        category, mean, log_deviation = read.tensor_split(
            [self.num_categories, self.num_categories + self.num_continuous], dim=1
        )
        if not self.learns_deviation:
            return ReadCodes(category, mean, torch.zeros_like(mean))
        return ReadCodes(category, mean, log_deviation.clamp(LEAST_LOG_DEVIATION, MOST_LOG_DEVIATION))
