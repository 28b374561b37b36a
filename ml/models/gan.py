"""GAN: the seminar's listing of the original generative adversarial network.

Ian Goodfellow, Jean Pouget-Abadie, Mehdi Mirza, Bing Xu, David Warde-Farley, Sherjil Ozair, Aaron Courville,
Yoshua Bengio: Generative Adversarial Nets, NIPS 2014, https://arxiv.org/abs/1406.2661. Settings and networks follow the
listing "GAN in 50 lines" of the seminar (Taeoh Kim: GANs for Image Processing & Computer Vision, 2017).

Notation (code -> paper)
    G, D                 G, D (D before its sigmoid)
    real, fake, z        x, G(z), z
    logits_real          log D(x) - log(1 - D(x))
    loss/D               -log D(x) - log(1 - D(G(z)))
    loss/G               -log D(G(z)), the form that the paper advises for training

Differs from the paper
    On labelled data there is one pair (G, D) per class, each trained on its class alone; the paper has no labels.
    The paper's networks (maxout, dropout, several steps of D) are the listing's: one hidden layer of ReLU.
    Losses are computed from D's raw score, the same formula without log(0).
    An epoch shows each class in whole batches; a class smaller than a batch gets one batch of repeated images.
    Any size and colour, not only 28 x 28 grey.
"""

from typing import ClassVar, cast

import torch
from pydantic import Field
from torch import Tensor, nn

from ml.draw import one_class_schedule
from ml.losses import ADVERSARIAL
from ml.model import Batch, DataSpec, LabelledImageModel, ModelSettings, Scalars, Update
from ml.optimizers import adam
from ml.plugin import SHOWN_FIRST, Card


class GanSettings(ModelSettings):
    """The listing's values."""

    resolution: int = Field(
        28,
        ge=16,
        le=256,
        description="Side of the square images that are learnt, in pixels.",
        json_schema_extra=SHOWN_FIRST,
    )
    batch_size: int = Field(
        100,
        ge=2,
        le=1024,
        description="Images per step; lower it when memory runs out.",
        json_schema_extra=SHOWN_FIRST,
    )
    num_epochs: int = Field(
        200, ge=1, le=100_000, description="Passes over the images of every class.", json_schema_extra=SHOWN_FIRST
    )
    num_steps: int = Field(
        0, ge=0, le=10_000_000, description="Training steps over all classes; 0 takes num_epochs passes instead."
    )
    class_balanced_draw: bool = Field(
        False, description="Give every class as many steps per epoch as the largest class, so that rare ones learn too."
    )
    ema_half_life: int = Field(
        0,
        ge=0,
        le=1_000_000,
        description="Half-life, in images, of the averaged generator that makes the images; 0 turns averaging off.",
    )
    z_dim: int = Field(128, ge=1, le=4096, description="Numbers of noise that an image is made from.")
    width: int = Field(256, ge=8, le=8192, description="Units of the hidden layer of G and of D.")
    learning_rate: float = Field(2e-4, gt=0, le=0.1, description="Adam's step size, for G and D.")


class Gan(LabelledImageModel):
    """Two small fully connected networks per class."""

    name = "gan"
    card = Card(
        title="GAN",
        summary="The original generative adversarial network: a forger and an inspector, one pair for each class.",
        authors="Ian Goodfellow et al.; listing by Taeoh Kim",
        paper="Generative Adversarial Nets",
        venue="NIPS 2014",
        url="https://arxiv.org/abs/1406.2661",
        strengths="Simple, quick on small grey images; classes cannot be mixed up.",
        limits="Speckled images beyond 28 pixels; needs many steps; gives no class confidence.",
    )
    Settings = GanSettings
    settings: GanSettings
    image_range = (0.0, 1.0)
    draw = "one_class"
    provides: ClassVar[dict[str, str | None]] = {"realism": None}

    @classmethod
    def steps_per_epoch(cls, settings: GanSettings, data: DataSpec) -> int:
        """Steps in which every class is passed once."""
        return len(one_class_schedule(data.counts, settings.batch_size, settings.class_balanced_draw))

    @classmethod
    def total_steps(cls, settings: ModelSettings, data: DataSpec) -> int:
        own = cast(GanSettings, settings)
        return own.num_steps or own.num_epochs * cls.steps_per_epoch(own, data)

    @classmethod
    def preview_steps(cls, settings: ModelSettings, data: DataSpec) -> list[int]:
        """After epoch 1 as well: with the default settings after epochs 1, 10, 20 ... 200, as in the listing."""
        first = min(cls.steps_per_epoch(cast(GanSettings, settings), data), cls.total_steps(settings, data))
        return sorted({first, *super().preview_steps(settings, data)})

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return "non_saturating"

    def build(self) -> None:
        self.z_dim = self.settings.z_dim
        classes = range(len(self.data.classes))
        self.G = nn.ModuleList(Generator(self.data, self.z_dim, self.settings.width) for _ in classes)
        self.D = nn.ModuleList(Discriminator(self.data, self.settings.width) for _ in classes)

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        rate = self.settings.learning_rate
        return {"G": adam(self.G, rate), "D": adam(self.D, rate)}

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """D learns, then G, both from the same noise. The batch holds one class."""
        number = int(batch.label[0])
        G, D, loss = self.G[number], self.D[number], ADVERSARIAL["non_saturating"]
        z = torch.randn(len(batch.label), self.z_dim, device=batch.label.device)
        with update("G") as minimise_G:
            fake = G(z)
            with update("D") as minimise_D:
                logits_real, logits_fake = D(batch.image), D(fake.detach())
                loss_D = loss.D(logits_real, logits_fake)
                minimise_D(loss_D)
            loss_G = loss.G(D(fake))
            minimise_G(loss_G)
        return {
            "loss/D": loss_D.detach(),
            "loss/G": loss_G.detach(),
            "score/real": logits_real.detach().mean(),
            "score/fake": logits_fake.detach().mean(),
        }

    def generate(self, z: Tensor, label: Tensor) -> Tensor:
        return _by_class(cast(nn.ModuleList, self.averaged("G")), z, label)

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        return _by_class(self.D, image, label)


def _by_class(networks: nn.ModuleList, value: Tensor, label: Tensor) -> Tensor:
    """Row i through the network of class label[i]."""
    order = torch.argsort(label, stable=True)
    parts = [networks[int(number)](value[label == number]) for number in torch.unique(label)]
    answer = torch.cat(parts)
    return torch.empty_like(answer).index_copy_(0, order, answer)


class Generator(nn.Module):
    """z [N, z_dim] -> images [N, C, H, W] in 0..1."""

    def __init__(self, data: DataSpec, z_dim: int, width: int) -> None:
        super().__init__()
        self.shape = (data.channels, data.resolution, data.resolution)
        self.hidden = _linear(z_dim, width)
        self.out = _linear(width, data.channels * data.resolution**2)

    def forward(self, z: Tensor) -> Tensor:
        pixels = self.out(torch.relu(self.hidden(z)))
        return torch.sigmoid(pixels.float()).view(-1, *self.shape)


class Discriminator(nn.Module):
    """images [N, C, H, W] in 0..1 -> raw scores [N], higher: more real."""

    def __init__(self, data: DataSpec, width: int) -> None:
        super().__init__()
        self.hidden = _linear(data.channels * data.resolution**2, width)
        self.out = _linear(width, 1)

    def forward(self, image: Tensor) -> Tensor:
        hidden = torch.relu(self.hidden(image.flatten(1)))
        score: Tensor = self.out(hidden).float().squeeze(1)
        return score


def _linear(inputs: int, outputs: int) -> nn.Linear:
    """Weights from N(0, 0.01^2), biases 0."""
    layer = nn.Linear(inputs, outputs)
    nn.init.normal_(layer.weight, 0.0, 0.01)
    nn.init.zeros_(layer.bias)
    return layer
