"""Diverse: what is kept covers the pool, above a floor or weighed against quality."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from ml import spread
from ml.neighbours import nearest
from ml.sampler import Candidates
from ml.spread import determinantal, farthest_first, greedy_map
from tests.ml.known_pool import CLASSES, KnownPool, apart, features_of, known_pool, select

SEEDS = range(5)


def crowded(seed: int) -> KnownPool:
    """A pool of which most look almost the same within their class."""
    known = known_pool(600, seed)
    seen, alike = known.pool.seen(), np.random.default_rng(seed).random(600) < 0.8
    features = seen.synthetic.features.copy()
    for label in range(len(CLASSES)):
        rows = np.flatnonzero(alike & (known.pool.label == label))
        features[rows] = features[rows[0]] + (features[rows] - features[rows[0]]) * 0.02
    pool = replace(known.pool, evidence=replace(seen, synthetic=replace(seen.synthetic, features=features)))
    return replace(known, pool=pool)


def covering(pool: Candidates, kept: NDArray[np.int64]) -> float:
    """The largest distance of a candidate to the nearest kept one of its class."""
    radii = []
    for label in range(len(CLASSES)):
        rows, own = np.flatnonzero(pool.label == label), kept[pool.label[kept] == label]
        radii.append(nearest(features_of(pool, rows), features_of(pool, own)).distance.max())
    return float(np.mean(radii))


def test_diverse_leaves_no_candidate_as_far_from_what_is_kept_as_lots_do() -> None:
    for seed in SEEDS:
        pool = crowded(seed).pool
        ours = covering(pool, select("diverse", pool, 20, seed, floor_share=1).kept)
        assert ours < 0.9 * covering(pool, select("random", pool, 20, seed).kept)


def test_the_floor_keeps_odd_failures_out_of_the_diverse() -> None:
    for seed in SEEDS:
        known = known_pool(600, seed, wrong=0.3)
        share = {
            floor: known.wrong[select("diverse", known.pool, 30, floor_share=floor).kept].mean() for floor in (1, 0.5)
        }
        assert share[1] > 0.25
        assert share[0.5] < 0.02


def test_a_floor_gives_way_rather_than_leave_the_budget_unmet() -> None:
    known = known_pool(300, seed=2)
    selected = select("diverse", known.pool, 70, floor_share=0.1)
    assert (np.bincount(known.pool.label[selected.kept]) == 70).all()


def test_the_diverse_of_a_smaller_budget_come_first_in_a_larger_one() -> None:
    pool = known_pool(300, seed=4).pool
    small, large = (select("diverse", pool, count, floor_share=0.9).kept for count in (5, 9))
    for label in range(len(CLASSES)):
        own = [kept[pool.label[kept] == label].tolist() for kept in (small, large)]
        assert own[1][:5] == own[0]


def test_farthest_first_equals_the_one_by_hand() -> None:
    #                      0    1    2     3    4
    line = np.array([[0], [1], [9], [10], [4]], np.float32)
    assert farthest_first(line, 9).tolist() == [0, 3, 4, 1, 2]
    assert farthest_first(np.zeros((3, 2), np.float32), 3, first=1).tolist() == [1, 0, 2]


def test_determinantal_is_more_varied_than_lots_and_keeps_odd_failures_out_without_a_floor() -> None:
    for seed in SEEDS:
        known = known_pool(600, seed, wrong=0.3)
        lots = select("random", known.pool, 30, seed).kept
        ours = select("diverse", known.pool, 30, method="determinantal", floor_share=1).kept
        assert known.wrong[lots].mean() > 0.2
        assert known.wrong[ours].mean() < 0.02
        crowd = crowded(seed).pool
        ours = select("diverse", crowd, 20, method="determinantal", floor_share=1).kept
        assert apart(crowd, ours) > 1.5 * apart(crowd, select("random", crowd, 20, seed + 50).kept)


def test_whoever_determinantal_drops_has_a_reason() -> None:
    pool = known_pool(300, seed=1, wrong=0.3).pool
    selected = select("diverse", pool, 30, method="determinantal", floor_share=0.8)
    assert set(selected.reason) == {"", "below_floor", "outweighed"}
    assert ((selected.reason == "") == np.isin(np.arange(300), selected.kept)).all()
    assert (np.bincount(pool.label[selected.kept]) == 30).all()


def test_the_greedy_map_equals_the_one_by_hand() -> None:
    similar = np.array([[1, 0.8, 0], [0.8, 1, 0.3], [0, 0.3, 1]], np.float32)
    # alone 1, .81, .36; beside the first .81 * (1 - .64) = .2916 and .36: the third comes before the second
    assert greedy_map(similar.__getitem__, np.array([1, 0.9, 0.6]), 3).tolist() == [0, 2, 1]
    # alone 1, .81, .25; beside the first .2916 and .25
    assert greedy_map(similar.__getitem__, np.array([1, 0.9, 0.5]), 3).tolist() == [0, 1, 2]


def test_each_pick_of_the_greedy_map_is_that_of_the_largest_determinant() -> None:
    rng = np.random.default_rng(0)
    points = rng.normal(size=(30, 3))
    similar = np.exp(-((points[:, None] - points[None]) ** 2).sum(axis=2)).astype(np.float32)
    quality = rng.random(30) + 0.1
    kernel = quality[:, None] * quality * similar
    picks = greedy_map(similar.__getitem__, quality, 8).tolist()
    for number in range(1, 9):
        before = picks[: number - 1]
        grown = {row: np.linalg.det(kernel[np.ix_([*before, row], [*before, row])]) for row in range(30)}
        assert picks[number - 1] == max(grown, key=grown.__getitem__)


def test_once_all_that_is_left_are_copies_determinantal_goes_by_quality() -> None:
    points = np.repeat(np.array([[0, 0], [3, 0], [0, 4]], np.float32), 3, axis=0)
    quality = np.array([0.9, 0.5, 0.8, 0.7, 0.6, 0.95, 0.3, 0.2, 0.1])
    assert determinantal(points, quality, 9).tolist() == [5, 0, 6, 2, 3, 4, 1, 7, 8]
    assert determinantal(np.zeros((3, 2), np.float32), np.array([0.1, 0.9, 0.5]), 3).tolist() == [1, 2, 0]


def test_many_candidates_are_weighed_in_parts_that_share_the_picks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spread, "LARGEST", 600)
    rng = np.random.default_rng(0)
    points = rng.normal(size=(300, 4)).astype(np.float32)
    picks = determinantal(points, np.ones(300), 10)
    assert len(set(picks.tolist())) == 10
    assert np.bincount(picks % 3).tolist() == [4, 3, 3]
    assert sorted(determinantal(points, np.ones(300), 300)) == list(range(300))
