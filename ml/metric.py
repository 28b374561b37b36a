"""The contract of a metric: one measure of a set of synthetic images against real ones."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ml.plugin import Plugin


@dataclass(frozen=True)
class ImageSet:
    """What a metric may know of a set of images.

    features: float32 [N, D] of the in-domain encoder; label: int64 [N] (the class asked for, if synthetic);
    probabilities: float32 [N, C], the encoder's class probabilities.
    """

    features: NDArray[np.float32]
    label: NDArray[np.int64]
    probabilities: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True)
class Evidence:
    """The three sets that metrics see. The test split is not among them: it is reserved for studies."""

    train: ImageSet
    val: ImageSet
    synthetic: ImageSet
    classes: tuple[str, ...]
    seed: int = 0


@dataclass(frozen=True)
class Measurement:
    """One value with what it takes to read it.

    low, high: a 95 % interval or None; per_class: class -> value where the metric has one; caution: a sentence when the
    value is valid only with a qualification.
    """

    value: float
    num_real: int
    num_synthetic: int
    low: float | None = None
    high: float | None = None
    per_class: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    caution: str = ""


class Metric(Plugin):
    """One measure."""

    unit: ClassVar[str] = ""
    better: ClassVar[str] = "lower"
    """`lower` or `higher`."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def measure(self, evidence: Evidence) -> Measurement:
        """Raises: TooFewSamplesError below the size at which the value means something."""
        raise NotImplementedError
