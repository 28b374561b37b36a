"""STGAN: an autoencoder told what is to change, which hands on of the source what suits the change.

Ming Liu, Yukang Ding, Min Xia, Xiao Liu, Errui Ding, Wangmeng Zuo, Shilei Wen: STGAN: A Unified Selective Transfer
Network for Arbitrary Image Attribute Editing, CVPR 2019, https://arxiv.org/abs/1904.09709.

Notation (code -> paper)
    G, D                        G_enc, G_st and G_dec; D_adv and D_att, on one body
    told                        att_diff = att_t - att_s
    maps, state                 f_enc^l, s^(l+1)
    raised                      s^ of level l: the state, brought to its size
    reset, keep                 r^l; z^l
    loss/reconstruction         L_rec, weight lambda_3
    loss/attributes_real, fake  L_D_att, L_G_att, weights lambda_1, lambda_2

Differs from the paper
    G and D halve a side to 4 to 7 and are half as wide; each skip has a unit (the paper: four, of five levels).
    Attributes of which nobody said anything are told as unchanged, and the losses leave them out. Of classes the loss
    is the softmax's. Adam's step size is 0.0005 and stays; the paper's is 0.0002.
"""

import torch
from torch import Tensor, nn

from ml.attribute_autoencoder import AttributeAutoencoder, AutoencoderSettings, DenseCritic
from ml.attributes import AttributeSpace
from ml.layers.attribute_coder import Decoder, Encoder, beside
from ml.layers.halving import channels_at, up
from ml.model import DataSpec
from ml.plugin import Card


class StganSettings(AutoencoderSettings):
    """The paper's losses."""


class Stgan(AttributeAutoencoder):
    """An autoencoder with selective transfer units on its skips, told the difference."""

    name = "stgan"
    card = Card(
        title="STGAN",
        summary="An autoencoder is told what to change and chooses, at every size, what of the source to hand on.",
        authors="Ming Liu, Yukang Ding, Min Xia, Xiao Liu, Errui Ding, Wangmeng Zuo, Shilei Wen",
        paper="STGAN: A Unified Selective Transfer Network for Arbitrary Image Attribute Editing",
        venue="CVPR 2019",
        url="https://arxiv.org/abs/1904.09709",
        strengths="Keeps what should stay sharp, for detail goes past the narrow middle.",
        limits="Slower than AttGAN; with few images it learns to hand on everything and to change little.",
        labels="The attribute asked for comes, and those that never occur beside it go; all others stay, as do "
        "boxes, masks and poses. Of classes, the class becomes the one asked for.",
    )
    Settings = StganSettings
    settings: StganSettings
    told_by_difference = True

    def build(self) -> None:
        self.space = AttributeSpace(self.data)
        number = len(self.space)
        self.G = Generator(self.data, self.settings.width, number)
        self.D = DenseCritic(self.data, self.settings.width, number)

    def _told(self, vectors: Tensor, targets: Tensor) -> Tensor:
        return self.space.condition(vectors, targets, self.told_by_difference)


class Generator(nn.Module):
    """images [N, C, H, W], differences [N, A] each -> images of the same shape for each of them."""

    def __init__(self, data: DataSpec, width: int, num_attributes: int) -> None:
        super().__init__()
        self.encoder = Encoder(data.resolution, data.channels, width)
        sizes = self.encoder.sizes
        depth = len(sizes) - 1
        self.units = nn.ModuleList(
            SelectiveTransfer(channels_at(level + 1, width), channels_at(level, width), num_attributes, sizes[level])
            for level in range(depth - 1, 0, -1)
        )
        self.decoder = Decoder(
            data.resolution, data.channels, width, num_attributes, num_told=1, num_skips=len(self.units)
        )

    def forward(self, image: Tensor, *told: Tensor) -> tuple[Tensor, ...]:
        maps = self.encoder(image)
        return tuple(self.decoder(maps[-1], one, self._transferred(maps, one)) for one in told)

    def _transferred(self, maps: list[Tensor], told: Tensor) -> list[Tensor]:
        """What becomes of each map but the smallest, the smaller ones first."""
        state, chosen = maps[-1], []
        for unit, own in zip(self.units, maps[-2::-1], strict=True):
            result, state = unit(own, state, told)
            chosen.append(result)
        return chosen


class SelectiveTransfer(nn.Module):
    """maps [N, own, H, W], state of the level below [N, below, H // 2, W // 2], differences [N, A] -> (what is handed
    on, the state), both [N, own, H, W]."""

    def __init__(self, below: int, own: int, num_attributes: int, size: int) -> None:
        super().__init__()
        self.raise_state = up(below + num_attributes, own, size, bias=True)
        self.reset = nn.Sequential(nn.Conv2d(2 * own, own, 3, 1, 1, bias=False), nn.BatchNorm2d(own), nn.Sigmoid())
        self.keep = nn.Sequential(nn.Conv2d(2 * own, own, 3, 1, 1, bias=False), nn.BatchNorm2d(own), nn.Sigmoid())
        self.propose = nn.Sequential(nn.Conv2d(2 * own, own, 3, 1, 1, bias=False), nn.BatchNorm2d(own), nn.Tanh())

    def forward(self, maps: Tensor, state: Tensor, told: Tensor) -> tuple[Tensor, Tensor]:
        raised = self.raise_state(beside(state, told))
        both = torch.cat([maps, raised], 1)
        state = self.reset(both) * raised
        keep = self.keep(both)
        return (1 - keep) * raised + keep * self.propose(torch.cat([maps, state], 1)), state
