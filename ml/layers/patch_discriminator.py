"""A discriminator that judges patches: each score looks at one part of the image, and an image's score is their mean.

Phillip Isola, Jun-Yan Zhu, Tinghui Zhou, Alexei A. Efros: Image-to-Image Translation with Conditional Adversarial
Networks, CVPR 2017, section 3.2.2, https://arxiv.org/abs/1611.07004.
"""

from torch import Tensor, nn

from ml.layers.halving import down
from ml.layers.instance_norm import instance_norm
from ml.layers.small_normal import small_normal

SMALLEST_MAP = 8


def num_halvings(resolution: int) -> int:
    """3, the paper's, from 64 pixels on; below as many as leave a map of 8. Patches of 70, 34 (32 px) or 16 pixels."""
    return next(number for number in (3, 2, 1) if resolution >> number >= SMALLEST_MAP)


class PatchDiscriminator(nn.Module):
    """images [N, channels, H, W] -> raw scores of patches [N, 1, h, w], float32; the inner layers normed.

    most_halvings: 2 and 1 make patches of 34 and 16 pixels of large images, too.
    """

    def __init__(self, channels: int, resolution: int, width: int, most_halvings: int = 3) -> None:
        super().__init__()
        depth = min(num_halvings(resolution), most_halvings)
        layers: list[nn.Module] = [down(channels, width, bias=True), nn.LeakyReLU(0.2, inplace=True)]
        for level in range(1, depth + 1):
            inputs, outputs = width * 2 ** (level - 1), width * 2**level
            layer = (
                down(inputs, outputs, bias=False) if level < depth else nn.Conv2d(inputs, outputs, 4, 1, 1, bias=False)
            )
            layers += [layer, instance_norm(outputs), nn.LeakyReLU(0.2, inplace=True)]
        self.body = nn.Sequential(*layers, nn.Conv2d(width * 2**depth, 1, 4, 1, 1))
        self.apply(small_normal)

    def forward(self, image: Tensor) -> Tensor:
        scores: Tensor = self.body(image)
        return scores.float()
