"""Combined: each step drops what it is there for, and says so."""

import numpy as np
import pytest

from ml.errors import UnsuitableSamplerError
from ml.models.gan import Gan
from ml.plugin import find
from ml.sampler import Sampler
from ml.selection import check_suitable, make_sampler
from tests.ml.known_pool import apart, known_pool, select

SEEDS = range(5)


@pytest.mark.parametrize("floor_by", ["classifier_confidence", "optimal_transport"])
def test_it_keeps_neither_copies_nor_wrong_images_and_is_more_varied_than_the_best(floor_by: str) -> None:
    for seed in SEEDS:
        known = known_pool(900, seed, wrong=0.2, copies=0.2)
        lots = select("random", known.pool, 20, seed).kept
        ours = select("combined", known.pool, 20, seed, floor_by=floor_by).kept
        assert (known.wrong | known.copy)[lots].mean() > 0.2
        assert not known.copy[ours].any()
        assert known.wrong[ours].mean() < 0.02
        best = select("optimal_transport", known.pool, 20, seed).kept
        assert apart(known.pool, ours) > 1.2 * apart(known.pool, best)


def test_each_candidate_is_dropped_by_the_first_step_that_has_a_reason() -> None:
    known = known_pool(900, seed=1, wrong=0.2, copies=0.2)
    selected = select("combined", known.pool, 20)
    assert set(selected.reason[known.copy]) == {"near_copy"}
    assert set(selected.reason[known.wrong]) <= {"below_floor", "near_copy"}
    assert (selected.reason == "too_alike").sum() > 100
    copies_in = select("combined", known.pool, 20, drop_copies=False)
    assert "near_copy" not in set(copies_in.reason)


def test_where_no_copies_are_dropped_it_is_the_diverse_sampler() -> None:
    pool = known_pool(300, seed=2).pool
    ours = select("combined", pool, 15, floor_share=0.4, drop_copies=False)
    assert np.array_equal(ours.kept, select("diverse", pool, 15, floor_share=0.4).kept)


def test_a_floor_by_a_score_that_the_model_lacks_is_refused_before_anything_is_made() -> None:
    sampler = make_sampler("combined", {"floor_by": "class_confidence"})
    with pytest.raises(UnsuitableSamplerError, match="class confidence"):
        check_suitable(sampler, Gan, Gan.Settings())
    check_suitable(make_sampler("combined", {"floor_by": "realism"}), Gan, Gan.Settings())
    assert find("samplers", Sampler, "combined").needs == ()


def test_a_floor_by_a_score_that_imported_images_lack_is_refused_by_name() -> None:
    sampler = make_sampler("combined", {"floor_by": "realism"})
    with pytest.raises(UnsuitableSamplerError, match="realism"):
        sampler.check_scores(frozenset({"classifier_confidence"}), "imported")
    sampler.check_scores(frozenset({"realism"}), "imported")
