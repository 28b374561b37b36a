"""Novelty: copies out, all else by lot."""

from tests.ml.known_pool import known_pool, select

SEEDS = range(5)


def test_novelty_drops_copies_and_lots_do_not() -> None:
    for seed in SEEDS:
        known = known_pool(600, seed, copies=0.3)
        selected = select("novelty", known.pool, 80, seed)
        assert known.copy[select("random", known.pool, 80, seed).kept].mean() > 0.2
        assert not known.copy[selected.kept].any()
        assert (selected.reason[known.copy] == "near_copy").all()


def test_novelty_leaves_new_images_in() -> None:
    known = known_pool(900, seed=3)
    dropped = select("novelty", known.pool, 1000).reason == "near_copy"
    assert dropped.mean() < 0.05
    stricter = select("novelty", known.pool, 1000, percentile=30).reason == "near_copy"
    assert 0.2 < stricter.mean() < 0.4


def test_novelty_tells_by_what_distance_it_went() -> None:
    rule = select("novelty", known_pool(100, seed=1, copies=0.2).pool, 5).report["near_copy"]
    assert isinstance(rule, dict)
    assert rule["reference"] == "validation"
    assert rule["num_reference"] == 120
