"""The class beside the noise: what a G that is told the class begins with."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize


class NamedNoise(nn.Module):
    """z [N, z_dim], label [N] -> [N, z_dim + label_dim]: z, and the class's learnt numbers at unit length.

    Unit length beside z's sqrt(z_dim): a louder label lets G learn classes quickly by leaving the noise unheard.
    """

    def __init__(self, num_classes: int, label_dim: int) -> None:
        super().__init__()
        self.label = nn.Embedding(num_classes, label_dim)

    def forward(self, z: Tensor, label: Tensor) -> Tensor:
        return torch.cat([z, normalize(self.label(label), dim=1)], 1)
