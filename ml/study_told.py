"""What a study tells, as plain data. Importing this module never imports torch."""

from dataclasses import dataclass
from typing import Literal

from typing_extensions import TypedDict

Answer = Literal["helped", "no_evidence", "hurt"]
Scope = Literal["method", "pools"]


@dataclass(frozen=True)
class ChildDone:
    """A child network is there. generator: seed number of its generator, None without one.

    num_children: all that the study trains, as far as is known: the learning curve's join once the arms' are there.
    """

    name: str
    arm: str
    generator: int | None
    seed: int
    val_balanced_accuracy: float
    num_done: int
    num_children: int


class Estimate(TypedDict):
    """A mean over seeds; low and high: 95 % interval, None where seeds are too few."""

    mean: float
    low: float | None
    high: float | None


class Gain(Estimate):
    """Balanced accuracy beyond the best arm without a generator, with the same child seeds."""

    answer: Answer | None


class ArmResult(TypedDict):
    """One row of the table.

    Accuracies and recalls are shares of the test images, 0..1; ece: expected calibration error in 15 bins;
    duration_s: of one child's training, mean; equals_more_real: real images that would have to be added to the best arm
    without a generator for the same balanced accuracy, None where its learning curve does not say; gan_test: share of
    the arm's synthetic images that children of the best arm without a generator label as intended, None without any.
    """

    name: str
    is_synthetic: bool
    num_generators: int
    num_children: int
    val_balanced_accuracy: float
    balanced_accuracy: Estimate
    accuracy: Estimate
    recall: dict[str, float]
    ece: float
    duration_s: float
    gain: Gain | None
    equals_more_real: int | None
    gan_test: Estimate | None


class CurvePoint(TypedDict):
    """Real training images, and what the best arm without a generator makes of them."""

    num_real: int
    balanced_accuracy: float


class StudyResult(TypedDict):
    """baseline: the best arm without a generator; best: the best with one, if any; both by validation.

    scope: whether gains and answer are about the method, whose trainings differ, or about the given pools alone.
    """

    arms: list[ArmResult]
    curve: list[CurvePoint]
    baseline: str
    best: str | None
    answer: Answer | None
    scope: Scope
    sentence: str
    num_test: int
    num_val: int
