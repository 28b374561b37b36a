"""What becomes of held-out images when each of their attributes is turned around.

Target attribute recognition rate: the share of edits after which a classifier finds the attribute as it was asked for.
It learnt from real training images alone (`ml/attribute_classifier.py`).
Binod Bhattarai, Tae-Kyun Kim: Inducing Optimal Attribute Representations for Conditional GANs, ECCV 2020,
https://arxiv.org/abs/2003.06472.

Of an attribute that an image lacks, the edit brings it, and takes away what never occurs beside it; of one that it has,
the edit takes it away. Of classes, every image becomes each other class. What nobody said of an image is not edited.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.attribute_classifier import AttributeClassifier
from ml.attribute_model import AttributeModel
from ml.attributes import AttributeSpace
from ml.exactness import exact_arithmetic
from ml.features import Encoder
from ml.feed import batch_of
from ml.generation import CHUNK
from ml.images import to_pixels
from ml.pack import Pack, Rows

MOST_EDITED: Final = 500
"""Held-out images that are edited, the first of an order by chance that is always the same."""


@dataclass(frozen=True)
class Edits:
    """hits, total: float [A], edits that were recognised, and all; identity: mean squared distance of appearance
    between a source and what became of it (see `Encoder.appearance`); reconstruction: mean absolute error of sources
    as the method gives them back, as a share of the range of a pixel."""

    hits: NDArray[np.float64]
    total: NDArray[np.float64]
    identity: float
    reconstruction: float

    def rates(self) -> NDArray[np.float64]:
        """[A], NaN where there was nothing to edit."""
        rates: NDArray[np.float64] = np.full(len(self.total), np.nan)
        np.divide(self.hits, self.total, out=rates, where=self.total > 0)
        return rates


def edited_rows(pack: Pack) -> Rows:
    """Held-out images that are edited."""
    rows = pack.rows("val")
    return np.sort(np.random.default_rng(0).permutation(rows)[:MOST_EDITED])


def classifier_accuracy(pack: Pack, classifier: AttributeClassifier) -> NDArray[np.float64]:
    """[A]: how often it is right about held-out real images, the mean of those that have an attribute and those that
    lack it; of the only side where there is no other, NaN where there is none."""
    read = pack.read_whole(edited_rows(pack))
    has = classifier.space.vectors(batch_of(read, (-1.0, 1.0))).numpy()
    right = classifier.recognised(read.image) == (has == 1)
    sides = [[right[has[:, place] == side, place] for side in (0, 1)] for place in range(has.shape[1])]
    return np.array([np.mean([part.mean() for part in both if len(part)] or [np.nan]) for both in sides], np.float64)


def measure_edits(
    model: AttributeModel,
    pack: Pack,
    classifier: AttributeClassifier,
    encoder: Encoder,
    device: torch.device,
    on_edited: Callable[[int, int], None] = lambda done, number: None,
) -> Edits:
    """Of a model in eval mode, on the device. on_edited: called with (edits made, images) now and then."""
    space = model.space
    hits, total = np.zeros(len(space)), np.zeros(len(space))
    far, off, number = 0.0, 0.0, 0
    rows = edited_rows(pack)
    with torch.inference_mode(), exact_arithmetic():
        for start in range(0, len(rows), CHUNK):
            pixels = pack.read_whole(rows[start : start + CHUNK])
            batch = batch_of(pixels, model.image_range).to(device)
            vectors = space.vectors(batch)
            appearance = encoder.appearance(pixels.image)
            for place, value, chosen in asked_edits(space, vectors):
                image, own = batch.image[chosen], vectors[chosen]
                targets = space.changed(own, torch.full((len(own),), place, device=device), value)
                result = model.translate(image, own, targets)
                made = to_pixels(result, model.image_range).cpu().numpy()
                found = classifier.recognised(made)[:, place] == bool(value)
                hits[place] += found.sum()
                total[place] += len(found)
                far += float(np.square(encoder.appearance(made) - appearance[chosen.cpu().numpy()]).sum())
                again = model.reconstruct(image, own, result, targets)
                off += float((again - image).abs().mean((1, 2, 3)).sum())
                number += len(found)
                on_edited(number, len(rows))
    low, high = model.image_range
    return Edits(hits, total, far / max(1, number), off / max(1, number) / (high - low))


def asked_edits(space: AttributeSpace, vectors: Tensor) -> Iterator[tuple[int, float, Tensor]]:
    """(attribute, 1 comes or 0 goes, bool [N] of the images concerned), where there are any."""
    for place in range(len(space)):
        for value in (1.0,) if space.are_classes else (1.0, 0.0):
            chosen = vectors[:, place] == 1 - value
            if bool(chosen.any()):
                yield place, value, chosen
