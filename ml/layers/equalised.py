"""Equalised learning rate: weights are drawn from N(0, 1) and scaled at each use, so that all learn equally fast.

Karras, Aila, Laine, Lehtinen: Progressive Growing of GANs for Improved Quality, Stability, and Variation, ICLR 2018,
section 4.1, https://arxiv.org/abs/1710.10196. The scale is He's constant, gain / sqrt(inputs of one output). Adam's
step does not depend on a weight's size; with weights of one size, its step means the same in every layer.
"""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, linear

HE_GAIN = math.sqrt(2.0)
"""For a layer that a (leaky) ReLU follows; 1 for one that nothing follows."""


class EqualisedConv2d(nn.Module):
    """[N, inputs, H, W] -> [N, outputs, H, W]; an odd kernel, the border filled with zeros."""

    def __init__(self, inputs: int, outputs: int, kernel: int, gain: float = HE_GAIN) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs, kernel, kernel))
        self.bias = nn.Parameter(torch.zeros(outputs))
        self.scale = gain / math.sqrt(inputs * kernel**2)
        self.padding = kernel // 2

    def forward(self, x: Tensor) -> Tensor:
        return conv2d(x, self.weight * self.scale, self.bias, padding=self.padding)


class EqualisedLinear(nn.Module):
    """[N, inputs] -> [N, outputs]."""

    def __init__(self, inputs: int, outputs: int, bias: bool = True, gain: float = HE_GAIN) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(outputs, inputs))
        self.bias = nn.Parameter(torch.zeros(outputs)) if bias else None
        self.scale = gain / math.sqrt(inputs)

    def forward(self, x: Tensor) -> Tensor:
        return linear(x, self.weight * self.scale, self.bias)
