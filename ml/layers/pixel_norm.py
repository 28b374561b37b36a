"""Pixelwise normalisation: every pixel's channels brought to a mean square of 1, so that G's signals cannot swell.

Karras, Aila, Laine, Lehtinen: Progressive Growing of GANs for Improved Quality, Stability, and Variation, ICLR 2018,
section 4.2, https://arxiv.org/abs/1710.10196.
"""

from torch import Tensor

EPSILON = 1e-8


def pixel_norm(x: Tensor) -> Tensor:
    """x / sqrt(mean of x^2 over axis 1), for [N, C] and [N, C, H, W]; the mean in fp32 also under autocast."""
    mean_square = x.float().square().mean(1, keepdim=True)
    return x * (mean_square + EPSILON).rsqrt().to(x.dtype)
