"""SimGAN: rendered images refined by unlabelled real ones until they look real, without losing what they show.

Ashish Shrivastava, Tomas Pfister, Oncel Tuzel, Josh Susskind, Wenda Wang, Russ Webb: Learning from Simulated and
Unsupervised Images through Adversarial Training (S+U learning), CVPR 2017, https://arxiv.org/abs/1612.07828.

Notation (code -> paper)
    R, D                      R_theta, D_phi
    synthetic, real, refined  x_i, y_j, R(x_i)
    logits                    D's scores before the sigmoid: the chance of being *refined*, for each patch
    features_of               psi
    self_weight               lambda
    history                   the buffer B

Differs from the paper
    psi may also be the image's slopes. The L1 norm is a mean over pixels instead of a sum, and D's loss one over
    patches, so that self_weight does not hang on the size of images; hence it is not the paper's 0.5 or 0.0001.
    D is shown an older image instead of a new one with a chance of 1/2, instead of half of each batch exactly, and the
    older ones change places with those.
    D does not begin with 200 steps of its own: R learns self-regularisation alone in the first warmup_steps (1,000 in
    the paper), while D learns beside it. Adam instead of SGD; the averaged R is ours.
    realism is minus the logit, so that a higher score is more real, as with every other model.
    What is made is of the class of the real images; what was known of its source stays true of it, and pool and exports
    say the source's place in the dataset.
"""

from typing import ClassVar, Literal

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import l1_loss, softplus

from ml.image_history import ImageHistory
from ml.layers.patch_discriminator import PatchDiscriminator
from ml.model import Batch, ModelSettings, Scalars, TranslationModel, Update
from ml.optimizers import adam
from ml.plugin import CLASS_CHOICE, SHOWN_FIRST, Card

SYNTHETIC, REAL = 0, 1
"""The labels."""


class SimganSettings(ModelSettings):
    """Which class is rendered and which is real, and how much of a rendered image may change."""

    domain_synthetic: str = Field(
        "",
        max_length=200,
        description="The class of rendered images, which are refined; empty is the dataset's first.",
        json_schema_extra=SHOWN_FIRST | CLASS_CHOICE,
    )
    domain_real: str = Field(
        "",
        max_length=200,
        description="The class of real images, which they should look like; empty is the dataset's second.",
        json_schema_extra=SHOWN_FIRST | CLASS_CHOICE,
    )
    batch_size: int = Field(
        16,
        ge=2,
        le=1024,
        description="Images per step, half of each class; lower it when memory runs out.",
        json_schema_extra=SHOWN_FIRST,
    )
    self_weight: float = Field(
        5.0,
        ge=0,
        le=10_000,
        description="How firmly a refined image is held to what it was rendered as; higher changes less.",
        json_schema_extra=SHOWN_FIRST,
    )
    self_features: Literal["identity", "colour_mean", "gradient"] = Field(
        "identity",
        description="What of an image must stay: its pixels, its mean over colours at each place, or its slopes.",
    )
    num_refiner_steps: int = Field(2, ge=1, le=20, description="Steps of R for each step of D.")
    warmup_steps: int = Field(
        100, ge=0, le=100_000, description="First steps, in which R learns to change nothing while D begins."
    )
    history_size: int = Field(
        200, ge=0, le=10_000, description="Refined images that are kept to remind D of; 0 keeps none."
    )
    num_blocks: int = Field(4, ge=1, le=32, description="Residual blocks of R.")
    width: int = Field(32, ge=4, le=256, description="Channels of R's maps, and of D's largest; 64 in the paper.")
    patch_layers: int = Field(
        1, ge=1, le=3, description="Halvings in D; its patches have a side of 16 pixels with 1, 34 with 2, 70 with 3."
    )
    learning_rate_R: float = Field(5e-4, gt=0, le=0.1, description="Adam's step size for R.")
    learning_rate_D: float = Field(2e-4, gt=0, le=0.1, description="Adam's step size for D.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's memory of past gradients.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's memory of past squared gradients.")


class Simgan(TranslationModel):
    """A refiner of rendered images."""

    name = "simgan"
    card = Card(
        title="SimGAN (S+U learning)",
        summary="Refines rendered images by unlabelled real ones: they look real, and still show what was rendered.",
        authors="Ashish Shrivastava, Tomas Pfister, Oncel Tuzel, Josh Susskind, Wenda Wang, Russ Webb",
        paper="Learning from Simulated and Unsupervised Images through Adversarial Training",
        venue="CVPR 2017",
        url="https://arxiv.org/abs/1612.07828",
        strengths="The labels of rendered images stay true; changes surfaces and noise, not what is where.",
        limits="Rendered images must look much like real ones in shape and layout already; there are as many results "
        "as rendered images.",
        labels="The class becomes that of the real images; all else that is known of the source stays true: what it "
        "shows, boxes, masks and poses. Pool and exports name the source.",
    )
    Settings = SimganSettings
    settings: SimganSettings
    draw = "by_class"
    min_classes = 2
    domains = ("domain_synthetic", "domain_real")
    ema_networks = ("R",)
    provides: ClassVar[dict[str, str | None]] = {"realism": None}

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return "non_saturating"

    @classmethod
    def starts_from(cls, settings: ModelSettings, source_label: int, target: int, num_classes: int) -> bool:
        return (source_label, target) == (SYNTHETIC, REAL)

    @classmethod
    def labels_made(cls, settings: ModelSettings, num_classes: int) -> tuple[int, ...]:
        return (REAL,)

    def build(self) -> None:
        data, settings = self.data, self.settings
        self.R = Refiner(data.channels, settings.width, settings.num_blocks)
        self.D = PatchDiscriminator(data.channels, data.resolution, settings.width, settings.patch_layers)
        self.history = ImageHistory(settings.history_size, data.channels, data.resolution)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        settings = self.settings
        betas = (settings.beta1, settings.beta2)
        return {"R": adam(self.R, settings.learning_rate_R, betas), "D": adam(self.D, settings.learning_rate_D, betas)}

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """R learns some times from the rendered images; then D from real ones, refined ones and those of its past."""
        synthetic, real = batch.image.chunk(2)
        for _ in range(self.settings.num_refiner_steps):
            with update("R") as minimise_R:
                refined = self.R(synthetic)
                loss_R, loss_self = loss_of_R(self.D(refined)), self._changed(refined, synthetic)
                warm = step > self.settings.warmup_steps
                minimise_R(warm * loss_R + self.settings.self_weight * loss_self)
        with torch.no_grad():
            refined = self.R(synthetic)
        shown = self.history.shown(refined, update)
        with update("D") as minimise_D:
            logits_refined, logits_real = self.D(shown), self.D(real)
            loss_D = loss_of_D(logits_refined, logits_real)
            minimise_D(loss_D)
        return {
            "loss/D": loss_D.detach(),
            "loss/G": loss_R.detach(),
            "loss/self": loss_self.detach(),
            "score/real": -logits_real.detach().mean(),
            "score/fake": -logits_refined.detach().mean(),
        }

    def _changed(self, refined: Tensor, synthetic: Tensor) -> Tensor:
        """|psi(refined) - psi(synthetic)|_1."""
        kind = self.settings.self_features
        return l1_loss(features_of(refined, kind), features_of(synthetic, kind))

    def generate(self, inputs: Batch, label: Tensor) -> Tensor:
        image: Tensor = self.averaged("R")(inputs.image)
        return image

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        logits: Tensor = self.D(image)
        return -logits.flatten(1).mean(1)


def loss_of_D(logits_refined: Tensor, logits_real: Tensor) -> Tensor:
    """-log D(refined) - log(1 - D(real)), where D = sigmoid(logits) is the chance of being refined."""
    return softplus(-logits_refined).mean() + softplus(logits_real).mean()


def loss_of_R(logits_refined: Tensor) -> Tensor:
    """-log(1 - D(refined))."""
    return softplus(logits_refined).mean()


def features_of(image: Tensor, kind: str) -> Tensor:
    """psi of images [N, C, H, W]; slopes are differences of neighbours, both ways in one row per image."""
    match kind:
        case "colour_mean":
            return image.mean(1)
        case "gradient":
            return torch.cat([image.diff(dim=2).flatten(1), image.diff(dim=3).flatten(1)], 1)
    return image


class Refiner(nn.Module):
    """images [N, C, H, W] -> images of the same shape in -1..1; no layer makes them smaller, so nothing moves."""

    def __init__(self, channels: int, width: int, num_blocks: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, width, 3, padding=1, padding_mode="reflect"),
            *(ResidualBlock(width) for _ in range(num_blocks)),
            nn.Conv2d(width, channels, 1),
        )

    def forward(self, image: Tensor) -> Tensor:
        refined: Tensor = self.body(image)
        return refined.float().tanh()


class ResidualBlock(nn.Module):
    """x + f(x), [N, width, H, W]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        convs = (nn.Conv2d(width, width, 3, padding=1, padding_mode="reflect") for _ in range(2))
        self.body = nn.Sequential(nn.ReLU(), next(convs), nn.ReLU(), next(convs))

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.body(x)
        return x + change
