"""DiscoGAN: two sets of images without pairs, related by encoder-decoders that lead there and back.

Taeksoo Kim, Moonsu Cha, Hyunsoo Kim, Jung Kwon Lee, Jiwon Kim: Learning to Discover Cross-Domain Relations with
Generative Adversarial Networks, ICML 2017, https://arxiv.org/abs/1703.05192.

Notation (code -> paper)
    G_AB, G_BA, D_A, D_B      G_AB, G_BA, D_A, D_B
    real_A, fake_B, back_A    x_A, x_AB, x_ABA
    real_B, fake_A, back_B    x_B, x_BA, x_BAB
    reconstruction            L_CONST, both ways, as mean squared error
    adversarial               L_GAN, both ways
    features                  maps of D between its first and its last layer

Differs from the paper
    Feature matching, the weights of the losses and their change after the beginning are not in the paper, but in the
    code that its authors published: there G's loss is (1 - s) (0.1 L_GAN + 0.9 L_FM) + s L_CONST, with s = 0.01 for
    10,000 steps and 0.5 from then on. Here s changes after free_share of the steps. L_FM = sum over the maps of
    |mean of D's map on real images - mean on fake ones|^2; in a batch that is computed in parts, of each part's images.
    feature_weight 0 is the paper's plain game.
    G and D both learn at each step; in the authors' code, D at one of three and G at the other two. No weight decay.
    Images are in -1..1, made by a tanh, instead of 0..1, made by a sigmoid. Maps are halved to a side of 4 to 7, at any
    size from 16 on; widths and steps are meant for small data. Images are made by averaged Gs (ema_half_life).
"""

from typing import cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from ml.layers.flat import flat
from ml.layers.halving import channels_at, down, halving, up
from ml.layers.small_normal import small_normal
from ml.losses import ADVERSARIAL
from ml.model import Batch, DataSpec, ModelSettings, Scalars, Update
from ml.plugin import Card
from ml.two_domains import TwoDomainModel, TwoDomainSettings, mean_of

EARLY_SHARE = 0.01
"""The share that reconstruction has of G's loss at the beginning."""


class DiscoganSettings(TwoDomainSettings):
    """The weights of the authors' code."""

    batch_size: int = Field(
        32,
        ge=2,
        le=1024,
        description="Images per step, half of each domain; lower it when memory runs out.",
        json_schema_extra=TwoDomainSettings.model_fields["batch_size"].json_schema_extra,
    )
    reconstruction_share: float = Field(
        0.5, ge=0, le=1, description="The share of G's loss that asks an image to come back from there and back."
    )
    free_share: float = Field(
        0.1,
        ge=0,
        le=1,
        description="Share of the steps, at the beginning, in which coming back hardly counts, so that G first finds "
        "the other domain.",
    )
    feature_weight: float = Field(
        0.9,
        ge=0,
        le=1,
        description="The share of feature matching in the rest of G's loss: the mean features of fake images in D are "
        "to be those of real ones; 0 is the plain game.",
    )
    width: int = Field(
        32, ge=4, le=256, description="Channels of the largest map; each halving doubles them, to 8x; the paper has 64."
    )


class Discogan(TwoDomainModel):
    """Two encoder-decoders, two Ds, and reconstruction both ways."""

    name = "discogan"
    card = Card(
        title="DiscoGAN",
        summary="Finds how images of two classes correspond, and turns each into the other, learnt without pairs.",
        authors="Taeksoo Kim, Moonsu Cha, Hyunsoo Kim, Jung Kwon Lee, Jiwon Kim",
        paper="Learning to Discover Cross-Domain Relations with Generative Adversarial Networks",
        venue="ICML 2017",
        url="https://arxiv.org/abs/1703.05192",
        strengths="Changes shapes, not only colours, because all of an image passes through a small code; quick steps.",
        limits="Loses fine detail of the source; which properties correspond is its own finding; learns two classes.",
        labels="The class becomes the other one; boxes, masks and poses of the source need not stay true, for shapes "
        "change.",
    )
    Settings = DiscoganSettings
    settings: DiscoganSettings
    continuing = (
        "Reconstruction begins to count after a share of all steps (free_share), which is later in a longer training."
    )

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return "non_saturating"

    def build(self) -> None:
        data, width = self.data, self.settings.width
        self.G_AB, self.G_BA = (Translator(data, width) for _ in range(2))
        self.D_A, self.D_B = (Discriminator(data, width) for _ in range(2))
        self.loss = ADVERSARIAL["non_saturating"]

    def share_at(self, step: int) -> float:
        """The share that reconstruction has of G's loss at a step."""
        free = round(self.settings.free_share * self.settings.num_steps)
        return self.settings.reconstruction_share if step > free else EARLY_SHARE

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """Both G learn, then both D on the same fake images."""
        real_A, real_B = batch.image.chunk(2)
        with update("G") as minimise:
            fake_B, fake_A = self.G_AB(real_A), self.G_BA(real_B)
            reconstruction = mse_loss(self.G_BA(fake_B), real_A) + mse_loss(self.G_AB(fake_A), real_B)
            game_A, told = self._game_of_G(cast(Discriminator, self.D_A), real_A, fake_A)
            game_B, told_B = self._game_of_G(cast(Discriminator, self.D_B), real_B, fake_B)
            share = self.share_at(step)
            minimise((1.0 - share) * (game_A + game_B) + share * reconstruction)
        with update("D") as minimise:
            loss_A, scores_A = self._loss_D(self.D_A, real_A, fake_A.detach())
            loss_B, scores_B = self._loss_D(self.D_B, real_B, fake_B.detach())
            minimise(loss_A + loss_B)
        scalars = {"loss/D": (loss_A + loss_B).detach() / 2, "loss/reconstruction": reconstruction.detach() / 2}
        return scalars | mean_of(told, told_B) | mean_of(scores_A, scores_B)

    def _game_of_G(self, D: "Discriminator", real: Tensor, fake: Tensor) -> tuple[Tensor, Scalars]:
        """G's loss in the game against one D, and what is told of it."""
        weight = self.settings.feature_weight
        logits, features_fake = D.look(fake)
        adversarial = self.loss.G(logits)
        scalars = {"loss/G": adversarial.detach()}
        if not weight:
            return adversarial, scalars
        with torch.no_grad():
            _, features_real = D.look(real)
        matching = feature_matching(features_real, features_fake)
        return (1.0 - weight) * adversarial + weight * matching, scalars | {"loss/features": matching.detach()}

    def _loss_D(self, D: nn.Module, real: Tensor, fake: Tensor) -> tuple[Tensor, Scalars]:
        """In two passes: batch norm takes real and fake images each by themselves."""
        logits_real, logits_fake = D(real), D(fake)
        told = {"score/real": logits_real.detach().mean(), "score/fake": logits_fake.detach().mean()}
        return self.loss.D(logits_real, logits_fake), told


class Translator(nn.Module):
    """images [N, C, H, W] in -1..1 -> the same, float32; through maps of 4x4 to 7x7."""

    def __init__(self, data: DataSpec, width: int) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        depth = len(sizes) - 1
        layers: list[nn.Module] = [down(data.channels, width, bias=True), nn.LeakyReLU(0.2, inplace=True)]
        for level in range(2, depth + 1):
            layers += _down_normed(level, width)
        for level in range(depth, 1, -1):
            outputs = channels_at(level - 1, width)
            layers += [up(channels_at(level, width), outputs, sizes[level - 1]), nn.BatchNorm2d(outputs)]
            layers += [nn.ReLU(inplace=True)]
        self.body = nn.Sequential(*layers, up(width, data.channels, data.resolution, bias=True))
        self.apply(small_normal)

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.body(image)
        return result.float().tanh()


class Discriminator(nn.Module):
    """images [N, C, H, W] in -1..1 -> raw scores [N], float32."""

    def __init__(self, data: DataSpec, width: int) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        self.first = nn.Sequential(down(data.channels, width, bias=True), nn.LeakyReLU(0.2, inplace=True))
        self.inner = nn.ModuleList(nn.Sequential(*_down_normed(level, width)) for level in range(2, len(sizes)))
        self.real = nn.Linear(channels_at(len(sizes) - 1, width) * sizes[-1] ** 2, 1)
        self.apply(small_normal)

    def forward(self, image: Tensor) -> Tensor:
        return self.look(image)[0]

    def look(self, image: Tensor) -> tuple[Tensor, list[Tensor]]:
        """(scores [N], the map of each layer between the first and the last)."""
        features = [self.first(image)]
        for layer in self.inner:
            features.append(layer(features[-1]))
        logits: Tensor = self.real(flat(features[-1])).squeeze(1).float()
        return logits, features[1:]


def _down_normed(level: int, width: int) -> list[nn.Module]:
    outputs = channels_at(level, width)
    layer = down(channels_at(level - 1, width), outputs, bias=False)
    return [layer, nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2, inplace=True)]


def feature_matching(real: list[Tensor], fake: list[Tensor]) -> Tensor:
    """Sum over maps [N, C, H, W] of the mean squared difference of their means over images."""
    gaps = [
        (one.float().mean(0) - other.float().mean(0)).square().mean() for one, other in zip(real, fake, strict=True)
    ]
    return torch.stack(gaps).sum()
