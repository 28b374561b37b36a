"""Splits: stratified, seeded, faithful to the source."""

import hashlib
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.errors import BadSettingsError
from ml.splits import MIN_DRAWN_CLASS, Unsplit, assign_splits


def image(number: int, label: str = "cat", split: str | None = None) -> Unsplit:
    return Unsplit(hashlib.sha256(f"{label}{number}".encode()).hexdigest(), label, split)


def of_class(label: str, count: int, split: str | None = None) -> list[Unsplit]:
    return [image(number, label, split) for number in range(count)]


def shares(images: list[Unsplit], splits: list[str]) -> dict[str, Counter[str]]:
    counts: dict[str, Counter[str]] = {}
    for one, split in zip(images, splits, strict=True):
        counts.setdefault(one.label, Counter())[split] += 1
    return counts


def test_every_class_is_divided_by_the_fractions() -> None:
    images = of_class("cat", 100) + of_class("dog", 1000) + of_class("hen", 57)
    assert shares(images, assign_splits(images, 0)) == {
        "cat": {"train": 80, "val": 10, "test": 10},
        "dog": {"train": 800, "val": 100, "test": 100},
        "hen": {"train": 45, "val": 6, "test": 6},
    }


@given(st.dictionaries(st.text(max_size=3), st.integers(1, 60), min_size=1, max_size=6), st.integers(0, 2**63))
def test_every_class_trains_and_from_five_images_on_is_in_every_split(sizes: dict[str, int], seed: int) -> None:
    images = [one for label, count in sizes.items() for one in of_class(label, count)]
    for label, counts in shares(images, assign_splits(images, seed)).items():
        assert counts["train"] >= 1
        assert sum(counts.values()) == sizes[label]
        if sizes[label] < MIN_DRAWN_CLASS:
            assert counts["train"] == sizes[label]
        else:
            assert min(counts[split] for split in ("train", "val", "test")) >= 1


@given(st.permutations(range(30)), st.integers(0, 2**63))
def test_the_order_of_the_images_does_not_matter(order: list[int], seed: int) -> None:
    images = of_class("cat", 30)
    splits = dict(zip(images, assign_splits(images, seed), strict=True))
    shuffled = [images[position] for position in order]
    assert dict(zip(shuffled, assign_splits(shuffled, seed), strict=True)) == splits


def test_another_seed_draws_other_images() -> None:
    images = of_class("cat", 100)
    assert assign_splits(images, 1) == assign_splits(images, 1)
    assert assign_splits(images, 1) != assign_splits(images, 2)


def test_more_images_move_few_of_the_others() -> None:
    before, after = of_class("cat", 200), of_class("cat", 210)
    moved = sum(a != b for a, b in zip(assign_splits(before, 0), assign_splits(after, 0), strict=False))
    assert moved <= 12


def test_the_splits_of_the_source_are_kept() -> None:
    images = of_class("a", 20, "train") + of_class("b", 5, "val") + of_class("c", 7, "test")
    assert assign_splits(images, 0) == [one.split for one in images]


def test_validation_is_taken_from_train_when_the_source_has_train_and_test() -> None:
    images = of_class("cat", 90, "train") + of_class("cat2", 4, "train") + of_class("dog", 30, "test")
    counts = shares(images, assign_splits(images, 0))
    assert counts == {"cat": {"train": 80, "val": 10}, "cat2": {"train": 4}, "dog": {"test": 30}}


def test_a_source_with_train_alone_is_divided_in_three() -> None:
    images = of_class("cat", 50, "train")
    assert shares(images, assign_splits(images, 0))["cat"] == {"train": 40, "val": 5, "test": 5}


def test_nothing_is_held_out_when_no_share_is_asked_for() -> None:
    images = of_class("cat", 50)
    assert shares(images, assign_splits(images, 0, (1.0, 0.0, 0.0)))["cat"] == {"train": 50}
    assert shares(images, assign_splits(images, 0, (0.5, 0.5, 0.0)))["cat"] == {"train": 25, "val": 25}


@pytest.mark.parametrize(
    "fractions", [(0.8, 0.1), (0.0, 0.5, 0.5), (0.9, 0.2, -0.1), (0.5, 0.1, 0.1), (float("nan"),) * 3]
)
def test_fractions_that_are_none_are_refused(fractions: tuple[float, ...]) -> None:
    with pytest.raises(BadSettingsError, match="three numbers for train, val and test"):
        assign_splits(of_class("cat", 9), 0, fractions)
