"""Diverse: what is kept covers the pool, above a floor."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ml.neighbours import nearest
from ml.sampler import Candidates
from ml.spread import farthest_first
from tests.ml.known_pool import CLASSES, KnownPool, features_of, known_pool, select

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
