"""BEGAN's balance between the errors with which D reconstructs real and fake images.

David Berthelot, Thomas Schumm, Luke Metz: BEGAN: Boundary Equilibrium Generative Adversarial Networks, 2017,
https://arxiv.org/abs/1703.10717.
"""

import torch
from torch import Tensor, nn

from ml.losses import AdversarialLoss, began_D, began_G
from ml.model import Scalars


class Equilibrium(nn.Module):
    """k, the weight of fake images in D's loss, steered so that L(G(z)) stays at `gamma` times L(x).

    k is a buffer, so that a checkpoint carries it. Scores are -L(v), as everywhere: higher is more real.
    """

    k: Tensor

    def __init__(self, gamma: float, rate: float) -> None:
        super().__init__()
        self.gamma, self.rate = gamma, rate
        self.register_buffer("k", torch.zeros(()))

    def loss(self) -> AdversarialLoss:
        """The losses with k as it is at the time of each call."""
        return AdversarialLoss(
            lambda logits_real, logits_fake: began_D(logits_real, logits_fake, self.k), began_G, undecided=None
        )

    @torch.no_grad()
    def move(self, logits_real: Tensor, logits_fake: Tensor) -> Scalars:
        """k <- clip(k + rate (gamma L(x) - L(G(z))), 0, 1), after D's step; began/convergence falls as G improves."""
        error_real, error_fake = -logits_real.mean(), -logits_fake.mean()
        excess = self.gamma * error_real - error_fake
        self.k.add_(self.rate * excess).clamp_(0.0, 1.0)
        return {"began/k": self.k.clone(), "began/convergence": error_real + excess.abs()}
