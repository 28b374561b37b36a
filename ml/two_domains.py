"""What models share that learn to translate between two unpaired sets of images, A and B: two classes of a dataset.

Notation: G_AB makes images of B from those of A, G_BA the other way around; D_A and D_B judge images of A and of B.
"""

from typing import ClassVar

import torch
from pydantic import Field
from torch import Tensor, nn

from ml.losses import AdversarialLoss
from ml.model import Batch, ModelSettings, Scalars, TranslationModel
from ml.optimizers import adam
from ml.plugin import CLASS_CHOICE, SHOWN_FIRST

A, B = 0, 1
"""The labels."""


class TwoDomainSettings(ModelSettings):
    """Which two classes, and how fast they are learnt."""

    domain_a: str = Field(
        "",
        max_length=200,
        description="The class whose images become images of the other one, and back; empty is the dataset's first.",
        json_schema_extra=SHOWN_FIRST | CLASS_CHOICE,
    )
    domain_b: str = Field(
        "",
        max_length=200,
        description="The other class; empty is the dataset's second.",
        json_schema_extra=SHOWN_FIRST | CLASS_CHOICE,
    )
    batch_size: int = Field(
        16,
        ge=2,
        le=1024,
        description="Images per step, half of each domain; lower it when memory runs out.",
        json_schema_extra=SHOWN_FIRST,
    )
    learning_rate_G: float = Field(2e-4, gt=0, le=0.1, description="Adam's step size for both G.")
    learning_rate_D: float = Field(2e-4, gt=0, le=0.1, description="Adam's step size for both D.")
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's memory of past gradients.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's memory of past squared gradients.")


class TwoDomainModel(TranslationModel):
    """G_AB, G_BA, D_A and D_B, one optimizer for both G and one for both D; a subclass builds them and trains them.

    Batches hold as many images of A as of B, A first. Ds give raw scores [N, ...] of images, one or more of each.
    """

    settings: TwoDomainSettings
    draw = "by_class"
    domains = ("domain_a", "domain_b")
    views = ("source", "reconstruction")
    ema_networks = ("G_AB", "G_BA")
    provides: ClassVar[dict[str, str | None]] = {"realism": None}
    G_AB: nn.Module
    G_BA: nn.Module
    D_A: nn.Module
    D_B: nn.Module

    def optimizers(self) -> dict[str, torch.optim.Optimizer]:
        settings = self.settings
        betas = (settings.beta1, settings.beta2)
        return {
            "G": adam(nn.ModuleList([self.G_AB, self.G_BA]), settings.learning_rate_G, betas),
            "D": adam(nn.ModuleList([self.D_A, self.D_B]), settings.learning_rate_D, betas),
        }

    def generate(self, inputs: Batch, label: Tensor) -> Tensor:
        return self._made(inputs.image, label)

    def views_of(self, source: Batch, label: Tensor, result: Tensor) -> dict[str, Tensor]:
        """The source, and what the other G makes of the result: how much of the source it still holds."""
        return {"source": source.image, "reconstruction": self._made(result, 1 - label)}

    def realism(self, image: Tensor, label: Tensor) -> Tensor:
        """The mean over its patches of the score that the D of the class gives an image."""
        of_A, of_B = (D(image).reshape(len(image), -1).mean(1) for D in (self.D_A, self.D_B))
        return torch.where(label == A, of_A, of_B)

    def _made(self, image: Tensor, label: Tensor) -> Tensor:
        """Each image as one of the class `label`; whichever they are, a network always meets all images at once, so
        that the company of an image changes none of its bits."""
        of_B: Tensor = self.averaged("G_AB")(image)
        wants_A = (label == A).view(-1, 1, 1, 1)
        return torch.where(wants_A, self.averaged("G_BA")(image), of_B) if bool(wants_A.any()) else of_B


def loss_of_D(D: nn.Module, loss: AdversarialLoss, real: Tensor, fake: Tensor) -> tuple[Tensor, Scalars]:
    """D's loss, and its mean scores, on as many real images as fake ones, in one pass."""
    logits_real, logits_fake = D(torch.cat([real, fake])).flatten(1).chunk(2)
    told = {"score/real": logits_real.detach().mean(), "score/fake": logits_fake.detach().mean()}
    return loss.D(logits_real, logits_fake), told


def mean_of(first: Scalars, second: Scalars) -> Scalars:
    """Of two players that are told of under the same paths."""
    return {path: (value + second[path]) / 2 for path, value in first.items()}
