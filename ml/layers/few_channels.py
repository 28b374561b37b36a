"""The layers next to an image, whose few channels torch's own kernels for a CPU are slow at.

The same numbers as torch's layers up to rounding, in less time (benchmarks/sampling.md, training.md); on other devices
they are torch's.
"""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import conv2d, pixel_shuffle


class UpToImage(nn.ConvTranspose2d):
    """[size // 2] -> [size], kernel 4, stride 2, padding 1."""

    def forward(self, input: Tensor, output_size: list[int] | None = None) -> Tensor:  # the names are torch's
        if input.device.type != "cpu":
            return super().forward(input, output_size)
        height, width = (2 * side + more for side, more in zip(input.shape[2:], self.output_padding, strict=True))
        image = _doubled(input, self.weight, height, width)
        return image if self.bias is None else image + self.bias.view(1, -1, 1, 1)


class DownFromImage(nn.Conv2d):
    """[size] -> [size // 2], kernel 4, stride 2, padding 1: as torch does it, but for the gradient of the image."""

    def forward(self, input: Tensor) -> Tensor:  # the name is torch's
        if input.device.type != "cpu" or not (torch.is_grad_enabled() and input.requires_grad):
            return super().forward(input)
        maps: Tensor = _Down.apply(input, self.weight, self.bias)  # type: ignore[no-untyped-call]
        return maps


class _Down(torch.autograd.Function):
    @staticmethod
    def forward(image: Tensor, kernel: Tensor, bias: Tensor | None) -> Tensor:
        return conv2d(image, kernel, bias, 2, 1)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, Tensor, Tensor | None], output: Tensor) -> None:
        ctx.save_for_backward(*inputs[:2])

    @staticmethod
    def backward(ctx: Any, *wanted: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """In steps that have a gradient themselves, which R1 and WGAN-GP ask for."""
        (gradient,), (image, kernel) = wanted, ctx.saved_tensors
        like = kernel.to(gradient.dtype)
        to_image = _doubled(gradient, like, *image.shape[2:]).to(image.dtype)
        asked = [False, *ctx.needs_input_grad[1:]]
        if not any(asked):
            return to_image, None, None
        _, to_kernel, to_bias = torch.ops.aten.convolution_backward(
            gradient, image.to(gradient.dtype), like, [len(kernel)], [2, 2], [1, 1], [1, 1], False, [0, 0], 1, asked
        )
        return to_image, _as(to_kernel, kernel), _as(to_bias, kernel)


def _as(gradient: Tensor | None, parameter: Tensor) -> Tensor | None:
    return None if gradient is None else gradient.to(parameter.dtype)


def _doubled(maps: Tensor, kernel: Tensor, height: int, width: int) -> Tensor:
    """The transposed convolution of kernel 4, stride 2 and padding 1.

    A pixel of the result sees 2x2 of the maps, by one of four parts of the kernel that depends on whether its row and
    column are even or odd: four maps of a 2x2 convolution, put side by side. Row 2 + a - 2b of the kernel is row b of
    part a.
    """
    inputs, outputs = kernel.shape[:2]
    parts = kernel.view(inputs, outputs, 2, 2, 2, 2).permute(1, 3, 5, 0, 2, 4).flip(4, 5)
    parts = parts.reshape(4 * outputs, inputs, 2, 2).contiguous(memory_format=torch.channels_last)
    return pixel_shuffle(conv2d(maps, parts, padding=1), 2)[:, :, 1 : 1 + height, 1 : 1 + width]
