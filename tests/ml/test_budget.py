"""Budgets: what each way of asking means, and what is refused."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.budget import MAX_IMAGES, budget_schema, only_made, pool_sizes, resolve
from ml.errors import BadBudgetError

COUNTS = {"cat": 30, "dog": 100, "eel": 7}


def test_per_class_asks_the_same_of_every_class() -> None:
    assert resolve({"kind": "per_class", "count": 5}, COUNTS) == {"cat": 5, "dog": 5, "eel": 5}


def test_fill_to_largest_asks_for_what_is_lacking() -> None:
    assert resolve({"kind": "fill_to_largest"}, COUNTS) == {"cat": 70, "dog": 0, "eel": 93}


def test_fill_to_asks_for_what_each_class_lacks_to_the_number_and_nothing_of_one_that_has_it() -> None:
    assert resolve({"kind": "fill_to", "count": 50}, COUNTS) == {"cat": 20, "dog": 0, "eel": 43}
    assert resolve({"kind": "fill_to", "count": 101}, COUNTS) == {"cat": 71, "dog": 1, "eel": 94}


def test_counts_ask_by_name_and_nothing_of_the_others() -> None:
    assert resolve({"kind": "counts", "counts": {"eel": 9}}, COUNTS) == {"cat": 0, "dog": 0, "eel": 9}


@pytest.mark.parametrize(
    ("factor", "wanted"),
    [
        (1.0, {"cat": 30, "dog": 100, "eel": 7}),
        (5, {"cat": 150, "dog": 500, "eel": 35}),
        (0.5, {"cat": 15, "dog": 50, "eel": 4}),
    ],
)
def test_multiple_scales_the_real_size_of_each_class(factor: float, wanted: dict[str, int]) -> None:
    assert resolve({"kind": "multiple", "factor": factor}, COUNTS) == wanted


@pytest.mark.parametrize(
    ("budget", "says"),
    [
        ({"kind": "per_class", "count": 0}, "count"),
        ({"kind": "per_class", "count": 400_000}, "1,200,000"),
        ({"kind": "per_class", "count": "many"}, "'many'"),
        ({"kind": "per_class", "size": 3}, "size"),
        ({"kind": "fill_to", "count": 7}, "7 training images or more"),
        ({"kind": "fill_to", "count": 0}, "count"),
        ({"kind": "fill_to", "count": MAX_IMAGES}, "2,999,863"),
        ({"kind": "counts", "counts": {"yak": 3}}, "'yak'"),
        ({"kind": "counts", "counts": {"cat": 0}}, "0 images"),
        ({"kind": "counts", "counts": {"cat": -1}}, "counts.cat"),
        ({"kind": "counts"}, "0 images"),
        ({"kind": "multiple", "factor": 0}, "factor"),
        ({"kind": "multiple", "factor": float("nan")}, "factor"),
        ({"kind": "multiple", "factor": 0.001}, "0 images"),
        ({"kind": "lots"}, "kind"),
        ({}, "kind"),
    ],
)
def test_what_cannot_be_made_is_refused_and_named(budget: dict[str, object], says: str) -> None:
    with pytest.raises(BadBudgetError, match=re.escape(says)):
        resolve(budget, COUNTS)


def test_filling_up_equal_classes_says_that_nothing_is_lacking() -> None:
    with pytest.raises(BadBudgetError, match="already has 4 training images"):
        resolve({"kind": "fill_to_largest"}, {"a": 4, "b": 4})


def test_exactly_the_greatest_budget_is_taken() -> None:
    assert resolve({"kind": "counts", "counts": {"cat": MAX_IMAGES}}, COUNTS)["cat"] == MAX_IMAGES


@settings(deadline=None)
@given(
    st.dictionaries(st.text(min_size=1, max_size=5), st.integers(1, 500), min_size=1, max_size=6),
    st.sampled_from([{"kind": "per_class", "count": 3}, {"kind": "multiple", "factor": 1.5}]),
    st.floats(1, 20),
)
def test_a_pool_holds_every_class_at_least_as_often_as_asked(
    counts: dict[str, int], budget: dict[str, object], factor: float
) -> None:
    wanted = resolve(budget, counts)
    sizes = pool_sizes(wanted, factor)
    assert list(sizes) == list(counts)
    assert all(wanted[name] <= sizes[name] < wanted[name] * factor + 1.001 for name in counts)


def test_a_pool_is_rounded_up_without_float_dust() -> None:
    assert pool_sizes({"a": 30, "b": 1, "c": 0}, 1.1) == {"a": 33, "b": 2, "c": 0}


@pytest.mark.parametrize("factor", [0, 0.99, -1, 1001, float("nan"), float("inf")])
def test_a_pool_factor_out_of_bounds_is_refused(factor: float) -> None:
    with pytest.raises(BadBudgetError, match="pool factor"):
        pool_sizes({"a": 3}, factor)


def test_a_pool_too_large_is_refused() -> None:
    with pytest.raises(BadBudgetError, match="10,000,000 candidates"):
        pool_sizes({"a": MAX_IMAGES}, 10)


def test_the_schema_names_all_five_ways() -> None:
    kinds = {"per_class", "fill_to_largest", "fill_to", "counts", "multiple"}
    assert set(budget_schema()["discriminator"]["mapping"]) == kinds


def test_a_budget_for_nothing_that_the_model_makes_is_refused() -> None:
    assert only_made({"render": 30, "real": 5}, ["real"]) == {"render": 0, "real": 5}
    with pytest.raises(BadBudgetError, match="none of what the model makes, real"):
        only_made({"render": 30, "real": 0}, ["real"])
