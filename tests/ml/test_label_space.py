"""Coverage of labels: a planted gap is found, named and gone when synthetic labels fill it."""

import numpy as np
import pytest
import scipy.spatial.distance
from numpy.typing import NDArray

from ml.errors import TooFewSamplesError
from ml.label_space import coverage, embed, of_attributes, of_classes, of_poses, usual_distance

Floats = NDArray[np.float64]
HOLE = np.array([1.0, 0.5])


def viewpoints(number: int, seed: int, hole: float = 0.0) -> Floats:
    """Azimuth and elevation, none of them nearer to the hole's middle than `hole`."""
    drawn = np.random.default_rng(seed).uniform([-3, -1.5], [3, 1.5], (4 * number, 2))
    return drawn[np.linalg.norm(drawn - HOLE, axis=1) >= hole][:number]


def within_hole(number: int, seed: int) -> Floats:
    return HOLE + np.random.default_rng(seed).uniform(-0.9, 0.9, (number, 2))


def test_a_gap_in_viewpoints_is_found_where_it_was_planted_and_gone_when_it_is_filled() -> None:
    raw = {"train": viewpoints(800, 1, hole=0.9), "test": viewpoints(400, 2), "synthetic": within_hole(300, 3)}
    sets = of_poses(raw, ruler="train")
    radius = usual_distance(sets["train"])
    before = coverage(sets["test"], sets["train"], 1.5 * radius)
    planted = np.linalg.norm(raw["test"] - HOLE, axis=1) < 0.6
    assert before.value < 1 - 0.9 * planted.mean()
    assert before.low <= before.value <= before.high
    where = before.gaps[0].centre * raw["train"].std(axis=0) + raw["train"].mean(axis=0)
    assert np.linalg.norm(where - HOLE) < 0.3
    assert before.gaps[0].number > 0.7 * planted.sum()
    assert before.gaps[0].nearest > 1.5 * radius
    after = coverage(sets["test"], np.concatenate([sets["train"], sets["synthetic"]]), 1.5 * radius)
    assert after.value > 0.98
    assert not [gap for gap in after.gaps if gap.number > 2]


def test_a_missing_combination_of_attributes_is_found_and_gone_when_it_is_filled() -> None:
    rng = np.random.default_rng(0)
    train, test = rng.random((600, 4)) < 0.5, rng.random((200, 4)) < 0.5
    train = train[~(train[:, 0] & train[:, 3])]  # each occurs, never both together
    before = coverage(of_attributes(test), of_attributes(train))
    assert before.value == pytest.approx(1 - (test[:, 0] & test[:, 3]).mean())
    assert {tuple(gap.centre) for gap in before.gaps} == {(1.0, a, b, 1.0) for a in (0.0, 1.0) for b in (0.0, 1.0)}
    assert [gap.number for gap in before.gaps] == sorted((gap.number for gap in before.gaps), reverse=True)
    assert {gap.nearest for gap in before.gaps} == {1.0}
    filled = np.concatenate([train, [[True, a, b, True] for a in (False, True) for b in (False, True)]])
    assert coverage(of_attributes(test), of_attributes(filled)).value == 1
    assert coverage(of_attributes(test), of_attributes(train), radius=1).value == 1


def test_classes_that_are_short_are_named_by_how_many_are_wanted() -> None:
    train = of_classes(np.array([0] * 40 + [1] * 3), 3)
    test = of_classes(np.array([0] * 10 + [1] * 5 + [2] * 5), 3)
    assert coverage(test, train).value == 0.75
    thin = coverage(test, train, at_least=20)
    assert thin.value == 0.5
    assert [int(gap.centre.argmax()) for gap in thin.gaps] == [2, 1]
    assert coverage(test, np.concatenate([train, of_classes(np.array([1] * 17 + [2] * 20), 3)]), at_least=20).value == 1


def test_neither_the_order_nor_the_unit_of_labels_matters() -> None:
    raw = {"train": viewpoints(300, 1, hole=0.9), "test": viewpoints(150, 2)}
    other = {
        name: values[np.random.default_rng(5).permutation(len(values))] * [57.3, 1e-3] + [180, 7]
        for name, values in raw.items()
    }
    answers = []
    for poses in (raw, other):
        sets = of_poses(poses, ruler="train")
        answers.append(coverage(sets["test"], sets["train"], usual_distance(sets["train"])))
    assert answers[0].value == answers[1].value
    assert answers[0].radius == pytest.approx(answers[1].radius)
    for one, two in zip(answers[0].gaps, answers[1].gaps, strict=True):
        assert one.number == two.number
        assert one.centre == pytest.approx(two.centre)


def test_coverage_is_its_definition_on_all_distances() -> None:
    wanted, have = viewpoints(100, 1), viewpoints(60, 2, hole=0.8)
    near = (scipy.spatial.distance.cdist(wanted, have) <= 0.4).sum(axis=1)
    for at_least in (1, 2, 4):
        answer = coverage(wanted, have, 0.4, at_least)
        assert answer.value == pytest.approx((near >= at_least).mean())
        assert sum(gap.number for gap in answer.gaps) == (near < at_least).sum()


def test_the_interval_of_coverage_holds_the_truth_as_often_as_it_says() -> None:
    have = viewpoints(100, 0, hole=1.2)
    truth = (scipy.spatial.distance.cdist(viewpoints(5_000, 1), have).min(axis=1) <= 0.5).mean()
    answers = [coverage(viewpoints(80, seed), have, 0.5) for seed in range(2, 62)]
    assert np.mean([answer.low <= truth <= answer.high for answer in answers]) >= 0.9
    assert truth < 0.95


def test_with_nothing_to_cover_by_nothing_is_covered_and_few_labels_are_refused() -> None:
    empty = coverage(viewpoints(20, 1), np.zeros((0, 2)), 10)
    assert empty.value == 0
    assert empty.gaps[0].nearest == np.inf
    with pytest.raises(TooFewSamplesError, match="there are 9"):
        coverage(viewpoints(9, 1), viewpoints(20, 2))
    with pytest.raises(TooFewSamplesError, match="4 images have 1"):
        usual_distance(np.ones((4, 2)))


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_equal_labels_lie_at_one_place_with_their_numbers_in_whatever_order_they_come(method: str) -> None:
    rng = np.random.default_rng(0)
    combinations = (rng.random((12, 6)) < 0.5).astype(np.float64)
    sets = {"train": combinations[rng.integers(0, 8, 100)], "synthetic": combinations[rng.integers(4, 12, 50)]}
    one = embed(sets, method)  # type: ignore[arg-type]
    assert one.method == method
    assert len(one.place) == len(np.unique(combinations, axis=0))
    assert {name: int(counts.sum()) for name, counts in one.counts.items()} == {"train": 100, "synthetic": 50}
    again = embed({name: labels[::-1] for name, labels in sets.items()}, method)  # type: ignore[arg-type]
    assert np.array_equal(one.place, again.place)
    assert np.array_equal(one.counts["train"], again.counts["train"])


def test_on_a_plane_labels_of_a_plane_keep_their_distances_and_a_gap_stays_empty() -> None:
    sets = {"train": viewpoints(200, 1, hole=0.9), "synthetic": within_hole(40, 3)}
    picture = embed(sets)
    assert scipy.spatial.distance.pdist(picture.place) == pytest.approx(scipy.spatial.distance.pdist(picture.label))
    hidden = picture.counts["synthetic"] > 0
    gaps = scipy.spatial.distance.cdist(picture.place[hidden], picture.place[~hidden])
    middle = np.linalg.norm(picture.label[hidden] - HOLE, axis=1) < 0.3
    assert gaps[middle].min() > 0.5


def test_one_label_and_labels_of_one_dimension_have_a_place() -> None:
    assert embed({"train": np.ones((3, 1))}).place.tolist() == [[0, 0]]
    assert embed({"train": np.array([[0.0], [2.0]])}).place.tolist() == [[-1, 0], [1, 0]]
