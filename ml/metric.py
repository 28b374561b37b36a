"""The contract of a metric: one measure of a set of synthetic images against real ones."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from ml.images import Pixels
from ml.plugin import Plugin

Better = Literal["lower", "higher", "towards 1"]
Appearance = Callable[[NDArray[np.int64]], NDArray[np.float32]]
"""Rows of a set -> float32 [n, P]; the squared distance of two rows is how different the two images look."""


@dataclass(frozen=True)
class ImageSet:
    """What a metric may know of a set of images.

    features: float32 [N, D] in one space; label: int64 [N] (the class asked for, if synthetic); probabilities: float32
    [N, C] of that space's classifier; appearance: large, hence computed when it is asked for, and None where the images
    are not at hand; several: the classes are attributes, of which an image may have several, and each has a probability
    of its own.
    """

    features: NDArray[np.float32]
    label: NDArray[np.int64]
    probabilities: NDArray[np.float32]
    appearance: Appearance | None = field(default=None, compare=False)
    several: bool = False

    def __len__(self) -> int:
        return len(self.label)

    def take(self, rows: NDArray[np.int64]) -> "ImageSet":
        """Some of the images."""
        whole = self.appearance
        appearance = None if whole is None else lambda some: whole(rows[some])
        return ImageSet(self.features[rows], self.label[rows], self.probabilities[rows], appearance, self.several)


@dataclass(frozen=True)
class Space:
    """What features and probabilities come from.

    name: as shown to people; path: stands before a metric's name in the key of its row, and is empty for the in-domain
    encoder; knows_classes: its probabilities are of the dataset's classes; facts: for the details of a measurement;
    caution: what to mind of every value in it.
    """

    name: str
    path: str = ""
    knows_classes: bool = True
    facts: Mapping[str, Any] = field(default_factory=dict)
    caution: str = ""

    def key(self, metric: str) -> str:
        """`fid`, or `inception/fid`."""
        return f"{self.path}/{metric}" if self.path else metric


IN_DOMAIN = Space("in-domain encoder")


@dataclass(frozen=True)
class Translated:
    """Translations with what they can be compared with, image by image.

    label: int64 [N], the classes asked for; views: names of the images beside each "result"; chunks: all of them in
    order, some rows at a time: name -> uint8 [n, H, W, C]; look: uint8 [n, H, W, C] -> what `Appearance` gives.
    """

    label: NDArray[np.int64]
    views: frozenset[str]
    chunks: Callable[[], Iterator[Mapping[str, Pixels]]]
    look: Callable[[Pixels], NDArray[np.float32]]

    def __len__(self) -> int:
        return len(self.label)


@dataclass(frozen=True)
class Evidence:
    """The three sets that metrics see, in one space. The test split is not among them: it is reserved for studies.

    translated: the synthetic images once more, where they were made from others; held_out: what the model makes from
    validation images, which it never learnt.
    """

    train: ImageSet
    val: ImageSet
    synthetic: ImageSet
    classes: tuple[str, ...]
    seed: int = 0
    space: Space = IN_DOMAIN
    translated: Translated | None = None
    held_out: Translated | None = None


@dataclass(frozen=True)
class Part:
    """A number that a value is made of or read beside, with its 95 % interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Measurement:
    """One value with what it takes to read it.

    low, high: a 95 % interval or None; parts: by their names in plain words; per_class: class -> value where the metric
    has one; caution: a sentence when the value is valid only with a qualification.
    """

    value: float
    num_real: int
    num_synthetic: int
    low: float | None = None
    high: float | None = None
    parts: Mapping[str, Part] = field(default_factory=dict)
    per_class: Mapping[str, float] = field(default_factory=dict)
    details: Mapping[str, Any] = field(default_factory=dict)
    caution: str = ""


class Metric(Plugin):
    """One measure."""

    unit: ClassVar[str] = ""
    better: ClassVar[Better] = "lower"
    in_any_space: ClassVar[bool] = False
    """Whether features of any space serve; otherwise it is measured by the in-domain encoder alone."""
    compares: ClassVar[tuple[str, str] | None] = None
    """Two images of each translation whose likeness it measures; it is left out where results have no such views."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def measure(self, evidence: Evidence) -> Measurement:
        """Raises: TooFewSamplesError below the size at which the value means something, MeaninglessMetricError."""
        raise NotImplementedError
