"""What metrics obey whatever the images: identity, symmetry, closed forms, corruption, sizes; and their intervals."""

from contextlib import suppress
from dataclasses import replace

import numpy as np
import pytest
import scipy.spatial.distance
import scipy.stats
import sklearn.metrics.pairwise
import sklearn.neighbors
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torchmetrics.image.kid import KernelInceptionDistance

from ml.comparison import Statistic, Weighted, half_sample_interval, join
from ml.errors import MeaninglessMetricError, TooFewSamplesError
from ml.metric import Evidence, ImageSet
from ml.metrics import density_coverage as of_density
from ml.metrics import diversity, fid, inception_score, kid, nearest_training_distance, precision_recall, tarr
from ml.metrics.diversity import pairwise
from ml.metrics.fid import frechet_distance
from ml.metrics.inception_score import score_with_interval
from ml.metrics.kid import kernel_distance
from ml.metrics.precision_recall import harmonic_precision_recall
from ml.neighbours import nearest
from tests.ml.test_metrics import CLASSES, METRICS, Features, correlated, evidence_for, images, measure, plain

SIZES = st.integers(0, 70)


def gaussian(number: int, width: int, seed: int, mean: float = 0.0, scale: float = 1.0) -> Features:
    return np.random.default_rng(seed).normal(mean, scale, (number, width)).astype(np.float32)


# --- agreement with others, beyond what stands with each metric -----------------------------------------------------
class Flat(torch.nn.Module):
    num_features = 24

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        return image.flatten(1)


def test_kid_agrees_with_the_class_of_torchmetrics_on_features_of_our_own() -> None:
    x, y = correlated(200, 24, 1), correlated(200, 24, 2) * np.float32(1.3)
    reference = KernelInceptionDistance(feature=Flat(), subsets=1, subset_size=200, normalize=True)
    reference.update(torch.from_numpy(x).reshape(-1, 1, 4, 6).double(), real=True)
    reference.update(torch.from_numpy(y).reshape(-1, 1, 4, 6).double(), real=False)
    assert kernel_distance(plain(x), plain(y)) == pytest.approx(float(reference.compute()[0]), rel=1e-5)


def test_kid_agrees_with_the_kernel_of_scikit_learn() -> None:
    x, y = correlated(2_100, 32, 1), correlated(1_300, 32, 2, mixing_seed=3)
    kernels = [
        sklearn.metrics.pairwise.polynomial_kernel(a.astype(np.float64), b.astype(np.float64), degree=3, coef0=1)
        for a, b in ((x, x), (y, y), (x, y))
    ]
    within = [(one.sum() - np.trace(one)) / (len(one) * (len(one) - 1)) for one in kernels[:2]]
    expected = sum(within) - 2 * kernels[2].mean()
    assert kernel_distance(plain(x), plain(y)) == pytest.approx(expected, rel=1e-9)


def test_neighbours_agree_with_scikit_learn_at_the_width_of_inception() -> None:
    query, reference = correlated(150, 2_048, 1), correlated(700, 2_048, 2)
    search = sklearn.neighbors.NearestNeighbors(n_neighbors=5, algorithm="brute").fit(reference.astype(np.float64))
    distance, row = search.kneighbors(query.astype(np.float64))
    found = nearest(query, reference, 5)
    assert np.array_equal(found.row, row)
    assert np.allclose(found.distance, distance, rtol=1e-5)


@pytest.mark.parametrize(("name", "distance"), [("fid", frechet_distance), ("kid", kernel_distance)])
def test_a_distance_is_told_of_each_class_that_both_sets_hold_often_enough(name: str, distance: Statistic) -> None:
    evidence = evidence_for(images(300, 3))
    few = np.flatnonzero(evidence.synthetic.label == 2)[:10]
    kept = np.concatenate([np.flatnonzero(evidence.synthetic.label != 2), few])
    evidence = replace(evidence, synthetic=evidence.synthetic.take(kept))
    real = {"fid": join(evidence.train, evidence.val), "kid": evidence.val}[name]
    told = measure(name, evidence).per_class
    assert set(told) == set(CLASSES) - {CLASSES[2]}
    for number in (0, 1):
        pair = [plain(one.features[one.label == number]) for one in (real, evidence.synthetic)]
        assert told[CLASSES[number]] == pytest.approx(distance(*pair), rel=1e-6)


# --- identity and symmetry ------------------------------------------------------------------------------------------
@settings(deadline=None, max_examples=30)
@given(number=st.integers(2, 90), width=st.integers(1, 40))
def test_kid_of_a_set_with_itself_is_what_leaving_out_the_diagonal_takes_away(number: int, width: int) -> None:
    x = correlated(number, width, 1)
    kernel = (x.astype(np.float64) @ x.T.astype(np.float64) / width + 1) ** 3
    expected = -2 / (number - 1) * (np.trace(kernel) / number - kernel.mean())
    value = kernel_distance(plain(x), plain(x))
    assert value == pytest.approx(expected, rel=1e-6, abs=1e-9)
    assert value <= 1e-9


def test_training_images_themselves_are_found_as_such() -> None:
    train = images(300, 1)
    evidence = Evidence(train, images(150, 2), train, CLASSES)
    copies = measure("nearest_training_distance", evidence)
    assert (copies.value, copies.details["memorised_share"]) == (0, 1)
    assert measure("diversity", evidence).value == pytest.approx(1)
    assert measure("tarr", Evidence(train, train, train, CLASSES)).value == pytest.approx(
        measure("tarr", Evidence(train, train, train, CLASSES)).details["validation_rate"], abs=0.05
    )


@settings(deadline=None, max_examples=30)
@given(st.integers(5, 120), st.integers(5, 120), st.integers(1, 40), st.floats(-2, 2))
def test_distances_are_symmetric_and_swapping_the_sets_swaps_precision_and_recall(
    num_x: int, num_y: int, width: int, shift: float
) -> None:
    x, y = plain(correlated(num_x, width, 1)), plain(correlated(num_y, width, 2, mixing_seed=3) + np.float32(shift))
    assert frechet_distance(x, y) == pytest.approx(frechet_distance(y, x), rel=1e-5, abs=1e-6)
    assert kernel_distance(x, y) == pytest.approx(kernel_distance(y, x), rel=1e-9, abs=1e-9)
    both, precision, recall = harmonic_precision_recall(x, y)
    assert harmonic_precision_recall(y, x).tolist() == [both, recall, precision]


# --- batch sizes ----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("tile", [1, 7, 64, 10_000])
def test_no_value_depends_on_how_many_images_are_taken_at_a_time(monkeypatch: pytest.MonkeyPatch, tile: int) -> None:
    x, y = plain(correlated(150, 12, 1)), plain(correlated(131, 12, 2) * np.float32(1.1))
    chances = plain(np.random.default_rng(0).dirichlet([0.3] * 5, 150))
    distance, score = kernel_distance(x, y), score_with_interval(chances)
    monkeypatch.setattr("ml.metrics.kid.TILE", tile)
    monkeypatch.setattr("ml.metrics.inception_score.CHUNK", tile)
    assert kernel_distance(x, y) == pytest.approx(distance, rel=1e-9)
    other = score_with_interval(chances)
    assert (other.value, other.low, other.high) == pytest.approx((score.value, score.low, score.high), rel=1e-12)


# --- closed forms ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1.0), (1.0, 1.0), (0.5, 1.5), (2.0, 0.5)])
def test_fid_of_draws_from_two_gaussians_comes_to_their_distance(shift: float, scale: float) -> None:
    x, y = gaussian(60_000, 8, 1), gaussian(60_000, 8, 2, shift, scale)
    expected = 8 * (shift**2 + (scale - 1) ** 2)
    assert frechet_distance(plain(x), plain(y)) == pytest.approx(expected, rel=0.02, abs=0.01)


@pytest.mark.parametrize("shift", [0.0, 0.3, 1.0])
def test_kid_of_shifted_gaussians_is_on_average_what_their_moments_say(shift: float) -> None:
    """(xy + 1)^3 = 1 + 3xy + 3(xy)^2 + (xy)^3, so the distance is a sum of squared differences of moments."""
    expected = 3 * shift**2 + 3 * shift**4 + (shift**3 + 3 * shift) ** 2
    values = [
        kernel_distance(plain(gaussian(400, 1, 2 * seed)), plain(gaussian(400, 1, 2 * seed + 1, shift)))
        for seed in range(100)
    ]
    assert np.mean(values) == pytest.approx(expected, abs=4 * np.std(values) / 10)


def test_manifolds_of_gaussians_far_apart_share_nothing() -> None:
    x, y = plain(gaussian(300, 8, 1)), plain(gaussian(300, 8, 2, mean=20))
    assert harmonic_precision_recall(x, y).tolist() == [0, 0, 0]
    assert of_density.density_coverage(x, y).tolist() == [0, 0]


@pytest.mark.parametrize("scale", [0.5, 1.0, 3.0])
def test_diversity_among_gaussian_looks_is_twice_their_variance(scale: float) -> None:
    expected = 2 * 20 * scale**2
    assert pairwise(gaussian(4_000, 20, 1, mean=3, scale=scale)).distance == pytest.approx(expected, rel=0.02)


@settings(deadline=None)
@given(st.floats(0.001, 0.4))
def test_displaced_training_images_are_as_far_away_as_they_were_displaced(share: float) -> None:
    train = images(120, 1).features
    closest = scipy.spatial.distance.pdist(train).min()
    step = np.zeros(16, np.float32)
    step[3] = share * closest
    found = nearest(train + step, train)
    assert found.row[:, 0].tolist() == list(range(120))
    assert found.distance[:, 0] == pytest.approx(np.full(120, step[3]), rel=1e-2)


# --- corruption, where likeness is not what is measured -------------------------------------------------------------
AMOUNTS = (0.0, 0.2, 0.5, 0.9)


def rising(values: list[float]) -> bool:
    return values == sorted(values) and values[-1] > values[0]


def test_the_farther_images_are_moved_the_farther_they_are_from_the_training_images() -> None:
    train = images(300, 1)
    moved = [replace(train, features=train.features + np.float32(amount) * gaussian(300, 16, 5)) for amount in AMOUNTS]
    assert rising(
        [measure("nearest_training_distance", Evidence(train, images(150, 2), one, CLASSES)).value for one in moved]
    )


def test_the_less_sure_the_classifier_the_lower_the_inception_score() -> None:
    seen = images(300, 3)
    unsure = [
        replace(seen, probabilities=(1 - np.float32(amount)) * seen.probabilities + np.float32(amount / 3))
        for amount in reversed(AMOUNTS)
    ]
    assert rising([measure("inception_score", evidence_for(one)).value for one in unsure])


def test_the_more_images_are_one_image_the_lower_the_diversity() -> None:
    seen = images(300, 3)
    values = []
    for amount in reversed(AMOUNTS):
        source = np.where(np.arange(300) < 300 * amount, np.arange(300) % 3, np.arange(300))
        features = seen.features[source]
        values.append(
            measure(
                "diversity",
                evidence_for(ImageSet(features, seen.label, seen.probabilities, lambda rows, f=features: f[rows])),
            ).value
        )
    assert rising(values)


# --- sizes ----------------------------------------------------------------------------------------------------------
FEWEST = {
    "density_coverage": of_density.MIN_IMAGES,
    "diversity": 3 * diversity.MIN_OF_CLASS,
    "fid": fid.MIN_IMAGES,
    "inception_score": inception_score.MIN_IMAGES,
    "kid": kid.MIN_IMAGES,
    "nearest_training_distance": nearest_training_distance.MIN_IMAGES,
    "precision_recall": precision_recall.MIN_IMAGES,
    "tarr": tarr.MIN_IMAGES,
}


def test_every_metric_has_a_smallest_size() -> None:
    assert set(FEWEST) == set(METRICS)


@pytest.mark.parametrize("name", sorted(FEWEST))
def test_a_metric_is_refused_up_to_its_smallest_size_and_answers_from_there_on(name: str) -> None:
    fewest = FEWEST[name]
    assert np.isfinite(measure(name, evidence_for(images(fewest, 3))).value)
    fewer = images(fewest - 1, 3)
    if name == "diversity":  # one class too few, and the others, too
        fewer = images(3 * (diversity.MIN_OF_CLASS - 1), 3)
    with pytest.raises(TooFewSamplesError, match=str(len(fewer))):
        measure(name, evidence_for(fewer))


@pytest.mark.parametrize("name", sorted(set(FEWEST) - {"inception_score", "tarr"}))
def test_too_few_real_images_are_refused_as_well(name: str) -> None:
    with pytest.raises(TooFewSamplesError, match="9"):
        measure(name, Evidence(images(9, 1), images(0, 2), images(300, 3), CLASSES))


@settings(deadline=None, max_examples=40)
@given(SIZES, SIZES, SIZES, st.sampled_from(sorted(METRICS)))
def test_whatever_the_sizes_a_metric_refuses_or_gives_numbers(
    num_train: int, num_val: int, num_synthetic: int, name: str
) -> None:
    evidence = Evidence(images(num_train, 1), images(num_val, 2), images(num_synthetic, 3), CLASSES)
    with suppress(TooFewSamplesError, MeaninglessMetricError):
        answer = measure(name, evidence)
        assert answer.low is not None
        assert answer.high is not None
        assert np.isfinite([answer.low, answer.value, answer.high]).all()
        assert answer.low <= answer.value <= answer.high


# --- intervals ------------------------------------------------------------------------------------------------------
def bootstrap_width(data: tuple[np.ndarray, ...], statistic: object, seed: int = 0) -> float:
    found = scipy.stats.bootstrap(
        data, statistic, n_resamples=2_000, vectorized=False, method="basic", rng=np.random.default_rng(seed)
    ).confidence_interval
    return float(found.high - found.low)


@pytest.mark.parametrize("largest", [5_000, 60])
def test_an_interval_from_parts_is_as_wide_as_the_bootstraps_where_that_is_valid(largest: int) -> None:
    """A difference of means does not mind exact doubles, so both answer the same question."""
    x, y = gaussian(300, 1, 1, 2.0), gaussian(300, 1, 2)

    def gap(first: Weighted, second: Weighted) -> float:
        return float(first.weight @ first.features[:, 0] - second.weight @ second.features[:, 0])

    low, high = half_sample_interval(gap, gap(plain(x), plain(y)), plain(x), plain(y), 0, largest, repeats=2_000)
    expected = bootstrap_width((x[:, 0], y[:, 0]), lambda a, b: float(np.mean(a) - np.mean(b)))
    assert high - low == pytest.approx(expected, rel=0.15)


def test_a_bootstrap_with_exact_doubles_would_call_sets_that_are_alike_different() -> None:
    """Why intervals of distances come from halves: resampled sets lie apart by far more than the sets do."""
    x, y = plain(gaussian(100, 16, 1)), plain(gaussian(100, 16, 2))
    rng = np.random.default_rng(0)
    doubled, halved = [], []
    for _ in range(200):
        doubled.append(kernel_distance(*(one.take(rng.choice(100, 100, replace=True)) for one in (x, y))))
        halved.append(kernel_distance(*(one.take(rng.choice(100, 50, replace=False)) for one in (x, y))))
    value = kernel_distance(x, y)
    assert np.mean(doubled) - value > 10 * np.std(doubled) / np.sqrt(200)
    assert abs(np.mean(halved) - value) < 4 * np.std(halved) / np.sqrt(200)


def test_intervals_without_draws_are_as_wide_as_the_bootstraps() -> None:
    rng = np.random.default_rng(0)
    hits = (rng.random(300) < 0.7).astype(float)
    labels = np.where(hits > 0, np.arange(300) % 3, (np.arange(300) + 1) % 3)
    named = ImageSet(images(300, 3).features, np.arange(300) % 3, np.eye(3, dtype=np.float32)[labels])
    answer = measure("tarr", evidence_for(named))
    assert answer.value == pytest.approx(hits.mean())
    assert (answer.high or 0) - (answer.low or 0) == pytest.approx(bootstrap_width((hits,), np.mean), rel=0.15)

    chances = rng.dirichlet([0.3] * 4, 300)
    score = score_with_interval(plain(chances))

    def of_rows(*columns: np.ndarray) -> float:
        rows = np.stack(columns, 1).astype(np.float32)
        return score_with_interval(plain(rows)).value

    paired = scipy.stats.bootstrap(
        tuple(chances.T), of_rows, paired=True, n_resamples=1_000, vectorized=False, method="basic", rng=rng
    ).confidence_interval
    assert score.high - score.low == pytest.approx(paired.high - paired.low, rel=0.2)

    distance = nearest(images(300, 3).features, images(600, 1).features).distance[:, 0]
    found = measure("nearest_training_distance", evidence_for(images(300, 3)))
    assert (found.high or 0) - (found.low or 0) == pytest.approx(bootstrap_width((distance,), np.median), rel=0.4)


@pytest.mark.parametrize("name", ["fid", "precision_recall"])
def test_an_interval_holds_what_sets_of_its_size_come_to_on_average(name: str) -> None:
    answers = [
        measure(name, Evidence(images(150, 1000 + seed), images(0, 0), images(150, 2000 + seed), CLASSES, seed))
        for seed in range(30)
    ]
    expected = np.mean([answer.value for answer in answers])
    assert sum((answer.low or 0) <= expected <= (answer.high or 0) for answer in answers) >= 26
