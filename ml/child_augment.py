"""Transforms of what a child network trains on: float [N, C, H, W] in -1..1, each image by a lot of its own.

Images are drawn from torch's own generator, as its caller seeded it. What comes in from outside is the nearest edge.
"""

import math

import torch
from torch import Tensor
from torch.nn.functional import affine_grid, avg_pool2d, grid_sample, pad

from ml.arms import Transforms

TURN = math.pi / 12
ZOOM = 0.15
SHIFT = 0.125
SHEAR = 0.2
"""Most by `geometric`: radians, share of the size, share of the side, tangent."""
TRIVIAL_TURN = math.pi / 4
TRIVIAL_SHIFT = 0.3
TRIVIAL_SHEAR = 0.5
"""Most by `trivial_augment`."""
MIXUP_ALPHA = 0.2
NUM_TRIVIAL = 11


def transformed(image: Tensor, transforms: Transforms, allowed: Tensor | None = None) -> Tensor:
    """A batch after the named transforms; "none" gives the very same tensor.

    allowed: bool [N, 5], what `geometric` may do to each image, in the order of GEOMETRIC; None: the usual.
    """
    match transforms:
        case "none":
            return image
        case "geometric":
            return _geometric(image, allowed)
        case "trivial_augment":
            return _trivial(image)


def _geometric(image: Tensor, allowed: Tensor | None) -> Tensor:
    turn, zoom, right, down, shear = _lot(5, image)
    if allowed is not None:
        may_turn, may_mirror, may_zoom, may_shift, may_stretch = allowed.to(image.device).unbind(1)
        turn, zoom, shear = turn * may_turn, zoom * may_zoom, shear * may_stretch
        right, down = right * may_shift, down * may_shift
        mirrored = may_mirror & (_lot(1, image)[0] > 0)
        image = torch.where(mirrored.view(-1, 1, 1, 1), image.flip(-1), image)
    return _moved(image, turn * TURN, 1 + zoom * ZOOM, right * SHIFT, down * SHIFT, shear * SHEAR)


def mixed(image: Tensor, target: Tensor) -> tuple[Tensor, Tensor]:
    """mixup: each image and its target [N, C] blended with another of the batch by one lot of Beta(alpha, alpha)."""
    share = torch.distributions.Beta(MIXUP_ALPHA, MIXUP_ALPHA).sample().to(image.device)
    other = torch.randperm(len(image)).to(image.device)
    return torch.lerp(image[other], image, share), torch.lerp(target[other], target, share)


def _lot(number: int, image: Tensor) -> Tensor:
    """[number, N] in -1..1."""
    return torch.rand(number, len(image)).to(image.device) * 2 - 1


def _moved(image: Tensor, turn: Tensor, zoom: Tensor, right: Tensor, down: Tensor, shear: Tensor) -> Tensor:
    """Each image turned, scaled, sheared and shifted about its middle; all [N], shifts as shares of the side."""
    cosine, sine = turn.cos() / zoom, turn.sin() / zoom
    first = torch.stack([cosine, -sine + cosine * shear, -2 * right], 1)
    second = torch.stack([sine, cosine + sine * shear, -2 * down], 1)
    grid = affine_grid(torch.stack([first, second], 1), list(image.shape), align_corners=False)
    return grid_sample(image, grid, mode="bilinear", padding_mode="border", align_corners=False)


def _trivial(image: Tensor) -> Tensor:
    """One of eleven transforms for each image, of a strength by lot: five of place, five of colour, or none."""
    number = len(image)
    which = torch.randint(0, NUM_TRIVIAL, (number,)).to(image.device)
    strength = _lot(1, image)[0]

    def where(kind: int) -> Tensor:
        return (which == kind).to(image.dtype) * strength

    one = torch.ones_like(strength)
    placed = _moved(
        image,
        where(1) * TRIVIAL_TURN,
        one + where(2) * 0.3,
        where(3) * TRIVIAL_SHIFT,
        where(4) * TRIVIAL_SHIFT,
        where(5) * TRIVIAL_SHEAR,
    )
    amount = strength.view(-1, 1, 1, 1)
    mean = image.mean((1, 2, 3), keepdim=True)
    blurred = avg_pool2d(pad(image, (1, 1, 1, 1), mode="replicate"), 3, 1)
    levels = 2.0 ** (3 + amount.abs().mul(5).round())
    coloured = {
        6: image + 0.6 * amount,
        7: mean + (image - mean) * (1 + 0.8 * amount),
        8: image + (image - blurred) * 2 * amount,
        9: (((image + 1) / 2 * (levels - 1)).round() / (levels - 1)) * 2 - 1,
        10: torch.where(image > amount.abs().mul(-1.5).add(1), -image, image),
    }
    result = torch.where((which <= 5).view(-1, 1, 1, 1), placed, image)
    for kind, changed in coloured.items():
        result = torch.where((which == kind).view(-1, 1, 1, 1), changed, result)
    return torch.where((which == 0).view(-1, 1, 1, 1), image, result).clamp(-1, 1)
