"""Instance normalisation: every map of every image brought to mean 0 and variance 1, in training and after.

Dmitry Ulyanov, Andrea Vedaldi, Victor Lempitsky: Instance Normalization: The Missing Ingredient for Fast Stylization,
2016, https://arxiv.org/abs/1607.08022.
"""

import torch
from torch import Tensor, nn


class InstanceNorm(nn.GroupNorm):
    """A group norm of one map per group, which leaves maps of one pixel at 0 where torch's instance norm refuses them.

    On a CPU, torch's kernels for a group norm are slow at maps in channels-last order, and those for an instance norm
    bring them into another order; a batch norm of each image by itself is neither, and the same up to rounding.
    """

    def forward(self, input: Tensor) -> Tensor:  # the name is torch's
        is_slow = input.device.type == "cpu" and input.is_contiguous(memory_format=torch.channels_last)
        if not is_slow or input.dtype != torch.float32 or torch.compiler.is_compiling():
            return super().forward(input)
        images = [
            torch.batch_norm(image, self.weight, self.bias, None, None, True, 0.0, self.eps, False)
            for image in input.chunk(len(input))
        ]
        return torch.cat(images)


def instance_norm(channels: int, affine: bool = False) -> InstanceNorm:
    """[N, channels, H, W] -> the same shape; affine: a gain and a shift are learnt for each map."""
    return InstanceNorm(channels, channels, affine=affine)
