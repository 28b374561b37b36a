"""CycleGAN: translation between two sets of images without pairs, held together by the way back.

Jun-Yan Zhu, Taesung Park, Phillip Isola, Alexei A. Efros: Unpaired Image-to-Image Translation using Cycle-Consistent
Adversarial Networks, ICCV 2017, https://arxiv.org/abs/1703.10593.

Notation (code -> paper)
    A, B                      X, Y
    G_AB, G_BA, D_A, D_B      G, F, D_X, D_Y
    real_A, real_B            x, y
    fake_B, fake_A            G(x), F(y)
    cycled_A, cycled_B        F(G(x)), G(F(y))
    same_B, same_A            G(y), F(x)
    cycle_weight              lambda
    identity_weight           the weight of L_identity, as a share of lambda
    history_A, history_B      the buffer of the 50 images generated last (section 4)

Differs from the paper
    Losses are those of ml/losses.py: least squares of G with a factor of 1/2, as the paper has it for D alone, so that
    cycle_weight weighs twice as much beside it. The other games are not in the paper.
    8 images of each domain per step instead of 1; widths, blocks and steps are meant for small images. Below 128 pixels
    there are 3 residual blocks, and below 64 the patches are of 34 or 16 pixels instead of 70.
    All images of a step meet the history as it was before that step, instead of one after another.
    The rate decays step by step instead of epoch by epoch. Images are made by averaged Gs, which the paper does not
    have (ema_half_life 0 turns that off), and are not enlarged, cropped and mirrored at random.
"""

from typing import Literal, cast

import torch
from pydantic import Field
from torch import Tensor
from torch.nn.functional import l1_loss

from ml.image_history import ImageHistory
from ml.layers.patch_discriminator import PatchDiscriminator
from ml.layers.resnet_generator import ResnetGenerator, num_blocks_for
from ml.losses import ADVERSARIAL
from ml.model import Batch, ModelSettings, Scalars, Update
from ml.plugin import Card
from ml.two_domains import TwoDomainModel, TwoDomainSettings, loss_of_D, mean_of


class CycleganSettings(TwoDomainSettings):
    """The paper's losses, and networks for small images."""

    loss: Literal["lsgan", "non_saturating", "hinge"] = Field(
        "lsgan", description="The game of each G and its D: least squares as in the paper, or another."
    )
    cycle_weight: float = Field(
        10.0, ge=0, le=1000, description="How firmly an image must come back when it is translated there and back."
    )
    identity_weight: float = Field(
        0.5,
        ge=0,
        le=100,
        description="How firmly G must leave alone what is of its domain already, as a share of cycle_weight; keeps "
        "colours; 0 is off.",
    )
    pool_size: int = Field(
        50,
        ge=0,
        le=1000,
        description="Older generated images that each D is shown among new ones; 0 shows new ones only.",
    )
    decay_after: float = Field(
        0.5,
        ge=0,
        le=1,
        description="Share of the steps after which the learning rates fall to zero in a straight line; 1 keeps them.",
    )
    width: int = Field(
        32, ge=4, le=256, description="Channels at the full resolution, fourfold in the middle; the paper has 64."
    )
    num_blocks: int = Field(
        0, ge=0, le=20, description="Residual blocks of each G; 0 takes 3 below 128 pixels, 6 there, and 9 from 256 on."
    )


class Cyclegan(TwoDomainModel):
    """Two Gs, two Ds, and a loss for what does not come back."""

    name = "cyclegan"
    card = Card(
        title="CycleGAN",
        summary="Turns images of one class into images of another, and back, learnt from unpaired images of both.",
        authors="Jun-Yan Zhu, Taesung Park, Phillip Isola, Alexei A. Efros",
        paper="Unpaired Image-to-Image Translation using Cycle-Consistent Adversarial Networks",
        venue="ICCV 2017",
        url="https://arxiv.org/abs/1703.10593",
        strengths="Needs no pairs; a result keeps the layout and pose of the real image that it was made from.",
        limits="Changes colour and texture far better than shape; learns two classes at a time.",
        labels="The class becomes the other one; boxes, masks and poses of the source stay about true, for its "
        "layout stays.",
    )
    Settings = CycleganSettings
    settings: CycleganSettings
    continuing = (
        "Its learning rates fall over the later part of all steps (decay_after), so they are where the longer training "
        "has them, and not where the shorter one ended."
    )

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return cast(CycleganSettings, settings).loss

    def build(self) -> None:
        settings, data = self.settings, self.data
        shape = (data.channels, data.channels, data.resolution, settings.width)
        num_blocks = settings.num_blocks or num_blocks_for(data.resolution)
        self.G_AB, self.G_BA = (ResnetGenerator(*shape, num_blocks) for _ in range(2))
        self.D_A, self.D_B = (PatchDiscriminator(data.channels, data.resolution, settings.width) for _ in range(2))
        self.history_A, self.history_B = (
            ImageHistory(settings.pool_size, data.channels, data.resolution) for _ in range(2)
        )
        self.loss = ADVERSARIAL[settings.loss]

    def rate_share(self, step: int) -> float:
        """1 up to decay_after, then in a straight line to 0, which would be reached one step after the last."""
        total = self.settings.num_steps
        start = round(self.settings.decay_after * total)
        return 1.0 - max(0, step - start) / (total - start + 1)

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """Both G learn, then both D on real images and on fake ones of now and before."""
        real_A, real_B = batch.image.chunk(2)
        with update("G") as minimise:
            loss_G, fake_A, fake_B, scalars = self._loss_G(real_A, real_B)
            minimise(loss_G)
        shown_A, shown_B = self.history_A.shown(fake_A, update), self.history_B.shown(fake_B, update)
        with update("D") as minimise:
            loss_A, told_A = loss_of_D(self.D_A, self.loss, real_A, shown_A)
            loss_B, told_B = loss_of_D(self.D_B, self.loss, real_B, shown_B)
            minimise(loss_A + loss_B)
        return scalars | {"loss/D": (loss_A + loss_B).detach() / 2} | mean_of(told_A, told_B)

    def _loss_G(self, real_A: Tensor, real_B: Tensor) -> tuple[Tensor, Tensor, Tensor, Scalars]:
        """(loss, fake_A, fake_B, scalars); what a G makes of both domains, it makes in one pass."""
        settings = self.settings
        if settings.identity_weight:
            fake_B, same_B = self.G_AB(torch.cat([real_A, real_B])).chunk(2)
            fake_A, same_A = self.G_BA(torch.cat([real_B, real_A])).chunk(2)
        else:
            fake_B, fake_A = self.G_AB(real_A), self.G_BA(real_B)
        cycle = l1_loss(self.G_BA(fake_B), real_A) + l1_loss(self.G_AB(fake_A), real_B)
        adversarial = self.loss.G(self.D_B(fake_B)) + self.loss.G(self.D_A(fake_A))
        loss = adversarial + settings.cycle_weight * cycle
        scalars = {"loss/G": adversarial.detach() / 2, "loss/cycle": cycle.detach() / 2}
        if settings.identity_weight:
            identity = l1_loss(same_B, real_B) + l1_loss(same_A, real_A)
            loss = loss + settings.cycle_weight * settings.identity_weight * identity
            scalars["loss/identity"] = identity.detach() / 2
        return loss, fake_A, fake_B, scalars
