"""Images moved a little and mirrored, each in a way of its own."""

import torch
from torch import Tensor
from torch.nn.functional import pad


def jitter(image: Tensor, reach: int, mirror: bool) -> Tensor:
    """[N, C, H, W], each moved by up to `reach` pixels either way, the border reflected, and mirrored half of the time.

    What belongs together, such as the halves of a pair, goes in as channels of one image.
    """
    number, _, height, width = image.shape
    if reach:
        moves = torch.randint(0, 2 * reach + 1, (2, number, 1), device=image.device)
        rows = torch.arange(height, device=image.device) + moves[0]
        columns = torch.arange(width, device=image.device) + moves[1]
        each = torch.arange(number, device=image.device)[:, None, None]
        padded = pad(image, (reach, reach, reach, reach), mode="reflect")
        image = padded[each, :, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    if mirror:
        turned = torch.rand(number, 1, 1, 1, device=image.device) < 0.5
        image = torch.where(turned, image.flip(3), image)
    return image
