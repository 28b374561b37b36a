"""DCGAN: a fully convolutional GAN, told the class, with a class head in D.

Alec Radford, Luke Metz, Soumith Chintala: Unsupervised Representation Learning with Deep Convolutional Generative
Adversarial Networks, ICLR 2016, https://arxiv.org/abs/1511.06434. With labels: Odena, Olah, Shlens: Conditional Image
Synthesis with Auxiliary Classifier GANs, ICML 2017, https://arxiv.org/abs/1610.09585 (class head), and Miyato, Koyama:
cGANs with Projection Discriminator, ICLR 2018, https://arxiv.org/abs/1802.05637 (label into D).

Notation (code -> paper)
    G, D                      G, D
    real, fake, z, label      x, G(z), z, y
    features                  phi(x), D's last map, flat
    logits_real, logits_fake  psi(phi(x)) + <embed(y), phi(x)>, D's raw score; with began -L(x), -L(G(z))
    loss/class_real, _fake    L_C, cross-entropy of the class head
    penalty/r1                |grad D(x)|^2 / 2, whose weight gamma is r1_weight
    began/k, began/convergence  k_t, M_global
    augment/p, augment/r_t    p, r_t of ADA

Differs from the paper
    Label conditioning, class head, other losses, DiffAugment, ADA, R1, spectral norm and the averaged G are not in the
    DCGAN paper; settings turn each off. Their papers are named in ml/losses.py and in the parts that hold them.
    D's class head learns from real images only (as in StarGAN), so that its confidence judges synthetic images instead
    of remembering what they were meant to be; the AC-GAN paper trains it on both.
    D has no batch norm with wgan_gp or R1, whatever the setting: the penalty asks for the slope of each image by
    itself. Nor has it with began, whose paper has none.
    f-divergences: G raises g_f of its scores (section 3.2 of f-GAN) instead of lowering the bound; but for
    f_reverse_kl, whose bound keeps its slope while g_f explodes. The paper's "GAN" divergence is non_saturating.
    R1 is taken at images as D sees them, augmented, every r1_interval steps with as many times the weight, and is
    added to that step's loss instead of making an optimizer step of its own.
    began: D is our autoencoder of strided convolutions, told the class beside the code; its features carry the class
    head. Realism is minus the error of reconstruction. One noise serves both players, and k moves after both. The
    paper's began_rate is meant for a hundred thousand steps.
    ADA: the transforms are the chosen policy's instead of the paper's eighteen; p goes from 0 to 1 within ada_images
    instead of 500,000, and stops at 1. r_t counts signs around the score of an undecided D: 0, 1/2 with lsgan, 1 with
    f_kl. Critics have no such score, so wgan_gp and began refuse it.
    Adam's step size is 0.001 instead of 0.0002: within a thousand steps that reaches a several times lower Fréchet
    distance (benchmarks/models.md).
    Widths and steps are meant for tens to thousands of images, not for millions. Any square size from 16 to 256: maps
    are halved (rounded down) to a side of 4 to 7 instead of exactly 4.
"""

from typing import ClassVar, Literal, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from ml.adaptive_augment import AdaptiveChance
from ml.augment import Policy, diff_augment
from ml.equilibrium import Equilibrium
from ml.layers.autoencoder import Autoencoder
from ml.layers.flat import flat
from ml.layers.halving import channels_at, down, halving, up
from ml.layers.named_noise import NamedNoise
from ml.layers.small_normal import small_normal
from ml.layers.spectral_norm import spectral_norm
from ml.losses import ADVERSARIAL, AdversarialLoss, AdversarialName, gradient_penalty, r1_penalty
from ml.model import Batch, DataSpec, LabelledImageModel, ModelSettings, Scalars, Update
from ml.optimizers import adam
from ml.plugin import Card, Conflict


class DcganSettings(ModelSettings):
    """The paper's optimizer and layers, and what small datasets need."""

    loss: Literal[AdversarialName, "began"] = Field(
        "non_saturating", description="The game of G and D: its losses; with began, D is an autoencoder."
    )
    gradient_penalty_weight: float = Field(
        10.0, ge=0, le=1000, description="With wgan_gp: how firmly D is held to slopes of 1."
    )
    r1_weight: float = Field(
        0.0, ge=0, le=1000, description="How firmly D is kept flat at real images, which steadies training; 0 is off."
    )
    r1_interval: int = Field(
        16, ge=1, le=1000, description="With r1_weight: steps from one such penalty to the next, weighted by as much."
    )
    began_gamma: float = Field(
        0.5, gt=0, le=1, description="With began: error on fake over error on real images; higher is more varied."
    )
    began_rate: float = Field(
        1e-3,
        gt=0,
        le=1,
        description="With began: how fast D comes to push fake images away; 0.1 in trainings of a few thousand steps.",
    )
    num_critic_steps: int = Field(1, ge=1, le=20, description="Steps of D for each step of G; 5 is usual with wgan_gp.")
    class_head_weight: float = Field(
        1.0,
        ge=0,
        le=100,
        description="Weight of the class losses; 0 builds no class head, and no class confidence; 0.1 suits began.",
    )
    augmentation: Policy = Field(
        "translation", description="What DiffAugment does to all images that D sees; helps below a few thousand images."
    )
    augmentation_mode: Literal["fixed", "adaptive"] = Field(
        "fixed",
        description="Transform every image, or (ADA) each with a chance that follows how much D overfits.",
    )
    ada_target: float = Field(
        0.6, ge=0, le=1, description="With adaptive augmentation: how much D may overfit, 0 not at all, 1 wholly."
    )
    ada_images: int = Field(
        10_000,
        ge=100,
        le=10_000_000,
        description="With adaptive augmentation: real images within which the chance can go from 0 to 1.",
    )
    spectral_norm: bool = Field(False, description="Keep D from becoming steep by dividing its weights by their norm.")
    discriminator_norm: Literal["batch", "none"] = Field(
        "batch",
        description="Batch norm in D as in the paper; left out with wgan_gp, R1 and began, which go image by image.",
    )
    width: int = Field(32, ge=4, le=256, description="Channels of the largest map; each halving doubles them, to 8x.")
    z_dim: int = Field(100, ge=1, le=4096, description="Numbers of noise that an image is made from.")
    label_dim: int = Field(32, ge=1, le=1024, description="Numbers that tell G the class, learnt per class.")
    learning_rate_G: float = Field(
        1e-3,
        gt=0,
        le=0.1,
        description="Adam's step size for G; the paper's 0.0002 suits trainings of many thousand steps.",
    )
    learning_rate_D: float = Field(
        1e-3,
        gt=0,
        le=0.1,
        description="Adam's step size for D; the paper's 0.0002 suits trainings of many thousand steps.",
    )
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's memory of past gradients.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's memory of past squared gradients.")

    conflicts: ClassVar[tuple[Conflict, ...]] = (
        Conflict(
            at="r1_weight",
            sentence="r1_weight asks for D's slope, and began's D gives errors; set r1_weight to 0.",
            when={"loss": ["began"]},
            unless={"r1_weight": [0.0]},
        ),
        Conflict(
            at="augmentation_mode",
            sentence="Adaptive augmentation goes by the sign of D's scores, which means nothing with wgan_gp and "
            "began; set augmentation_mode to fixed, or choose another loss.",
            when={"augmentation_mode": ["adaptive"], "loss": ["wgan_gp", "began"]},
        ),
        Conflict(
            at="augmentation",
            sentence="Adaptive augmentation has nothing to adapt with the augmentation none; choose another.",
            when={"augmentation_mode": ["adaptive"], "augmentation": ["none"]},
        ),
    )


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

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return cast(DcganSettings, settings).loss

    def build(self) -> None:
        settings = self.settings
        self.z_dim = settings.z_dim
        self.G = Generator(self.data, settings)
        self.D = self._build_D()
        if settings.spectral_norm:
            spectral_norm(self.D)
        self.equilibrium: Equilibrium | None = None
        self.loss: AdversarialLoss
        if settings.loss == "began":
            self.equilibrium = Equilibrium(settings.began_gamma, settings.began_rate)
            self.loss = self.equilibrium.loss()
        else:
            self.loss = ADVERSARIAL[settings.loss]
        self.chance: AdaptiveChance | None = None
        if settings.augmentation_mode == "adaptive" and self.loss.undecided is not None:
            self.chance = AdaptiveChance(settings.ada_target, settings.ada_images, self.loss.undecided)

    def _build_D(self) -> "Discriminator | Autoencoder":
        settings = self.settings
        if settings.loss == "began":
            head = bool(settings.class_head_weight)
            return Autoencoder(self.data, settings.width, settings.z_dim, settings.label_dim, head)
        alone = ADVERSARIAL[settings.loss].needs_penalty or settings.r1_weight > 0
        return Discriminator(self.data, settings, batch_norm=settings.discriminator_norm == "batch" and not alone)

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
                loss_D, logits, scalars = self._loss_D(batch.image, fake.detach(), batch.label, step)
                minimise_D(loss_D)
            if step % self.settings.num_critic_steps == 0:
                loss_G, scalars_G = self._loss_G(fake, batch.label)
                minimise_G(loss_G)
                scalars |= scalars_G
        return scalars | self._steer(*logits, update, step)

    def _loss_D(
        self, real: Tensor, fake: Tensor, label: Tensor, step: int
    ) -> tuple[Tensor, tuple[Tensor, Tensor], Scalars]:
        """(loss, (logits_real, logits_fake), scalars)."""
        settings = self.settings
        real, fake = self._seen_by_D(real), self._seen_by_D(fake)
        logits_real, classes_real = self.D(real, label)
        logits_fake, _ = self.D(fake, label)
        loss = self.loss.D(logits_real, logits_fake)
        logits = (logits_real.detach(), logits_fake.detach())
        scalars = {"loss/D": loss.detach(), "score/real": logits[0].mean(), "score/fake": logits[1].mean()}
        if self.loss.needs_penalty:
            penalty = gradient_penalty(lambda image: self.D(image, label)[0], real, fake)
            scalars["penalty/gradient"] = penalty.detach()
            loss = loss + settings.gradient_penalty_weight * penalty
        if settings.r1_weight and step % settings.r1_interval == 0:
            penalty = r1_penalty(lambda image: self.D(image, label)[0], real)
            scalars["penalty/r1"] = penalty.detach()
            loss = loss + settings.r1_weight * settings.r1_interval * penalty
        if classes_real is not None:
            loss_class = cross_entropy(classes_real, label)
            scalars["loss/class_real"] = loss_class.detach()
            loss = loss + settings.class_head_weight * loss_class
        return loss, logits, scalars

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
        return diff_augment(image, self.settings.augmentation, None if self.chance is None else self.chance.p)

    def _steer(self, logits_real: Tensor, logits_fake: Tensor, update: Update, step: int) -> Scalars:
        """Move what follows the game, began's k and ADA's p, once both players have had their turn."""
        scalars: Scalars = {}
        if self.equilibrium is not None:
            scalars |= self.equilibrium.move(update.whole(logits_real), update.whole(logits_fake))
        if self.chance is not None:
            scalars |= self.chance.watch(update.whole(logits_real), step)
        return scalars

    def generate(self, z: Tensor, label: Tensor) -> Tensor:
        image: Tensor = self.averaged("G")(z, label)
        return image

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        logits: Tensor = self.D(image, label)[0]
        return logits

    def class_confidence(self, image: Tensor) -> Tensor:
        if self.D.classes is None:
            raise RuntimeError("This D has no class head: class_head_weight is 0.")
        logits: Tensor = self.D.classes(self.D.features(image)).float()
        return logits.softmax(1)


class Generator(nn.Module):
    """z [N, z_dim], label [N] -> images [N, C, H, W] in -1..1."""

    def __init__(self, data: DataSpec, settings: DcganSettings) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        depth = len(sizes) - 1
        self.start = (channels_at(depth, settings.width), sizes[-1], sizes[-1])
        self.named = NamedNoise(len(data.classes), settings.label_dim)
        self.project = nn.Linear(settings.z_dim + settings.label_dim, self.start[0] * sizes[-1] ** 2, bias=False)
        layers: list[nn.Module] = [nn.BatchNorm2d(self.start[0]), nn.ReLU(inplace=True)]
        for level in range(depth, 1, -1):
            inputs, outputs = channels_at(level, settings.width), channels_at(level - 1, settings.width)
            layers += [up(inputs, outputs, sizes[level - 1]), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers, up(settings.width, data.channels, data.resolution, bias=True))
        self.apply(small_normal)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        first = self.project(self.named(z, label)).view(-1, *self.start)
        image: Tensor = self.body(first.contiguous(memory_format=torch.channels_last))
        return image.float().tanh()


class Discriminator(nn.Module):
    """images [N, C, H, W] in -1..1, label [N] -> (raw scores [N], class logits [N, classes] or None)."""

    def __init__(self, data: DataSpec, settings: DcganSettings, batch_norm: bool) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        num_classes = len(data.classes)
        layers: list[nn.Module] = [down(data.channels, settings.width, bias=True), nn.LeakyReLU(0.2, inplace=True)]
        for level in range(2, len(sizes)):
            inputs, outputs = channels_at(level - 1, settings.width), channels_at(level, settings.width)
            norm: list[nn.Module] = [nn.BatchNorm2d(outputs)] if batch_norm else []
            layers += [down(inputs, outputs, bias=not batch_norm), *norm, nn.LeakyReLU(0.2, inplace=True)]
        self.body = nn.Sequential(*layers)
        num_features = channels_at(len(sizes) - 1, settings.width) * sizes[-1] ** 2
        self.real = nn.Linear(num_features, 1)
        self.label = nn.Embedding(num_classes, num_features)
        self.classes = nn.Linear(num_features, num_classes) if settings.class_head_weight else None
        self.apply(small_normal)
        nn.init.normal_(self.label.weight, 0.0, 0.02)

    def forward(self, image: Tensor, label: Tensor) -> tuple[Tensor, Tensor | None]:
        features = self.features(image)
        matching = (features * self.label(label)).sum(1)
        logits = (self.real(features).squeeze(1) + matching).float()
        return logits, None if self.classes is None else self.classes(features).float()

    def features(self, image: Tensor) -> Tensor:
        """phi(x) [N, num_features]."""
        return flat(self.body(image))
