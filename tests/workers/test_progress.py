"""Progress of a child: few writes, every point, the last word."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.protocol import StageProgress
from webapp.runs.events import ProgressedData
from workers import progress
from workers.progress import Progress


class Log:
    """What was written; refuses when told to."""

    def __init__(self) -> None:
        self.written: list[ProgressedData] = []
        self.refuses = False

    def __call__(self, data: ProgressedData) -> None:
        if self.refuses:
            raise OSError("the database is away")
        self.written.append(data)

    def points(self) -> dict[int, dict[str, float]]:
        return {point.step: point.values for data in self.written for point in data.points}


def at(step: int) -> StageProgress:
    return {
        "event": "progress",
        "stage": "train",
        "step": step,
        "num_steps": 1000,
        "images_per_s": 5.0,
        "eta_s": 1.0,
        "device": "CPU",
    }


def test_three_hundred_words_a_second_become_at_most_two_writes_a_second() -> None:
    log = Log()
    told = Progress(log)
    end, step = time.monotonic() + 1.6, 0
    while time.monotonic() < end:
        step += 1
        told.note(at(step))
        told.add(step, {"loss/G": float(step)})
        told.flush_if_due()
        time.sleep(0.003)
    assert 2 <= len(log.written) <= 4
    told.flush()
    assert log.written[-1].step == step
    assert sorted(log.points()) == list(range(1, step + 1))


def test_a_write_that_fails_is_made_again_with_the_same_points() -> None:
    log = Log()
    told = Progress(log, every_s=0)
    told.note(at(3))
    told.add(3, {"loss/G": 1.0})
    log.refuses = True
    for _ in range(2):
        with pytest.raises(OSError, match="away"):
            told.flush_if_due()
    log.refuses = False
    told.add(4, {"loss/G": 2.0})
    told.flush_if_due()
    assert log.points() == {3: {"loss/G": 1.0}, 4: {"loss/G": 2.0}}
    assert len(log.written) == 1


def test_nothing_new_is_nothing_to_write() -> None:
    log = Log()
    told = Progress(log, every_s=0)
    told.flush_if_due()
    told.note(at(1))
    for _ in range(3):
        told.flush_if_due()
    told.flush()
    assert len(log.written) == 1


def test_a_burst_is_spread_over_several_writes_of_bearable_size() -> None:
    log = Log()
    told = Progress(log)
    for step in range(3 * progress.MAX_POINTS):
        told.add(step, {"x": 1.0})
    told.flush()
    assert [len(data.points) for data in log.written] == [progress.MAX_POINTS] * 3


@given(
    st.lists(
        st.one_of(
            st.tuples(st.just("add"), st.integers(1, 30), st.sampled_from(["loss/G", "loss/D"])),
            st.tuples(st.just("note"), st.integers(1, 30), st.just("")),
            st.tuples(st.just("flush"), st.just(0), st.just("")),
        )
    )
)
def test_whatever_the_order_every_value_is_written_and_the_newest_place_is_last(
    words: list[tuple[str, int, str]],
) -> None:
    log = Log()
    told = Progress(log, every_s=0)
    expected: dict[tuple[int, str], float] = {}
    newest = None
    for number, (word, step, path) in enumerate(words):
        if word == "add":
            told.add(step, {path: float(number)})
            expected[step, path] = float(number)
        elif word == "note":
            told.note(at(step))
            newest = step
        else:
            told.flush_if_due()
    told.flush()
    found: dict[tuple[int, str], float] = {}
    for data in log.written:
        found |= {(point.step, path): value for point in data.points for path, value in point.values.items()}
    assert found == expected
    if newest is not None:
        assert log.written[-1].step == newest
