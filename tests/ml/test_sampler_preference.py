"""Preference: verdicts carry over to what nobody judged, with chances that are right on average."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml.preference import calibration_error, entropy, learn_preference
from ml.sampler import Candidates
from tests.ml.known_pool import KnownPool, known_pool, select

SEEDS = range(3)


def judged(known: KnownPool, number: int, seed: int, mistakes: float = 0.1) -> Candidates:
    """People judged some candidates: they reject wrong ones, but for mistakes."""
    rng = np.random.default_rng([seed, 7])
    says = np.where(known.wrong ^ (rng.random(len(known.pool)) < mistakes), -1, 1)
    verdict = np.zeros(len(known.pool), np.int8)
    some = rng.permutation(len(known.pool))[:number]
    verdict[some] = says[some]
    return replace(known.pool, verdict=verdict)


def loss(known: KnownPool, pool: Candidates, verdict: NDArray[np.int8]) -> float:
    """Mean squared error of the chances of what nobody judged."""
    learnt = learn_preference(pool, verdict, seed=0)
    assert learnt is not None
    return float(np.mean((learnt.chance - ~known.wrong)[verdict == 0] ** 2))


def test_a_few_verdicts_keep_wrong_images_out_that_nobody_judged() -> None:
    for seed in SEEDS:
        known = known_pool(900, seed, wrong=0.4)
        pool = judged(known, 150, seed)
        assert pool.verdict is not None
        ours, lots = (select(name, pool, 150, seed).kept for name in ("preference", "random"))
        unjudged = ours[pool.verdict[ours] == 0]
        assert known.wrong[lots].mean() > 0.3
        assert len(unjudged) > 200
        assert known.wrong[unjudged].mean() < 0.12


def test_what_people_said_comes_before_what_they_would_say() -> None:
    known = known_pool(600, seed=1, wrong=0.4)
    pool = judged(known, 200, seed=1)
    assert pool.verdict is not None
    selected = select("preference", pool, 40)
    assert (selected.reason[pool.verdict < 0] == "rejected").all()
    for label in range(3):
        own = selected.kept[pool.label[selected.kept] == label]
        verdicts = pool.verdict[own]
        assert len(own) == 40
        assert (np.diff(verdicts) <= 0).all(), "accepted ones first"


def test_chances_are_right_on_average_on_what_nobody_judged() -> None:
    for seed in SEEDS:
        known = known_pool(2000, seed, wrong=0.4)
        pool = judged(known, 400, seed, mistakes=0.2)
        assert pool.verdict is not None
        learnt = learn_preference(pool, pool.verdict, seed)
        assert learnt is not None
        unjudged = pool.verdict == 0
        says = judged(known, 2000, seed, mistakes=0.2).verdict
        assert says is not None
        assert calibration_error(learnt.chance[unjudged], says[unjudged] > 0) < 0.1
        assert learnt.report["brier"] < learnt.report["brier_of_the_mean"]  # type: ignore[operator]


def test_more_verdicts_make_it_better() -> None:
    known = known_pool(1500, seed=2, wrong=0.4)
    losses = []
    for number in (40, 600):
        pool = judged(known, number, seed=2)
        assert pool.verdict is not None
        losses.append(loss(known, pool, pool.verdict))
    assert losses[1] < losses[0]


def test_the_review_queue_can_begin_with_the_most_uncertain() -> None:
    known = known_pool(900, seed=3, wrong=0.4)
    scores = select("preference", judged(known, 200, seed=3), 10).scores
    assert set(scores) == {"preference", "preference_uncertainty"}
    first = np.argsort(-scores["preference_uncertainty"])[:90]
    assert np.abs(scores["preference"][first] - 0.5).max() < np.abs(scores["preference"] - 0.5).mean()
    assert np.allclose(entropy(np.array([0.0, 0.5, 1.0])), [0, 1, 0], atol=1e-9)


def test_before_there_are_verdicts_enough_it_draws_by_lot_and_heeds_those_there_are() -> None:
    known = known_pool(300, seed=1)
    verdict = np.zeros(300, np.int8)
    verdict[:5], verdict[5:9] = -1, 1
    selected = select("preference", replace(known.pool, verdict=verdict), 30, seed=4)
    assert set(range(5, 9)) <= set(selected.kept)
    assert not set(range(5)) & set(selected.kept)
    assert selected.scores == {}
    nobody = select("preference", known.pool, 30, seed=4).kept
    assert np.array_equal(nobody, select("random", known.pool, 30, seed=4).kept)
