"""The images of benchmarks/evidence.py: what is drawn for what, on scikit-learn's digits."""

from collections import Counter
from pathlib import Path

import pytest

from benchmarks.evidence_data import LONG_TAIL, Cut, digits, without_test
from benchmarks.evidence_plan import SCREENS, STUDIES
from ml.arms import read_arms
from ml.records import ImageRecord

NUM_DIGITS, NUM_VAL = 1797, 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("images")


@pytest.fixture(scope="module")
def records(folder: Path) -> list[ImageRecord]:
    found = Cut(digits, LONG_TAIL, NUM_VAL).records(folder)
    assert found is not None
    return found


def test_every_image_is_in_one_split_and_each_class_has_as_many_as_asked(records: list[ImageRecord]) -> None:
    counts = Counter((record.split, record.label) for record in records)
    assert [counts["train", str(digit)] for digit in range(10)] == list(LONG_TAIL)
    assert {counts["val", str(digit)] for digit in range(10)} == {NUM_VAL}
    assert len({record.file for record in records}) == len(records) == NUM_DIGITS
    assert [record.index for record in records] == list(range(NUM_DIGITS))


def test_a_seed_draws_the_same_split_and_another_seed_another(folder: Path, records: list[ImageRecord]) -> None:
    assert Cut(digits, LONG_TAIL, NUM_VAL).records(folder) == records
    assert Cut(digits, LONG_TAIL, NUM_VAL, seed=1).records(folder) != records


def test_a_screening_sees_no_test_image(records: list[ImageRecord]) -> None:
    seen = without_test(records)
    hidden = {record.file for record in records if record.split == "test"}
    assert not hidden & {record.file for record in seen}
    assert {record.label for record in seen if record.split == "test"} == {str(digit) for digit in range(10)}
    assert len({record.index for record in seen}) == len(seen)


@pytest.mark.parametrize("name", [*SCREENS, *STUDIES])
def test_arms_of_the_plan_can_be_read(name: str) -> None:
    for plan in (SCREENS, STUDIES):
        if name in plan:
            assert read_arms(plan[name].arms)
