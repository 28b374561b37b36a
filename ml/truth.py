"""What images are, as a study judges its children: of one class each, or having and lacking attributes.

With attributes each is a question of its own, and its accuracy is the mean of that on images that have it and on those
that lack it, so that a rare one counts as a common one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torchmetrics.functional.classification import binary_calibration_error, multiclass_calibration_error

Floats = NDArray[np.float64]
Rows = NDArray[np.int64]
ECE_BINS: Final = 15


@dataclass(frozen=True)
class Truth:
    """label: int64 [N], the class; member: float32 [N, C], 1 has, 0 lacks, NaN nobody said, or None where an image is
    of its class and no other."""

    label: Rows
    member: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.label)

    def right(self, probabilities: NDArray[np.float32]) -> Floats:
        """[..., N, Q] of probabilities [..., N, C]: 1 where a question is answered right, 0 where not, NaN where nobody
        knows; one question without attributes, C with them."""
        if self.member is None:
            return np.asarray(probabilities.argmax(axis=-1) == self.label, np.float64)[..., None]
        right = ((probabilities > 0.5) == (self.member == 1)).astype(np.float64)
        return np.where(np.isnan(self.member), np.nan, right)

    @cached_property
    def groups(self) -> tuple[tuple[int, Rows], ...]:
        """(question, images): each class; or those that have an attribute, and those that lack it."""
        if self.member is None:
            return tuple((0, np.flatnonzero(self.label == one)) for one in np.unique(self.label))
        found = ((place, np.flatnonzero(column == has)) for place, column in enumerate(self.member.T) for has in (0, 1))
        return tuple((place, rows) for place, rows in found if len(rows))

    def balanced_accuracy(self, probabilities: NDArray[np.float32]) -> Floats:
        """[...] of probabilities [..., N, C]: the mean over groups of the share of answers that are right."""
        right = self.right(probabilities)
        return np.asarray(np.stack([right[..., rows, place].mean(axis=-1) for place, rows in self.groups]).mean(axis=0))

    def accuracy(self, probabilities: NDArray[np.float32]) -> Floats:
        """[...] of probabilities [..., N, C]: the share of all answers that are right."""
        return np.asarray(np.nanmean(self.right(probabilities), axis=(-2, -1)))

    def variance_over_images(self, difference: Floats) -> float:
        """Variance of a mean over groups of group means, as other images would give it.

        difference: [N, Q], per image and question the mean over seeds of right (1) or wrong (0) of an arm, less that of
        the other. An image's answers go together, whatever groups they are in.
        """
        pull, number = np.zeros(len(difference)), len(self.groups)
        for place, rows in self.groups:
            part = difference[rows, place]
            if len(rows) > 1:
                correction = np.sqrt(len(rows) / (len(rows) - 1))
                pull[rows] += correction * (part - part.mean()) / (len(rows) * number)
        return float((pull**2).sum())

    def by_class(self, probabilities: NDArray[np.float32], classes: Sequence[str]) -> dict[str, float]:
        """Class -> share of its images that are right; attribute -> its accuracy."""
        right = self.right(probabilities)
        if self.member is None:
            return {name: float(right[..., self.label == place, 0].mean()) for place, name in enumerate(classes)}
        parts: dict[str, list[float]] = {name: [] for name in classes}
        for place, rows in self.groups:
            parts[classes[place]].append(float(right[..., rows, place].mean()))
        return {name: float(np.mean(part)) for name, part in parts.items() if part}

    def calibration_error(self, probabilities: NDArray[np.float32]) -> float:
        """Of probabilities [..., N, C], the mean over the first axes.

        Naeini, Cooper, Hauskrecht: Obtaining Well Calibrated Probabilities Using Bayesian Binning, AAAI 2015.
        """
        num_classes = probabilities.shape[-1]
        each = probabilities.reshape(-1, len(self), num_classes)
        return float(np.mean([self._calibration_error(torch.from_numpy(one)) for one in each]))

    def _calibration_error(self, probabilities: torch.Tensor) -> float:
        if self.member is None:
            target = torch.from_numpy(self.label)
            num_classes = probabilities.shape[-1]
            return float(multiclass_calibration_error(probabilities, target, num_classes, n_bins=ECE_BINS))
        known = ~np.isnan(self.member)
        target = torch.from_numpy(self.member[known].astype(np.int64))
        return float(binary_calibration_error(probabilities[torch.from_numpy(known)], target, n_bins=ECE_BINS))
