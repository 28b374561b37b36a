"""How well the in-domain encoder, as a classifier, recognises images; what it cannot see no metric can ask of it."""

import numpy as np
from numpy.typing import NDArray

from ml.metric import ImageSet

MIN_VALIDATION = 20


def recognised(images: ImageSet) -> NDArray[np.bool_]:
    """bool [N]: the most likely class is the label; of attributes, the label is more likely there than not."""
    if images.several:
        return np.asarray(images.probabilities[np.arange(len(images)), images.label] > 0.5)
    return np.asarray(images.probabilities.argmax(axis=1) == images.label)


def validation_rate(val: ImageSet) -> float | None:
    """The share of validation images recognised; None where there are none."""
    return float(recognised(val).mean()) if len(val) else None


def knows_little(rate: float, num_classes: int) -> bool:
    """Whether a rate is nearer to guessing than to certainty."""
    return rate < 0.5 + 0.5 / num_classes
