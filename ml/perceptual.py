"""Distances of images in the maps of a frozen network, and of their textures in Gram matrices.

Justin Johnson, Alexandre Alahi, Li Fei-Fei: Perceptual Losses for Real-Time Style Transfer and Super-Resolution, ECCV
2016, https://arxiv.org/abs/1603.08155; Leon Gatys, Alexander Ecker, Matthias Bethge: Texture Synthesis Using
Convolutional Neural Networks, NeurIPS 2015, https://arxiv.org/abs/1505.07376.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Literal, Self

import torch
from torch import Tensor, nn
from torch.nn.functional import mse_loss

from ml.features import EncoderNet
from ml.model import DataSpec
from ml.vgg import Vgg, load_vgg

FeaturesName = Literal["in_domain", "vgg19"]
Maps = Mapping[str, Tensor]


class FrozenFeatures(nn.Module):
    """Images [N, C, H, W] in -1..1 -> maps by name: the layers of VGG-19, "1_1" to "5_4", or "1" to "4" of the
    in-domain encoder.

    Its weights come from elsewhere and never learn; they lie in checkpoints, so that a resumed training needs nothing
    else. The encoder's convolutions see images at their own size, also above 64 pixels.
    """

    def __init__(self, name: FeaturesName, data: DataSpec) -> None:
        super().__init__()
        self.net = Vgg() if name == "vgg19" else _EncoderMaps(data)
        self.requires_grad_(False)
        self.eval()

    def check_supplies(self) -> None:
        """Raises: BadWeightsError where weights are to be supplied and are not."""
        if isinstance(self.net, Vgg):
            load_vgg(self.net)

    def fill(self, encoder: Callable[[], nn.Module]) -> None:
        """Take over the weights. Raises: BadWeightsError."""
        if isinstance(self.net, Vgg):
            load_vgg(self.net)
        else:
            self.net.body.load_state_dict(encoder().get_submodule("body").state_dict())

    def train(self, mode: bool = True) -> Self:
        """Running statistics stay what they are."""
        return super().train(False)

    def forward(self, image: Tensor) -> Maps:
        maps: Maps = self.net(image)
        return maps


class _EncoderMaps(nn.Module):
    """The in-domain encoder's convolutions."""

    def __init__(self, data: DataSpec) -> None:
        super().__init__()
        self.body = EncoderNet(data.resolution, data.channels, 1).body

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        maps: dict[str, Tensor] = {}
        inner = image
        for layer in self.body:
            inner = layer(inner)
            if isinstance(layer, nn.ReLU):
                maps[str(len(maps) + 1)] = inner
        return maps


def map_loss(made: Maps, true: Maps, names: Sequence[str]) -> Tensor:
    """The sum over some maps of their mean squared error."""
    return torch.stack([mse_loss(made[name].float(), true[name].float()) for name in names]).sum()


def texture_loss(made: Maps, true: Maps, names: Sequence[str], patch: int) -> Tensor:
    """The sum over some maps of the mean squared error of the Gram matrices of their patches."""
    each = [mse_loss(grams(made[name].float(), patch), grams(true[name].float(), patch)) for name in names]
    return torch.stack(each).sum()


def grams(maps: Tensor, patch: int) -> Tensor:
    """[N, C, H, W] -> [N, patches, C, C]: which features occur together in each patch, as a mean over its places.

    Patches are about `patch` places wide, as many as fill each side best; a map smaller than that is one patch.
    """
    _, _, height, width = maps.shape
    down, across = (max(1, round(side / patch)) for side in (height, width))
    tall, wide = height // down, width // across
    cut = maps[:, :, : tall * down, : wide * across]
    patches = cut.reshape(*cut.shape[:2], down, tall, across, wide).permute(0, 2, 4, 1, 3, 5)
    flat = patches.reshape(len(maps), down * across, maps.shape[1], tall * wide)
    return torch.matmul(flat, flat.transpose(2, 3)) / flat.shape[3]
