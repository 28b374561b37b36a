"""Spectral normalisation: weights divided by their largest singular value, so that D cannot become steep.

Miyato, Kataoka, Koyama, Yoshida: Spectral Normalization for Generative Adversarial Networks, ICLR 2018,
https://arxiv.org/abs/1802.05957.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize
from torch.nn.utils.parametrize import register_parametrization


def spectral_norm(network: nn.Module) -> None:
    """Put the norm on every convolution, linear layer and embedding of a network, after its weights were drawn."""
    for layer in list(network.modules()):
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear | nn.Embedding):
            register_parametrization(layer, "weight", _DividedByNorm(layer.weight))


class _DividedByNorm(nn.Module):
    """weight -> weight / sigma, where sigma is followed by one power iteration per use in training.

    torch's own form multiplies in the autocast type; sigma then mixes types and loses digits. This one stays in fp32.
    """

    u: Tensor
    v: Tensor

    def __init__(self, weight: Tensor) -> None:
        super().__init__()
        matrix = weight.detach().flatten(1)
        u = normalize(torch.randn(matrix.shape[0]), dim=0)
        self.register_buffer("u", u)
        self.register_buffer("v", normalize(matrix.t() @ u, dim=0))

    def forward(self, weight: Tensor) -> Tensor:
        with torch.autocast(weight.device.type, enabled=False):
            matrix = weight.flatten(1)
            if self.training:
                self._iterate(matrix.detach())
            # copies, because the next use changes the vectors before this one's backward pass
            sigma = torch.dot(self.u.clone(), matrix @ self.v.clone())
            return weight / sigma

    @torch.no_grad()
    def _iterate(self, matrix: Tensor) -> None:
        self.v.copy_(normalize(matrix.t() @ self.u, dim=0))
        self.u.copy_(normalize(matrix @ self.v, dim=0))
