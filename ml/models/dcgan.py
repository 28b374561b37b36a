"""DCGAN: a fully convolutional GAN, told the class, with a class head in D.

Alec Radford, Luke Metz, Soumith Chintala: Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks, ICLR 2016, https://arxiv.org/abs/1511.06434. With labels: Odena, Olah, Shlens: Conditional Image
Synthesis with Auxiliary Classifier GANs, ICML 2017, https://arxiv.org/abs/1610.09585 (class head), and Miyato, Koyama:
cGANs with Projection Discriminator, ICLR 2018, https://arxiv.org/abs/1802.05637 (label into D).

Notation (code -> paper)
    G, D                      G, D
    real, fake, z, label      x, G(z, y), z, y
    features                  phi(x), D's last map, flat
    logits_real, logits_fake  psi(phi(x)) + <embed(y), phi(x)>, D's raw score
    loss/class_real, _fake    L_C, cross-entropy of the class head

Differs from the paper
    Label conditioning, class head, other losses, DiffAugment, spectral norm and the averaged G are not in the DCGAN
    paper; settings turn each off.
    D's class head learns from real images only (as in StarGAN), so that its confidence judges synthetic images instead
    of remembering what they were meant to be; the AC-GAN paper trains it on both.
    D has no batch norm with wgan_gp, whatever the setting: the penalty asks for the slope of each image by itself.
    Widths and steps are meant for tens to thousands of images, not for millions. Any square size from 16 to 256: maps
    are halved (rounded down) to a side of 4 to 7 instead of exactly 4.
"""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, normalize

from ml.augment import Policy, diff_augment
from ml.layers.halving import halving
from ml.layers.spectral_norm import spectral_norm
from ml.losses import ADVERSARIAL, AdversarialName, gradient_penalty
from ml.model import Batch, DataSpec, LabelledImageModel, ModelSettings, Scalars, Update
from ml.optimizers import adam
from ml.plugin import Card


class DcganSettings(ModelSettings):
    """The paper's optimizer and layers, and what small datasets need."""

    loss: AdversarialName = Field("non_saturating", description="The game of G and D: its losses.")
    gradient_penalty_weight: float = Field(
        10.0, ge=0, le=1000, description="With wgan_gp: how firmly D is held to slopes of 1."
    )
    num_critic_steps: int = Field(1, ge=1, le=20, description="Steps of D for each step of G; 5 is usual with wgan_gp.")
    class_head_weight: float = Field(
        1.0, ge=0, le=100, description="Weight of the class losses; 0 builds no class head, and no class confidence."
    )
    augmentation: Policy = Field(
        "translation", description="What DiffAugment does to all images that D sees; helps below a few thousand images."
    )
    spectral_norm: bool = Field(False, description="Keep D from becoming steep by dividing its weights by their norm.")
    discriminator_norm: Literal["batch", "none"] = Field(
        "batch", description="Batch norm in D as in the paper; left out with wgan_gp, whose penalty is per image."
    )
    width: int = Field(32, ge=4, le=256, description="Channels of the largest map; each halving doubles them, to 8x.")
    z_dim: int = Field(100, ge=1, le=4096, description="Numbers of noise that an image is made from.")
    label_dim: int = Field(32, ge=1, le=1024, description="Numbers that tell G the class, learnt per class.")
    learning_rate_G: float = Field(2e-4, gt=0, le=0.1, description="Adam's step size for G.")
    learning_rate_D: float = Field(2e-4, gt=0, le=0.1, description="Adam's step size for D.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's memory of past gradients.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's memory of past squared gradients.")


class Dcgan(LabelledImageModel):
    """A convolutional G and D for all classes together."""

    name = "dcgan"
    card = Card(
        title="DCGAN",
        summary="A convolutional GAN that is told which class to draw, with a class head that can rank its images.",
        authors="Alec Radford, Luke Metz, Soumith Chintala",
        paper="Unsupervised Representation Learning with Deep Convolutional Generative Adversarial Networks",
        venue="ICLR 2016",
        url="https://arxiv.org/abs/1511.06434",
        strengths="Fast and steady on small images; all classes share what they have in common; gives every score.",
        limits="Fine detail beyond 64 pixels; colour photos of varied scenes need many images and steps.",
    )
    Settings = DcganSettings
    settings: DcganSettings
    provides: ClassVar[dict[str, str | None]] = {"realism": None, "class_confidence": "class_head_weight"}

    def build(self) -> None:
        settings = self.settings
        self.z_dim = settings.z_dim
        self.loss = ADVERSARIAL[settings.loss]
        self.G = Generator(self.data, settings)
        self.D = Discriminator(self.data, settings, batch_norm=self._batch_norm_in_D())
        if settings.spectral_norm:
            spectral_norm(self.D)

    def _batch_norm_in_D(self) -> bool:
        return self.settings.discriminator_norm == "batch" and not self.loss.needs_penalty

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        settings = self.settings
        betas = (settings.beta1, settings.beta2)
        return {"G": adam(self.G, settings.learning_rate_G, betas), "D": adam(self.D, settings.learning_rate_D, betas)}

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """D learns on real and fake images; then, each num_critic_steps-th time, G on the same fake ones."""
        z = torch.randn(len(batch.label), self.z_dim, device=batch.label.device)
        with update("G") as minimise_G:
            fake = self.G(z, batch.label)
            with update("D") as minimise_D:
                loss_D, scalars = self._loss_D(batch.image, fake.detach(), batch.label)
                minimise_D(loss_D)
            if step % self.settings.num_critic_steps == 0:
                loss_G, scalars_G = self._loss_G(fake, batch.label)
                minimise_G(loss_G)
                scalars |= scalars_G
        return scalars

    def _loss_D(self, real: Tensor, fake: Tensor, label: Tensor) -> tuple[Tensor, Scalars]:
        real, fake = self._seen_by_D(real), self._seen_by_D(fake)
        logits_real, classes_real = self.D(real, label)
        logits_fake, _ = self.D(fake, label)
        loss = self.loss.D(logits_real, logits_fake)
        scalars = {
            "loss/D": loss.detach(),
            "score/real": logits_real.detach().mean(),
            "score/fake": logits_fake.detach().mean(),
        }
        if self.loss.needs_penalty:
            penalty = gradient_penalty(lambda image: self.D(image, label)[0], real, fake)
            scalars["penalty/gradient"] = penalty.detach()
            loss = loss + self.settings.gradient_penalty_weight * penalty
        if classes_real is not None:
            loss_class = cross_entropy(classes_real, label)
            scalars["loss/class_real"] = loss_class.detach()
            loss = loss + self.settings.class_head_weight * loss_class
        return loss, scalars

    def _loss_G(self, fake: Tensor, label: Tensor) -> tuple[Tensor, Scalars]:
        logits_fake, classes_fake = self.D(self._seen_by_D(fake), label)
        loss = self.loss.G(logits_fake)
        scalars = {"loss/G": loss.detach()}
        if classes_fake is not None:
            loss_class = cross_entropy(classes_fake, label)
            scalars["loss/class_fake"] = loss_class.detach()
            loss = loss + self.settings.class_head_weight * loss_class
        return loss, scalars

    def _seen_by_D(self, image: Tensor) -> Tensor:
        return diff_augment(image, self.settings.augmentation)

    def generate(self, z: Tensor, label: Tensor) -> Tensor:
        image: Tensor = self.averaged("G")(z, label)
        return image

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        logits: Tensor = self.D(image, label)[0]
        return logits

    def class_confidence(self, image: Tensor) -> Tensor:
        features = self.D.features(image)
        return self.D.class_logits(features).softmax(1)


def channels_at(level: int, width: int) -> int:
    """Channels of the map after `level` halvings, 1 being the first: doubling, at most 8 times the width."""
    return width * min(1 << (level - 1), 8)


class Generator(nn.Module):
    """z [N, z_dim], label [N] -> images [N, C, H, W] in -1..1."""

    def __init__(self, data: DataSpec, settings: DcganSettings) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        depth = len(sizes) - 1
        self.start = (channels_at(depth, settings.width), sizes[-1], sizes[-1])
        self.label = nn.Embedding(len(data.classes), settings.label_dim)
        self.project = nn.Linear(settings.z_dim + settings.label_dim, self.start[0] * sizes[-1] ** 2, bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(self.start[0]), nn.ReLU(inplace=True)]
        for level in range(depth, 1, -1):
            inputs, outputs = channels_at(level, settings.width), channels_at(level - 1, settings.width)
            layers += [_up(inputs, outputs, sizes[level - 1]), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers, _up(settings.width, data.channels, data.resolution, bias=True))
        self.apply(_paper_weights)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        # at unit length beside z's ten: a louder label lets G learn classes quickly by leaving the noise unheard
        name = normalize(self.label(label), dim=1)
        first = self.project(torch.cat([z, name], 1)).view(-1, *self.start)
        image: Tensor = self.body(first.contiguous(memory_format=torch.channels_last))
        return image.float().tanh()


class Discriminator(nn.Module):
    """images [N, C, H, W] in -1..1, label [N] -> (raw scores [N], class logits [N, classes] or None)."""

    def __init__(self, data: DataSpec, settings: DcganSettings, batch_norm: bool) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        num_classes = len(data.classes)
        layers: list[nn.Module] = [_down(data.channels, settings.width, bias=True), nn.LeakyReLU(0.2, inplace=True)]
        for level in range(2, len(sizes)):
            inputs, outputs = channels_at(level - 1, settings.width), channels_at(level, settings.width)
            norm: list[nn.Module] = [nn.BatchNorm2d(outputs)] if batch_norm else []
            layers += [_down(inputs, outputs, bias=not batch_norm), *norm, nn.LeakyReLU(0.2, inplace=True)]
        self.body = nn.Sequential(*layers)
        num_features = channels_at(len(sizes) - 1, settings.width) * sizes[-1] ** 2
        self.real = nn.Linear(num_features, 1)
        self.label = nn.Embedding(num_classes, num_features)
        self.classes = nn.Linear(num_features, num_classes) if settings.class_head_weight else None
        self.apply(_paper_weights)
        nn.init.normal_(self.label.weight, 0.0, 0.02)

    def forward(self, image: Tensor, label: Tensor) -> tuple[Tensor, Tensor | None]:
        features = self.features(image)
        matching = (features * self.label(label)).sum(1)
        logits = (self.real(features).squeeze(1) + matching).float()
        return logits, None if self.classes is None else self.class_logits(features)

    def features(self, image: Tensor) -> Tensor:
        """phi(x) [N, num_features]."""
        features: Tensor = self.body(image).flatten(1)
        return features

    def class_logits(self, features: Tensor) -> Tensor:
        """[N, classes].

        Raises: RuntimeError when D was built without a class head.
        """
        if self.classes is None:
            raise RuntimeError("This D has no class head: class_head_weight is 0.")
        logits: Tensor = self.classes(features).float()
        return logits


def _up(inputs: int, outputs: int, size: int, bias: bool = False) -> nn.ConvTranspose2d:
    """[size // 2] -> [size]: an odd side needs one more row and column."""
    return nn.ConvTranspose2d(inputs, outputs, 4, 2, 1, output_padding=size % 2, bias=bias)


def _down(inputs: int, outputs: int, bias: bool) -> nn.Conv2d:
    """[size] -> [size // 2]."""
    return nn.Conv2d(inputs, outputs, 4, 2, 1, bias=bias)


def _paper_weights(layer: nn.Module) -> None:
    """N(0, 0.02^2) for weights, N(1, 0.02^2) for the gains of batch norm, 0 for biases."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        nn.init.normal_(layer.weight, 0.0, 0.02)
    elif isinstance(layer, nn.BatchNorm2d):
        nn.init.normal_(layer.weight, 1.0, 0.02)
    bias = getattr(layer, "bias", None)
    if isinstance(bias, Tensor):
        nn.init.zeros_(bias)
