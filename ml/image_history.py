"""A history of generated images, from which D is shown older ones, so that it does not forget what G used to make.

Ashish Shrivastava, Tomas Pfister, Oncel Tuzel, Josh Susskind, Wenda Wang, Russ Webb: Learning from Simulated and
Unsupervised Images through Adversarial Training, CVPR 2017, section 2.3, https://arxiv.org/abs/1612.07828.
"""

import torch
from torch import Tensor, nn

from ml.model import Update


class ImageHistory(nn.Module):
    """The last `size` places for images [channels, resolution, resolution]; 0 keeps none.

    While it fills, D is shown what is new. Then each image is shown as it is, or, with a chance of 1/2, changes places
    with one that is kept. All images of a step meet the history as it was before that step. It lies in buffers, so that
    a checkpoint carries it.
    """

    image: Tensor
    held: Tensor

    def __init__(self, size: int, channels: int, resolution: int) -> None:
        super().__init__()
        self.size = size
        self.register_buffer("image", torch.zeros(size, channels, resolution, resolution))
        self.register_buffer("held", torch.zeros((), dtype=torch.int64))

    def shown(self, fake: Tensor, update: Update) -> Tensor:
        """What D is shown for this part's images [n, ...], without a way back; then the whole batch is taken in."""
        fake = fake.detach()
        if not self.size:
            return fake
        place = torch.randint(self.size, (len(fake),), device=fake.device)
        changes = torch.rand(len(fake), device=fake.device) < 0.5
        older = changes & (self.held >= self.size)
        shown = torch.where(older.view(-1, 1, 1, 1), self.image[place].to(fake.dtype), fake)
        self._take_in(update.whole(fake), update.whole(place), update.whole(changes))
        return shown

    def _take_in(self, fake: Tensor, place: Tensor, changes: Tensor) -> None:
        """Where several images of a batch go to one place, the last stays: the same on every device and rank."""
        nowhere = torch.full_like(place, self.size)
        order = torch.arange(len(fake), device=fake.device)
        filling = (self.held + order).clamp(max=self.size)
        goes_to = torch.where(self.held < self.size, filling, torch.where(changes, place, nowhere))
        last = torch.full((self.size + 1,), -1, device=fake.device).scatter_reduce(0, goes_to, order, "amax")
        last = last[: self.size].view(-1, 1, 1, 1)
        chosen = fake[last.flatten().clamp(min=0)].to(self.image.dtype)
        self.image.copy_(torch.where(last >= 0, chosen, self.image))
        self.held.copy_((self.held + len(fake)).clamp(max=self.size))
