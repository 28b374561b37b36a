"""Adaptive discriminator augmentation (ADA): how often images are transformed follows how much D overfits.

Tero Karras, Miika Aittala, Janne Hellsten, Samuli Laine, Jaakko Lehtinen, Timo Aila: Training Generative Adversarial
Networks with Limited Data, NeurIPS 2020, https://arxiv.org/abs/2006.06676.
"""

from typing import Final

import torch
from torch import Tensor, nn

from ml.model import Scalars

ADJUST_EVERY: Final = 4
"""Steps between two adjustments, as in the paper."""


class AdaptiveChance(nn.Module):
    """p, the chance that an image that D sees is transformed, by each transform of the policy on its own.

    r_t = E[sign(D(x) - undecided)] over real images as D sees them says how much D overfits: 0 not at all, 1 wholly.
    Every ADJUST_EVERY steps p grows where r_t is above `target`, and falls where it is below, so fast that it could go
    from 0 to 1 within `images` real images. p and the sums lie in buffers, so that a checkpoint carries them.
    """

    p: Tensor
    signs: Tensor
    seen: Tensor

    def __init__(self, target: float, images: int, undecided: float) -> None:
        super().__init__()
        self.target, self.images, self.undecided = target, images, undecided
        for name in ("p", "signs", "seen"):
            self.register_buffer(name, torch.zeros(()))

    @torch.no_grad()
    def watch(self, logits_real: Tensor, step: int) -> Scalars:
        """Count the signs of D's scores of real images; at each ADJUST_EVERY-th step move p. Returns augment/..."""
        self.signs.add_((logits_real - self.undecided).sign().sum())
        self.seen.add_(len(logits_real))
        if step % ADJUST_EVERY:
            return {"augment/p": self.p.clone()}
        overfitting = self.signs / self.seen
        self.p.add_((overfitting - self.target).sign() * self.seen / self.images).clamp_(0.0, 1.0)
        self.signs.zero_()
        self.seen.zero_()
        return {"augment/p": self.p.clone(), "augment/r_t": overfitting}
