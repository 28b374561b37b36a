"""The rule of a study: how seldom it says "helped" without an effect, and how often with one."""

from typing import NamedTuple

import numpy as np
import pytest
from scipy import stats

from ml.answer import compare
from ml.study_settings import StudySettings


class Seeds(NamedTuple):
    """Of a study."""

    generators: int
    children: int


NUM_STUDIES = 10_000
NUM_SEEDS = Seeds(3, 5)
USUAL = Seeds(StudySettings().num_generator_seeds, StudySettings().num_child_seeds)
SOURCES = {
    "no source dominates": (0.5, 0.5, 1.0, 0.25),
    "the test images do": (0.3, 0.3, 1.0, 1.0),
    "the generator does": (2.0, 0.3, 0.3, 0.0),
    "the child does": (0.3, 2.0, 0.3, 0.0),
}
"""Standard deviations by generator seed, child seed, the rest, and test images."""


def share_helped(
    sources: tuple[float, float, float, float], effect: float, number: int = NUM_STUDIES, seeds: Seeds = NUM_SEEDS
) -> float:
    """Studies that say "helped"; the effect in standard errors of the mean difference."""
    generator, child, rest, images = sources
    generators, children = seeds
    error = np.sqrt(generator**2 / generators + child**2 / children + rest**2 / (generators * children) + images**2)
    rng = np.random.default_rng(7)
    helped = 0
    for _ in range(number):
        without = child * rng.standard_normal(children)
        scores = (
            effect * error
            + generator * rng.standard_normal((generators, 1))
            + rest * rng.standard_normal(seeds)
            + images * rng.standard_normal()
        )
        helped += compare(scores, without, images**2).answer == "helped"
    return helped / number


@pytest.mark.parametrize("seeds", [NUM_SEEDS, USUAL], ids=str)
@pytest.mark.parametrize("name", ["no source dominates", "the generator does"])
def test_without_an_effect_fewer_than_three_of_a_hundred_studies_say_helped(name: str, seeds: Seeds) -> None:
    assert share_helped(SOURCES[name], 0.0, seeds=seeds) < 0.03


@pytest.mark.parametrize("name", SOURCES)
def test_with_an_effect_of_four_standard_errors_at_least_eighty_of_a_hundred_usual_studies_do(name: str) -> None:
    assert share_helped(SOURCES[name], 4.0, 1000, USUAL) >= 0.8


@pytest.mark.parametrize("name", ["no source dominates", "the test images do", "the child does"])
def test_so_do_studies_of_three_generators_unless_these_differ_most(name: str) -> None:
    assert share_helped(SOURCES[name], 4.0, 1000) >= 0.8


def test_the_interval_is_students_where_only_the_childs_seed_matters() -> None:
    without = np.zeros(5)
    scores = np.tile([0.01, 0.03, 0.02, 0.05, 0.04], (3, 1))
    found = compare(scores, without)
    low, high = stats.t.interval(0.95, 4, loc=0.03, scale=np.std(scores[0], ddof=1) / np.sqrt(5))
    assert (found.mean, found.low, found.high) == pytest.approx((0.03, low, high))
    assert found.answer == "helped"


def test_a_loss_is_told_as_one_and_mirrors_a_gain() -> None:
    rng = np.random.default_rng(0)
    scores, without = rng.normal(0.7, 0.01, (3, 5)), rng.normal(0.8, 0.01, 5)
    loss, gain = compare(scores, without), compare(-scores, -without)
    assert loss.answer == "hurt"
    assert gain.answer == "helped"
    assert (gain.mean, gain.low, gain.high) == pytest.approx((-loss.mean, -(loss.high or 0), -(loss.low or 0)))


@pytest.mark.parametrize("shape", [(1, 5), (2, 5), (3, 2)])
def test_too_few_seeds_give_a_mean_and_no_answer(shape: tuple[int, int]) -> None:
    found = compare(np.full(shape, 0.9), np.full(shape[1], 0.5))
    assert found.mean == pytest.approx(0.4)
    assert found.answer is found.low is found.high is None


def test_more_doubt_about_the_test_images_widens_the_interval() -> None:
    rng = np.random.default_rng(1)
    scores, without = rng.normal(0.83, 0.01, (3, 5)), rng.normal(0.8, 0.01, 5)
    sure, unsure = compare(scores, without), compare(scores, without, 0.03**2)
    assert sure.answer == "helped"
    assert unsure.answer == "no_evidence"
    assert unsure.mean == sure.mean
