"""The game of models that edit attributes: a critic held to slopes of 1, with a head that names what an image has.

Ishaan Gulrajani, Faruk Ahmed, Martin Arjovsky, Vincent Dumoulin, Aaron Courville: Improved Training of Wasserstein
GANs, NeurIPS 2017, https://arxiv.org/abs/1704.00028. StarGAN, AttGAN and STGAN share it.
"""

from dataclasses import dataclass

import torch
from pydantic import Field
from torch import Tensor, nn

from ml.attributes import AttributeSpace
from ml.losses import ADVERSARIAL, gradient_penalty
from ml.model import ModelSettings, Scalars


class AttributeGameSettings(ModelSettings):
    """What the three methods set alike."""

    batch_size: int = Field(
        16,
        ge=2,
        le=1024,
        description="Images per step; lower it when memory runs out.",
        json_schema_extra=ModelSettings.model_fields["batch_size"].json_schema_extra,
    )
    num_steps: int = Field(
        3000,
        ge=1,
        le=10_000_000,
        description="Training steps of D; G learns in every num_critic_steps-th of them.",
        json_schema_extra=ModelSettings.model_fields["num_steps"].json_schema_extra,
    )
    num_critic_steps: int = Field(5, ge=1, le=20, description="Steps of D for each step of G.")
    gradient_penalty_weight: float = Field(10.0, ge=0, le=1000, description="How firmly D is held to slopes of 1.")
    width: int = Field(32, ge=4, le=256, description="Channels of the largest map; each halving doubles them, to 8x.")
    learning_rate_G: float = Field(
        5e-4, gt=0, le=0.1, description="Adam's step size for G; the paper's 0.0001 suits 200,000 steps."
    )
    learning_rate_D: float = Field(
        5e-4, gt=0, le=0.1, description="Adam's step size for D; the paper's 0.0001 suits 200,000 steps."
    )
    beta1: float = Field(0.5, ge=0, lt=1, description="Adam's memory of past gradients.")
    beta2: float = Field(0.999, ge=0, lt=1, description="Adam's memory of past squared gradients.")


class Critic(nn.Module):
    """images [N, C, H, W] -> (raw scores [N], attribute logits [N, A]), by way of features. No norm couples images."""

    def features(self, image: Tensor) -> Tensor:
        """Flat [N, F], or maps, as `heads` takes them."""
        raise NotImplementedError

    def heads(self, features: Tensor) -> tuple[Tensor, Tensor]:
        raise NotImplementedError

    def forward(self, image: Tensor) -> tuple[Tensor, Tensor]:
        return self.heads(self.features(image))


@dataclass(frozen=True)
class Judged:
    """What a critic said: loss, and of the real images features and attribute logits, with their way back."""

    loss: Tensor
    features: Tensor
    logits: Tensor
    scalars: Scalars


def critic_loss(
    D: Critic, real: Tensor, fake: Tensor, vectors: Tensor, space: AttributeSpace, weights: tuple[float, float]
) -> Judged:
    """D(G(x)) - D(x), slopes of 1, and what the real images have. weights: (of the penalty, of the attributes).

    Both halves go through D at once, which is exact because it looks at images one by one.
    """
    penalty_weight, attribute_weight = weights
    features = D.features(torch.cat([real, fake.to(real.dtype)]))
    scores, logits = D.heads(features)
    score_real, score_fake = scores.chunk(2)
    adversarial = ADVERSARIAL["wgan_gp"].D(score_real, score_fake)
    penalty = gradient_penalty(lambda image: D(image)[0], real, fake)
    logits_real = logits[: len(real)]
    loss_attributes = space.loss(logits_real, vectors)
    scalars = {
        "loss/D": adversarial.detach(),
        "penalty/gradient": penalty.detach(),
        "loss/attributes_real": loss_attributes.detach(),
        "score/real": score_real.detach().mean(),
        "score/fake": score_fake.detach().mean(),
    }
    loss = adversarial + penalty_weight * penalty + attribute_weight * loss_attributes
    return Judged(loss, features[: len(real)], logits_real, scalars)


def generator_loss(
    D: Critic, fake: Tensor, targets: Tensor, space: AttributeSpace, attribute_weight: float
) -> tuple[Tensor, Scalars]:
    """-D(G(x)), and what the results should have."""
    scores, logits = D(fake)
    adversarial = ADVERSARIAL["wgan_gp"].G(scores)
    loss_attributes = space.loss(logits, targets)
    scalars = {"loss/G": adversarial.detach(), "loss/attributes_fake": loss_attributes.detach()}
    return adversarial + attribute_weight * loss_attributes, scalars
