"""The image-to-image network of residual blocks between two halvings and two doublings.

Justin Johnson, Alexandre Alahi, Li Fei-Fei: Perceptual Losses for Real-Time Style Transfer and Super-Resolution, ECCV
2016, https://arxiv.org/abs/1603.08155, as Zhu et al. (CycleGAN, ICCV 2017, appendix 7.2) use it: instance norm, and
borders mirrored instead of filled with zeros.
"""

from torch import Tensor, nn

from ml.layers.instance_norm import instance_norm
from ml.layers.small_normal import small_normal


def num_blocks_for(resolution: int) -> int:
    """Residual blocks: 9 from 256 pixels and 6 from 128 on, as in the paper of CycleGAN, and 3 below."""
    return 9 if resolution >= 256 else 6 if resolution >= 128 else 3


class ResnetGenerator(nn.Module):
    """images [N, inputs, H, W] in -1..1 -> images [N, outputs, H, W] in -1..1, float32.

    `width` channels at the full resolution, 2 and 4 times as many after each halving (rounded up).
    """

    def __init__(self, inputs: int, outputs: int, resolution: int, width: int, num_blocks: int) -> None:
        super().__init__()
        half = (resolution + 1) // 2
        layers = [
            *_normed(nn.Conv2d(inputs, width, 7, padding=3, padding_mode="reflect", bias=False), width),
            *_normed(nn.Conv2d(width, 2 * width, 3, 2, 1, bias=False), 2 * width),
            *_normed(nn.Conv2d(2 * width, 4 * width, 3, 2, 1, bias=False), 4 * width),
            *(ResidualBlock(4 * width) for _ in range(num_blocks)),
            *_normed(_doubling(4 * width, 2 * width, half), 2 * width),
            *_normed(_doubling(2 * width, width, resolution), width),
            nn.Conv2d(width, outputs, 7, padding=3, padding_mode="reflect"),
        ]
        self.body = nn.Sequential(*layers)
        self.apply(small_normal)

    def forward(self, image: Tensor) -> Tensor:
        result: Tensor = self.body(image)
        return result.float().tanh()


class ResidualBlock(nn.Module):
    """x + f(x), [N, channels, H, W], H and W at least 2; nothing after the sum."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            *_normed(nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect", bias=False), channels),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect", bias=False),
            instance_norm(channels),
        )

    def forward(self, x: Tensor) -> Tensor:
        change: Tensor = self.body(x)
        return x + change


def _normed(layer: nn.Module, channels: int) -> list[nn.Module]:
    return [layer, instance_norm(channels), nn.ReLU(inplace=True)]


def _doubling(inputs: int, outputs: int, size: int) -> nn.ConvTranspose2d:
    """[half of size, rounded up] -> [size]."""
    return nn.ConvTranspose2d(inputs, outputs, 3, 2, 1, output_padding=1 - size % 2, bias=False)
