"""Fader networks: an autoencoder whose code forgets the attributes, so that they can be told anew.

Guillaume Lample, Neil Zeghidour, Nicolas Usunier, Antoine Bordes, Ludovic Denoyer, Marc'Aurelio Ranzato: Fader
Networks: Manipulating Images by Sliding Attributes, NeurIPS 2017, https://arxiv.org/abs/1706.00409.

Notation (code -> paper)
    G                     E and D, encoder and decoder
    D                     the latent discriminator P_theta(y | E(x))
    vectors, other        y, 1 - y
    loss/latent           L_dis, what D minimises
    loss/hiding           what E minimises beside the reconstruction, weight lambda_E

Differs from the paper
    Of classes, which the paper does not have, E is to make D say another class, drawn anew for each image.
    lambda_E is 0.01, reached within 1500 steps, instead of 0.0001 within 500,000; Adam's step size is 0.001, not 0.002.
    D has one convolution and a hidden layer; G halves a side to 4 to 7. Attributes of which nobody said anything are
    told as the share of training images that have them, and the losses leave them out.
"""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ml.attribute_model import AttributeModel
from ml.attributes import AttributeSpace
from ml.layers.attribute_coder import SLOPE, Decoder, Encoder
from ml.layers.halving import channels_at, halving
from ml.model import Batch, DataSpec, ModelSettings, Scalars, Update
from ml.optimizers import adam
from ml.plugin import SHOWN_FIRST, Card


class FaderSettings(ModelSettings):
    """The paper's losses, its schedule shortened."""

    batch_size: int = Field(
        32,
        ge=2,
        le=1024,
        description="Images per step; lower it when memory runs out.",
        json_schema_extra=SHOWN_FIRST,
    )
    num_steps: int = Field(
        3000,
        ge=1,
        le=10_000_000,
        description="Training steps; more steps, better images.",
        json_schema_extra=SHOWN_FIRST,
    )
    latent_weight: float = Field(
        0.01, ge=0, le=100, description="How firmly the code must hide the attributes (lambda_E), once it is all there."
    )
    latent_warmup_steps: int = Field(
        1500, ge=0, le=10_000_000, description="Steps within which that weight rises from 0, in a straight line."
    )
    dropout: float = Field(0.3, ge=0, lt=1, description="Share of what the latent discriminator sees that is dropped.")
    width: int = Field(32, ge=4, le=256, description="Channels of the largest map; each halving doubles them, to 8x.")
    learning_rate: float = Field(1e-3, gt=0, le=0.1, description="Adam's step size for both networks.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's memory of past gradients.")


class Fader(AttributeModel):
    """An autoencoder told attributes at every layer of its decoder, and a judge of its code."""

    name = "fader"
    card = Card(
        title="Fader networks",
        summary="An autoencoder learns a code that hides the attributes, and paints them back as it is told.",
        authors="Guillaume Lample, Neil Zeghidour, Nicolas Usunier, Antoine Bordes, Ludovic Denoyer, "
        "Marc'Aurelio Ranzato",
        paper="Fader Networks: Manipulating Images by Sliding Attributes",
        venue="NeurIPS 2017",
        url="https://arxiv.org/abs/1706.00409",
        strengths="No game over images, so training is steady; attributes may be told by degrees.",
        limits="Images are blurred, and nothing judges them: there is no realism and no class confidence to choose by.",
        labels="The attribute asked for comes, and those that never occur beside it go; all others stay, and boxes, "
        "masks and poses nearly so. Of classes, the class becomes the one asked for.",
    )
    Settings = FaderSettings
    settings: FaderSettings
    provides: ClassVar[dict[str, str | None]] = {}

    def build(self) -> None:
        settings = self.settings
        self.space = AttributeSpace(self.data)
        self.G = Autoencoder(self.data, settings.width, len(self.space))
        self.D = LatentDiscriminator(self.data, settings.width, len(self.space), settings.dropout)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        settings = self.settings
        betas = (settings.beta1, 0.999)
        return {"G": adam(self.G, settings.learning_rate, betas), "D": adam(self.D, settings.learning_rate, betas)}

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """D learns to read the attributes from the code; then G to give the images back from a code that D misreads."""
        vectors = self.space.vectors(batch)
        with update("G") as minimise_G:
            again, code = self.G(batch.image, self.space.filled(vectors))
            with update("D") as minimise_D:
                loss_latent = self.space.loss(self.D(code.detach()), vectors)
                minimise_D(loss_latent)
            reconstruction = (again - batch.image).square().mean()
            hiding = self.space.loss(self.D(code), self.other(vectors))
            minimise_G(reconstruction + self.latent_weight(step) * hiding)
        return {
            "loss/reconstruction": reconstruction.detach(),
            "loss/latent": loss_latent.detach(),
            "loss/hiding": hiding.detach(),
        }

    def other(self, vectors: Tensor) -> Tensor:
        """What D shall be led to say: of every attribute the opposite, of classes another one."""
        if not self.space.are_classes:
            return 1 - vectors
        number = len(self.space)
        further = torch.randint(1, max(2, number), (len(vectors),)).to(vectors.device)
        return nn.functional.one_hot((vectors.argmax(1) + further) % number, number).to(vectors.dtype)

    def latent_weight(self, step: int) -> float:
        """lambda_E at a step."""
        settings = self.settings
        return settings.latent_weight * min(1.0, step / max(1, settings.latent_warmup_steps))

    def translate(self, image: Tensor, vectors: Tensor, targets: Tensor) -> Tensor:
        made: Tensor = self.averaged("G")(image, self.space.filled(targets))[0]
        return made

    def reconstruct(self, image: Tensor, vectors: Tensor, result: Tensor, targets: Tensor) -> Tensor:
        return self.translate(image, vectors, vectors)


class Autoencoder(nn.Module):
    """images [N, C, H, W], attributes [N, A] -> (images of the same shape, code [N, K, h, w])."""

    def __init__(self, data: DataSpec, width: int, num_attributes: int) -> None:
        super().__init__()
        depth = len(halving(data.resolution)) - 1
        self.encoder = Encoder(data.resolution, data.channels, width)
        self.decoder = Decoder(data.resolution, data.channels, width, num_attributes, num_told=depth, num_skips=0)

    def forward(self, image: Tensor, numbers: Tensor) -> tuple[Tensor, Tensor]:
        code = self.encoder(image)[-1]
        return self.decoder(code, numbers), code


class LatentDiscriminator(nn.Module):
    """code [N, K, h, w] -> attribute logits [N, A]."""

    def __init__(self, data: DataSpec, width: int, num_attributes: int, dropout: float) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        channels = channels_at(len(sizes) - 1, width)
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, 1, 1),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(dropout),
            nn.Flatten(),
            nn.Linear(channels * sizes[-1] ** 2, channels),
            nn.LeakyReLU(SLOPE),
            nn.Dropout(dropout),
            nn.Linear(channels, num_attributes),
        )

    def forward(self, code: Tensor) -> Tensor:
        logits: Tensor = self.body(code).float()
        return logits
