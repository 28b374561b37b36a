"""IcGAN: a conditional GAN and two encoders that lead a real image back to its noise and attributes.

Guim Perarnau, Joost van de Weijer, Bogdan Raducanu, Jose M. Alvarez: Invertible Conditional GANs for image editing,
NIPS 2016 workshop on adversarial training, https://arxiv.org/abs/1611.06355.

Notation (code -> paper)
    G, D               G(z, y'), D(x, y)
    E_z, E_y           E_z, E_y, independent of each other (the paper's IND)
    loss/noise         L_ez, between z and E_z(G(z, y'))
    loss/attributes    L_ey

Differs from the paper
    E_y learns the cross-entropy of attributes instead of squared distances, and so gives probabilities. In an edit,
    known attributes are taken as they are said instead of as E_y sees them.
    The game is non-saturating, with a D that is told attributes beside its first map. Both encoders learn in the last
    part of the training, in the same steps, while G and D stand still. Adam's step size is 0.0005 instead of 0.0002.
    Widths and steps are meant for tens to thousands of small images.
"""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ml.attribute_model import AttributeModel
from ml.attributes import AttributeSpace
from ml.layers.attribute_coder import Decoder, Encoder
from ml.layers.flat import flat
from ml.layers.halving import channels_at, halving
from ml.layers.small_normal import small_normal
from ml.losses import ADVERSARIAL
from ml.model import Batch, DataSpec, ModelSettings, Scalars, Update
from ml.optimizers import adam
from ml.plugin import SHOWN_FIRST, Card


class IcganSettings(ModelSettings):
    """The paper's networks, its phases as shares of the steps."""

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
        description="Training steps of the GAN and of the encoders together.",
        json_schema_extra=SHOWN_FIRST,
    )
    gan_share: float = Field(
        0.6, gt=0, lt=1, description="The share of the steps in which G and D learn; in the others the encoders do."
    )
    z_dim: int = Field(100, ge=1, le=4096, description="Numbers of noise, all that is kept of a source but attributes.")
    width: int = Field(32, ge=4, le=256, description="Channels of the largest map; each halving doubles them, to 8x.")
    learning_rate: float = Field(5e-4, gt=0, le=0.1, description="Adam's step size for all networks.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's memory of past gradients.")


class Icgan(AttributeModel):
    """First a conditional GAN, then two encoders of its images."""

    name = "icgan"
    card = Card(
        title="IcGAN",
        summary="A conditional GAN, and encoders that find a real image's noise, so that it can be made anew, changed.",
        authors="Guim Perarnau, Joost van de Weijer, Bogdan Raducanu, Jose M. Alvarez",
        paper="Invertible Conditional GANs for image editing",
        venue="NIPS 2016 workshop on adversarial training",
        url="https://arxiv.org/abs/1611.06355",
        strengths="Results are a GAN's own images; noise and attributes can be changed apart.",
        limits="What the noise does not hold of a source is lost: results resemble it only roughly.",
        labels="The attribute asked for comes, and those that never occur beside it go; all others stay, but boxes, "
        "masks and poses need not. Of classes, the class becomes the one asked for.",
    )
    Settings = IcganSettings
    settings: IcganSettings
    provides: ClassVar[dict[str, str | None]] = {"realism": None, "class_confidence": None}
    continuing = (
        "The GAN and the encoders learn in shares of all steps, so a training that is continued goes on with whichever "
        "of them the new number of steps has then."
    )

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return "non_saturating"

    def build(self) -> None:
        data, settings = self.data, self.settings
        self.space = AttributeSpace(data)
        number = len(self.space)
        self.gan_steps = max(1, min(settings.num_steps - 1, round(settings.gan_share * settings.num_steps)))
        self.G = Generator(data, settings.width, settings.z_dim, number)
        self.D = Reader(data, settings.width, 1, told=number).apply(small_normal)
        self.E_z = Reader(data, settings.width, settings.z_dim)
        self.E_y = Reader(data, settings.width, number)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        rate, betas = self.settings.learning_rate, (self.settings.beta1, 0.999)
        return {name: adam(self.get_submodule(name), rate, betas) for name in ("G", "D", "E_z", "E_y")}

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """G and D play; once they are done, E_z learns to undo G, and E_y to name what real images have."""
        vectors = self.space.vectors(batch)
        told = self.space.filled(vectors)
        other = told[torch.randperm(len(told), device=told.device)]
        z = torch.randn(len(told), self.settings.z_dim, device=told.device)
        if step <= self.gan_steps:
            return self._play(batch.image, told, z, other, update)
        return self._invert(batch.image, vectors, z, other, update)

    def _play(self, real: Tensor, told: Tensor, z: Tensor, other: Tensor, update: Update) -> Scalars:
        loss = ADVERSARIAL["non_saturating"]
        with update("G") as minimise_G:
            fake = self.G(z, other)
            with update("D") as minimise_D:
                logits_real, logits_fake = self.D(real, told)[:, 0], self.D(fake.detach(), other)[:, 0]
                loss_D = loss.D(logits_real, logits_fake)
                minimise_D(loss_D)
            loss_G = loss.G(self.D(fake, other)[:, 0])
            minimise_G(loss_G)
        return {
            "loss/G": loss_G.detach(),
            "loss/D": loss_D.detach(),
            "score/real": logits_real.detach().mean(),
            "score/fake": logits_fake.detach().mean(),
        }

    def _invert(self, real: Tensor, vectors: Tensor, z: Tensor, other: Tensor, update: Update) -> Scalars:
        # as it will be when images are made, without the statistics of this batch
        self.G.eval()
        with torch.no_grad():
            made = self.G(z, other)
        self.G.train()
        with update("E_z") as minimise:
            loss_noise = (self.E_z(made) - z).square().mean()
            minimise(loss_noise)
        with update("E_y") as minimise:
            loss_attributes = self.space.loss(self.E_y(real), vectors)
            minimise(loss_attributes)
        return {"loss/noise": loss_noise.detach(), "loss/attributes": loss_attributes.detach()}

    def translate(self, image: Tensor, vectors: Tensor, targets: Tensor) -> Tensor:
        seen = self.space.probabilities(self.E_y(image)).to(targets.dtype)
        made: Tensor = self.averaged("G")(self.E_z(image), torch.where(targets.isnan(), seen, targets))
        return made

    def reconstruct(self, image: Tensor, vectors: Tensor, result: Tensor, targets: Tensor) -> Tensor:
        return self.translate(image, vectors, vectors)

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        """Shown as members of the class that are otherwise as usual."""
        usual = self.space.share.expand(len(label), -1).to(image.dtype)
        scores: Tensor = self.D(image, self.space.targets(usual, label))[:, 0]
        return scores

    def realism_beside(self, image: Tensor, label: Tensor, source: Batch) -> Tensor:
        targets = self.space.targets(self.space.filled(self.space.vectors(source)), label)
        scores: Tensor = self.D(image, targets)[:, 0]
        return scores

    def attribute_logits(self, image: Tensor) -> Tensor:
        logits: Tensor = self.E_y(image)
        return logits


class Generator(nn.Module):
    """z [N, z_dim], y [N, A] -> images [N, C, H, W] in -1..1."""

    def __init__(self, data: DataSpec, width: int, z_dim: int, num_attributes: int) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        self.start = (channels_at(len(sizes) - 1, width), sizes[-1], sizes[-1])
        self.project = nn.Linear(z_dim + num_attributes, self.start[0] * sizes[-1] ** 2, bias=False)
        self.first = nn.Sequential(nn.BatchNorm2d(self.start[0]), nn.ReLU())
        self.decoder = Decoder(data.resolution, data.channels, width, num_attributes, num_told=0, num_skips=0)
        self.apply(small_normal)

    def forward(self, z: Tensor, vectors: Tensor) -> Tensor:
        first = self.project(torch.cat([z, vectors.to(z.dtype)], 1)).view(-1, *self.start)
        image: Tensor = self.decoder(self.first(first.contiguous(memory_format=torch.channels_last)), vectors)
        return image


class Reader(nn.Module):
    """images [N, C, H, W], numbers [N, told] beside the first map if any -> [N, outputs], float32."""

    def __init__(self, data: DataSpec, width: int, outputs: int, told: int = 0) -> None:
        super().__init__()
        self.encoder = Encoder(data.resolution, data.channels, width, told)
        self.last = nn.Linear(self.encoder.num_features, outputs)

    def forward(self, image: Tensor, numbers: Tensor | None = None) -> Tensor:
        read: Tensor = self.last(flat(self.encoder(image, numbers)[-1]))
        return read.float()
