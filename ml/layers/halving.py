"""A stack of stride-2 layers: the sizes that it passes through, the channels of its maps, and one layer each way."""

from torch import nn

from ml.layers.few_channels import DownFromImage, UpToImage

SMALLEST = 4
FEW_CHANNELS = 4


def halving(resolution: int, smallest: int = SMALLEST) -> list[int]:
    """`resolution` and its halves, rounded down, to the last one of at least `smallest`: 30 -> [30, 15, 7]."""
    sizes = [resolution]
    while sizes[-1] // 2 >= smallest:
        sizes.append(sizes[-1] // 2)
    return sizes


def channels_at(level: int, width: int) -> int:
    """Channels of the map after `level` halvings, 1 being the first: doubling, at most 8 times the width."""
    return width * min(1 << (level - 1), 8)


def up(inputs: int, outputs: int, size: int, bias: bool = False) -> nn.ConvTranspose2d:
    """[size // 2] -> [size]: an odd side needs one more row and column."""
    kind = UpToImage if outputs <= FEW_CHANNELS else nn.ConvTranspose2d
    return kind(inputs, outputs, 4, 2, 1, output_padding=size % 2, bias=bias)


def down(inputs: int, outputs: int, bias: bool) -> nn.Conv2d:
    """[size] -> [size // 2]."""
    kind = DownFromImage if inputs <= FEW_CHANNELS else nn.Conv2d
    return kind(inputs, outputs, 4, 2, 1, bias=bias)
