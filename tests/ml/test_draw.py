import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.draw import Draw, DrawMode, one_class_schedule

LABEL = np.array([0] * 50 + [1] * 7 + [3] * 20)


@pytest.mark.parametrize(
    ("mode", "balanced"), [("mixed", False), ("mixed", True), ("one_class", False), ("by_class", True)]
)
def test_a_draw_depends_on_seed_and_step_alone(mode: DrawMode, balanced: bool) -> None:
    forwards = Draw(LABEL, 8, 5, mode, balanced)
    told = {step: forwards.at(step) for step in range(1, 40)}
    for step in (39, 3, 17, 1):
        assert np.array_equal(Draw(LABEL, 8, 5, mode, balanced).at(step), told[step])
    assert any(not np.array_equal(Draw(LABEL, 8, 6, mode, balanced).at(step), told[step]) for step in told)


@given(number=st.integers(1, 60), batch_size=st.integers(2, 40), seed=st.integers(0, 2**63 - 1))
def test_a_mixed_draw_shows_every_image_equally_often(number: int, batch_size: int, seed: int) -> None:
    draw = Draw(np.zeros(number, np.int64), batch_size, seed, "mixed", balanced=False)
    seen = np.bincount(np.concatenate([draw.at(step) for step in range(1, number + 1)]), minlength=number)
    assert (seen == batch_size).all()


def test_every_pass_has_an_order_of_its_own() -> None:
    draw = Draw(np.zeros(30, np.int64), 10, 1, "mixed", balanced=False)
    first, second = ([draw.at(step).tolist() for step in range(start, start + 3)] for start in (1, 4))
    assert first != second


@given(
    counts=st.lists(st.integers(1, 30), min_size=1, max_size=12),
    batch_size=st.integers(2, 16),
    seed=st.integers(0, 2**32),
)
def test_a_balanced_draw_shows_every_class_equally_often(counts: list[int], batch_size: int, seed: int) -> None:
    label = np.repeat(np.arange(len(counts)), counts)
    draw = Draw(label, batch_size, seed, "mixed", balanced=True)
    seen = np.bincount(label[np.concatenate([draw.at(step) for step in range(1, len(counts) + 1)])])
    if len(counts) > 1:
        assert (seen == batch_size).all()


def test_a_balanced_draw_passes_through_each_class_before_it_repeats() -> None:
    draw = Draw(LABEL, 3, 1, "mixed", balanced=True)
    drawn = np.concatenate([draw.at(step) for step in range(1, 8)])
    assert sorted(drawn[LABEL[drawn] == 1]) == list(range(50, 57))


def test_more_classes_than_a_batch_holds_are_mixed_anew_each_round() -> None:
    draw = Draw(np.arange(20), 10, 1, "mixed", balanced=True)
    assert len({frozenset(draw.at(step).tolist()) for step in range(1, 41)}) > 10


def test_batches_are_ascending_so_that_a_map_is_read_in_one_sweep() -> None:
    for mode in ("mixed", "one_class"):
        batch = Draw(LABEL, 16, 1, mode).at(3)
        assert batch.dtype == np.int64
        assert (np.diff(batch) >= 0).all()


def test_one_class_batches_hold_one_class_and_an_epoch_holds_whole_batches_of_each() -> None:
    draw = Draw(LABEL, 10, 1, "one_class", balanced=False)
    assert len(draw.schedule) == 5 + 1 + 2
    batches = [draw.at(step) for step in range(1, 9)]
    assert all(len(set(LABEL[batch])) == 1 and len(batch) == 10 for batch in batches)
    first_class = np.concatenate([batch for batch in batches if LABEL[batch[0]] == 0])
    assert sorted(first_class) == list(range(50))


def test_one_class_goes_on_where_the_last_epoch_left_its_class() -> None:
    draw = Draw(LABEL, 10, 1, "one_class", balanced=False)
    second = [step for step in range(1, 8 * 7 + 1) if LABEL[draw.at(step)[0]] == 1]
    assert len(second) == 7
    seen = np.concatenate([draw.at(step) for step in second])
    assert (np.bincount(seen)[50:57] == 10).all()


def test_one_class_balanced_gives_each_class_as_many_steps_as_the_largest() -> None:
    schedule = one_class_schedule([50, 7, 0, 20], 10, balanced=True)
    assert np.bincount(schedule).tolist() == [5, 5, 0, 5]


def test_one_class_steps_are_interleaved() -> None:
    assert one_class_schedule([40, 20], 10, balanced=False).tolist() == [0, 1, 0, 0, 1, 0]


def test_a_draw_by_class_holds_as_many_of_each_class_one_after_the_other() -> None:
    draw = Draw(LABEL, 7, 5, "by_class")
    seen = np.zeros(len(LABEL), np.int64)
    for step in range(1, 51):
        places = draw.at(step)
        assert LABEL[places].tolist() == [0, 0, 1, 1, 3, 3]
        assert all((np.diff(part) > 0).all() or part[0] == part[1] for part in places.reshape(3, 2))
        np.add.at(seen, places, 1)
    assert all(len(set(seen[label == LABEL])) <= 2 for label in (0, 1, 3)), "each image of a class equally often"
