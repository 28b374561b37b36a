"""Target-similar: the candidates most like a few target images, and like all of them.

Y. Gao, K.-Y. Lin, J. Yan, Y. Wang, W.-S. Zheng: AsyFOD: An Asymmetric Adaptation Paradigm for Few-Shot Domain Adaptive
Object Detection, CVPR 2023.

Notation (code -> paper): targets -> the few target instances; candidates -> source instances; similarity is the squared
distance of features, of which the smallest are the target-similar ones.
Differs from the paper: it splits source instances to align two groups in training a detector; here those like the
targets are what is kept. Distances are to single target images instead of to their mean, and each takes only its share,
so that one target does not fill the selection with its likes.
"""

import math
from collections.abc import Mapping
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from ml.errors import UnsuitableSamplerError
from ml.narrowing import Narrowing, Rows
from ml.neighbours import nearest
from ml.plugin import SHOWN_FIRST, Card, Settings
from ml.ranking import RANKING_REASONS
from ml.sampler import Candidates, Sampler, Selected

NUM_CHOICES = 8
"""Target images among which a candidate may find room."""


class TargetSimilarSettings(Settings):
    targets: Literal["validation", "training"] = Field(
        "validation",
        description="The real images that candidates should be like; validation images are the ones that the generator "
        "never saw.",
        json_schema_extra=SHOWN_FIRST,
    )
    crowding: float = Field(
        2.0,
        ge=1,
        le=100,
        description="How many even shares of the budget one target image may take: 1 spreads the selection evenly over "
        "the targets.",
    )


class TargetSimilar(Sampler):
    """Nearest to the targets, each target with a share."""

    name = "target_similar"
    Settings = TargetSimilarSettings
    card = Card(
        title="Target-similar",
        summary="Keeps the candidates that look most like the validation images of their class, spread over all of "
        "those.",
        authors="Yipeng Gao, Kun-Yu Lin, Junkai Yan, Yaowei Wang, Wei-Shi Zheng",
        paper="AsyFOD: An Asymmetric Adaptation Paradigm for Few-Shot Domain Adaptive Object Detection",
        venue="CVPR 2023",
        strengths="Draws the pool towards the images that count, where these differ from the training images: another "
        "camera, place or patient. Eight of a class are enough.",
        limits="Only as good as the targets stand for what is to come; a classifier that is chosen by the same "
        "validation images looks better on them than it is.",
    )
    sees_images = True
    reasons = RANKING_REASONS | {
        "less_similar": "Other candidates of this class look more like the target images, and the budget was full.",
        "target_full": "The target images that it looks like have their share of candidates.",
    }

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        narrowing, evidence = Narrowing(pool, budget), pool.seen()
        real = evidence.val if self.settings.targets == "validation" else evidence.train
        lacking = [pool.classes[label] for label in narrowing.classes() if not (real.label == label).any()]
        if lacking:
            raise UnsuitableSamplerError(
                f"There are no {self.settings.targets} images of {', '.join(lacking[:5])} to be similar to; set "
                f"targets to training, or give these classes images in that split."
            )
        full = np.zeros(len(pool), bool)

        def alike(rows: Rows, asked: int) -> Rows:
            targets = real.features[real.label == pool.label[rows[0]]]
            near = nearest(evidence.synthetic.features[rows], targets, NUM_CHOICES)
            room = math.ceil(self.settings.crowding * asked / len(targets))
            chosen, without_room = _seated(near.row, near.distance, len(targets), room, asked)
            full[rows[without_room]] = True
            return rows[chosen]

        selected = narrowing.keep(alike, "less_similar")
        selected.reason[full & (selected.reason == "less_similar")] = "target_full"
        return selected


def _seated(target: Rows, distance: NDArray[np.float32], num_targets: int, room: int, asked: int) -> tuple[Rows, Rows]:
    """Candidates take places at their targets, the closest pair first: (those that got one, those that found none).

    target, distance: [n, k], each candidate's nearest targets; a target has `room` places.
    """
    free, seated = np.full(num_targets, room), np.zeros(len(target), bool)
    turned_away = np.zeros(len(target), np.int64)
    chosen: list[int] = []
    for pair in np.argsort(distance, axis=None, kind="stable"):
        candidate, choice = divmod(int(pair), target.shape[1])
        if seated[candidate]:
            continue
        if free[target[candidate, choice]] == 0:
            turned_away[candidate] += 1
            continue
        free[target[candidate, choice]] -= 1
        seated[candidate] = True
        chosen.append(candidate)
        if len(chosen) == asked:
            break
    return np.array(chosen, np.int64), np.flatnonzero((turned_away > 0) & ~seated)
