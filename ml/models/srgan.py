"""SRGAN and EnhanceNet: larger images from small ones, by pixels, features, textures and a discriminator.

Christian Ledig et al.: Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network, CVPR 2017,
https://arxiv.org/abs/1609.04802 (MSE is its SRResNet), and Mehdi Sajjadi, Bernhard Schoelkopf, Michael Hirsch:
EnhanceNet: Single Image Super-Resolution Through Automated Texture Synthesis, ICCV 2017,
https://arxiv.org/abs/1612.07919 (E, P, EA, PA, EAT, PAT).

Notation (code -> paper)
    G, D                      G, D of SRGAN; the generator and discriminator of EnhanceNet
    small, image, fake        I^LR, I^HR, G(I^LR)
    features                  phi, VGG-19
    loss/pixels               l_MSE; L_E
    loss/features             l_VGG/i.j; L_P
    loss/texture, grams       L_T, G(phi)
    loss/G, adversarial_weight  l_Gen and its 10^-3; L_A

Differs from the paper
    Features are by default those of the encoder that was trained on the dataset's own images: its second and fourth map
    stand for VGG's 2.2 and 5.4, and for EnhanceNet's pool2 and pool5; its first three for 1.1, 2.1 and 3.1. With
    VGG-19, whose weights an operator supplies, EnhanceNet's L_P takes the maps 2.2 and 5.4 before they are pooled.
    Maps of VGG are scaled by 1/12.75 (as in SRGAN) with EnhanceNet's losses, too, and Gram matrices are means over the
    places of a patch; so EnhanceNet's weights (0.2 and 0.02 of L_P, 3e-7 and 1e-6 of L_T, 1 and 2 of L_A) are replaced
    by adversarial_weight and texture_weight. Patches of Gram matrices are about 16 places wide, which fill a map.
    EnhanceNet's losses, as in the paper, teach G the difference to the bicubic enlargement; but its enlargement is
    SRGAN's pixel shuffle instead of nearest neighbours.
    D learns with every choice of losses, so that its score can rank images; G follows it where A or SRGAN is named.
    SRGAN-MSE and the VGG losses are trained from the start, without SRResNet's weights to begin with.
    Small images are bicubic reductions of the dataset's, which a side that is no multiple of the scale is extended for.
    Fewer and narrower blocks (4 of 32 channels instead of 16 of 64), images instead of random cuts of large ones; D is
    halved to a side of 4 to 7. The averaged G is ours.
"""

from collections.abc import Callable
from typing import ClassVar, Final, Literal, cast

import torch
from pydantic import Field
from torch import Tensor, nn
from torch.nn.functional import interpolate, mse_loss, pad

from ml.layers.flat import flat
from ml.layers.halving import channels_at, down, halving
from ml.losses import ADVERSARIAL
from ml.model import Batch, ModelSettings, Scalars, TranslationModel, Update
from ml.optimizers import adam
from ml.perceptual import FeaturesName, FrozenFeatures, map_loss, texture_loss
from ml.plugin import SHOWN_FIRST, Card

LossesName = Literal["MSE", "SRGAN-MSE", "SRGAN-VGG22", "SRGAN-VGG54", "E", "P", "EA", "PA", "EAT", "PAT"]
PARTS: Final[dict[str, str]] = {"MSE": "E", "SRGAN-MSE": "EA", "SRGAN-VGG22": "2A", "SRGAN-VGG54": "5A"}
"""What SRGAN's choices are made of: E pixels, 2 and 5 a map of features, A D's judgement; EnhanceNet's say it."""
MAPS: Final[dict[FeaturesName, dict[str, tuple[str, ...]]]] = {
    "in_domain": {"2": ("2",), "5": ("4",), "P": ("2", "4"), "T": ("1", "2", "3")},
    "vgg19": {"2": ("2_2",), "5": ("5_4",), "P": ("2_2", "5_4"), "T": ("1_1", "2_1", "3_1")},
}


class SrganSettings(ModelSettings):
    """Networks for small images, and the losses by the names that the papers give them."""

    resolution: int = Field(
        64,
        ge=16,
        le=256,
        description="Side of the square images that are made, in pixels.",
        json_schema_extra=SHOWN_FIRST,
    )
    batch_size: int = Field(
        16, ge=2, le=1024, description="Images per step; lower it when memory runs out.", json_schema_extra=SHOWN_FIRST
    )
    scale: Literal[2, 4] = Field(
        4, description="How many times larger the images become, along each side.", json_schema_extra=SHOWN_FIRST
    )
    losses: LossesName = Field(
        "SRGAN-MSE",
        description="What G learns from; E and MSE: pixels, P and VGG: features, A and SRGAN: D, T: textures.",
        json_schema_extra=SHOWN_FIRST,
    )
    features: FeaturesName = Field(
        "in_domain",
        description="The network of feature losses: learnt from the dataset, or VGG-19 where its weights are supplied.",
    )
    adversarial_weight: float = Field(
        1e-3, ge=0, le=100, description="How much D's judgement counts for G, where the losses include it."
    )
    texture_weight: float = Field(
        1.0, ge=0, le=10_000, description="How much textures count for G, where the losses include them."
    )
    num_blocks: int = Field(4, ge=1, le=32, description="Residual blocks of G.")
    width: int = Field(32, ge=4, le=256, description="Channels of G's maps, and of D's largest.")
    learning_rate_G: float = Field(5e-4, gt=0, le=0.1, description="Adam's step size for G; 0.0001 in the papers.")
    learning_rate_D: float = Field(1e-4, gt=0, le=0.1, description="Adam's step size for D.")
    beta1: float = Field(0.9, ge=0, lt=1, description="Adam's memory of past gradients.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's memory of past squared gradients.")


class Srgan(TranslationModel):
    """Images from their own reductions."""

    name = "srgan"
    card = Card(
        title="SRGAN and EnhanceNet",
        summary="Learns to enlarge images two or four times, from reductions of the training images themselves.",
        authors="Christian Ledig et al.; Mehdi Sajjadi, Bernhard Schoelkopf, Michael Hirsch",
        paper="Photo-Realistic Single Image Super-Resolution Using a Generative Adversarial Network",
        venue="CVPR 2017",
        url="https://arxiv.org/abs/1609.04802",
        strengths="Needs images alone; keeps their classes; measured on held-out images beside bicubic enlargement.",
        limits="Its images are versions of the training images, which add detail and no new content. The in-domain "
        "features of a dataset with one class know little: by them alone it stays far below bicubic enlargement.",
        labels="All stay true: class, boxes, masks and poses, for nothing moves.",
    )
    Settings = SrganSettings
    settings: SrganSettings
    min_classes = 1
    keeps_class = True
    provides: ClassVar[dict[str, str | None]] = {"realism": None}
    views = ("source", "bicubic", "target")

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return "non_saturating"

    def build(self) -> None:
        data, settings = self.data, self.settings
        self.parts = PARTS.get(settings.losses, settings.losses)
        self.maps = MAPS[settings.features]
        self.G = Enlarger(data.channels, settings.width, settings.num_blocks, settings.scale)
        self.D = Discriminator(data.channels, settings.width, data.resolution)
        self.features = FrozenFeatures(settings.features, data) if set(self.parts) - set("EA") else None
        self.loss = ADVERSARIAL["non_saturating"]

    def check_supplies(self) -> None:
        if self.features is not None:
            self.features.check_supplies()

    def begin(self, encoder: Callable[[], nn.Module]) -> None:
        if self.features is not None:
            self.features.fill(encoder)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        settings = self.settings
        betas = (settings.beta1, settings.beta2)
        return {"G": adam(self.G, settings.learning_rate_G, betas), "D": adam(self.D, settings.learning_rate_D, betas)}

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """D learns to tell true from enlarged images; then G learns from what the losses name."""
        image = batch.image
        small = self.reduced(image)
        with update("G") as minimise_G:
            fake = self.enlarged(self.G, small)
            with update("D") as minimise_D:
                logits_real, logits_fake = self.D(image), self.D(fake.detach())
                loss_D = self.loss.D(logits_real, logits_fake)
                minimise_D(loss_D)
            loss, scalars = self._loss_G(fake, image)
            minimise_G(loss)
        told = {"loss/D": loss_D, "score/real": logits_real.mean(), "score/fake": logits_fake.mean()}
        return scalars | {path: value.detach() for path, value in told.items()}

    def _loss_G(self, fake: Tensor, image: Tensor) -> tuple[Tensor, Scalars]:
        settings, losses = self.settings, {"loss/pixels": mse_loss(fake, image)}
        total = losses["loss/pixels"] if "E" in self.parts else torch.zeros_like(losses["loss/pixels"])
        if self.features is not None:
            made, true = self.features(fake), self.features(image)
            for part in "25P":
                if part in self.parts:
                    losses["loss/features"] = map_loss(made, true, self.maps[part])
                    total = total + losses["loss/features"]
            if "T" in self.parts:
                losses["loss/texture"] = texture_loss(made, true, self.maps["T"], PATCH)
                total = total + settings.texture_weight * losses["loss/texture"]
        if "A" in self.parts:
            losses["loss/G"] = self.loss.G(self.D(fake))
            total = total + settings.adversarial_weight * losses["loss/G"]
        return total, {path: value.detach() for path, value in losses.items()}

    # --- small and large ----------------------------------------------------------------------------------------
    def reduced(self, image: Tensor) -> Tensor:
        """[N, C, H, W] -> [N, C, h, w], a side that is no multiple of the scale rounded up; bicubic, smoothed."""
        missing = -image.shape[-1] % self.settings.scale
        whole = pad(image.float(), (0, missing, 0, missing), mode="replicate")
        side = whole.shape[-1] // self.settings.scale
        return interpolate(whole, size=(side, side), mode="bicubic", antialias=True).clamp(-1, 1)

    def bicubic(self, small: Tensor) -> Tensor:
        """The usual enlargement, to which G is compared and, with EnhanceNet's losses, adds what is missing."""
        large = interpolate(small, scale_factor=float(self.settings.scale), mode="bicubic", align_corners=False)
        return self._cut(large.clamp(-1, 1))

    def enlarged(self, G: nn.Module, small: Tensor) -> Tensor:
        made = self._cut(G(small).float())
        return made if self.settings.losses in PARTS else self.bicubic(small) + made

    def _cut(self, image: Tensor) -> Tensor:
        side = self.data.resolution
        return image[:, :, :side, :side]

    def generate(self, inputs: Batch, label: Tensor) -> Tensor:
        return self.enlarged(self.averaged("G"), self.reduced(inputs.image)).clamp(-1, 1)

    def views_of(self, source: Batch, label: Tensor, result: Tensor) -> dict[str, Tensor]:
        small = self.reduced(source.image)
        shown = self._cut(interpolate(small, scale_factor=float(self.settings.scale), mode="nearest"))
        return {"source": shown, "bicubic": self.bicubic(small), "target": source.image}

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        return cast(Tensor, self.D(image))


PATCH: Final = 16
"""Places along each side of what a Gram matrix is taken of."""


class Enlarger(nn.Module):
    """SRResNet: small images [N, C, h, w] -> [N, C, scale h, scale w], without bounds."""

    def __init__(self, channels: int, width: int, num_blocks: int, scale: int) -> None:
        super().__init__()
        self.first = nn.Sequential(nn.Conv2d(channels, width, 9, padding=4), nn.PReLU(width))
        last = [nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width)]
        self.body = nn.Sequential(*(ResidualBlock(width) for _ in range(num_blocks)), *last)
        twice = [
            layer
            for _ in range(scale // 2)
            for layer in (nn.Conv2d(width, 4 * width, 3, padding=1), nn.PixelShuffle(2), nn.PReLU(width))
        ]
        self.last = nn.Sequential(*twice, nn.Conv2d(width, channels, 9, padding=4))

    def forward(self, small: Tensor) -> Tensor:
        first = self.first(small)
        image: Tensor = self.last(first + self.body(first))
        return image


class ResidualBlock(nn.Module):
    """x + f(x), [N, width, h, w]."""

    def __init__(self, width: int) -> None:
        super().__init__()
        first = (nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.PReLU(width))
        self.body = nn.Sequential(*first, nn.Conv2d(width, width, 3, padding=1, bias=False), nn.BatchNorm2d(width))

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.body(x)
        return x + change


class Discriminator(nn.Module):
    """images [N, C, H, W] -> raw scores [N]: at each size a layer that keeps it and one that halves it."""

    def __init__(self, channels: int, width: int, resolution: int) -> None:
        super().__init__()
        sizes = halving(resolution)
        layers: list[nn.Module] = [nn.Conv2d(channels, width, 3, padding=1), nn.LeakyReLU(0.2)]
        inputs = width
        for level in range(1, len(sizes)):
            outputs = channels_at(level, width)
            if level > 1:
                layers += [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs)]
                layers.append(nn.LeakyReLU(0.2))
            layers += [down(outputs, outputs, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(0.2)]
            inputs = outputs
        self.body = nn.Sequential(*layers)
        hidden = (nn.Linear(inputs * sizes[-1] ** 2, 16 * width), nn.LeakyReLU(0.2))
        self.score = nn.Sequential(*hidden, nn.Linear(16 * width, 1))

    def forward(self, image: Tensor) -> Tensor:
        scores: Tensor = self.score(flat(self.body(image)))
        return scores.float().squeeze(1)
