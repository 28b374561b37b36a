"""The network that the published FID, KID and inception scores look through: Inception v3 as of 5 December 2015.

Szegedy, Vanhoucke, Ioffe, Shlens, Wojna: Rethinking the Inception Architecture for Computer Vision. CVPR 2016.
https://arxiv.org/abs/1512.00567

Notation (code -> paper): mixed_35 -> the modules of figure 5 on the 35 x 35 grid; mixed_17 -> figure 6 with n = 7;
mixed_8 -> figure 7; to_17, to_8 -> the reductions of figure 10.
Differs from the paper: 1,008 outputs, no auxiliary classifier, the mean of a pooling window leaves padding out, and the
last module takes the largest value of a window instead of its mean, all as in the graph that the weights were published
with. Tensors are called as in the public ports of those weights to PyTorch, so that their files load as they are.

23,850,960 learnt numbers: convolutions without bias, scale and shift of batch norm, and the linear layer. (The
23,851,784 of another framework's page are those of 1,000 outputs, without scales, with the 34,432 running statistics.)
"""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

NUM_FEATURES = 2_048
NUM_OUTPUTS = 1_008
SIDE = 299

Kernel = int | tuple[int, int]


class Convolution(nn.Module):
    """Convolution, batch norm, ReLU."""

    def __init__(self, wide: int, out: int, kernel: Kernel = 1, stride: int = 1, same: bool = True) -> None:
        """same: padded so that a stride of 1 keeps the size."""
        super().__init__()
        height, width = (kernel, kernel) if isinstance(kernel, int) else kernel
        padding = (height // 2, width // 2) if same else (0, 0)
        self.conv = nn.Conv2d(wide, out, (height, width), stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(out, eps=0.001)

    def forward(self, image: Tensor) -> Tensor:
        return F.relu(self.bn(self.conv(image)), inplace=True)


class Mixed(nn.Module):
    """Chains of convolutions side by side, their channels stacked; `pool` is what the last chain begins with.

    A chain names its convolutions in order. Names that stand in a tuple end it side by side on the same input.
    """

    def __init__(
        self, chains: Sequence[Sequence[str | tuple[str, str]]], pool: nn.Module, **parts: Convolution
    ) -> None:
        super().__init__()
        for name, part in parts.items():
            self.add_module(name, part)
        self.chains, self.pool = chains, pool

    def forward(self, image: Tensor) -> Tensor:
        outputs: list[Tensor] = []
        for number, chain in enumerate(self.chains):
            inner = self.pool(image) if number == len(self.chains) - 1 else image
            ends = [inner]
            for step in chain:
                names = (step,) if isinstance(step, str) else step
                ends = [self.get_submodule(name)(ends[0]) for name in names]
            outputs += ends
        return torch.cat(outputs, dim=1)


def mean_of_window() -> nn.Module:
    return nn.AvgPool2d(3, 1, 1, count_include_pad=False)


def largest_of_window() -> nn.Module:
    return nn.MaxPool2d(3, 1, 1)


def mixed_35(wide: int, pooled: int) -> Mixed:
    """[N, wide, 35, 35] -> [N, 224 + pooled, 35, 35]"""
    return Mixed(
        [
            ["branch1x1"],
            ["branch5x5_1", "branch5x5_2"],
            ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"],
            ["branch_pool"],
        ],
        mean_of_window(),
        branch1x1=Convolution(wide, 64),
        branch5x5_1=Convolution(wide, 48),
        branch5x5_2=Convolution(48, 64, 5),
        branch3x3dbl_1=Convolution(wide, 64),
        branch3x3dbl_2=Convolution(64, 96, 3),
        branch3x3dbl_3=Convolution(96, 96, 3),
        branch_pool=Convolution(wide, pooled),
    )


def to_17() -> Mixed:
    """[N, 288, 35, 35] -> [N, 768, 17, 17]"""
    return Mixed(
        [["branch3x3"], ["branch3x3dbl_1", "branch3x3dbl_2", "branch3x3dbl_3"], []],
        nn.MaxPool2d(3, 2),
        branch3x3=Convolution(288, 384, 3, 2, same=False),
        branch3x3dbl_1=Convolution(288, 64),
        branch3x3dbl_2=Convolution(64, 96, 3),
        branch3x3dbl_3=Convolution(96, 96, 3, 2, same=False),
    )


def mixed_17(inner: int) -> Mixed:
    """[N, 768, 17, 17] -> [N, 768, 17, 17]; `inner` channels between the long kernels."""
    across, down = (1, 7), (7, 1)
    return Mixed(
        [
            ["branch1x1"],
            ["branch7x7_1", "branch7x7_2", "branch7x7_3"],
            ["branch7x7dbl_1", "branch7x7dbl_2", "branch7x7dbl_3", "branch7x7dbl_4", "branch7x7dbl_5"],
            ["branch_pool"],
        ],
        mean_of_window(),
        branch1x1=Convolution(768, 192),
        branch7x7_1=Convolution(768, inner),
        branch7x7_2=Convolution(inner, inner, across),
        branch7x7_3=Convolution(inner, 192, down),
        branch7x7dbl_1=Convolution(768, inner),
        branch7x7dbl_2=Convolution(inner, inner, down),
        branch7x7dbl_3=Convolution(inner, inner, across),
        branch7x7dbl_4=Convolution(inner, inner, down),
        branch7x7dbl_5=Convolution(inner, 192, across),
        branch_pool=Convolution(768, 192),
    )


def to_8() -> Mixed:
    """[N, 768, 17, 17] -> [N, 1280, 8, 8]"""
    return Mixed(
        [
            ["branch3x3_1", "branch3x3_2"],
            ["branch7x7x3_1", "branch7x7x3_2", "branch7x7x3_3", "branch7x7x3_4"],
            [],
        ],
        nn.MaxPool2d(3, 2),
        branch3x3_1=Convolution(768, 192),
        branch3x3_2=Convolution(192, 320, 3, 2, same=False),
        branch7x7x3_1=Convolution(768, 192),
        branch7x7x3_2=Convolution(192, 192, (1, 7)),
        branch7x7x3_3=Convolution(192, 192, (7, 1)),
        branch7x7x3_4=Convolution(192, 192, 3, 2, same=False),
    )


def mixed_8(wide: int, pool: nn.Module) -> Mixed:
    """[N, wide, 8, 8] -> [N, 2048, 8, 8]"""
    across, down = (1, 3), (3, 1)
    return Mixed(
        [
            ["branch1x1"],
            ["branch3x3_1", ("branch3x3_2a", "branch3x3_2b")],
            ["branch3x3dbl_1", "branch3x3dbl_2", ("branch3x3dbl_3a", "branch3x3dbl_3b")],
            ["branch_pool"],
        ],
        pool,
        branch1x1=Convolution(wide, 320),
        branch3x3_1=Convolution(wide, 384),
        branch3x3_2a=Convolution(384, 384, across),
        branch3x3_2b=Convolution(384, 384, down),
        branch3x3dbl_1=Convolution(wide, 448),
        branch3x3dbl_2=Convolution(448, 384, 3),
        branch3x3dbl_3a=Convolution(384, 384, across),
        branch3x3dbl_3b=Convolution(384, 384, down),
        branch_pool=Convolution(wide, 192),
    )


class InceptionNet(nn.Module):
    """uint8 images -> 2,048 pooled features and the scores of 1,008 outputs."""

    def __init__(self) -> None:
        super().__init__()
        self.Conv2d_1a_3x3 = Convolution(3, 32, 3, 2, same=False)
        self.Conv2d_2a_3x3 = Convolution(32, 32, 3, same=False)
        self.Conv2d_2b_3x3 = Convolution(32, 64, 3)
        self.Conv2d_3b_1x1 = Convolution(64, 80)
        self.Conv2d_4a_3x3 = Convolution(80, 192, 3, same=False)
        self.Mixed_5b = mixed_35(192, 32)
        self.Mixed_5c = mixed_35(256, 64)
        self.Mixed_5d = mixed_35(288, 64)
        self.Mixed_6a = to_17()
        self.Mixed_6b = mixed_17(128)
        self.Mixed_6c = mixed_17(160)
        self.Mixed_6d = mixed_17(160)
        self.Mixed_6e = mixed_17(192)
        self.Mixed_7a = to_8()
        self.Mixed_7b = mixed_8(1280, mean_of_window())
        self.Mixed_7c = mixed_8(2048, largest_of_window())
        self.fc = nn.Linear(NUM_FEATURES, NUM_OUTPUTS)

    def forward(self, pixels: Tensor) -> tuple[Tensor, Tensor]:
        """uint8 [N, H, W, 1 or 3] -> features [N, 2048], logits [N, 1008] without the bias.

        The published inception score leaves the bias of the outputs out, so it is left out here.
        """
        features = self.maps(prepared(pixels)).mean(dim=(2, 3))
        return features, F.linear(features, self.fc.weight)

    def maps(self, image: Tensor) -> Tensor:
        """[N, 3, 299, 299] in -1..1 -> [N, 2048, 8, 8]"""
        image = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(image)))
        image = self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(F.max_pool2d(image, 3, 2)))
        image = self.Mixed_5d(self.Mixed_5c(self.Mixed_5b(F.max_pool2d(image, 3, 2))))
        image = self.Mixed_6e(self.Mixed_6d(self.Mixed_6c(self.Mixed_6b(self.Mixed_6a(image)))))
        image = self.Mixed_7c(self.Mixed_7b(self.Mixed_7a(image)))
        return image


def prepared(pixels: Tensor) -> Tensor:
    """uint8 [N, H, W, 1 or 3] -> float32 [N, 3, 299, 299] in -1..1, grey three times.

    Bilinear as in the published graph: pixel i of the result lies at i * H / 299 of the image, the first on the first,
    with no half pixel between them and no smoothing before an image is made smaller.
    """
    image = pixels.permute(0, 3, 1, 2).float()
    down, across = (_between(size, pixels.device) for size in image.shape[2:])
    image = (down @ image @ across.T - 128) / 128
    return image if image.shape[1] == 3 else image.expand(-1, 3, -1, -1)


def _between(size: int, device: torch.device) -> Tensor:
    """float32 [299, size]: how much of each pixel of a row lies in each pixel of the resized row."""
    place = torch.arange(SIDE, device=device) * (size / SIDE)
    first = place.long().clamp(max=size - 1)
    share = place - first
    rows = torch.arange(SIDE, device=device)
    weight = torch.zeros(SIDE, size, device=device)
    weight[rows, first] = 1 - share
    weight[rows, (first + 1).clamp(max=size - 1)] += share
    return weight
