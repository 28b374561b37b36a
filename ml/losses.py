"""Adversarial losses and penalties, on D's raw scores (logits) before any sigmoid, as means over the batch."""

import math
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import relu, softplus

FDivergenceName = Literal[
    "f_kl", "f_reverse_kl", "f_pearson", "f_squared_hellinger", "f_jensen_shannon", "f_total_variation"
]
AdversarialName = Literal["minimax", "non_saturating", "lsgan", "hinge", "wgan_gp", FDivergenceName]


@dataclass(frozen=True)
class AdversarialLoss:
    """The two players' losses, both to be minimised.

    D: (logits_real [N], logits_fake [N]) -> 0-d; G: logits_fake [N] -> 0-d; needs_penalty: D must be held to slopes of
    1 by `gradient_penalty`; undecided: the score of an image that D finds as likely real as fake, None where scores
    mean something only beside one another.
    """

    D: Callable[[Tensor, Tensor], Tensor]
    G: Callable[[Tensor], Tensor]
    needs_penalty: bool = False
    undecided: float | None = 0.0


def _logistic_D(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """-log D(x) - log(1 - D(G(z))) with D = sigmoid(logits); Goodfellow et al. 2014."""
    return softplus(-logits_real).mean() + softplus(logits_fake).mean()


def _minimax_G(logits_fake: Tensor) -> Tensor:
    """log(1 - D(G(z))), the value function's own term; it loses its slope where D is sure."""
    return -softplus(logits_fake).mean()


def _non_saturating_G(logits_fake: Tensor) -> Tensor:
    """-log D(G(z)), which keeps its slope where D is sure."""
    return softplus(-logits_fake).mean()


def _least_squares_D(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """((D(x) - 1)^2 + D(G(z))^2) / 2, without a sigmoid: targets 1 for real and 0 for fake; Mao et al. 2017, eq. 9."""
    return ((logits_real - 1.0).square().mean() + logits_fake.square().mean()) / 2


def _least_squares_G(logits_fake: Tensor) -> Tensor:
    """(D(G(z)) - 1)^2 / 2."""
    return (logits_fake - 1.0).square().mean() / 2


def _hinge_D(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """max(0, 1 - D(x)) + max(0, 1 + D(G(z))); Lim & Ye 2017."""
    return relu(1.0 - logits_real).mean() + relu(1.0 + logits_fake).mean()


def _critic_D(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
    """D(G(z)) - D(x): minus the estimated Wasserstein distance; Arjovsky et al. 2017."""
    return logits_fake.mean() - logits_real.mean()


def _critic_G(logits_fake: Tensor) -> Tensor:
    """-D(G(z))."""
    return -logits_fake.mean()


def _f_divergence(
    witness: Callable[[Tensor], Tensor],
    conjugate: Callable[[Tensor], Tensor],
    undecided: float = 0.0,
    saturates: bool = True,
) -> AdversarialLoss:
    """f-GAN: D raises its lower bound of an f-divergence; Nowozin, Cseke, Tomioka 2016, https://arxiv.org/abs/1606.00709.

    witness: v -> g_f(v), conjugate: v -> f*(g_f(v)) for raw scores v (the paper's tables 2 and 6, with f* o g_f
    simplified so that nothing overflows needlessly). Minus D's loss, E g_f(v_real) - E f*(g_f(v_fake)), is the bound.
    Where the bound `saturates`, that is loses or even turns its slope where D is sure, as the minimax loss does, G
    raises g_f of its scores (section 3.2) instead of lowering the bound.
    """

    def D(logits_real: Tensor, logits_fake: Tensor) -> Tensor:
        return conjugate(logits_fake).mean() - witness(logits_real).mean()

    def G(logits_fake: Tensor) -> Tensor:
        return -(witness if saturates else conjugate)(logits_fake).mean()

    return AdversarialLoss(D, G, undecided=undecided)


LOG_2 = math.log(2.0)
ADVERSARIAL: dict[AdversarialName, AdversarialLoss] = {
    "minimax": AdversarialLoss(_logistic_D, _minimax_G),
    "non_saturating": AdversarialLoss(_logistic_D, _non_saturating_G),
    "lsgan": AdversarialLoss(_least_squares_D, _least_squares_G, undecided=0.5),
    "hinge": AdversarialLoss(_hinge_D, _critic_G),
    "wgan_gp": AdversarialLoss(_critic_D, _critic_G, needs_penalty=True, undecided=None),
    # f(u) = u log u; f*(t) = exp(t - 1), g_f(v) = v
    "f_kl": _f_divergence(lambda v: v, lambda v: (v - 1.0).exp(), undecided=1.0),
    # f(u) = -log u; f*(t) = -1 - log(-t) for t < 0, g_f(v) = -exp(-v); G's slope is 1 by the bound, and exp(-v) by g_f
    "f_reverse_kl": _f_divergence(lambda v: -(-v).exp(), lambda v: v - 1.0, saturates=False),
    # f(u) = (u - 1)^2; f*(t) = t^2 / 4 + t, g_f(v) = v
    "f_pearson": _f_divergence(lambda v: v, lambda v: v.square() / 4 + v),
    # f(u) = (sqrt(u) - 1)^2; f*(t) = t / (1 - t) for t < 1, g_f(v) = 1 - exp(-v)
    "f_squared_hellinger": _f_divergence(lambda v: -(-v).expm1(), torch.expm1),
    # f(u) = u log u - (u + 1) log((u + 1) / 2); f*(t) = -log(2 - exp(t)) for t < log 2, g_f(v) = log(2 sigmoid(v))
    "f_jensen_shannon": _f_divergence(lambda v: LOG_2 - softplus(-v), lambda v: softplus(v) - LOG_2),
    # f(u) = |u - 1| / 2; f*(t) = t for |t| <= 1/2, g_f(v) = tanh(v) / 2
    "f_total_variation": _f_divergence(lambda v: v.tanh() / 2, lambda v: v.tanh() / 2),
}
EVEN_LOSS: dict[str, float] = {
    "minimax": 2 * LOG_2,
    "non_saturating": 2 * LOG_2,
    "lsgan": 0.25,
    "hinge": 2.0,
}
"""D's loss when it finds every image as likely real as fake, for games in which D's loss falls to 0 when it is sure."""
UNCOMPARED = frozenset({"began"})
"""Games whose scores do not set real above fake: BEGAN's are errors of reconstruction, held in a proportion."""


def began_D(logits_real: Tensor, logits_fake: Tensor, k: Tensor) -> Tensor:
    """L(x) - k L(G(z)), where a score is -L(v), minus the error of D's reconstruction; Berthelot et al. 2017."""
    return k * logits_fake.mean() - logits_real.mean()


def began_G(logits_fake: Tensor) -> Tensor:
    """L(G(z))."""
    return -logits_fake.mean()


def gradient_penalty(critic: Callable[[Tensor], Tensor], real: Tensor, fake: Tensor) -> Tensor:
    """mean (|d critic(x) / dx|_2 - 1)^2 at random points between real and fake; Gulrajani et al. 2017.

    `critic` maps [N, C, H, W] to [N] and must treat images one by one: batch norm would let a slope leak from image to
    image. Computed in fp32 also under autocast, because squared slopes leave bf16 no digits.
    """
    with torch.autocast(real.device.type, enabled=False):
        real, fake = real.float(), fake.detach().float()
        mix = torch.rand(len(real), 1, 1, 1, device=real.device)
        squared = _squared_slope(critic, torch.lerp(real, fake, mix))
        # the small term keeps the root's own slope finite where the slope is exactly zero
        length = squared.add(1e-12).sqrt()
        return (length - 1.0).square().mean()


def r1_penalty(critic: Callable[[Tensor], Tensor], real: Tensor) -> Tensor:
    """mean |d critic(x) / dx|_2^2 / 2 at real images; Mescheder, Geiger, Nowozin 2018, eq. 9 without its weight gamma.

    `critic` and precision as for `gradient_penalty`.
    """
    with torch.autocast(real.device.type, enabled=False):
        return _squared_slope(critic, real.detach().float()).mean() / 2


def _squared_slope(critic: Callable[[Tensor], Tensor], image: Tensor) -> Tensor:
    """|d critic(x) / dx|_2^2 of each image [N], with its own way back to the critic's weights."""
    image.requires_grad_()
    with _plainly():
        (slope,) = torch.autograd.grad(critic(image).sum(), image, create_graph=True)
    return slope.flatten(1).square().sum(1)


def _plainly() -> AbstractContextManager[object]:
    """Compiled networks run as they are written: what the compiler makes has no slope of its slope."""
    is_loaded = "torch._dynamo" in sys.modules  # else nothing is compiled, and loading it takes seconds
    return torch.compiler.set_stance("force_eager") if is_loaded else nullcontext()
