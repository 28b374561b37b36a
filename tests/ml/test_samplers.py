"""Samplers: what all of them promise, and each one's ranking computed by hand."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.errors import UnsuitableSamplerError
from ml.plugin import find, shelf
from ml.sampler import KEPT, Candidates, Sampler, Selected
from ml.selection import make_sampler
from tests.ml.known_pool import CLASSES, known_pool

SAMPLERS = shelf("samplers", Sampler)
QUICK = {"reinforcement": {"child_trainings": 20, "episode_size": 64}}
"""Settings under which a costly sampler promises the same in less time."""


def make_pool(label: list[int], **scores: list[float]) -> Candidates:
    number = len(label)
    return Candidates(
        classes=CLASSES,
        label=np.array(label, np.int64),
        seed=np.arange(number, dtype=np.int64),
        scores={name: np.array(values, np.float64) for name, values in scores.items()},
    )


def random_pool(number: int, seed: int) -> Candidates:
    """A pool with all that a sampler on the shelf may read."""
    known = known_pool(number, seed, wrong=0.2, copies=0.1)
    judged = np.arange(number) % 3 == 0
    return replace(known.pool, verdict=np.where(judged, 1 - 2 * known.wrong, 0).astype(np.int8))


def select(name: str, pool: Candidates, budget: dict[str, int], seed: int = 0) -> Selected:
    sampler = find("samplers", Sampler, name)
    return sampler(sampler.Settings(**QUICK.get(name, {}))).select(pool, budget, seed)


@pytest.fixture(params=sorted(SAMPLERS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("asked", [{"cat": 5, "dog": 0, "eel": 10_000}, {"cat": 1, "dog": 1, "eel": 1}, {"eel": 7}])
def test_no_class_gets_more_than_asked_and_every_loss_has_a_reason(name: str, asked: dict[str, int]) -> None:
    pool = random_pool(200, seed=1)
    selected = select(name, pool, asked)
    assert len(set(selected.kept.tolist())) == len(selected.kept)
    assert sorted(selected.kept) == sorted(np.flatnonzero(selected.reason == KEPT))
    assert set(selected.reason) - {KEPT} <= set(SAMPLERS[name].reasons)
    for entry, (label, result) in zip(range(3), selected.yields(pool, asked).items(), strict=True):
        assert result.asked == asked.get(label, 0)
        assert result.kept <= result.asked
        assert result.generated == int((pool.label == entry).sum()) == result.kept + sum(result.dropped.values())


def test_the_same_question_gets_the_same_answer(name: str) -> None:
    pool = random_pool(300, seed=2)
    budget = {"cat": 20, "dog": 30, "eel": 10}
    first, second = (select(name, pool, budget, seed=7) for _ in range(2))
    assert np.array_equal(first.kept, second.kept)
    assert np.array_equal(first.reason, second.reason)


def test_what_is_missing_is_refused_by_name(name: str) -> None:
    needs = SAMPLERS[name].needs
    if SAMPLERS[name].sees_images:
        bare = replace(random_pool(5, seed=1), evidence=None)
        with pytest.raises(UnsuitableSamplerError, match="not at hand"):
            select(name, bare, {"cat": 1, "dog": 1, "eel": 1})
    if not needs:
        assert len(select(name, random_pool(20, seed=1), {"cat": 1}).kept) <= 1  # the actor may leave all
        return
    with pytest.raises(UnsuitableSamplerError, match=needs[0]):
        select(name, make_pool([0, 1, 2]), {"cat": 1})
    with pytest.raises(UnsuitableSamplerError, match=f"{needs[0]}.*gan"):
        make_sampler(name, {}).check_scores(frozenset(), "gan")


def test_who_says_that_it_fills_the_budget_does(name: str) -> None:
    """The yield that is promised before a run starts rests on this."""
    if not SAMPLERS[name].fills_budget:
        pytest.skip(f"{name} may keep fewer than asked for")
    pool = random_pool(200, seed=3)
    asked = {"cat": 5, "dog": 0, "eel": int((pool.label == 2).sum())}
    yields = select(name, pool, asked).yields(pool, asked)
    assert {label: result.kept for label, result in yields.items()} == asked


def test_an_empty_pool_gives_an_empty_selection(name: str) -> None:
    selected = select(name, random_pool(0, seed=0), {"cat": 3})
    assert len(selected.kept) == len(selected.reason) == 0


@pytest.mark.parametrize(
    ("sampler", "score", "reason"),
    [
        ("class_confidence", "class_confidence", "less_confident"),
        ("realism", "realism", "less_real"),
    ],
)
def test_ranking_equals_the_one_by_hand(sampler: str, score: str, reason: str) -> None:
    #                        0    1    2    3    4    5    6    7
    pool = make_pool([0, 1, 0, 0, 1, 1, 0, 2], **{score: [0.2, 0.9, 0.8, 0.8, 0.1, 0.95, 0.5, 0.4]})
    selected = select(sampler, pool, {"cat": 2, "dog": 2, "eel": 0})
    # cat: 2 and 3 tie at 0.8, the lower index comes first; dog: 5 before 1; eel: not asked for
    assert selected.kept.tolist() == [2, 3, 5, 1]
    assert selected.reason.tolist() == [reason, "", "", "", reason, "", reason, "not_asked"]


@pytest.mark.parametrize("sampler", ["class_confidence", "realism"])
def test_a_rank_is_within_the_class_so_that_no_class_crowds_out_another(sampler: str) -> None:
    pool = make_pool([0, 0, 1, 1], **{sampler: [-3.0, -4.0, 100.0, 99.0]})
    assert select(sampler, pool, {"cat": 1, "dog": 1}).kept.tolist() == [0, 2]


@pytest.mark.parametrize("sampler", ["class_confidence", "realism"])
def test_a_score_that_is_no_number_is_never_kept(sampler: str) -> None:
    pool = make_pool([0, 0, 0], **{sampler: [float("nan"), -1.0, -2.0]})
    selected = select(sampler, pool, {"cat": 3})
    assert selected.kept.tolist() == [1, 2]
    assert selected.reason.tolist() == ["no_score", "", ""]


@settings(deadline=None)
@given(seed=st.integers(-(2**63), 2**63 - 1), small=st.integers(0, 20), more=st.integers(0, 20))
def test_random_keeps_a_part_of_what_a_larger_budget_keeps(seed: int, small: int, more: int) -> None:
    pool = random_pool(120, seed=3)
    less = select("random", pool, {"dog": small}, seed).kept.tolist()
    assert select("random", pool, {"dog": small + more}, seed).kept.tolist()[: len(less)] == less


def test_random_gives_every_candidate_the_same_chance() -> None:
    pool = make_pool([1] * 10)
    hits = np.zeros(10)
    for seed in range(2000):
        hits[select("random", pool, {"dog": 3}, seed).kept] += 1
    chi_square = ((hits - 600) ** 2 / (600 * 0.7)).sum() * 0.9  # without replacement the cells vary less
    assert chi_square < 27.9  # 99.9 % of chi-square with 9 degrees of freedom
