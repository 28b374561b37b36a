"""The contract of a sampler: one strategy that decides which candidates of a pool deserve to be kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from pydantic import JsonValue

from ml.errors import UnsuitableSamplerError
from ml.metric import Evidence
from ml.plugin import Plugin
from ml.suitability import scores_read

KEPT = ""


@dataclass(frozen=True)
class Candidates:
    """A scored pool as a sampler sees it; row i is candidate i.

    label: int64 [N], index into `classes`; seed: int64 [N]; scores: name -> float64 [N], higher is better for
    `class_confidence` (0..1) and `realism` (raw score of D), distance for `nearest_training_distance`; evidence: how
    the encoder sees the candidates (`synthetic`), training and validation images, for samplers that see images;
    verdict: int8 [N], 1 where people accepted a candidate, -1 where they rejected it, else 0.
    """

    classes: tuple[str, ...]
    label: NDArray[np.int64]
    seed: NDArray[np.int64]
    scores: Mapping[str, NDArray[np.float64]]
    evidence: Evidence | None = None
    verdict: NDArray[np.int8] | None = None

    def __len__(self) -> int:
        return len(self.label)

    def seen(self) -> Evidence:
        """The candidates and the real images as the encoder sees them.

        Raises: UnsuitableSamplerError when they are not at hand.
        """
        if self.evidence is None:
            raise UnsuitableSamplerError(
                "This sampler compares images, and how the encoder sees this pool is not at hand; run the recipe again."
            )
        return self.evidence

    def score(self, name: str) -> NDArray[np.float64]:
        """float64 [N]. Raises: UnsuitableSamplerError when the pool lacks it."""
        if name not in self.scores:
            raise UnsuitableSamplerError(
                f"This pool has no {name}, only {', '.join(self.scores) or 'no scores'}; choose another score, or "
                f"another sampler."
            )
        return self.scores[name]


@dataclass(frozen=True)
class ClassYield:
    """What became of one class: asked for, generated, kept, and the others by reason code."""

    asked: int
    generated: int
    kept: int
    dropped: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Selected:
    """A sampler's answer.

    kept: int64 [K] indices of candidates, best first within each class; reason: str [N], "" where kept, else the code
    of why a candidate was dropped (explained in the sampler's `reasons`); report: what the strategy says of itself, as
    plain values; scores: name -> float64 [N], what it learnt of each candidate, by which people can sort the pool.
    """

    kept: NDArray[np.int64]
    reason: NDArray[np.str_]
    report: Mapping[str, JsonValue] = field(default_factory=dict)
    scores: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)

    def yields(self, pool: Candidates, budget: Mapping[str, int]) -> dict[str, ClassYield]:
        """The yield per class: a result that is stored and shown, not a log line."""
        answer = {}
        for index, name in enumerate(pool.classes):
            reasons = self.reason[pool.label == index]
            codes, counts = np.unique(reasons[reasons != KEPT], return_counts=True)
            answer[name] = ClassYield(
                asked=budget.get(name, 0),
                generated=len(reasons),
                kept=int((reasons == KEPT).sum()),
                dropped={str(code): int(count) for code, count in zip(codes, counts, strict=True)},
            )
        return answer


class Sampler(Plugin):
    """One selection strategy. Deterministic: the same pool, budget, settings and seed give the same answer."""

    needs: ClassVar[tuple[str, ...]] = ()
    """Scores of the model that the strategy cannot do without, whatever its settings; those that a setting asks for are
    named there (`ml.suitability.MODEL_SCORES`), and what the encoder says of every pool is not named."""
    sees_images: ClassVar[bool] = False
    """Whether it reads `Candidates.evidence`."""
    reasons: ClassVar[Mapping[str, str]] = {}
    """Code of a reason for dropping -> one sentence."""
    fills_budget: ClassVar[bool] = False
    """Whether it keeps as many of a class as asked for wherever the pool holds as many that can be scored."""

    def __init__(self, settings: Any) -> None:
        self.settings = settings

    def wanted(self) -> tuple[str, ...]:
        """Scores of the model that it reads with its settings."""
        return scores_read(self.needs, type(self.settings).model_json_schema(), self.settings.model_dump())

    def select(self, pool: Candidates, budget: Mapping[str, int], seed: int) -> Selected:
        """At most `budget[class]` candidates of each class.

        Raises: UnsuitableSamplerError when the pool lacks what it reads.
        """
        raise NotImplementedError

    def check_scores(self, available: frozenset[str], model_name: str) -> None:
        """Raises: UnsuitableSamplerError, with the reason, when a score that it reads is not available."""
        missing = [score for score in self.wanted() if score not in available]
        if missing:
            raise UnsuitableSamplerError(
                f"The sampler {self.name} ranks by {', '.join(missing)}, which the model {model_name} with these "
                f"settings cannot give; choose another sampler, or a model that provides it."
            )
