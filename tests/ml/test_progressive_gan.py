from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

from ml.layers.equalised import EqualisedConv2d, EqualisedLinear
from ml.model import Batch, DataSpec, Scalars
from ml.models.progressive_gan import (
    Growth,
    ProgressiveGan,
    ProgressiveGanSettings,
    enlarged,
    growth_at,
    shown_at,
    shrunk,
)
from ml.train import load_for_generation, train
from ml.update import Updates
from tests.ml.test_train import Told, assert_same
from tests.ml.tiny_data import write_tiny_pack

NUM_STEPS = 24


def settings(**changed: Any) -> ProgressiveGanSettings:
    small = {"resolution": 16, "width": 4, "z_dim": 8, "num_steps": NUM_STEPS, "batch_size": 6, "precision": "fp32"}
    return ProgressiveGanSettings(**{**small, **changed})


def build(resolution: int = 16, channels: int = 1, num_classes: int = 3, **changed: Any) -> ProgressiveGan:
    torch.manual_seed(0)
    names = tuple(str(number) for number in range(num_classes))
    wanted = settings(resolution=resolution, **changed)
    return ProgressiveGan(DataSpec(resolution, channels, names, (5,) * num_classes), wanted)


def learn(model: ProgressiveGan, step: int = 1) -> Scalars:
    size = model.data.resolution
    batch = Batch(torch.rand(6, model.data.channels, size, size) * 2 - 1, torch.arange(6) % len(model.data.classes))
    return model.training_step(batch, Updates(model, model.optimizers()), step)


# --- growing ----------------------------------------------------------------------------------------------------
def test_every_level_comes_in_turn_and_the_full_one_takes_its_share() -> None:
    levels = [growth_at(step, 1000, 5, 0.5, 0.5).level for step in range(1, 1001)]
    assert [levels.count(level) for level in range(5)] == [125, 125, 125, 125, 500]
    assert levels == sorted(levels)


def test_new_layers_fade_in_linearly_over_their_share_of_a_level_s_steps() -> None:
    alphas = [growth_at(step, 1000, 5, 0.5, 0.4).alpha for step in range(1, 1001)]
    assert alphas[:125] == [1.0] * 125
    assert alphas[125:250] == [(turn + 1) / 50 for turn in range(50)] + [1.0] * 75
    assert alphas[500:] == [(turn + 1) / 200 for turn in range(200)] + [1.0] * 300


@pytest.mark.parametrize("num_steps", [1, 2, 3, 7, 100])
@pytest.mark.parametrize("full_resolution_share", [0.05, 0.5, 1.0])
@pytest.mark.parametrize("fade_share", [0.0, 0.5, 1.0])
def test_any_training_ends_fully_grown(num_steps: int, full_resolution_share: float, fade_share: float) -> None:
    shares = (full_resolution_share, fade_share)
    assert growth_at(num_steps, num_steps, 4, *shares) == Growth(3, 1.0)
    assert all(0 < growth_at(step, num_steps, 4, *shares).alpha <= 1 for step in range(1, num_steps + 1))


def test_64_pixels_are_reached_from_4_through_every_size() -> None:
    model = build(64, 3, num_steps=10)
    assert model.sizes == [4, 8, 16, 32, 64]
    seen = [learn(model, step) for step in range(1, 11)]
    assert [int(scalars["growth/resolution"]) for scalars in seen] == [4, 8, 16, 16, 32, 64, 64, 64, 64, 64]
    assert all(value.isfinite() for scalars in seen for value in scalars.values())


# --- images and scores ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("resolution", [16, 17, 28, 31, 100, 255])
@pytest.mark.parametrize("step", [1, 9, NUM_STEPS])
def test_images_and_scores_are_of_the_full_size_wherever_the_growing_stands(resolution: int, step: int) -> None:
    model = build(resolution, 3).eval()
    model.trained_steps.fill_(step)
    label = torch.tensor([0, 2])
    with torch.inference_mode():
        image = model.generate(model.noise([1, 2]) * 100, label)
        assert image.shape == (2, 3, resolution, resolution)
        assert image.abs().max() <= 1
        assert model.realism(image, label).shape == (2,)
        assert model.class_confidence(image).sum(1).allclose(torch.ones(2))


def test_in_the_middle_of_the_growing_images_are_small_ones_enlarged() -> None:
    model = build().eval()
    with torch.inference_mode():
        for step, times in ((1, 4), (6, 4), (12, 2)):
            model.trained_steps.fill_(step)
            image = model.generate(model.noise([1]), torch.tensor([0]))
            assert torch.equal(enlarged(image[..., ::times, ::times], 16), image)
        model.trained_steps.fill_(24)
        image = model.generate(model.noise([1]), torch.tensor([0]))
        assert not torch.equal(enlarged(image[..., ::2, ::2], 16), image)


def test_fading_goes_from_the_smaller_image_to_the_larger() -> None:
    model = build().eval()
    z, label = model.noise([1, 2]), torch.tensor([0, 1])
    with torch.inference_mode():
        small = enlarged(model.G(z, label, Growth(1, 1.0)), 16)
        full = model.G(z, label, Growth(2, 1.0))
        assert torch.allclose(model.G(z, label, Growth(2, 0.25)), 0.75 * small + 0.25 * full, atol=1e-6)


def test_real_images_fade_as_the_generated_ones_do() -> None:
    image = torch.rand(2, 1, 16, 16)
    sizes = [4, 8, 16]
    assert torch.equal(shown_at(image, sizes, Growth(2, 1.0)), image)
    assert torch.allclose(shown_at(image, sizes, Growth(0, 1.0)), image.unfold(2, 4, 4).unfold(3, 4, 4).mean((4, 5)))
    half = shown_at(image, sizes, Growth(2, 0.5))
    blocks = image.unfold(2, 2, 2).unfold(3, 2, 2).mean((4, 5)).repeat_interleave(2, 2).repeat_interleave(2, 3)
    assert torch.allclose(half, (image + blocks) / 2)


def test_d_at_alpha_0_sees_the_smaller_image_alone_and_at_1_the_new_layers_alone() -> None:
    model = build().eval()
    image, label = torch.rand(2, 1, 16, 16), torch.tensor([0, 1])
    with torch.inference_mode():
        faded = model.D(image, label, Growth(2, 0.0))[0]
        assert torch.allclose(faded, model.D(shrunk(image, 8), label, Growth(1, 1.0))[0], atol=1e-6)
        before = model.D(image, label, Growth(2, 1.0))[0]
        nn.init.normal_(model.D.from_image[1].weight)  # type: ignore[arg-type]
        assert torch.equal(model.D(image, label, Growth(2, 1.0))[0], before)
        assert not torch.equal(model.D(image, label, Growth(2, 0.5))[0], before)


def test_a_score_belongs_to_its_image_and_not_to_the_batch() -> None:
    model = build().train()
    for step in (20, 21):
        learn(model, step)
    model.eval()
    image, label = torch.rand(5, 1, 16, 16) * 2 - 1, torch.tensor([0, 1, 2, 0, 1])
    with torch.inference_mode():
        assert torch.allclose(model.realism(image, label)[:1], model.realism(image[:1], label[:1]), atol=1e-5)


# --- learning ---------------------------------------------------------------------------------------------------
def test_only_what_has_grown_learns() -> None:
    model = build()
    before = {name: value.clone() for name, value in model.named_parameters()}
    learn(model, 1)
    changed = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert {name.split(".")[2] for name in changed if ".blocks." in name} == {"0"}
    assert {name.split(".")[2] for name in changed if "_image." in name} == {"0"}
    learn(model, 7)  # a fade-in from level 0 to 1
    changed = {name for name, value in model.named_parameters() if not torch.equal(value, before[name])}
    assert {name.split(".")[2] for name in changed if "_image." in name} == {"0", "1"}


def test_the_loss_is_the_critic_s_with_penalty_and_drift() -> None:
    first = build(class_head_weight=0.0)
    scalars = learn(first)
    assert scalars["loss/D"].item() == pytest.approx((scalars["score/fake"] - scalars["score/real"]).item(), abs=1e-5)
    assert scalars["penalty/gradient"].item() > 0
    assert scalars["penalty/drift"].item() >= scalars["score/real"].item() ** 2
    for weight in ("gradient_penalty_weight", "drift_weight"):
        other = build(class_head_weight=0.0, **{weight: 0.5})
        learn(other)
        assert not torch.equal(other.D.last.weight, first.D.last.weight), weight


def test_the_paper_s_optimizer_and_layers() -> None:
    model = build()
    assert {optimizer.defaults["betas"] for optimizer in model.optimizers().values()} == {(0.0, 0.99)}
    weighted = [layer for layer in model.modules() if isinstance(layer, nn.Conv2d | nn.Linear | nn.BatchNorm2d)]
    assert weighted == []
    assert any(isinstance(layer, EqualisedConv2d) for layer in model.D.modules())
    assert any(isinstance(layer, EqualisedLinear) for layer in model.G.modules())


def test_without_a_class_head_there_is_no_class_confidence() -> None:
    without = build(class_head_weight=0.0)
    assert ProgressiveGan.available_scores(without.settings) == {"realism"}
    assert not any(path.startswith("loss/class") for path in learn(without))


# --- resuming ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("precision", ["fp32", "bf16"])
def test_a_run_resumed_inside_a_fade_in_ends_as_one_that_was_not(precision: str, tmp_path: Path) -> None:
    pack = write_tiny_pack(tmp_path)
    wanted = settings(num_steps=16, num_checkpoints=1, num_previews=1, precision=precision)
    whole = train(ProgressiveGan, wanted, pack, tmp_path / "whole", 3)
    stops = (5, 10)
    last, done = None, 0
    for stop in stops:
        part = train(ProgressiveGan, wanted, pack, tmp_path / str(stop), 3, last, Told(stop - done))
        last, done = part.last, stop
        stopped_at = load_for_generation(part.last)
        assert isinstance(stopped_at, ProgressiveGan)
        assert 0 < stopped_at.growth(int(stopped_at.trained_steps)).alpha < 1
    end = train(ProgressiveGan, wanted, pack, tmp_path / "end", 3, last)
    assert end.step == 16
    assert_same(whole.last, end.last)
