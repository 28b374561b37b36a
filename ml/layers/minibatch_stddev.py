"""Minibatch standard deviation: D is shown how much the images of a batch differ, so that G cannot repeat itself.

Karras, Aila, Laine, Lehtinen: Progressive Growing of GANs for Improved Quality, Stability, and Variation, ICLR 2018,
section 3, https://arxiv.org/abs/1710.10196.
"""

import torch
from torch import Tensor, nn

EPSILON = 1e-8
MEMORY = 0.99
"""Share of the usual value that one batch in training leaves as it is."""


class MinibatchStddev(nn.Module):
    """[N, C, H, W] -> [N, C + 1, H, W]: one more map, everywhere the mean deviation over the batch.

    In eval mode the map holds what was usual in training, not the deviation of whatever batch an image happens to be
    scored in: a score then belongs to its image alone, as with batch norm.
    """

    usual: Tensor

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("usual", torch.zeros(()))

    def forward(self, x: Tensor) -> Tensor:
        deviation = self._of(x) if self.training else self.usual
        number, _, height, width = x.shape
        return torch.cat([x, deviation.to(x.dtype).expand(number, 1, height, width)], 1)

    def _of(self, x: Tensor) -> Tensor:
        """sqrt(variance over the batch), averaged over all features and places: 0-d, fp32."""
        variance = x.float().var(0, correction=0)
        deviation = (variance + EPSILON).sqrt().mean()
        with torch.no_grad():
            self.usual.lerp_(deviation, 1.0 - MEMORY)
        return deviation
