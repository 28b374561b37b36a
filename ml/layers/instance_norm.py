"""Instance normalisation: every map of every image brought to mean 0 and variance 1, in training and after.

Dmitry Ulyanov, Andrea Vedaldi, Victor Lempitsky: Instance Normalization: The Missing Ingredient for Fast Stylization,
2016, https://arxiv.org/abs/1607.08022. As a group norm of one map per group, which computes the same in less time on a
CPU and leaves maps of one pixel at 0 where torch's own layer refuses them.
"""

from torch import nn


def instance_norm(channels: int, affine: bool = False) -> nn.GroupNorm:
    """[N, channels, H, W] -> the same shape; affine: a gain and a shift are learnt for each map."""
    return nn.GroupNorm(channels, channels, affine=affine)
