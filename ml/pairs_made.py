"""Pairs from plain images: what a model is given instead of a photo that it is to make again.

Images are float [N, C, H, W] in -1..1.
"""

import torch
from torch import Tensor
from torch.nn.functional import conv2d, pad

LUMA = (0.299, 0.587, 0.114)
"""Red, green and blue in brightness; ITU-R BT.601."""


def grey(image: Tensor) -> Tensor:
    """The brightness [N, 1, H, W]; an image of one channel as it is."""
    if image.shape[1] == 1:
        return image
    return (image * image.new_tensor(LUMA).view(1, 3, 1, 1)).sum(1, keepdim=True)


def edges(image: Tensor, full: float) -> Tensor:
    """Lines [N, 1, H, W], -1 where the image is even, 1 where its brightness changes by `full` or more.

    The change is the length of Sobel's slope, scaled so that a step from black to white is 1.
    """
    across = image.new_tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
    kernels = torch.stack([across, across.T])[:, None]
    slope = conv2d(pad(grey(image.float()), (1, 1, 1, 1), mode="replicate"), kernels)
    change = slope.square().sum(1, keepdim=True).sqrt()
    return (change / full).clamp(max=1.0) * 2 - 1
