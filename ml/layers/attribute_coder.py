"""The halves of an autoencoder that is told attributes on its way back: AttGAN, STGAN, Fader networks and IcGAN."""

import torch
from torch import Tensor, nn

from ml.layers.halving import channels_at, down, halving, up

SLOPE = 0.2


def beside(maps: Tensor, numbers: Tensor) -> Tensor:
    """[N, C, H, W] and [N, A] -> [N, C + A, H, W]: the numbers at every pixel."""
    spread = numbers[:, :, None, None].expand(-1, -1, *maps.shape[2:])
    return torch.cat([maps, spread.to(maps.dtype)], 1)


class Encoder(nn.Module):
    """images [N, C, H, W] -> its maps, one after each halving of the side down to 4 to 7, the largest first.

    Batch norm behind every layer but the first; `told`: numbers [N, told] that lie beside the first map, if any.
    """

    def __init__(self, resolution: int, channels: int, width: int, told: int = 0) -> None:
        super().__init__()
        self.sizes = halving(resolution)
        depth = len(self.sizes) - 1
        layers: list[nn.Module] = [nn.Sequential(down(channels, width, bias=True), nn.LeakyReLU(SLOPE))]
        for level in range(2, depth + 1):
            inputs = channels_at(level - 1, width) + (told if level == 2 else 0)
            outputs = channels_at(level, width)
            layers.append(
                nn.Sequential(down(inputs, outputs, bias=False), nn.BatchNorm2d(outputs), nn.LeakyReLU(SLOPE))
            )
        self.levels = nn.ModuleList(layers)
        self.num_features = (channels_at(depth, width) + (told if depth == 1 else 0)) * self.sizes[-1] ** 2

    def forward(self, image: Tensor, numbers: Tensor | None = None) -> list[Tensor]:
        maps = []
        for place, level in enumerate(self.levels):
            image = level(image)
            if place == 0 and numbers is not None:
                image = beside(image, numbers)
            maps.append(image)
        return maps


class Decoder(nn.Module):
    """The smallest map of an `Encoder`, and numbers [N, A] -> images [N, C, H, W] in -1..1.

    The numbers lie beside what its first `num_told` layers get; `num_skips` layers after the first get a map of the
    same size beside it, the encoder's or what became of it.
    """

    def __init__(
        self, resolution: int, channels: int, width: int, num_attributes: int, num_told: int, num_skips: int
    ) -> None:
        super().__init__()
        sizes = halving(resolution)
        self.depth, self.num_told = len(sizes) - 1, num_told
        self.num_skips = min(num_skips, self.depth - 1)
        layers: list[nn.Module] = []
        for level in range(self.depth, 0, -1):
            place, own = self.depth - level, channels_at(level, width)
            inputs = own + num_attributes * (place < num_told) + own * (1 <= place <= self.num_skips)
            if level == 1:
                layers.append(up(inputs, channels, sizes[0], bias=True))
                break
            outputs = channels_at(level - 1, width)
            layers.append(nn.Sequential(up(inputs, outputs, sizes[level - 1]), nn.BatchNorm2d(outputs), nn.ReLU()))
        self.levels = nn.ModuleList(layers)

    def forward(self, first: Tensor, numbers: Tensor, skips: list[Tensor] | None = None) -> Tensor:
        """skips: those of the layers after the first, smallest first."""
        maps = first
        for place, level in enumerate(self.levels):
            if skips is not None and 1 <= place <= self.num_skips:
                maps = torch.cat([maps, skips[place - 1].to(maps.dtype)], 1)
            if place < self.num_told:
                maps = beside(maps, numbers)
            maps = level(maps)
        return maps.float().tanh()
