"""What AttGAN and STGAN have in common: an autoencoder that is told attributes, against a critic that names them.

A source is encoded once and decoded twice: with what it should have, which D judges, and with what it has, which must
give the source again. No result goes back through G.
"""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ml.attribute_game import AttributeGameSettings, Critic, critic_loss, generator_loss
from ml.attribute_model import AttributeModel
from ml.layers.flat import flat
from ml.layers.halving import channels_at, down, halving
from ml.model import Batch, DataSpec, ModelSettings, Scalars, Update
from ml.optimizers import adam

SLOPE = 0.2


class AutoencoderSettings(AttributeGameSettings):
    """The weights of both papers."""

    attribute_weight_G: float = Field(
        10.0, ge=0, le=1000, description="How firmly results must have what is asked for, as D's head sees it."
    )
    attribute_weight_D: float = Field(1.0, ge=0, le=1000, description="Weight of the loss of D's attribute head.")
    reconstruction_weight: float = Field(
        100.0, ge=0, le=10_000, description="How firmly a source told its own attributes must come out as it was."
    )


class AttributeAutoencoder(AttributeModel):
    """`G(image, *told)` gives one batch of images for each of `told`; `_told` says what that is."""

    settings: AutoencoderSettings
    G: nn.Module
    D: "DenseCritic"
    provides: ClassVar[dict[str, str | None]] = {"realism": None, "class_confidence": None}
    told_by_difference: ClassVar[bool] = False
    """Whether G is told what is to change, instead of what images should have."""

    @classmethod
    def game(cls, settings: ModelSettings) -> str | None:
        return "wgan_gp"

    def _told(self, vectors: Tensor, targets: Tensor) -> Tensor:
        """What G is told of images with `vectors` that should have `targets`, both [N, A] with NaN where unknown."""
        raise NotImplementedError

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        settings = self.settings
        betas = (settings.beta1, settings.beta2)
        return {"G": adam(self.G, settings.learning_rate_G, betas), "D": adam(self.D, settings.learning_rate_D, betas)}

    def training_step(self, batch: Batch, update: Update, step: int) -> Scalars:
        """D learns; then, each num_critic_steps-th time, G. Targets are the attributes of the batch's other images."""
        settings, real, vectors = self.settings, batch.image, self.space.vectors(batch)
        targets = vectors[torch.randperm(len(vectors), device=vectors.device)]
        wanted = self._told(vectors, targets)
        if step % settings.num_critic_steps:
            with torch.no_grad():
                (fake,) = self.G(real, wanted)
            return self._train_D(real, fake, vectors, update)
        with update("G") as minimise:
            fake, again = self.G(real, wanted, self._told(vectors, vectors))
            scalars = self._train_D(real, fake.detach(), vectors, update)
            asked = self.space.asked(vectors, targets, self.told_by_difference)
            loss, own = generator_loss(self.D, fake, asked, self.space, settings.attribute_weight_G)
            reconstruction = (again - real).abs().mean()
            minimise(loss + settings.reconstruction_weight * reconstruction)
        return scalars | own | {"loss/reconstruction": reconstruction.detach()}

    def _train_D(self, real: Tensor, fake: Tensor, vectors: Tensor, update: Update) -> Scalars:
        settings = self.settings
        with update("D") as minimise:
            weights = (settings.gradient_penalty_weight, settings.attribute_weight_D)
            judged = critic_loss(self.D, real, fake, vectors, self.space, weights)
            minimise(judged.loss)
        return judged.scalars

    def translate(self, image: Tensor, vectors: Tensor, targets: Tensor) -> Tensor:
        made: tuple[Tensor] = self.averaged("G")(image, self._told(vectors, targets))
        return made[0]

    def reconstruct(self, image: Tensor, vectors: Tensor, result: Tensor, targets: Tensor) -> Tensor:
        return self.translate(image, vectors, vectors)

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        scores: Tensor = self.D(image)[0]
        return scores

    def attribute_logits(self, image: Tensor) -> Tensor:
        logits: Tensor = self.D(image)[1]
        return logits


class DenseCritic(Critic):
    """Strided convolutions to a side of 4 to 7, and a layer of its own before each of both heads."""

    def __init__(self, data: DataSpec, width: int, num_attributes: int) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        layers: list[nn.Module] = []
        inputs = data.channels
        for level in range(1, len(sizes)):
            layers += [down(inputs, channels_at(level, width), bias=True), nn.LeakyReLU(SLOPE, inplace=True)]
            inputs = channels_at(level, width)
        self.body = nn.Sequential(*layers)
        num_features, hidden = inputs * sizes[-1] ** 2, 4 * width
        self.real = nn.Sequential(nn.Linear(num_features, hidden), nn.LeakyReLU(SLOPE), nn.Linear(hidden, 1))
        self.attributes = nn.Sequential(
            nn.Linear(num_features, hidden), nn.LeakyReLU(SLOPE), nn.Linear(hidden, num_attributes)
        )

    def features(self, image: Tensor) -> Tensor:
        return flat(self.body(image))

    def heads(self, features: Tensor) -> tuple[Tensor, Tensor]:
        return self.real(features).squeeze(1).float(), self.attributes(features).float()
