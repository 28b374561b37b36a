"""What children are judged by: classes that exclude one another, or attributes, each a question of its own."""

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score

from ml.truth import Truth

LABEL = np.array([0, 0, 0, 1, 1, 2], np.int64)


def test_of_classes_it_is_the_mean_of_the_recalls() -> None:
    rng = np.random.default_rng(0)
    answers = rng.dirichlet([1, 1, 1], (4, 6)).astype(np.float32)
    expected = [balanced_accuracy_score(LABEL, one.argmax(1)) for one in answers]
    assert Truth(LABEL).balanced_accuracy(answers) == pytest.approx(expected)
    assert Truth(LABEL).accuracy(answers) == pytest.approx([(one.argmax(1) == LABEL).mean() for one in answers])


def test_of_attributes_having_and_lacking_count_the_same_and_what_nobody_said_counts_not() -> None:
    nan = np.nan
    member = np.array([[1, 0], [0, 0], [0, 0], [0, nan], [nan, 1], [0, 0]], np.float32)
    answers = np.array([[0.9, 0.1], [0.2, 0.3], [0.6, 0.7], [0.1, 0.9], [0.9, 0.2], [0.4, 0.1]], np.float32)
    truth = Truth(LABEL, member)
    # first: 1 of 1 has, 3 of 4 lack; second: 0 of 1 has, 3 of 4 lack
    assert truth.balanced_accuracy(answers) == pytest.approx((1 + 3 / 4 + 0 + 3 / 4) / 4)
    assert truth.accuracy(answers) == pytest.approx(7 / 10)
    assert truth.by_class(answers, ("a", "b")) == pytest.approx({"a": 7 / 8, "b": 3 / 8})
    wild = answers.copy()
    wild[3, 1], wild[4, 0] = 0.0, 0.0
    assert truth.balanced_accuracy(wild) == truth.balanced_accuracy(answers)
    assert truth.calibration_error(wild) == pytest.approx(truth.calibration_error(answers))
    assert truth.calibration_error(np.where(np.isnan(member), 0.5, member).astype(np.float32)) == pytest.approx(0)


def test_an_attribute_that_every_image_has_is_judged_by_those() -> None:
    truth = Truth(LABEL, np.ones((6, 1), np.float32))
    assert truth.balanced_accuracy(np.full((6, 1), 0.9, np.float32)) == 1
    assert truth.by_class(np.full((6, 1), 0.1, np.float32), ("a",)) == {"a": 0}


def test_the_variance_over_images_is_that_of_a_mean_of_class_means() -> None:
    rng = np.random.default_rng(2)
    label = np.repeat([0, 1], [20, 200])
    difference = rng.normal(0, 1, 220)
    means = [
        np.mean([rng.choice(difference[label == one], (label == one).sum()).mean() for one in (0, 1)])
        for _ in range(4000)
    ]
    assert Truth(label).variance_over_images(difference[:, None]) == pytest.approx(np.var(means), rel=0.15)


def test_answers_to_several_questions_about_one_image_go_together() -> None:
    """As resampling images says; two questions that are always answered alike tell no more than one."""
    rng = np.random.default_rng(3)
    has = rng.integers(0, 2, 300).astype(np.float32)
    difference = rng.normal(0, 1, 300)
    alike, one = Truth(LABEL, np.column_stack([has, has])), Truth(LABEL, has[:, None])
    both = np.column_stack([difference, difference])
    assert alike.variance_over_images(both) == pytest.approx(one.variance_over_images(difference[:, None]))
    means = []
    for _ in range(4000):
        rows = [rng.choice(np.flatnonzero(has == value), int((has == value).sum())) for value in (0, 1)]
        means.append(np.mean([difference[part].mean() for part in rows]))
    assert alike.variance_over_images(both) == pytest.approx(np.var(means), rel=0.15)
