"""Whether augmentation helped: the interval of a paired difference over child and generator seeds, and the rule.

An arm's children are trained with C child seeds on the images of each of G generator seeds; the arm without generated
images has the same C child seeds. The differences [G, C] vary by generator, by child and by what is left:

    d[g, c] = mean + generator[g] + child[c] + rest[g, c]

With the mean squares of a two-way table without repeats, the variance of the mean is
(MS_generator + MS_child - MS_rest) / (G C), never less than the largest of the three alone. Its degrees of freedom are
Satterthwaite's, or those of the largest where it makes up DOMINATES of the sum. The test images are a sample too: the
variance of the difference over them is added.

Where there is no effect, fewer than 3 of 100 studies of any mix of the sources say `helped`. Of studies with 3
generator and 5 child seeds and an effect of four standard errors, more than 80 of 100 do where no source dominates,
about 57 where the generator's seed does; 5 generator seeds make that 85 (tests/ml/test_answer.py).

Pools that were given and are fewer than three say nothing of other trainings. What they are worth themselves can be
told: then the mean over them varies by child and test image alone, and the interval is Student's over the C children.

Satterthwaite: An Approximate Distribution of Estimates of Variance Components. Biometrics Bulletin 2, 1946.
Dietterich: Approximate Statistical Tests for Comparing Supervised Classification Learning Algorithms. Neural
Computation 10, 1998, on why seeds and test images both belong into the interval.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import stdtrit

from ml.study_told import Answer

Floats = NDArray[np.float64]

MIN_GENERATOR_SEEDS = 3
MIN_CHILD_SEEDS = 3
LEVEL = 0.95
MANY = 1e9
"""Degrees of freedom with which Student's t is the normal distribution."""
DOMINATES = 0.8
"""Share of the sum from which one source's degrees of freedom are those of the whole."""


@dataclass(frozen=True)
class Difference:
    """A mean difference of scores with its 95 % interval; low, high and answer are None where seeds are too few."""

    mean: float
    low: float | None
    high: float | None
    standard_error: float | None
    num_generator_seeds: int
    num_child_seeds: int
    answer: Answer | None


def compare(scores: Floats, without: Floats, test_variance: float = 0.0, of_these_pools: bool = False) -> Difference:
    """The difference of scores [G, C] to `without` [C], which has the same child seeds.

    `helped`: the whole interval lies above 0; `hurt`: below; else `no_evidence`. Fewer seeds than three of either kind
    say too little about others: then there is a mean and no answer.

    test_variance: of the mean difference over test images, from `ml.truth`. of_these_pools: the answer is
    about these G pools, however few, and not about others of the same method.
    """
    differences = scores - without[None, :]
    generators, children = differences.shape
    mean = float(differences.mean())
    if children < MIN_CHILD_SEEDS or (generators < MIN_GENERATOR_SEEDS and not of_these_pools):
        return Difference(mean, None, None, None, generators, children, None)
    variance, freedom = _variance_by_child(differences) if of_these_pools else _variance_of_mean(differences)
    total = variance + test_variance
    if total == 0:
        return Difference(mean, mean, mean, 0.0, generators, children, _answer(mean, mean))
    freedom = min(freedom * (total / variance) ** 2, MANY) if variance > 0 else MANY
    error = math.sqrt(total)
    reach = float(stdtrit(freedom, (1 + LEVEL) / 2)) * error
    low, high = mean - reach, mean + reach
    return Difference(mean, low, high, error, generators, children, _answer(low, high))


def _variance_by_child(differences: Floats) -> tuple[float, float]:
    """As `_variance_of_mean`, of pools that are all there are."""
    children = differences.shape[1]
    return float(differences.mean(axis=0).var(ddof=1)) / children, float(children - 1)


def _variance_of_mean(differences: Floats) -> tuple[float, float]:
    """(variance of the mean of [G, C], its degrees of freedom); G and C are 3 at least."""
    generators, children = differences.shape
    rows, columns = differences.mean(axis=1), differences.mean(axis=0)
    rest = differences - rows[:, None] - columns[None, :] + differences.mean()
    freedoms = np.array([generators - 1, children - 1, (generators - 1) * (children - 1)], np.float64)
    squares = np.array([children * rows.var(ddof=1), generators * columns.var(ddof=1), (rest**2).sum() / freedoms[2]])
    largest = int(squares.argmax())
    square = max(squares[0] + squares[1] - squares[2], squares[largest])
    if squares[largest] >= DOMINATES * square:
        return float(square / differences.size), float(freedoms[largest])
    freedom = square**2 / (squares**2 / freedoms).sum()
    return float(square / differences.size), max(float(freedom), float(freedoms[:2].min()))


def _answer(low: float, high: float) -> Answer:
    if low > 0:
        return "helped"
    return "hurt" if high < 0 else "no_evidence"
