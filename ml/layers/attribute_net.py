"""A small classifier of attributes, whose last layer and features represent them."""

import torch
from torch import Tensor, nn

from ml.layers.halving import halving

NUM_FEATURES = 128
NARROWEST = 16


class AttributeNet(nn.Module):
    """images [N, C, H, W] in -1..1 -> logits [N, A]: strided convolutions to a side of 4 to 7, the mean of the last map
    as features, one row of weights for each attribute."""

    def __init__(self, resolution: int, channels: int, num_attributes: int) -> None:
        super().__init__()
        depth = len(halving(resolution)) - 1
        layers: list[nn.Module] = []
        for level in range(depth, 0, -1):
            wider = max(NARROWEST, NUM_FEATURES >> (level - 1))
            layers += [nn.Conv2d(channels, wider, 3, 2, 1, bias=False), nn.BatchNorm2d(wider), nn.ReLU(inplace=True)]
            channels = wider
        self.body = nn.Sequential(*layers)
        self.attributes = nn.Linear(NUM_FEATURES, num_attributes)

    def features(self, image: Tensor) -> Tensor:
        """[N, NUM_FEATURES]."""
        features: Tensor = self.body(image).mean((2, 3))
        return features

    def forward(self, image: Tensor) -> Tensor:
        logits: Tensor = self.attributes(self.features(image)).float()
        return logits


class MeanDifference(nn.Module):
    """Sums of features [N, F] over images that have each attribute, and over those that lack it."""

    has_sum: Tensor
    lacks_sum: Tensor
    has: Tensor
    lacks: Tensor

    def __init__(self, num_attributes: int) -> None:
        super().__init__()
        for name in ("has_sum", "lacks_sum"):
            self.register_buffer(name, torch.zeros(num_attributes, NUM_FEATURES))
        for name in ("has", "lacks"):
            self.register_buffer(name, torch.zeros(num_attributes))

    def clear(self) -> None:
        """Begin anew."""
        for sums in (self.has_sum, self.lacks_sum, self.has, self.lacks):
            sums.zero_()

    def add(self, features: Tensor, vectors: Tensor) -> None:
        """vectors: [N, A], 1 has, 0 lacks, NaN counts for neither."""
        with torch.autocast(features.device.type, enabled=False):  # sums of many need all their digits
            for present, sums, number in ((1, self.has_sum, self.has), (0, self.lacks_sum, self.lacks)):
                counted = (vectors == present).to(sums.dtype)
                sums += counted.T @ features.to(sums.dtype)
                number += counted.sum(0)

    def rows(self) -> Tensor:
        """[A, F]: the mean of those that have it minus the mean of those that lack it."""
        return self.has_sum / self.has.clamp(min=1)[:, None] - self.lacks_sum / self.lacks.clamp(min=1)[:, None]
