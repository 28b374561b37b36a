"""Agreement of two reviewers."""

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from ml.agreement import agreement_of
from ml.intervals import wilson_interval

COUNT = st.integers(0, 40)
TABLES = st.tuples(COUNT, COUNT, COUNT, COUNT).filter(any)


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_kappa_is_that_of_scikit_learn_where_it_is_defined(table: tuple[int, int, int, int]) -> None:
    both_accept, both_reject, first, second = table
    said = [1] * both_accept + [0] * both_reject + [1] * first + [0] * second
    also = [1] * both_accept + [0] * both_reject + [0] * first + [1] * second
    found = agreement_of(*table)
    if len({*said, *also}) == 1:
        assert found.kappa is found.kappa_low is found.kappa_high is None
    else:
        assert found.kappa == pytest.approx(cohen_kappa_score(said, also))


@settings(max_examples=60, deadline=None)
@given(TABLES)
def test_the_interval_holds_kappa_and_does_not_depend_on_who_is_first(table: tuple[int, int, int, int]) -> None:
    both_accept, both_reject, first, second = table
    found = agreement_of(*table)
    assert found == agreement_of(both_accept, both_reject, second, first)
    assert found.share_low <= found.share <= found.share_high
    if found.kappa is not None and found.kappa_low is not None and found.kappa_high is not None:
        assert found.kappa_low <= found.kappa <= found.kappa_high <= 1
        assert (found.kappa_high < 1) == (wilson_interval(found.num_agree, found.num_both)[1] < 1)


def test_full_agreement_on_few_is_not_certainty() -> None:
    found = agreement_of(3, 3, 0, 0)
    assert (found.kappa, found.kappa_high) == (1, 1)
    assert found.kappa_low is not None
    assert math.isclose(found.kappa_low, 2 * wilson_interval(6, 6)[0] - 1)
    assert found.kappa_low < 0.5
