"""The exponential moving average (EMA) of networks, from which images are made."""

import copy

import torch
from torch import nn

from ml.model import Model


def decay_per_step(half_life: int, batch_size: int) -> float:
    """The share of the old average that one step of `batch_size` images keeps: 0.5 ** (batch_size / half_life)."""
    return float(0.5 ** (batch_size / half_life))


class Average:
    """Keeps `<name>_ema` beside each network in the model's `ema_networks`.

    Parameters are averaged; buffers (running statistics) are copied, because they are averages already. The averages
    are submodules of the model and so travel in its state. A half-life of 0 keeps none.
    """

    def __init__(self, model: Model, half_life: int, batch_size: int) -> None:
        self.pairs: list[tuple[nn.Module, nn.Module]] = []
        self.decay = decay_per_step(half_life, batch_size) if half_life else 0.0
        for name in model.ema_networks if half_life else ():
            network = model.get_submodule(name)
            twin = copy.deepcopy(network).requires_grad_(False).eval()
            model.add_module(f"{name}_ema", twin)
            self.pairs.append((twin, network))

    @torch.no_grad()
    def update(self) -> None:
        """Move every average towards its network by one step's share."""
        for twin, network in self.pairs:
            torch._foreach_lerp_(list(twin.parameters()), list(network.parameters()), 1.0 - self.decay)
            for own, other in zip(twin.buffers(), network.buffers(), strict=True):
                own.copy_(other)
