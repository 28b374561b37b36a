"""pix2pix: images from the other half of pairs, by a U-Net, an L1 loss and a discriminator of patches.

Phillip Isola, Jun-Yan Zhu, Tinghui Zhou, Alexei A. Efros: Image-to-Image Translation with Conditional Adversarial
Networks, CVPR 2017, https://arxiv.org/abs/1611.07004.

Notation (code -> paper)
    G, D                      G, D
    source, image, fake       x, y, G(x, z)
    logits_real, logits_fake  D(x, y), D(x, G(x, z)) before the sigmoid, one for each patch
    loss/L1, l1_weight        L_L1(G), lambda

Differs from the paper
    Dropout is G's only noise. It is there in training alone: an image that is kept depends on its source and the
    weights, so that it can be made again; the paper leaves dropout on, and finds that the images hardly vary.
    Batches hold several images and norms are instance norms, which is what the paper's batch norm is in its batches of
    one. As in the authors' code the innermost map has none, and D's loss is halved when D learns from it.
    D's patches are 70 x 70 pixels from 64 pixels on, and smaller below; its norms learn no gain. G halves maps to one
    pixel, which takes six layers at 64 pixels instead of eight at 256.
    Images are moved by up to 6 % with a reflected border, instead of enlarged and cut.
    Other adversarial losses, the averaged G and the pairs made from plain images are settings; the paper makes edges by
    HED or Canny, and its colours in the space Lab.
    The width is half of the paper's 64.
"""

from typing import ClassVar, Literal, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import l1_loss

from ml.errors import BadSettingsError
from ml.layers.halving import channels_at, down, halving, up
from ml.layers.instance_norm import instance_norm
from ml.layers.jitter import jitter
from ml.layers.patch_discriminator import PatchDiscriminator
from ml.layers.small_normal import small_normal
from ml.losses import ADVERSARIAL
from ml.model import Batch, ModelSettings, Scalars, TranslationModel, Update
from ml.optimizers import adam
from ml.pairs_made import edges, grey
from ml.plugin import SHOWN_FIRST, Card, Conflict

REACH = 15 / 256
"""How far jitter moves an image, of its side: the paper cuts 256 pixels out of 286."""


class Pix2pixSettings(ModelSettings):
    """The paper's weights and optimizer, in batches of several images."""

    resolution: int = Field(
        64,
        ge=16,
        le=256,
        description="Side of the square images that are learnt, in pixels.",
        json_schema_extra=SHOWN_FIRST,
    )
    batch_size: int = Field(
        8, ge=2, le=1024, description="Images per step; lower it when memory runs out.", json_schema_extra=SHOWN_FIRST
    )
    num_steps: int = Field(
        2000,
        ge=1,
        le=10_000_000,
        description="Training steps; more steps, better images.",
        json_schema_extra=SHOWN_FIRST,
    )
    pairs: Literal["given", "grey_to_colour", "edges_to_photo"] = Field(
        "given",
        description="What images are made from: the other half of the dataset's pairs, or grey or edges of themselves.",
        json_schema_extra=SHOWN_FIRST,
    )
    direction: Literal["A_to_B", "B_to_A"] = Field(
        "A_to_B",
        description="With given pairs: which half is made from which.",
        json_schema_extra=SHOWN_FIRST,
    )
    edge_strength: float = Field(
        0.25,
        gt=0,
        le=1,
        description="With edges_to_photo: the change in brightness, of black to white, that is drawn as a full line.",
    )
    loss: Literal["non_saturating", "minimax", "lsgan", "hinge"] = Field(
        "non_saturating", description="The game of G and D: its losses."
    )
    l1_weight: float = Field(
        100.0, ge=0, le=10_000, description="How firmly images are held to the true ones, pixel by pixel."
    )
    adversarial_weight: float = Field(
        1.0, ge=0, le=100, description="How much D's judgement counts for G; with 0, G follows the L1 loss alone."
    )
    dropout: float = Field(0.5, ge=0, lt=1, description="Share of G's inner features that are left out in training.")
    jitter: Literal["none", "shift", "shift,mirror"] = Field(
        "shift,mirror", description="What is done to pairs as they are learnt, so that few of them suffice."
    )
    patch_layers: int = Field(
        3, ge=1, le=3, description="Halvings in D; its patches have a side of 16 pixels with 1, 34 with 2, 70 with 3."
    )
    width: int = Field(32, ge=4, le=256, description="Channels of the largest map; each halving doubles them, to 8x.")
    learning_rate_G: float = Field(2e-4, gt=0, le=0.1, description="Adam's step size for G.")
    learning_rate_D: float = Field(2e-4, gt=0, le=0.1, description="Adam's step size for D.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's memory of past gradients.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's memory of past squared gradients.")

    conflicts: ClassVar[tuple[Conflict, ...]] = (
        Conflict(
            at="pairs",
            sentence="Grey images hold no colours to learn; choose other pairs, or set channels to auto.",
            when={"pairs": ["grey_to_colour"], "channels": ["grey"]},
        ),
        Conflict(
            at="l1_weight",
            sentence="Nothing is left for G to follow; raise l1_weight or adversarial_weight above 0.",
            when={"l1_weight": [0.0], "adversarial_weight": [0.0]},
        ),
    )


class Pix2pix(TranslationModel):
    """A U-Net that makes one half of pairs from the other."""

    name = "pix2pix"
    card = Card(
        title="pix2pix",
        summary="Learns from pairs to make one image from the other: photos from label maps, colours from grey.",
        authors="Phillip Isola, Jun-Yan Zhu, Tinghui Zhou, Alexei A. Efros",
        paper="Image-to-Image Translation with Conditional Adversarial Networks",
        venue="CVPR 2017",
        url="https://arxiv.org/abs/1611.07004",
        strengths="A few hundred pairs suffice; results follow their source closely and can be measured on held-out "
        "pairs; grey_to_colour and edges_to_photo need no pairs.",
        limits="One result for each source; pairs must lie pixel on pixel; as many results as there are sources.",
        labels="The half that a result was made from stays true of it and is exported beside it; so does the class.",
    )
    Settings = Pix2pixSettings
    settings: Pix2pixSettings
    min_classes = 1
    makes_A_with: ClassVar[dict[str, str]] = {"pairs": "given", "direction": "B_to_A"}
    keeps_class = True
    also_consumes: ClassVar[dict[str, tuple[str, str]]] = {"source": ("pairs", "given")}
    provides: ClassVar[dict[str, str | None]] = {"realism": None}
    views = ("source", "target")

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return cast(Pix2pixSettings, settings).loss

    @classmethod
    def judges_alone(cls, settings: ModelSettings) -> bool:
        return not cls.uses_pairs(settings)

    def build(self) -> None:
        data, settings = self.data, self.settings
        if settings.pairs == "grey_to_colour" and data.channels == 1:
            raise BadSettingsError(
                "With pairs grey_to_colour, the model pix2pix learns colours, and every training image is grey; choose "
                "other pairs, or another dataset."
            )
        given = data.source_channels if self.uses_pairs(settings) else 1
        if not given:
            raise BadSettingsError(
                "With pairs given, the model pix2pix learns from pairs of images, and the dataset has none; choose "
                "other pairs, or another dataset."
            )
        self.G = UNet(given, data.channels, data.resolution, settings.width, settings.dropout)
        self.D = PatchDiscriminator(given + data.channels, data.resolution, settings.width, settings.patch_layers)
        self.G.apply(small_normal)
        self.loss = ADVERSARIAL[settings.loss]

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        settings = self.settings
        betas = (settings.beta1, settings.beta2)
        return {"G": adam(self.G, settings.learning_rate_G, betas), "D": adam(self.D, settings.learning_rate_D, betas)}

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """D learns to tell the pair (source, image) from (source, fake); then G, on the same fake, to mislead it."""
        settings = self.settings
        source, image = self._pairs(batch)
        with update("G") as minimise_G:
            fake = self.G(source)
            with update("D") as minimise_D:
                logits_real = self.D(torch.cat([source, image], 1))
                logits_fake = self.D(torch.cat([source, fake.detach()], 1))
                loss_D = self.loss.D(logits_real, logits_fake)
                minimise_D(loss_D / 2)
            loss_G = self.loss.G(self.D(torch.cat([source, fake], 1)))
            loss_L1 = l1_loss(fake, image)
            minimise_G(settings.adversarial_weight * loss_G + settings.l1_weight * loss_L1)
        return {
            "loss/D": loss_D.detach(),
            "loss/G": loss_G.detach(),
            "loss/L1": loss_L1.detach(),
            "score/real": logits_real.detach().mean(),
            "score/fake": logits_fake.detach().mean(),
        }

    def _pairs(self, batch: Batch) -> tuple[Tensor, Tensor]:
        """(source, image), moved alike."""
        source = self.seen(batch.image if batch.source is None or not self.uses_pairs(self.settings) else batch.source)
        how, given = self.settings.jitter, source.shape[1]
        reach = 0 if how == "none" else round(REACH * self.data.resolution)
        both = jitter(torch.cat([source, batch.image], 1), reach, how == "shift,mirror")
        return both[:, :given], both[:, given:]

    def seen(self, image: Tensor) -> Tensor:
        """What G is shown: the given half of a pair as it is, or what the settings make of an image."""
        match self.settings.pairs:
            case "grey_to_colour":
                return grey(image)
            case "edges_to_photo":
                return edges(image, self.settings.edge_strength)
        return image

    def generate(self, inputs: Batch, label: Tensor) -> Tensor:
        image: Tensor = self.averaged("G")(self.seen(inputs.image))
        return image

    def views_of(self, source: Batch, label: Tensor, result: Tensor) -> dict[str, Tensor]:
        target = source.image if source.target is None else source.target
        return {"source": self.seen(source.image), "target": target}

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        """The mean score of the patches, beside the source that the image itself gives."""
        if not self.judges_alone(self.settings):
            raise RuntimeError("This D compares an image with its source; ask realism_beside.")
        return self._score(self.seen(image), image)

    def realism_beside(self, image: Tensor, label: Tensor, source: Batch) -> Tensor:
        return self._score(self.seen(source.image), image)

    def _score(self, source: Tensor, image: Tensor) -> Tensor:
        scores: Tensor = self.D(torch.cat([source, image], 1))
        return scores.mean((1, 2, 3))


class UNet(nn.Module):
    """[N, given, H, W] -> images [N, channels, H, W] in -1..1: halved to one pixel and back.

    On its way back each map is joined with the one of its size on the way down, so that what source and result share
    need not pass the narrow middle.
    """

    NUM_DROPPED = 3

    def __init__(self, given: int, channels: int, resolution: int, width: int, dropout: float) -> None:
        super().__init__()
        sizes = halving(resolution, smallest=1)
        depth = len(sizes) - 1
        widths = [given, *(channels_at(level, width) for level in range(1, depth + 1))]
        self.down, self.up = nn.ModuleList(), nn.ModuleList()
        for level in range(1, depth + 1):
            layers: list[nn.Module] = [] if level == 1 else [nn.LeakyReLU(0.2)]
            normed = 1 < level < depth
            layers.append(down(widths[level - 1], widths[level], bias=not normed))
            self.down.append(nn.Sequential(*layers, *([instance_norm(widths[level], affine=True)] * normed)))
        for level in range(depth, 1, -1):
            joined = widths[level] if level == depth else 2 * widths[level]
            layers = [nn.ReLU(), up(joined, widths[level - 1], sizes[level - 1])]
            layers.append(instance_norm(widths[level - 1], affine=True))
            if depth - level < self.NUM_DROPPED:
                layers.append(nn.Dropout(dropout))
            self.up.append(nn.Sequential(*layers))
        self.image = nn.Sequential(nn.ReLU(), up(2 * widths[1], channels, resolution, bias=True))

    def forward(self, source: Tensor) -> Tensor:
        maps = [source]
        for halve in self.down:
            maps.append(halve(maps[-1]))
        inner = maps.pop()
        for double in self.up:
            inner = torch.cat([double(inner), maps.pop()], 1)
        image: Tensor = self.image(inner)
        return image.float().tanh()
