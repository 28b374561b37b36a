"""Metrics: what all of them promise, agreement with reference implementations, and closed forms."""

from contextlib import suppress

import numpy as np
import pytest
import scipy.linalg
import scipy.spatial.distance
import scipy.stats
import sklearn.metrics
import sklearn.neighbors
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from torchmetrics.image.fid import FrechetInceptionDistance
from torchmetrics.image.inception import InceptionScore
from torchmetrics.image.kid import poly_mmd

from ml.comparison import Weighted, equal_numbers, equal_weights, in_own_order, weights_of_mix
from ml.errors import MeaninglessMetricError, TooFewSamplesError
from ml.intervals import mean_interval, median_interval, wilson_interval
from ml.manifold import balls, membership, mutual
from ml.measure import measure_all
from ml.metric import Evidence, ImageSet, Measurement, Metric
from ml.metrics.density_coverage import coverage_if_alike, density_coverage
from ml.metrics.diversity import pairwise
from ml.metrics.fid import frechet_distance
from ml.metrics.inception_score import score_with_interval
from ml.metrics.kid import kernel_distance
from ml.metrics.precision_recall import harmonic_precision_recall
from ml.neighbours import memorised_rule, nearest
from ml.plugin import shelf

METRICS = {name: one for name, one in shelf("metrics", Metric).items() if one.compares is None}
"""Those of sets; tests/ml/test_likeness.py has those that compare pairs."""
OF_LIKENESS = sorted(set(METRICS) - {"diversity", "inception_score", "nearest_training_distance"})
"""The others do not say how alike two sets are, so they are tested by truths of their own: noise is varied and far from
the training images, and surely recognised images need not be like the real ones."""
CLASSES = ("cat", "dog", "eel")
CENTRES = np.random.default_rng(99).normal(0, 2, (3, 16))
Features = NDArray[np.float32]


def images(number: int, seed: int, noise: float = 0.0, only: int | None = None) -> ImageSet:
    """Three clusters, and a classifier that sees the nearest centre; `noise` corrupts features."""
    rng = np.random.default_rng(seed)
    label = np.arange(number) % 3 if only is None else np.full(number, only)
    features = CENTRES[label] + rng.normal(0, 1, (number, 16)) + rng.normal(0, 1, (number, 16)) * noise
    likeness = np.exp(-scipy.spatial.distance.cdist(features, CENTRES))
    return ImageSet(
        features.astype(np.float32),
        label.astype(np.int64),
        (likeness / likeness.sum(1, keepdims=True)).astype(np.float32),
        lambda rows: features[rows].astype(np.float32),
    )


def shuffled(one: ImageSet, seed: int) -> ImageSet:
    order = np.random.default_rng(seed).permutation(len(one))
    features = one.features[order]
    return ImageSet(features, one.label[order], one.probabilities[order], lambda rows: features[rows])


def measure(name: str, evidence: Evidence) -> Measurement:
    metric = METRICS[name]
    return metric(metric.Settings()).measure(evidence)


def evidence_for(synthetic: ImageSet, num_train: int = 600, num_val: int = 150) -> Evidence:
    return Evidence(images(num_train, 1), images(num_val, 2), synthetic, CLASSES)


def plain(features: NDArray[np.floating]) -> Weighted:
    return Weighted(features.astype(np.float32), np.full(len(features), 1 / len(features)))


@pytest.fixture(params=sorted(METRICS))
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# --- what every metric promises ---------------------------------------------------------------------------------
def test_a_value_comes_with_counts_and_an_interval_around_it(name: str) -> None:
    answer = measure(name, evidence_for(images(300, 3)))
    assert answer.num_synthetic == 300
    assert answer.num_real >= 150
    assert answer.low is not None
    assert answer.high is not None
    assert answer.low <= answer.value <= answer.high
    assert answer.low < answer.high


def test_the_order_of_images_does_not_matter(name: str) -> None:
    one = evidence_for(images(300, 3))
    other = Evidence(shuffled(one.train, 5), shuffled(one.val, 6), shuffled(one.synthetic, 7), CLASSES)
    first, second = measure(name, one), measure(name, other)
    for field in ("value", "low", "high"):
        assert getattr(first, field) == pytest.approx(getattr(second, field), rel=1e-9, abs=1e-12)
    assert first.per_class == pytest.approx(second.per_class)
    assert {part: numbers.value for part, numbers in first.parts.items()} == pytest.approx(
        {part: numbers.value for part, numbers in second.parts.items()}
    )


@pytest.mark.parametrize("name", OF_LIKENESS)
def test_more_corruption_never_looks_better(name: str) -> None:
    values = [measure(name, evidence_for(images(300, 3, noise))).value for noise in (0.0, 1.0, 2.0, 4.0)]
    worse = sorted(values, reverse=METRICS[name].better == "higher")
    assert values == worse
    assert values[0] != values[-1]


@pytest.mark.parametrize("name", OF_LIKENESS)
def test_the_real_images_themselves_are_the_best_answer(name: str) -> None:
    real = images(300, 1)
    itself = measure(name, Evidence(real, real, real, CLASSES)).value
    others = [measure(name, Evidence(real, real, images(300, seed), CLASSES)).value for seed in (2, 3)]
    assert itself >= max(others) if METRICS[name].better == "higher" else itself <= min(others)


def test_too_few_images_are_refused_with_both_counts(name: str) -> None:
    with pytest.raises(TooFewSamplesError, match="7"):
        measure(name, evidence_for(images(7, 3)))


def test_a_value_from_as_few_images_as_are_accepted_is_qualified_and_one_from_many_is_not(name: str) -> None:
    answers = []
    for number in range(9, 90, 3):
        with suppress(TooFewSamplesError):
            answers.append(measure(name, evidence_for(images(number, 3))))
            break
    assert "easured on" in answers[0].caution
    assert measure(name, evidence_for(images(600, 3))).caution == ""


def test_the_same_evidence_gives_the_same_measurement(name: str) -> None:
    assert measure(name, evidence_for(images(200, 3))) == measure(name, evidence_for(images(200, 3)))


def test_a_value_stands_without_validation_images(name: str) -> None:
    nothing = images(0, 0)
    answer = measure(name, Evidence(images(200, 1), nothing, images(200, 3), CLASSES))
    assert np.isfinite(answer.value)


def test_parts_stand_within_intervals_of_their_own(name: str) -> None:
    for part in measure(name, evidence_for(images(300, 3))).parts.values():
        assert part.low < part.high
        assert part.low <= part.value <= part.high


def test_all_metrics_answer_or_refuse_with_a_sentence_and_name_the_features() -> None:
    for number in (0, 7, 300):
        for row in measure_all(evidence_for(images(number, 3))).values():
            assert (row["value"] is None) <= (row["caution"] != "")
            assert row["details"]["space"] == "in-domain encoder"


# --- FID --------------------------------------------------------------------------------------------------------
def by_scipy(x: Features, y: Features) -> float:
    covariances = [np.cov(part.astype(np.float64), rowvar=False) for part in (x, y)]
    root = scipy.linalg.sqrtm(covariances[0] @ covariances[1])
    gap = x.mean(0, dtype=np.float64) - y.mean(0, dtype=np.float64)
    return float(gap @ gap + np.trace(covariances[0] + covariances[1] - 2 * np.real(root)))


def correlated(number: int, width: int, seed: int, mixing_seed: int = 0) -> Features:
    mixing = np.random.default_rng(mixing_seed).normal(0, 1, (width, width)) / np.sqrt(width)
    rows = np.random.default_rng(seed).normal(0, 1, (number, width))
    return np.asarray(rows @ mixing, np.float32)


@pytest.mark.parametrize(("num_x", "num_y", "width"), [(800, 700, 32), (3000, 2000, 128), (90, 800, 64)])
def test_fid_agrees_with_the_matrix_square_root(num_x: int, num_y: int, width: int) -> None:
    x, y = correlated(num_x, width, 1), correlated(num_y, width, 2, mixing_seed=3) + np.float32(0.2)
    assert frechet_distance(plain(x), plain(y)) == pytest.approx(by_scipy(x, y), rel=1e-6)


@pytest.mark.parametrize(("num_x", "num_y"), [(40, 50), (40, 500), (500, 40)])
def test_fid_with_fewer_images_than_features_agrees_with_eigenvalues(num_x: int, num_y: int) -> None:
    x, y = correlated(num_x, 64, 1), correlated(num_y, 64, 2) * np.float32(1.5)
    first, second = np.cov(x.astype(np.float64), rowvar=False), np.cov(y.astype(np.float64), rowvar=False)
    eigenvalues = np.linalg.eigvals(first @ second).real.clip(0)
    gap = x.mean(0, dtype=np.float64) - y.mean(0, dtype=np.float64)
    expected = gap @ gap + np.trace(first) + np.trace(second) - 2 * np.sqrt(eigenvalues).sum()
    assert frechet_distance(plain(x), plain(y)) == pytest.approx(expected, rel=1e-5)


def test_fid_agrees_with_torchmetrics() -> None:
    class Flat(torch.nn.Module):
        num_features = 24

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image.flatten(1).float()

    x, y = correlated(500, 24, 1), correlated(400, 24, 2, mixing_seed=4) + np.float32(0.3)
    reference = FrechetInceptionDistance(feature=Flat(), normalize=True, input_img_size=(1, 4, 6))
    reference.set_dtype(torch.float64)
    reference.update(torch.from_numpy(x).reshape(-1, 1, 4, 6), real=True)
    reference.update(torch.from_numpy(y).reshape(-1, 1, 4, 6), real=False)
    assert frechet_distance(plain(x), plain(y)) == pytest.approx(float(reference.compute()), rel=1e-3)


@settings(deadline=None)
@given(shift=st.floats(-3, 3), width=st.integers(1, 40))
def test_fid_of_a_shifted_set_is_the_squared_shift(shift: float, width: int) -> None:
    x = correlated(100, width, 1)
    value = frechet_distance(plain(x), plain(x + np.float32(shift)))
    assert value == pytest.approx(width * float(np.float32(shift)) ** 2, rel=1e-4, abs=1e-5)


@settings(deadline=None)
@given(scale=st.floats(0.25, 4))
def test_fid_of_a_scaled_centred_set_is_the_closed_form(scale: float) -> None:
    x = correlated(300, 12, 1)
    x -= x.mean(0)
    expected = (1 - scale) ** 2 * np.trace(np.cov(x.astype(np.float64), rowvar=False))
    assert frechet_distance(plain(x), plain(x * np.float32(scale))) == pytest.approx(expected, rel=1e-4, abs=1e-5)


@pytest.mark.parametrize("number", [10, 60, 500])
def test_fid_of_a_set_with_itself_is_zero_even_where_features_never_fire(number: int) -> None:
    x = correlated(number, 64, 1)
    x[:, ::3] = 0
    assert frechet_distance(plain(x), plain(x)) < 1e-9 * 64


def test_fid_of_a_large_set_does_not_depend_on_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = correlated(1000, 16, 1), correlated(900, 16, 2)
    whole = frechet_distance(plain(x), plain(y))
    monkeypatch.setattr("ml.metrics.fid.CHUNK", 77)
    assert frechet_distance(plain(x), plain(y)) == pytest.approx(whole, rel=1e-9)


def test_fid_below_five_images_to_a_feature_is_qualified_and_above_is_not() -> None:
    assert measure("fid", evidence_for(images(80, 3))).caution == ""  # for 16 features
    wide = np.random.default_rng(0).normal(size=(180, 40)).astype(np.float32)
    label, chances = np.zeros(60, np.int64), np.ones((60, 1), np.float32)
    train, val, synthetic = (ImageSet(wide[at : at + 60], label, chances) for at in (0, 60, 120))
    answer = measure("fid", Evidence(train, val, synthetic, ("a",)))
    assert "compare it only with sets of the same size" in answer.caution


# --- KID --------------------------------------------------------------------------------------------------------
def by_pairs(x: Features, y: Features) -> float:
    """The definition: all pairs of two different images, one by one."""

    def kernel(a: Features, b: Features) -> float:
        return (float(np.dot(a.astype(np.float64), b.astype(np.float64))) / len(a) + 1) ** 3

    def mean(pairs: list[float]) -> float:
        return sum(pairs) / len(pairs)

    same = [mean([kernel(a, b) for i, a in enumerate(z) for j, b in enumerate(z) if i != j]) for z in (x, y)]
    return sum(same) - 2 * mean([kernel(a, b) for a in x for b in y])


def test_kid_agrees_with_the_definition_and_with_torchmetrics() -> None:
    x, y = correlated(40, 24, 1), correlated(31, 24, 2) * np.float32(1.3)
    assert kernel_distance(plain(x), plain(y)) == pytest.approx(by_pairs(x, y), rel=1e-9)
    same_size = x[:31]
    reference = poly_mmd(torch.from_numpy(same_size).double(), torch.from_numpy(y).double(), 3, None, 1.0)
    assert kernel_distance(plain(same_size), plain(y)) == pytest.approx(float(reference), rel=1e-9)


def test_kid_is_right_on_average_at_every_size() -> None:
    for number in (20, 60):
        values = [
            kernel_distance(plain(correlated(number, 8, 2 * seed)), plain(correlated(number, 8, 2 * seed + 1)))
            for seed in range(200)
        ]
        assert abs(np.mean(values)) < 4 * np.std(values) / np.sqrt(len(values))


def test_kid_intervals_hold_the_truth_as_often_as_they_say() -> None:
    hits = 0
    for seed in range(40):
        val, synthetic = images(150, 1000 + seed), images(150, 2000 + seed)
        answer = measure("kid", Evidence(images(3, 5), val, synthetic, CLASSES, seed))
        assert answer.low is not None
        assert answer.high is not None
        hits += answer.low <= 0 <= answer.high
    assert hits >= 34


def test_kid_compares_with_validation_images_unless_they_are_few() -> None:
    assert measure("kid", evidence_for(images(100, 3), num_val=60)).details["reference"] == "validation"
    assert measure("kid", evidence_for(images(100, 3), num_val=49)).details["reference"] == "training"


# --- class mixes ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("metric", ["fid", "kid"])
def test_filling_up_one_class_is_not_measured_by_its_class_mix(metric: str) -> None:
    only_eels = measure(metric, evidence_for(images(300, 3, only=2), num_train=900, num_val=300))
    all_classes = measure(metric, evidence_for(images(300, 3), num_train=900, num_val=300))
    eels = images(300, 3, only=2)
    wrong_class = ImageSet(images(300, 3, only=1).features, eels.label, eels.probabilities)
    mislabelled = measure(metric, evidence_for(wrong_class, num_train=900, num_val=300))
    assert abs(only_eels.value - all_classes.value) < 0.1 * mislabelled.value


def test_weights_reproduce_the_wanted_mix_and_count_the_information() -> None:
    real, synthetic = images(90, 1), images(40, 2, only=1)
    weighted = weights_of_mix(real, synthetic)
    assert len(weighted) == 30
    assert weighted.weight.sum() == pytest.approx(1)
    assert weighted.effective_size == pytest.approx(30)
    assert weights_of_mix(real, real).effective_size == pytest.approx(90)


def test_an_order_of_its_own_depends_on_content_alone() -> None:
    one = images(50, 1)
    first, second = equal_weights(one), equal_weights(shuffled(one, 3))
    assert np.array_equal(first.features, second.features)
    features = np.zeros((4, 2), np.float32)
    weight = np.array([0.4, 0.1, 0.3, 0.2])
    assert in_own_order(features, weight).weight.tolist() == [0.1, 0.2, 0.3, 0.4]


# --- TARR -------------------------------------------------------------------------------------------------------
def test_tarr_agrees_with_scikit_learn() -> None:
    synthetic = images(300, 3, noise=2.0)
    expected = sklearn.metrics.accuracy_score(synthetic.label, synthetic.probabilities.argmax(1))
    per_class = sklearn.metrics.recall_score(synthetic.label, synthetic.probabilities.argmax(1), average=None)
    answer = measure("tarr", evidence_for(synthetic))
    assert 0.4 < answer.value < 1
    assert answer.value == pytest.approx(expected)
    assert [answer.per_class[name] for name in CLASSES] == pytest.approx(per_class)


def test_tarr_counts_what_the_classifier_sees() -> None:
    chances = np.tile(np.array([0.1, 0.8, 0.1], np.float32), (20, 1))
    label = np.array([1] * 15 + [0] * 5, np.int64)
    seen = measure("tarr", evidence_for(ImageSet(np.zeros((20, 16), np.float32), label, chances)))
    assert seen.value == 0.75
    assert seen.per_class == {"cat": 0.0, "dog": 1.0}
    assert seen.details["validation_rate"] > 0.9


@pytest.mark.parametrize("number", [2, 3, 4, 7, 8, 31, 400])
def test_the_interval_of_a_mean_agrees_with_scipy(number: int) -> None:
    values = np.random.default_rng(number).normal(0.6, 0.1, number)
    expected = scipy.stats.ttest_1samp(values, 0).confidence_interval()
    assert mean_interval(list(values)) == pytest.approx((expected.low, expected.high), abs=1e-9)


@settings(deadline=None)
@given(st.integers(1, 300).flatmap(lambda total: st.tuples(st.integers(0, total), st.just(total))))
def test_the_wilson_interval_agrees_with_scipy(case: tuple[int, int]) -> None:
    expected = scipy.stats.binomtest(*case).proportion_ci(method="wilson")
    assert wilson_interval(*case) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_tarr_says_when_its_classifier_knows_little() -> None:
    blind = images(150, 2)
    blind = ImageSet(blind.features, blind.label, np.tile(np.array([0.4, 0.3, 0.3], np.float32), (150, 1)))
    assert "33%" in measure("tarr", Evidence(images(100, 1), blind, images(100, 3), CLASSES)).caution
    assert "only 3 validation" in measure("tarr", evidence_for(images(100, 3), num_val=3)).caution


# --- nearest training image -------------------------------------------------------------------------------------
@pytest.mark.parametrize("chunk", [7, 1024])
def test_neighbours_agree_with_all_distances(chunk: int) -> None:
    query, reference = images(50, 1).features, images(80, 2).features
    found = nearest(query, reference, k=5, chunk=chunk)
    distances = scipy.spatial.distance.cdist(query, reference)
    assert np.array_equal(found.row, np.argsort(distances, axis=1, kind="stable")[:, :5])
    assert np.allclose(found.distance, np.sort(distances, axis=1)[:, :5], rtol=1e-5)


def test_an_exact_copy_has_distance_zero_and_ties_go_by_row() -> None:
    reference = images(40, 1).features * 100
    reference[7] = reference[3]
    found = nearest(reference[[7]], reference, k=2)
    assert found.row.tolist() == [[3, 7]]
    assert found.distance.tolist() == [[0, 0]]


def test_fewer_reference_images_than_neighbours_give_what_there_is() -> None:
    assert nearest(images(4, 1).features, images(2, 2).features, k=5).row.shape == (4, 2)


@pytest.mark.parametrize(("num_val", "reference"), [(300, "validation"), (30, "training, each image to the others")])
def test_copies_are_memorised_and_new_images_are_not(num_val: int, reference: str) -> None:
    train = images(600, 1)
    new = images(400, 3)
    rule = memorised_rule(train.features, images(num_val, 2).features)
    assert rule.reference == reference
    assert (nearest(new.features, train.features).distance[:, 0] <= rule.threshold).mean() < 0.04
    copies = train.features[:100] + np.random.default_rng(0).normal(0, 0.01, (100, 16)).astype(np.float32)
    mixed = ImageSet(
        np.concatenate([new.features[:300], copies]),
        np.concatenate([new.label[:300], train.label[:100]]),
        np.concatenate([new.probabilities[:300], train.probabilities[:100]]),
    )
    share = measure("nearest_training_distance", Evidence(train, images(num_val, 2), mixed, CLASSES))
    assert 0.25 <= share.details["memorised_share"] < 0.29
    assert share.parts["memorised share"].value == share.details["memorised_share"]
    assert share.parts["of real images that were not learnt"].value == rule.median


@settings(deadline=None)
@given(st.lists(st.floats(0, 100, width=32), min_size=10, max_size=60))
def test_a_median_interval_holds_the_median(values: list[float]) -> None:
    array = np.array(values, np.float32)
    low, high = median_interval(array)
    assert low <= np.median(array) <= high


def test_a_median_interval_covers_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    draws = [median_interval(rng.exponential(1, 40).astype(np.float32)) for _ in range(500)]
    assert 0.94 <= np.mean([low <= np.log(2) <= high for low, high in draws]) <= 0.99


# --- manifolds: precision, recall, density, coverage ------------------------------------------------------------
def by_all_neighbours(x: Features, y: Features, k: int) -> dict[str, float]:
    """The definitions, on whole distance matrices in float64 by scikit-learn."""
    wide = [part.astype(np.float64) for part in (x, y)]
    searches = [sklearn.neighbors.NearestNeighbors(algorithm="brute").fit(part) for part in wide]
    radii = [search.kneighbors(n_neighbors=k)[0][:, -1] for search in searches]
    distance = searches[1].kneighbors_graph(wide[0], len(y), mode="distance").toarray()
    in_real, in_synthetic = distance <= radii[0][:, None], distance <= radii[1][None]
    return {
        "precision": in_real.any(0).mean(),
        "recall": in_synthetic.any(1).mean(),
        "density": in_real.sum() / k / len(y),
        "coverage": in_real.any(1).mean(),
    }


@pytest.mark.parametrize(
    ("num_x", "num_y", "width", "offset"), [(400, 400, 64, 0), (300, 517, 8, 0), (250, 90, 16, 50)]
)
def test_manifolds_agree_with_scikit_learn_on_whole_matrices(num_x: int, num_y: int, width: int, offset: int) -> None:
    x = correlated(num_x, width, 1) + np.float32(offset)
    y = correlated(num_y, width, 2) * np.float32(0.9) + np.float32(offset + 0.1)
    _, precision, recall = harmonic_precision_recall(plain(x), plain(y))
    density, coverage = density_coverage(plain(x), plain(y))
    for_three, for_five = by_all_neighbours(x, y, 3), by_all_neighbours(x, y, 5)
    assert 0 < recall < 1
    assert precision == pytest.approx(for_three["precision"], abs=1e-6)
    assert recall == pytest.approx(for_three["recall"], abs=1e-6)
    assert density == pytest.approx(for_five["density"], rel=1e-6)
    assert coverage == pytest.approx(for_five["coverage"], abs=1e-6)


def test_manifolds_do_not_depend_on_tiles(monkeypatch: pytest.MonkeyPatch) -> None:
    x, y = correlated(150, 12, 1), correlated(170, 12, 2)
    whole = [*harmonic_precision_recall(plain(x), plain(y)), *density_coverage(plain(x), plain(y))]
    for tile in (7, 64):
        monkeypatch.setattr("ml.manifold.TILE_BALLS", tile)
        monkeypatch.setattr("ml.manifold.TILE_POINTS", tile + 6)
        monkeypatch.setattr("ml.manifold.PAIRS", 3)
        assert [*harmonic_precision_recall(plain(x), plain(y)), *density_coverage(plain(x), plain(y))] == whole


@settings(deadline=None, max_examples=25)
@given(
    number=st.integers(10, 80), width=st.integers(1, 12), copies=st.integers(0, 9), offset=st.sampled_from([0, 1000])
)
def test_a_set_is_its_own_manifold_even_with_copies_in_it(number: int, width: int, copies: int, offset: int) -> None:
    x = correlated(number, width, 1) + np.float32(offset)
    x[:copies] = x[0]
    assert harmonic_precision_recall(plain(x), plain(x)).tolist() == [1, 1, 1]
    density, coverage = density_coverage(plain(x), plain(x))
    assert coverage == 1
    assert density >= 1


def test_the_edge_of_a_ball_belongs_to_it_in_whatever_tile_it_lies() -> None:
    x = correlated(300, 24, 1) + np.float32(10)
    one = balls(x, 4)
    # as many of the others as neighbours, and the image itself
    assert membership(one, x).holds.tolist() == [5] * 300
    forth, back = mutual(one, one)
    assert np.array_equal(forth.holds, back.holds)
    assert np.array_equal(forth.balls_around, back.balls_around)


def test_a_collapsed_generator_has_no_recall_and_a_noisy_one_no_precision() -> None:
    collapsed = images(300, 3)
    near_centres = (CENTRES[collapsed.label] + (collapsed.features - CENTRES[collapsed.label]) * 0.05).astype(
        np.float32
    )
    for features, low, high in (
        (near_centres, "recall", "precision"),
        (images(300, 3, noise=3.0).features, "precision", "recall"),
    ):
        parts = measure(
            "precision_recall", evidence_for(ImageSet(features, collapsed.label, collapsed.probabilities))
        ).parts
        assert parts[low].value < 0.2
        assert parts[high].value > parts[low].value + 0.5


def test_coverage_of_sets_that_are_alike_is_what_the_lemma_says() -> None:
    for num_x, num_y in ((60, 60), (40, 100)):
        values = [
            density_coverage(plain(correlated(num_x, 6, 2 * seed)), plain(correlated(num_y, 6, 2 * seed + 1)))
            for seed in range(60)
        ]
        density, coverage = np.mean(values, axis=0)
        error = np.std(values, axis=0) / np.sqrt(len(values))
        assert coverage == pytest.approx(coverage_if_alike(num_x, num_y), abs=4 * error[1])
        assert density == pytest.approx(1, abs=4 * error[0])


def test_equal_numbers_of_each_class_are_compared() -> None:
    real, synthetic = images(90, 1), images(40, 2, only=1)
    first, second = equal_numbers(real, synthetic, 1000, 0)
    assert len(first) == len(second) == 30
    first, second = equal_numbers(real, images(300, 2), 31, 0)
    assert len(first) == len(second) == 33


def test_intervals_of_manifolds_hold_what_large_draws_average_to() -> None:
    answers = [
        measure(
            "density_coverage",
            Evidence(images(150, 1000 + seed), images(0, 0), images(150, 2000 + seed), CLASSES, seed),
        )
        for seed in range(20)
    ]
    expected = coverage_if_alike(150, 150)
    assert sum((answer.low or 0) <= expected <= (answer.high or 0) for answer in answers) >= 17


# --- inception score --------------------------------------------------------------------------------------------
def test_the_inception_score_is_its_definition_and_lies_between_one_and_the_number_of_classes() -> None:
    chances = np.random.default_rng(0).dirichlet([0.3] * 5, 200).astype(np.float32)
    wide = chances / chances.sum(1, keepdims=True, dtype=np.float64)
    expected = np.exp(np.mean([scipy.stats.entropy(row, wide.mean(0)) for row in wide]))
    assert score_with_interval(plain(chances)).value == pytest.approx(expected, rel=1e-9)
    sure = np.eye(5, dtype=np.float32)[np.arange(200) % 5]
    assert score_with_interval(plain(sure)).value == pytest.approx(5)
    assert score_with_interval(plain(sure[:1].repeat(50, 0))).value == pytest.approx(1)


@pytest.mark.filterwarnings("ignore:Metric `InceptionScore`", "ignore:std")
def test_the_inception_score_agrees_with_torchmetrics() -> None:
    class Same(torch.nn.Module):
        num_features = 6

        def forward(self, image: torch.Tensor) -> torch.Tensor:
            return image.flatten(1)

    logits = torch.from_numpy(np.random.default_rng(0).normal(0, 2, (300, 6)))
    reference = InceptionScore(feature=Same(), splits=1)
    reference.inception.eval()
    reference.update(logits.reshape(-1, 1, 2, 3))
    expected, _ = reference.compute()
    ours = score_with_interval(plain(logits.softmax(dim=1).numpy()))
    assert ours.value == pytest.approx(float(expected), rel=1e-5)


def test_the_inception_score_of_few_images_is_too_low_as_its_caution_says() -> None:
    rng = np.random.default_rng(0)
    truth = score_with_interval(plain(rng.dirichlet([0.1] * 60, 50_000))).value
    few = [score_with_interval(plain(rng.dirichlet([0.1] * 60, 100))).value for _ in range(40)]
    assert np.mean(few) < truth - 4 * np.std(few) / np.sqrt(len(few))
    assert "too low by a bias" in measure("inception_score", evidence_for(images(60, 3))).caution


def test_the_interval_of_the_inception_score_holds_the_truth_as_often_as_it_says() -> None:
    rng = np.random.default_rng(0)
    truth = score_with_interval(plain(rng.dirichlet([0.3] * 4, 100_000))).value
    draws = [score_with_interval(plain(rng.dirichlet([0.3] * 4, 400))) for _ in range(200)]
    assert np.mean([one.low <= truth <= one.high for one in draws]) > 0.9


def test_the_inception_score_is_refused_where_it_means_nothing() -> None:
    with pytest.raises(MeaninglessMetricError, match="1 class"):
        measure("inception_score", evidence_for(images(100, 3, only=1)))
    seen = images(150, 2)
    blind = ImageSet(seen.features, seen.label, np.tile(np.array([0.4, 0.3, 0.3], np.float32), (150, 1)))
    with pytest.raises(MeaninglessMetricError, match="33%"):
        measure("inception_score", Evidence(images(100, 1), blind, images(100, 3), CLASSES))
    assert "only 3 validation" in measure("inception_score", evidence_for(images(100, 3), num_val=3)).caution


def test_the_inception_score_stands_beside_that_of_real_images_of_the_same_mix() -> None:
    answer = measure("inception_score", evidence_for(images(300, 3)))
    assert answer.details["highest"] == pytest.approx(3)
    assert answer.value == pytest.approx(answer.parts["of real images"].value, rel=0.1)
    confused = images(300, 3)
    unsure = ImageSet(confused.features, confused.label, confused.probabilities * 0.2 + np.float32(0.8 / 3))
    assert measure("inception_score", evidence_for(unsure)).value < answer.value


# --- diversity --------------------------------------------------------------------------------------------------
def scaled(one: ImageSet, factor: float) -> ImageSet:
    """The same images, so much more or less different from one another."""
    return ImageSet(one.features, one.label, one.probabilities, lambda rows: one.features[rows] * np.float32(factor))


def test_the_mean_over_all_pairs_is_the_definition() -> None:
    rows = correlated(60, 30, 1) + np.float32(3)
    expected = np.mean(scipy.spatial.distance.pdist(rows.astype(np.float64), "sqeuclidean"))
    assert pairwise(rows).distance == pytest.approx(expected, rel=1e-5)


def test_the_variance_of_the_mean_over_pairs_is_what_draws_show() -> None:
    draws = [pairwise(correlated(50, 6, seed)) for seed in range(300)]
    assert np.mean([one.variance for one in draws]) == pytest.approx(np.var([one.distance for one in draws]), rel=0.25)


@pytest.mark.parametrize("factor", [0.5, 1.0, 1.5])
def test_diversity_is_in_proportion_to_the_real_images(factor: float) -> None:
    train = images(300, 1)
    answer = measure("diversity", Evidence(train, images(0, 0), scaled(train, factor), CLASSES))
    assert answer.value == pytest.approx(factor**2, rel=1e-5)
    assert set(answer.per_class) == set(CLASSES)
    assert ("more varied" in answer.caution) == (factor > 1)


def test_one_image_repeated_has_no_diversity_in_its_class_alone() -> None:
    one = images(300, 3)
    features = one.features.copy()
    features[one.label == 1] = features[1]
    collapsed = ImageSet(features, one.label, one.probabilities, lambda rows: features[rows])
    per_class = measure("diversity", evidence_for(collapsed)).per_class
    assert per_class["dog"] == pytest.approx(0, abs=1e-9)
    assert per_class["cat"] > 0.8
    assert per_class["eel"] > 0.8


def test_diversity_leaves_small_classes_out_and_says_so() -> None:
    one = images(300, 3)
    keep = np.concatenate([np.flatnonzero(one.label != 2), np.flatnonzero(one.label == 2)[:4]])
    few = ImageSet(one.features[keep], one.label[keep], one.probabilities[keep], lambda rows: one.features[keep[rows]])
    answer = measure("diversity", evidence_for(few))
    assert set(answer.per_class) == {"cat", "dog"}
    assert "1 of 3 classes" in answer.caution


def test_diversity_is_refused_where_the_images_are_not_at_hand() -> None:
    one = images(300, 3)
    with pytest.raises(MeaninglessMetricError, match="features only"):
        measure("diversity", evidence_for(ImageSet(one.features, one.label, one.probabilities)))
