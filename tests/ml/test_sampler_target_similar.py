"""Target-similar: near to the targets, and near to all of them."""

from dataclasses import replace

import numpy as np
import pytest

from ml.errors import UnsuitableSamplerError
from ml.neighbours import nearest
from ml.sampler import Candidates
from tests.ml.known_pool import CLASSES, KnownPool, features_of, known_pool, select

SEEDS = range(5)


def with_targets(known: KnownPool, shift: float) -> Candidates:
    """Eight validation images of each class that lie aside in the last direction, as half of the candidates do."""
    seen = known.pool.seen()
    aside = np.zeros(seen.val.features.shape[1], np.float32)
    aside[-1] = shift
    synthetic = seen.synthetic.features.copy()
    synthetic[::2] += aside
    val = replace(seen.val, features=seen.val.features[:24] + aside, label=seen.val.label[:24])
    return replace(known.pool, evidence=replace(seen, val=val, synthetic=replace(seen.synthetic, features=synthetic)))


def test_target_similar_finds_the_candidates_that_are_like_the_targets() -> None:
    for seed in SEEDS:
        pool = with_targets(known_pool(600, seed), shift=5)
        ours, lots = (select(name, pool, 60, seed).kept for name in ("target_similar", "random"))
        assert (ours % 2 == 0).mean() > 0.95
        assert (lots % 2 == 0).mean() < 0.65


def test_no_target_takes_more_than_its_share() -> None:
    pool = with_targets(known_pool(600, seed=1), shift=5)
    crowds = {}
    for crowding in (1, 100):
        selected = select("target_similar", pool, 32, crowding=crowding)
        seen, most = pool.seen(), []
        for label in range(len(CLASSES)):
            own, targets = selected.kept[pool.label[selected.kept] == label], seen.val.features[seen.val.label == label]
            most.append(np.bincount(nearest(features_of(pool, own), targets).row[:, 0], minlength=8).max())
        crowds[crowding] = max(most)
        assert len(selected.kept) == 96
        if crowding == 1:
            assert "target_full" in set(select("target_similar", pool, 100, crowding=1).reason)
    assert crowds[1] < crowds[100]


def test_targets_that_are_not_there_are_asked_for() -> None:
    pool = known_pool(60, seed=1).pool
    seen = pool.seen()
    few = replace(seen.val, features=seen.val.features[:1], label=seen.val.label[:1])
    lacking = replace(pool, evidence=replace(seen, val=few))
    with pytest.raises(UnsuitableSamplerError, match="no validation images of dog, eel"):
        select("target_similar", lacking, 3)
    assert len(select("target_similar", lacking, 3, targets="training").kept) == 9
