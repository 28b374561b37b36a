"""Reinforcement: an actor learns from children what to take, and its parts one by one."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from ml.actor_critic import ActorCritic
from ml.child_score import ChildScore
from ml.errors import UnsuitableSamplerError
from ml.sampler import Candidates
from ml.selection import report_of
from ml.traits import traits_of
from tests.ml.known_pool import CLASSES, features_of, known_pool, real_images, select

SEEDS = range(2)


def test_the_actor_learns_to_leave_wrong_images_that_lots_take() -> None:
    for seed in SEEDS:
        known = known_pool(1500, seed, wrong=0.5)
        ours = select("reinforcement", known.pool, 150, seed, episode_size=128, child_trainings=120)
        lots = select("random", known.pool, 150, seed)
        assert len(ours.kept) == len(lots.kept) == 450
        assert known.wrong[lots.kept].mean() > 0.4
        assert known.wrong[ours.kept].mean() < 0.15


def test_it_says_how_much_it_took_and_how_its_children_grew_better() -> None:
    known = known_pool(1500, seed=1, wrong=0.5)
    selected = select("reinforcement", known.pool, 1000, episode_size=128, child_trainings=150)
    report = selected.report
    assert report["child_trainings"] == 151, "each episode's, and one on what was selected"
    assert report["taken"] == len(selected.kept) < 1000
    assert report["taken_per_real"] == round(len(selected.kept) / 120, 3)
    assert report["pool_per_real"] == 12.5
    curve = np.array(report["score_by_child_trainings"])
    assert curve[-1, 0] == 150
    assert curve[-5:, 1].mean() > curve[:3, 1].mean() + 0.05
    told = report_of(selected)
    assert told["values"]["child_trainings"] == 151
    assert told["curves"] == {"score_by_child_trainings": report["score_by_child_trainings"]}


def test_the_likeliest_are_kept_where_the_actor_takes_more_than_was_asked() -> None:
    pool = known_pool(600, seed=2, wrong=0.3).pool
    few, many = (select("reinforcement", pool, count, child_trainings=60) for count in (20, 200))
    assert (np.bincount(pool.label[few.kept]) == 20).all()
    assert set(few.kept) <= set(many.kept)
    assert "less_wanted" in set(few.reason)
    assert (few.reason == "left").sum() == (many.reason == "left").sum() > 0


def test_too_few_validation_images_are_refused() -> None:
    pool = known_pool(60, seed=1).pool
    val = replace(pool.seen().val, features=pool.seen().val.features[:9], label=pool.seen().val.label[:9])
    few: Candidates = replace(pool, evidence=replace(pool.seen(), val=val))
    with pytest.raises(UnsuitableSamplerError, match="there are 9; at least 20"):
        select("reinforcement", few, 3)


# --- the child ----------------------------------------------------------------------------------------------------
def test_a_child_does_better_with_more_real_images_and_worse_with_wrong_ones() -> None:
    for seed in SEEDS:
        child = ChildScore(real_images(8, seed), real_images(200, seed + 50), len(CLASSES))
        good, bad = known_pool(600, seed + 20).pool, known_pool(600, seed + 20, wrong=1.0).pool
        scores = [child.score_of(child.train(features_of(pool, np.arange(600)), pool.label)) for pool in (good, bad)]
        nothing = child.score_of(child.train(np.empty((0, 8), np.float32), np.empty(0, np.int64)))
        assert scores[1] < child.without < scores[0]
        assert nothing == child.without
        assert child.trainings == 3


# --- the actor and the critic -------------------------------------------------------------------------------------
def play(agent: ActorCritic, episodes: int) -> np.ndarray:  # type: ignore[type-arg]
    """A game in which the first trait says what to take; returns the chances of being taken at both its ends."""
    rng = np.random.default_rng(0)
    for _ in range(episodes):
        state = rng.uniform(-1, 1, (96, 2)).astype(np.float32)
        full, _, action = agent.walk(state, np.zeros(96, np.int64), 2, lambda chance: rng.random(len(chance)) < chance)
        agent.learn(full, action, float(3 * np.mean(state[:, 0] * (action * 2 - 1))))
    ends = np.array([[-0.8, 0], [0.8, 0]], np.float32)
    return agent.walk(ends, np.zeros(2, np.int64), 2, lambda chance: chance > 0.5)[1]


def test_an_actor_learns_what_is_rewarded() -> None:
    low, high = play(ActorCritic(2, seed=1, peer_weight=0.0005), 150)
    assert high > 0.7
    assert low < 0.3


def test_the_regulariser_keeps_what_the_critic_sees_apart_from_its_slow_copy() -> None:
    alike = {}
    for weight in (0.0, 0.5):
        agent = ActorCritic(2, seed=1, peer_weight=weight)
        play(agent, 60)
        state = torch.from_numpy(np.random.default_rng(1).uniform(-1, 1, (64, 5)).astype(np.float32))
        with torch.no_grad():
            alike[weight] = float((agent.critic[:-1](state[:-1]) * agent.target[:-1](state[1:])).sum(1).mean())
    assert alike[0.5] < alike[0.0] - 1


def test_traits_are_of_one_size_whatever_the_scores_are() -> None:
    pool = known_pool(400, seed=1).pool
    odd = replace(pool, scores={**pool.scores, "realism": np.exp(pool.scores["realism"] * 50) - 1e9})
    for one in (pool, odd):
        traits = traits_of(one)
        assert np.isfinite(traits).all()
        assert np.abs(traits).max() <= 2
        assert (traits.std(axis=0) > 0.2).all()
    lacking = replace(pool, scores={"realism": np.full(400, np.nan)})
    assert (traits_of(lacking)[:, -1] == 0).all()
