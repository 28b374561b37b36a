"""From maps to features."""

import torch
from torch import Tensor


def flat(maps: Tensor) -> Tensor:
    """[N, C, H, W] -> [N, C * H * W].

    The gradient goes back in channels-last order, in which the layers before computed; as `flatten` leaves it, every
    one of them would bring it in order anew.
    """
    if maps.requires_grad:
        maps.register_hook(_in_order)  # type: ignore[no-untyped-call]
    return maps.flatten(1)


def _in_order(gradient: Tensor) -> Tensor:
    return gradient.contiguous(memory_format=torch.channels_last)
