"""Optimal transport: images of another class are sent away."""

from dataclasses import replace

import numpy as np

from ml.sampler import KEPT, Candidates
from tests.ml.known_pool import CLASSES, known_pool, select

SEEDS = range(5)


def test_transport_sends_images_of_another_class_away() -> None:
    for seed in SEEDS:
        known = known_pool(900, seed, wrong=0.3)
        selected = select("optimal_transport", known.pool, 1000, seed)
        assert known.wrong[select("random", known.pool, 1000, seed).kept].mean() > 0.25
        assert known.wrong[selected.kept].mean() < 0.05
        assert (selected.reason[~known.wrong] == KEPT).mean() > 0.9


def test_transport_is_no_better_than_the_nearest_prototype_where_nothing_is_shifted() -> None:
    report = select("optimal_transport", known_pool(900, seed=1, wrong=0.3).pool, 10).report
    assert report["agreed_by_both"] > 0.95 * report["agreed"]  # type: ignore[operator]
    assert abs(report["agreed"] - report["agreed_by_nearest_prototype"]) < 45  # type: ignore[operator]


def test_transport_finds_wrong_images_where_only_one_class_is_asked_for() -> None:
    known = known_pool(900, seed=5, wrong=0.3)
    rows = np.flatnonzero(known.pool.label == 0)
    seen, pool = known.pool.seen(), known.pool
    synthetic = replace(
        seen.synthetic,
        features=seen.synthetic.features[rows],
        label=pool.label[rows],
        probabilities=seen.synthetic.probabilities[rows],
    )
    only = Candidates(CLASSES, pool.label[rows], pool.seed[rows], {}, replace(seen, synthetic=synthetic))
    selected = select("optimal_transport", only, 1000)
    assert known.wrong[rows][selected.kept].mean() < 0.05
    assert len(selected.kept) > 0.6 * len(rows)


def test_a_firm_marginal_divides_an_uneven_pool_up_whatever_it_shows() -> None:
    known = known_pool(900, seed=2, wrong=0.5)
    loose, firm = (select("optimal_transport", known.pool, 1000, relaxation=rho).kept for rho in (0.05, 100))
    assert known.wrong[loose].mean() < 0.05
    assert len(loose) <= len(firm) + 60
