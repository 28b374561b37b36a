"""What the loop asks at a measured checkpoint, and what it is answered."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ml.images import Pixels
from ml.model import SourceImages
from ml.vitals import Labels, Realism, Vitals

Generate = Callable[[Labels, Labels], Pixels]
"""(labels int64 [N], seeds int64 [N]) -> uint8 [N, resolution, resolution, channels] of the model as it now is."""


@dataclass(frozen=True)
class Evaluation:
    """values: path of a scalar (`metric/kid`) -> value; vitals: what the training's health is judged by."""

    values: Mapping[str, float]
    vitals: Vitals | None = None

    def finite(self) -> dict[str, float]:
        """All that can be drawn as curves."""
        values = {**self.values, **(self.vitals.scalars() if self.vitals else {})}
        return {path: value for path, value in values.items() if math.isfinite(value)}


Translate = Callable[[SourceImages, Labels, Labels], dict[str, Pixels]]
"""(sources, labels int64 [N], seeds int64 [N]) -> the results and views of a model that translates."""
Evaluate = Callable[[Generate, Realism | None, Translate], Evaluation]
"""From images it asks for, from D's scores of images where those set real above generated, and from translations."""
