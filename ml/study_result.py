"""What the children of a study say: accuracies with intervals, calibration, and one answer.

Arms are compared by balanced accuracy, the mean of the classes' recalls, or of the attributes' (`ml/truth.py`).
Validation images choose the best arm without a generator and the best one with; the test images then say what the
second is worth beside the first, so that choosing the best of many arms makes nothing look better than it is
(`ml/answer.py` has the rule).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ml.answer import MIN_GENERATOR_SEEDS, Difference, compare
from ml.arms import Arm, read_arm
from ml.intervals import mean_interval
from ml.study_folder import StudyFolder
from ml.study_told import ArmResult, CurvePoint, Estimate, Gain, Scope, StudyResult
from ml.truth import Truth

Floats = NDArray[np.float64]
CURVE_SHARES: Final = (0.25, 0.5)
"""Shares of the real images on which the best arm without a generator is trained again."""
FARTHEST: Final = 4.0
"""How many times the real images the learning curve is followed; farther it says nothing."""


@dataclass(frozen=True)
class Answers:
    """val, test: float32 [G, C, N, classes], probabilities by generator and child seed; G is 1 without a generator.

    gan_test: without a generator float64 [C, arms with one, generators], as `ml/study_child.py` leaves it.
    """

    arm: Arm
    val: NDArray[np.float32]
    test: NDArray[np.float32]
    duration_s: float
    gan_test: Floats | None = None

    @classmethod
    def read(cls, arm: Arm, files: Sequence[Path], seeds: tuple[int, int]) -> "Answers":
        """Of the children's files, generator by generator."""
        val, test, durations, recognised = [], [], [], []
        for file in files:
            with np.load(file, allow_pickle=False) as arrays:
                val.append(arrays["val"])
                test.append(arrays["test"])
                durations.append(float(arrays["duration_s"]))
                if "gan_test" in arrays:
                    recognised.append(arrays["gan_test"])
        shaped = [np.stack(part).reshape(*seeds, *part[0].shape) for part in (val, test)]
        gan_test = np.stack(recognised) if len(recognised) == len(files) else None
        return cls(arm, shaped[0], shaped[1], float(np.mean(durations)), gan_test)


def curve_arms(answers: Mapping[str, Answers], arms: Sequence[Arm], val: Truth) -> list[Arm]:
    """The best arm without a generator on fewer real images."""
    baseline = _best([answers[arm.name] for arm in arms if arm.synthetic is None], val)
    if baseline.arm.real_share < 1:
        return []
    return [read_arm(f"{baseline.arm.name}+real@{share}") for share in CURVE_SHARES]


def conclude(study: StudyFolder, answers: Mapping[str, Answers], curve: Mapping[str, Answers]) -> StudyResult:
    """The study's result. answers: by arm; curve: of `curve_arms`."""
    judged, classes = study.judged(), study.pack().classes
    val, test = judged.val.truth(), judged.test.truth()
    baseline = _best([one for one in answers.values() if one.arm.synthetic is None], val)
    augmented = [one for one in answers.values() if one.arm.synthetic is not None]
    best = _best(augmented, val) if augmented else None
    scope: Scope = "pools" if 0 < len(study.pools) < MIN_GENERATOR_SEEDS else "method"
    gains = {one.arm.name: _gain(one, baseline, test, scope) for one in augmented}
    points = _curve(study, baseline, curve, test)
    seen = _gan_tests(baseline, [one.arm.name for one in augmented])
    rows = [
        _row(one, gains.get(one.arm.name), seen.get(one.arm.name), points, classes, val, test)
        for one in answers.values()
    ]
    gain = gains[best.arm.name] if best is not None else None
    return {
        "arms": rows,
        "curve": points,
        "baseline": baseline.arm.name,
        "best": best.arm.name if best is not None else None,
        "answer": gain.answer if gain is not None else None,
        "scope": scope,
        "sentence": _sentence(best, gain, baseline, scope),
        "num_test": len(test),
        "num_val": len(val),
    }


def _best(candidates: Sequence[Answers], val: Truth) -> Answers:
    """By validation; of equals the first."""
    return max(candidates, key=lambda one: float(val.balanced_accuracy(one.val).mean()))


def _gain(one: Answers, baseline: Answers, test: Truth, scope: Scope) -> Difference:
    """With the same child seeds, and the doubt about the test images."""
    without = test.balanced_accuracy(baseline.test)[0]
    doubt = doubt_about_images(one, baseline, test)
    return compare(test.balanced_accuracy(one.test), without, doubt, of_these_pools=scope == "pools")


def doubt_about_images(one: Answers, other: Answers, test: Truth) -> float:
    """Variance of the difference of two arms as other test images would give it."""
    right = [test.right(part.test).mean(axis=(0, 1)) for part in (one, other)]
    return test.variance_over_images(right[0] - right[1])


def _row(
    one: Answers,
    gain: Difference | None,
    gan_test: Estimate | None,
    curve: Sequence[CurvePoint],
    classes: Sequence[str],
    val: Truth,
    test: Truth,
) -> ArmResult:
    generators, children = one.test.shape[:2]
    return {
        "name": one.arm.name,
        "is_synthetic": one.arm.synthetic is not None,
        "num_generators": generators if one.arm.synthetic is not None else 0,
        "num_children": generators * children,
        "val_balanced_accuracy": float(val.balanced_accuracy(one.val).mean()),
        "balanced_accuracy": _estimate(test.balanced_accuracy(one.test)),
        "accuracy": _estimate(test.accuracy(one.test)),
        "recall": test.by_class(one.test, classes),
        "ece": test.calibration_error(one.test),
        "duration_s": one.duration_s,
        "gain": None if gain is None else _told(gain),
        "equals_more_real": None if gain is None else _more_real(gain.mean, curve),
        "gan_test": gan_test,
    }


def _gan_tests(baseline: Answers, arms: Sequence[str]) -> dict[str, Estimate]:
    """Arm -> share of its synthetic images that the baseline's children label as intended, where some were kept."""
    if baseline.gan_test is None:
        return {}
    shares = {name: baseline.gan_test[:, place].T for place, name in enumerate(arms)}
    return {name: _estimate(share) for name, share in shares.items() if not np.isnan(share).any()}


def _estimate(scores: Floats) -> Estimate:
    """Of scores [G, C]; the interval is over seeds."""
    generators, children = scores.shape
    if generators > 1:
        found = compare(scores, np.zeros(children))
        return {"mean": found.mean, "low": found.low, "high": found.high}
    low, high = mean_interval(scores[0].tolist()) if children > 1 else (None, None)
    return {"mean": float(scores.mean()), "low": low, "high": high}


def _told(gain: Difference) -> Gain:
    return {"mean": gain.mean, "low": gain.low, "high": gain.high, "answer": gain.answer}


def _curve(study: StudyFolder, baseline: Answers, curve: Mapping[str, Answers], test: Truth) -> list[CurvePoint]:
    number = len(study.pack().rows("train"))
    by_share = {one.arm.real_share: one for one in [*curve.values(), baseline]}
    return [
        {
            "num_real": round(share * number),
            "balanced_accuracy": float(test.balanced_accuracy(by_share[share].test).mean()),
        }
        for share in sorted(by_share)
    ]


def _more_real(gain: float, curve: Sequence[CurvePoint]) -> int | None:
    """Images to add, on the line through accuracy over the logarithm of their number; None where it does not rise."""
    if len(curve) < 3:
        return None
    number = np.log([point["num_real"] for point in curve])
    slope = float(np.polyfit(number, [point["balanced_accuracy"] for point in curve], 1)[0])
    if slope <= 0 or abs(gain / slope) > math.log(FARTHEST):
        return None
    real = curve[-1]["num_real"]
    return round(real * (math.exp(gain / slope) - 1))


def _sentence(best: Answers | None, gain: Difference | None, baseline: Answers, scope: Scope) -> str:
    """The answer for people, with the figures it rests on."""
    beside = f"the best arm without a generator, {baseline.arm.name}"
    if best is None or gain is None:
        return f"No arm has synthetic images; the best one is {baseline.arm.name}."
    points = f"{100 * gain.mean:+.1f} points of balanced accuracy beside {beside}"
    if gain.low is None or gain.high is None:
        least = "three children are the least" if scope == "pools" else "three of both are the least"
        return (
            f"{best.arm.name}: {points}. With {gain.num_generator_seeds} generators and {gain.num_child_seeds} "
            f"children each there is no answer; {least}."
        )
    interval = f"95 % interval {100 * gain.low:+.1f} to {100 * gain.high:+.1f}"
    words = {"helped": "Helped", "no_evidence": "No evidence", "hurt": "Hurt"}
    about = ""
    if scope == "pools":
        these = "this pool" if gain.num_generator_seeds == 1 else "these two pools"
        about = f" This is about {these}: other trainings of the generator may differ, and three would tell."
    return f"{words[gain.answer or 'no_evidence']}. {best.arm.name}: {points} ({interval}).{about}"
