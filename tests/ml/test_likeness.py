"""PSNR, SSIM, perceptual distance and cycle error: against their definitions, and on a run's held-out pairs."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import skimage.metrics
import torch
from skimage import data
from torchmetrics.functional.image import peak_signal_noise_ratio

from ml.errors import MeaninglessMetricError, TooFewSamplesError
from ml.held_out import HeldOut
from ml.images import Pixels
from ml.likeness import likeness, mean_difference, psnr, ssim
from ml.measure import measure_all
from ml.metric import Evidence, ImageSet, Measurement, Metric, Translated
from ml.models.pix2pix import Pix2pix, Pix2pixSettings
from ml.pack import write_pack
from ml.pipeline import run
from ml.plugin import shelf
from ml.pool import PoolFacts, write_pool
from tests.ml.test_sources import pairs
from tests.ml.tiny_data import write_tiny_pack
from tests.ml.tiny_run import SETTINGS, Heard, write_plan

NONE = ImageSet(np.zeros((0, 2), np.float32), np.zeros(0, np.int64), np.zeros((0, 2), np.float32))
METRICS = shelf("metrics", Metric)


def photos(number: int = 3, side: int = 48) -> Pixels:
    """Parts of a photograph."""
    whole = data.astronaut()
    return np.stack([whole[at : at + side, at : at + side] for at in range(0, 60 * number, 60)])


def noisy(images: Pixels, spread: float) -> Pixels:
    noise = np.random.default_rng(0).normal(0, spread, images.shape)
    return np.clip(images + noise, 0, 255).round().astype(np.uint8)


def translated(number: int, views: Mapping[str, Pixels]) -> Translated:
    def chunks() -> Iterator[Mapping[str, Pixels]]:
        for at in range(0, number, 2):
            yield {name: images[at : at + 2] for name, images in views.items()}

    look = lambda images: images.reshape(len(images), -1).astype(np.float32)  # noqa: E731
    return Translated(np.arange(number) % 2, frozenset(views) - {"result"}, chunks, look)


def evidence(made: Translated | None, held_out: Translated | None = None) -> Evidence:
    return Evidence(NONE, NONE, NONE, ("a", "b"), translated=made, held_out=held_out)


def measure(name: str, about: Evidence) -> Measurement:
    return METRICS[name](METRICS[name].Settings()).measure(about)


def test_psnr_is_its_formula_and_agrees_with_torchmetrics() -> None:
    first = np.zeros((2, 4, 4, 3), np.uint8)
    second = first.copy()
    second[0] = 51  # a fifth of the range
    second[1, 0, 0, 0] = 255
    assert psnr(first, second).tolist() == pytest.approx([20 * math.log10(5), 10 * math.log10(48)])
    images = photos()
    expected = peak_signal_noise_ratio(
        torch.from_numpy(noisy(images, 20)).double(),
        torch.from_numpy(images).double(),
        data_range=255.0,
        dim=(1, 2, 3),
        reduction="none",
    )
    assert psnr(noisy(images, 20), images) == pytest.approx(expected.numpy())


def test_psnr_of_the_same_image_is_finite_and_above_that_of_one_level_of_difference() -> None:
    images = photos()
    nearly = images.copy()
    nearly[:, 0, 0, 0] ^= 1
    same = psnr(images, images)
    assert same.tolist() == pytest.approx([10 * math.log10(255**2 * 12)] * 3)
    assert (psnr(nearly, images) == same).all(), "less than rounding"
    assert (psnr(images ^ 1, images) < same).all()


def test_ssim_agrees_with_scikit_image_and_is_one_for_the_same_image() -> None:
    images = photos()
    other = noisy(images, 25)
    settings = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 255}
    expected = [
        skimage.metrics.structural_similarity(one, two, channel_axis=2, full=True, **settings)[1].mean()
        for one, two in zip(other, images, strict=True)
    ]
    assert ssim(other, images) == pytest.approx(expected, abs=3e-3), "borders are mirrored in slightly different ways"
    assert ssim(images, images) == pytest.approx([1, 1, 1])
    assert (ssim(noisy(images, 50), images) < ssim(other, images)).all()


def test_ssim_of_one_image_does_not_depend_on_those_beside_it() -> None:
    images = photos()
    assert ssim(noisy(images, 25), images)[1:2] == pytest.approx(ssim(noisy(images, 25)[1:2], images[1:2]))


def test_the_mean_difference_is_a_share_of_the_range() -> None:
    first = np.zeros((1, 2, 2, 1), np.uint8)
    second = np.array([255, 0, 0, 51], np.uint8).reshape(1, 2, 2, 1)
    assert mean_difference(first, second).tolist() == pytest.approx([0.3])


@pytest.mark.parametrize("name", ["psnr", "ssim", "paired_distance"])
def test_a_metric_of_pairs_prefers_the_truth_and_measures_held_out_images_first(name: str) -> None:
    truth = photos(4)
    near, far = (translated(4, {"result": noisy(truth, spread), "target": truth}) for spread in (5, 40))
    better, worse = measure(name, evidence(near)).value, measure(name, evidence(far)).value
    assert (better > worse) == (METRICS[name].better == "higher")
    both = measure(name, evidence(near, held_out=far))
    assert both.value == worse
    assert [part.value for part in both.parts.values()] == [better]
    assert (both.num_synthetic, both.details["held_out"]) == (4, True)
    assert set(both.per_class) == {"a", "b"}
    assert np.mean(list(both.per_class.values())) == pytest.approx(both.value)
    assert both.low is not None
    assert both.high is not None
    assert both.low < both.value < both.high
    assert "flatter" in measure(name, evidence(near)).caution


def test_the_cycle_error_compares_the_source_with_its_way_back() -> None:
    source = np.full((2, 4, 4, 1), 100, np.uint8)
    back = translated(2, {"result": source * 0, "source": source, "reconstruction": source + 51})
    assert measure("cycle_error", evidence(back)).value == pytest.approx(0.2)


def test_metrics_of_pairs_are_left_out_where_there_is_nothing_to_compare() -> None:
    paired = {name for name, plugin in METRICS.items() if plugin.compares}
    assert paired == {"psnr", "ssim", "paired_distance", "cycle_error"}
    assert not paired & set(measure_all(evidence(None)))
    truth = photos(4)
    rows = measure_all(evidence(translated(4, {"result": truth, "target": truth, "source": truth})))
    assert paired & set(rows) == {"psnr", "ssim", "paired_distance"}
    with pytest.raises(MeaninglessMetricError, match="no source and reconstruction"):
        measure("cycle_error", evidence(translated(4, {"result": truth, "target": truth})))
    with pytest.raises(TooFewSamplesError, match="there are 1"):
        measure("psnr", evidence(translated(1, {"result": truth[:1], "target": truth[:1]})))


def test_a_checkpoint_tells_what_its_views_allow() -> None:
    images = photos()
    views = {"result": noisy(images, 20), "source": images, "target": images, "reconstruction": images}
    values = likeness(views)
    assert values["metric/psnr"] == pytest.approx(psnr(views["result"], images).mean())
    assert values["metric/cycle_error"] == 0
    assert set(likeness({"result": images, "source": images})) == set()


def test_held_out_sources_are_validation_images_each_once_and_spread_over_classes(tmp_path: Path) -> None:
    pack = write_pack(pairs(tmp_path / "data"), ["pairs"], tmp_path / "pack", 16)
    held = HeldOut.of(Pix2pix, Pix2pixSettings(), pack)
    assert held is not None
    assert sorted(held.sources.at(held.label, held.seed)) == list(pack.rows("val"))
    assert HeldOut.of(Pix2pix, Pix2pixSettings(), replace(pack, split=pack.split * 0)) is None
    labelled = write_tiny_pack(tmp_path, counts={"bar": 3, "disc": 3})
    several = HeldOut.of(Pix2pix, Pix2pixSettings(pairs="edges_to_photo"), labelled)
    assert several is not None
    rows = several.sources.at(several.label, several.seed)
    assert sorted(rows) == list(labelled.rows("val"))
    assert (labelled.label[rows] == several.label).all(), "the class is kept"


def test_views_of_a_pool_are_read_across_shards_in_the_order_asked_for(tmp_path: Path) -> None:
    number = np.arange(7)
    results = np.broadcast_to(number[:, None, None, None], (7, 16, 16, 1)).astype(np.uint8)
    facts = PoolFacts(("a",), 16, 1, 7, "", "m", 3, ("source",))

    def make(labels: np.ndarray, seeds: np.ndarray) -> dict[str, Pixels]:
        return {"result": results[seeds], "source": np.repeat(results[seeds] + 100, 3, axis=3)}

    pool = write_pool(tmp_path / "pool", np.zeros(7, np.int64), number, facts, make)
    views = pool.views_at(np.array([6, 0, 4]))
    assert views["result"][:, 0, 0, 0].tolist() == [6, 0, 4]
    assert views["source"][:, 0, 0].tolist() == [[106] * 3, [100] * 3, [104] * 3]
    assert pool.images(np.array([], np.int64)).shape == (0, 16, 16, 1)


def test_a_run_tells_held_out_likeness_at_its_checkpoints_and_measures_it_at_its_end(tmp_path: Path) -> None:
    plan = write_plan(
        tmp_path,
        model="pix2pix",
        model_settings={**SETTINGS, "pairs": "edges_to_photo"},
        sampler="random",
        budget={"kind": "per_class", "count": 4},
    )
    heard = Heard()
    run(plan, heard)
    told = [event["values"] for event in heard.of("scalars") if "metric/psnr" in event["values"]]
    assert len(told) == 3
    assert set(told[0]) >= {"metric/kid", "metric/tarr", "metric/psnr", "metric/ssim"}
    assert "metric/cycle_error" not in told[0]
    rows = heard.of("metrics")[0]["values"]
    assert rows["psnr"]["details"]["held_out"]
    assert rows["psnr"]["num_synthetic"] == 24, "validation images"
    best = max(event["step"] for event in heard.of("checkpoint") if event["is_best"])
    by_step = {event["step"]: event["values"] for event in heard.of("scalars") if "metric/psnr" in event["values"]}
    assert rows["psnr"]["value"] == pytest.approx(by_step[best]["metric/psnr"])
