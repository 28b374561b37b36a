"""The class beside the noise: what a G that is told the class begins with."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize


class NamedNoise(nn.Module):
    """z [N, z_dim], label [N] -> [N, z_dim + label_dim]: z, and the class's learnt numbers, always `length` long.

    Unit length beside z's sqrt(z_dim) suits plain layers: a louder label lets G learn classes quickly by leaving the
    noise unheard. Equalised layers change by small shares, and need it as loud as z from the start: sqrt(label_dim).
    """

    def __init__(self, num_classes: int, label_dim: int, length: float = 1.0) -> None:
        super().__init__()
        self.length = length
        self.label = nn.Embedding(num_classes, label_dim)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        return torch.cat([z, self.length * normalize(self.label(label), dim=1)], 1)
