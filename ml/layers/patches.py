"""A discriminator of patches: each of its scores judges one part of the image, and none sees the whole of a large one.

Isola, Zhu, Zhou, Efros: Image-to-Image Translation with Conditional Adversarial Networks, CVPR 2017,
https://arxiv.org/abs/1611.07004, section 3.2.2.
"""

from torch import Tensor, nn

from ml.layers.halving import channels_at, down

SMALLEST = 4
"""Side of the map before the last two layers, which take one pixel each."""


class PatchDiscriminator(nn.Module):
    """images [N, channels, H, W] -> raw scores [N, 1, h, w].

    With three layers of stride 2 a score sees 70 x 70 pixels; with two 34 x 34, with one 16 x 16. A small image gets no
    more such layers than leave a map of SMALLEST pixels.
    """

    def __init__(self, channels: int, width: int, resolution: int, num_strided: int = 3) -> None:
        super().__init__()
        while resolution >> num_strided < SMALLEST:
            num_strided -= 1
        layers: list[nn.Module] = [down(channels, width, bias=True), nn.LeakyReLU(0.2)]
        for level in range(2, num_strided + 2):
            inputs, outputs = channels_at(level - 1, width), channels_at(level, width)
            conv = nn.Conv2d(inputs, outputs, 4, 2 if level <= num_strided else 1, 1, bias=False)
            layers += [conv, nn.InstanceNorm2d(outputs, affine=True), nn.LeakyReLU(0.2)]
        self.body = nn.Sequential(*layers, nn.Conv2d(channels_at(num_strided + 1, width), 1, 4, 1, 1))

    def forward(self, image: Tensor) -> Tensor:
        scores: Tensor = self.body(image)
        return scores.float()
