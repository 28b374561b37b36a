"""Differentiable augmentation of what D sees, real and fake alike (DiffAugment).

Zhao, Liu, Lin, Zhu, Han: Differentiable Augmentation for Data-Efficient GAN Training, NeurIPS 2020,
https://arxiv.org/abs/2006.10738; `geometry` is of the kind that Karras et al. found most useful (NeurIPS 2020,
https://arxiv.org/abs/2006.06676). Because G learns through the same transforms, they do not leak into its images.
Images are float [N, C, H, W] in -1..1; every image of a batch gets a draw of its own.
"""

import math
from typing import Literal

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, grid_sample

Policy = Literal[
    "none",
    "translation",
    "translation,cutout",
    "colour,translation",
    "colour,translation,cutout",
    "geometry,translation",
    "colour,geometry,translation,cutout",
]

MAX_SHIFT = 1 / 8
"""Largest translation, as a share of the side."""
CUTOUT = 1 / 2
"""Side of the square that cutout hides, as a share of the image's side."""
MAX_ZOOM = 1.25
"""Greatest enlargement, and reduction, by geometry."""
MAX_TURN = math.pi / 12
"""Greatest rotation by geometry, in radians."""


def diff_augment(image: Tensor, policy: Policy, chance: Tensor | None = None) -> Tensor:
    """The image transformed by each named part of the policy in turn; "none" gives the very same tensor.

    chance: 0-d, 0..1, how likely an image is transformed, drawn for each image and part by itself; None transforms all.
    """
    for part in () if policy == "none" else policy.split(","):
        transformed = _PARTS[part](image)
        image = transformed if chance is None else torch.where(_chosen(image, chance), transformed, image)
    return image


def colour(image: Tensor) -> Tensor:
    """Brightness moved by up to 0.5, saturation times 0..2, contrast times 0.5..1.5."""
    brightness, saturation, contrast = torch.rand(3, len(image), 1, 1, 1, dtype=image.dtype, device=image.device)
    image = image + (brightness - 0.5)
    if image.shape[1] > 1:
        grey = image.mean(1, keepdim=True)
        image = torch.lerp(grey, image, saturation * 2.0)
    mean = image.mean((1, 2, 3), keepdim=True)
    return torch.lerp(mean, image, contrast + 0.5)


def geometry(image: Tensor) -> Tensor:
    """Turned by up to MAX_TURN and zoomed by up to MAX_ZOOM, either way, about the middle; what comes in is 0."""
    turn, zoom = torch.rand(2, len(image), dtype=image.dtype, device=image.device) * 2 - 1
    angle, scale = turn * MAX_TURN, torch.exp(zoom * math.log(MAX_ZOOM))
    cosine, sine, still = angle.cos() * scale, angle.sin() * scale, torch.zeros_like(scale)
    matrix = torch.stack([cosine, -sine, still, sine, cosine, still], 1).view(-1, 2, 3)
    grid = affine_grid(matrix, list(image.shape), align_corners=False)
    return grid_sample(image, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def translation(image: Tensor) -> Tensor:
    """Moved by whole pixels, up to MAX_SHIFT of the side either way; what comes in is 0, mid-grey."""
    number, channels, height, width = image.shape
    source_row, row_seen = _shifted(number, height, image.device)
    source_column, column_seen = _shifted(number, width, image.device)
    place = source_row[:, :, None] * width + source_column[:, None, :]
    moved = image.flatten(2).gather(2, place.view(number, 1, -1).expand(-1, channels, -1)).view_as(image)
    return moved * (row_seen[:, :, None] & column_seen[:, None, :]).unsqueeze(1)


def cutout(image: Tensor) -> Tensor:
    """A square of CUTOUT of the side set to 0, mid-grey; its middle lies anywhere, so it may reach over the edge."""
    number, _, height, width = image.shape
    rows = _hidden(number, height, image.device)
    columns = _hidden(number, width, image.device)
    return image * ~(rows[:, :, None] & columns[:, None, :]).unsqueeze(1)


def _chosen(image: Tensor, chance: Tensor) -> Tensor:
    """bool [N, 1, 1, 1], each True with the chance."""
    return torch.rand(len(image), 1, 1, 1, device=image.device) < chance


_PARTS = {"colour": colour, "geometry": geometry, "translation": translation, "cutout": cutout}


def _shifted(number: int, side: int, device: torch.device) -> tuple[Tensor, Tensor]:
    """Where each pixel of an axis comes from, clamped to the image [number, side], and whether it was inside."""
    most = int(side * MAX_SHIFT + 0.5)
    shift = torch.randint(-most, most + 1, (number, 1), device=device)
    source = torch.arange(side, device=device) + shift
    return source.clamp(0, side - 1), (source >= 0) & (source < side)


def _hidden(number: int, side: int, device: torch.device) -> Tensor:
    """Which pixels of an axis lie in the square, bool [number, side]."""
    size = int(side * CUTOUT + 0.5)
    start = torch.randint(0, side + 1 - size % 2, (number, 1), device=device) - size // 2
    place = torch.arange(side, device=device)
    return (place >= start) & (place < start + size)
