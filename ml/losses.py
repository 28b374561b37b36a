"""Adversarial losses and penalties, on D's raw scores (logits) before any sigmoid, as means over the batch."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

AdversarialName = Literal["non_saturating", "hinge", "wgan_gp"]


@dataclass(frozen=True)
class AdversarialLoss:
    """The two players' losses, both to be minimised.

    D: (logits_real [N], logits_fake [N]) -> 0-d; G: logits_fake [N] -> 0-d; needs_penalty: D must be held to slopes of
    1 by `gradient_penalty`.
    """

    D: Callable[[Tensor, Tensor], Tensor]
    G: Callable[[Tensor], Tensor]
    needs_penalty: bool = False


def _non_saturating_D(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))) with D = sigmoid(logits); Goodfellow et al. 2014."""
    return softplus(-logits_real).mean() + softplus(logits_fake).mean()


def _non_saturating_G(logits_fake: Tensor) -> Tensor:
    """-log D(G(z)), which keeps its slope where D is sure."""
    return softplus(-logits_fake).mean()


def _hinge_D(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))); Lim & Ye 2017."""
    return relu(1.0 - logits_real).mean() + relu(1.0 + logits_fake).mean()


def _critic_D(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """D(G(z)) - D(x): minus the estimated Wasserstein distance; Arjovsky et al. 2017."""
    return logits_fake.mean() - logits_real.mean()


def _critic_G(logits_fake: Tensor) -> Tensor:
    """-D(G(z))."""
    return -logits_fake.mean()


ADVERSARIAL: dict[AdversarialName, AdversarialLoss] = {
    "non_saturating": AdversarialLoss(_non_saturating_D, _non_saturating_G),
    "hinge": AdversarialLoss(_hinge_D, _critic_G),
    "wgan_gp": AdversarialLoss(_critic_D, _critic_G, needs_penalty=True),
}


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """mean (|d critic(x) / dx|_2 - 1)^2 at random points between real and fake; Gulrajani et al. 2017.

    `critic` maps [N, C, H, W] to [N] and must treat images one by one: batch norm would let a slope leak from image to
    image. Computed in fp32 also under autocast, because squared slopes leave bf16 no digits.
    """
    with torch.autocast(real.device.type, enabled=False):
        real, fake = real.float(), fake.detach().float()
        mix = torch.rand(len(real), 1, 1, 1, device=real.device)
        between = torch.lerp(real, fake, mix).requires_grad_()
        (slope,) = torch.autograd.grad(critic(between).sum(), between, create_graph=True)
        # the small term keeps the root's own slope finite where the slope is exactly zero
        length = slope.flatten(1).square().sum(1).add(1e-12).sqrt()
        return (length - 1.0).square().mean()
