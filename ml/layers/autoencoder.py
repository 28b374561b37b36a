"""A discriminator that is an autoencoder: an image that it cannot reconstruct is not real (BEGAN).

David Berthelot, Thomas Schumm, Luke Metz: BEGAN: Boundary Equilibrium Generative Adversarial Networks, 2017,
https://arxiv.org/abs/1703.10717.
"""

import torch
from torch import Tensor, nn

from ml.layers.halving import channels_at, down, halving, up
from ml.layers.named_noise import NamedNoise
from ml.model import DataSpec


class Autoencoder(nn.Module):
    """images [N, C, H, W], label [N] -> (minus the error of reconstruction [N], class logits [N, classes] or None).

    The decoder is told the class beside the code; the class head sits on the encoder. No norm couples the images of a
    batch. The last layer has no tanh, because augmented images may leave -1..1.
    """

    def __init__(self, data: DataSpec, width: int, code_dim: int, label_dim: int, class_head: bool) -> None:
        super().__init__()
        sizes = halving(data.resolution)
        depth = len(sizes) - 1
        self.start = (channels_at(depth, width), sizes[-1], sizes[-1])
        channels = [data.channels, *(channels_at(level, width) for level in range(1, depth + 1))]
        num_features = self.start[0] * sizes[-1] ** 2

        encoder: list[nn.Module] = []
        for level in range(1, depth + 1):
            encoder += [down(channels[level - 1], channels[level], bias=True), nn.ELU()]
        self.body = nn.Sequential(*encoder)
        self.code = nn.Linear(num_features, code_dim)
        self.named = NamedNoise(len(data.classes), label_dim)
        self.project = nn.Linear(code_dim + label_dim, num_features)
        decoder: list[nn.Module] = []
        for level in range(depth, 0, -1):
            decoder += [nn.ELU(), up(channels[level], channels[level - 1], sizes[level - 1], bias=True)]
        self.decoder = nn.Sequential(*decoder)
        self.classes = nn.Linear(num_features, len(data.classes)) if class_head else None
        self.apply(_kept_variance)

    def forward(self, image: Tensor, label: Tensor) -> tuple[Tensor, Tensor | None]:
        features = self.features(image)
        error = (image - self.reconstruction(features, label)).abs().flatten(1).mean(1)
        return -error, None if self.classes is None else self.classes(features).float()

    def features(self, image: Tensor) -> Tensor:
        """The encoder's last map, flat [N, num_features]."""
        features: Tensor = self.body(image).flatten(1)
        return features

    def reconstruction(self, features: Tensor, label: Tensor) -> Tensor:
        """Images [N, C, H, W], float32, of what was encoded."""
        first = self.project(self.named(self.code(features), label)).view(-1, *self.start)
        image: Tensor = self.decoder(first.contiguous(memory_format=torch.channels_last))
        return image.float()


def _kept_variance(layer: nn.Module) -> None:
    """Weights that hand on the variance of what comes in, biases 0: with no norm, N(0, 0.02^2) fades to nothing."""
    if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d | nn.Linear):
        # a 4x4 layer of stride 2 that doubles the side meets each pixel with a quarter of its weights
        inputs = layer.weight[:, 0].numel() // 4 if isinstance(layer, nn.ConvTranspose2d) else layer.weight[0].numel()
        nn.init.normal_(layer.weight, 0.0, inputs**-0.5)
        if layer.bias is not None:
            nn.init.zeros_(layer.bias)
