"""InfoGAN: what Q is taught, what the codes come to mean, and that classes asked for are delivered."""

import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from ml.model import Batch, DataSpec, Scalars
from ml.models.infogan import Codes, Infogan, InfoganSettings, gaussian_surprise
from ml.update import Updates

SMALL = {"resolution": 16, "width": 4, "hidden_width": 32, "noise_dim": 8}


def build(resolution: int = 16, channels: int = 1, num_classes: int = 3, **changed: Any) -> Infogan:
    torch.manual_seed(0)
    names = tuple(str(number) for number in range(num_classes))
    settings = InfoganSettings(**{**SMALL, "resolution": resolution, **changed})
    return Infogan(DataSpec(resolution, channels, names, (5,) * num_classes), settings)


def learn(model: Infogan) -> Scalars:
    size = model.data.resolution
    batch = Batch(torch.rand(6, model.data.channels, size, size) * 2 - 1, torch.arange(6) % len(model.data.classes))
    return model.training_step(batch, Updates(model, model.optimizers()), 1)


def correlation(first: Tensor, second: Tensor) -> float:
    return torch.corrcoef(torch.stack([first, second]))[0, 1].item()


# --- what the codes come to mean --------------------------------------------------------------------------------
def bars(thickness: Tensor, label: Tensor) -> Tensor:
    """A soft bar across the middle, [N, 1, 16, 16] in -1..1, so many pixels thick; class 0 upright, 1 lying."""
    across = torch.tanh(thickness[:, None] / 2 - (torch.arange(16.0) - 7.5).abs())
    upright = across[:, None, :].expand(-1, 16, -1)
    return torch.where(label[:, None, None] == 0, upright, upright.transpose(1, 2))[:, None]


def draw_bars(number: int) -> tuple[Tensor, Tensor, Tensor]:
    thickness, label = torch.rand(number) * 9 + 2, torch.arange(number) % 2
    return bars(thickness, label), thickness, label


def thickness_of(image: Tensor) -> Tensor:
    """How thick the bars are, in pixels, measured on the images by the light on them."""
    return (image[:, 0].mean((1, 2)) + 1) / 2 * 16


@pytest.fixture(scope="module")
def taught() -> Infogan:
    """Some hundred steps on bars of which only the thickness varies; one continuous code."""
    model = build(
        num_classes=2,
        num_categories=1,
        num_continuous=1,
        continuous_weight=1.0,
        width=16,
        hidden_width=128,
        learning_rate_G=4e-3,
        learning_rate_D=1e-3,
        augmentation="none",
    )
    update = Updates(model, model.optimizers())
    for step in range(1, 301):
        torch.manual_seed(step)
        image, _, label = draw_bars(32)
        model.training_step(Batch(image, label), update, step)
    return model.eval()


def test_q_reads_the_known_factor_off_images_it_has_not_seen(taught: Infogan) -> None:
    torch.manual_seed(10_000)
    image, thickness, label = draw_bars(200)
    with torch.inference_mode():
        code = taught.read_codes(image).mean[:, 0]
    for number in (0, 1):
        assert abs(correlation(code[label == number], thickness[label == number])) > 0.9


def test_sweeping_the_code_moves_the_factor_within_each_class(taught: Infogan) -> None:
    (sweep,) = taught.sweeps(taught.settings)
    z = taught.noise(range(8))
    for number in (0, 1):
        label = torch.full((8,), number)
        with torch.inference_mode():
            images = [taught.generate(taught.with_code(z, sweep.name, value), label) for value in sweep.values]
        thickness = torch.stack([thickness_of(image).mean() for image in images])
        assert abs(correlation(thickness, torch.tensor(sweep.values))) > 0.9
        assert thickness.max() - thickness.min() > 4


def test_the_classes_asked_for_are_delivered(taught: Infogan) -> None:
    label = torch.arange(40) % 2
    with torch.inference_mode():
        image = taught.generate(taught.noise(range(40)), label)[:, 0]
    # an upright bar varies along its rows, a lying one along its columns
    is_lying = image.mean(2).var(1) > image.mean(1).var(1)
    assert (is_lying == (label == 1)).float().mean() > 0.9


# --- codes ------------------------------------------------------------------------------------------------------
def test_the_defaults_are_the_seminar_s_codes() -> None:
    settings = InfoganSettings()
    assert (settings.num_continuous, settings.noise_dim) == (2, 256)
    assert [sweep.name for sweep in Infogan.sweeps(settings)] == ["category", "code_1", "code_2"]
    model = Infogan(DataSpec(16, 1, ("a", "b"), (5, 5)), InfoganSettings(resolution=16))
    assert model.z_dim == 256 + 10 + 2
    assert model.optimizers()["G"].defaults["lr"] == 1e-3  # the paper's


def test_noise_holds_one_category_and_codes_within_minus_one_and_one() -> None:
    model = build(num_categories=4, num_continuous=3)
    z = model.noise(range(400))
    category, continuous = z[:, 8:12], z[:, 12:]
    assert torch.equal(category.sum(1), torch.ones(400))
    assert set(category.unique().tolist()) == {0.0, 1.0}
    assert (category.sum(0) > 60).all()
    assert continuous.shape == (400, 3)
    assert -1 <= continuous.min() < -0.9
    assert 0.9 < continuous.max() <= 1
    assert torch.equal(model.noise([7]), z[7:8])


def test_with_code_changes_that_code_alone() -> None:
    model = build(num_categories=4, num_continuous=2)
    z = model.noise(range(5))
    for name, value, expected in (
        ("category", 2.0, {8: 0.0, 9: 0.0, 10: 1.0, 11: 0.0}),
        ("code_1", -0.5, {12: -0.5}),
        ("code_2", 1.0, {13: 1.0}),
    ):
        changed = model.with_code(z, name, value)
        for column in range(z.shape[1]):
            wanted = torch.full((5,), expected[column]) if column in expected else z[:, column]
            assert torch.equal(changed[:, column], wanted)


def test_one_category_and_no_continuous_codes_leave_nothing_to_sweep() -> None:
    settings = InfoganSettings(num_categories=1, num_continuous=0)
    assert Infogan.sweeps(settings) == ()
    scalars = learn(build(num_categories=1, num_continuous=0))
    assert scalars["information/category"].item() == scalars["information/continuous"].item() == 0.0


# --- what Q is taught -------------------------------------------------------------------------------------------
def test_the_surprise_is_minus_the_log_of_a_gaussian_s_density() -> None:
    value, mean, log_deviation = torch.randn(3, 7, 2)
    density = torch.distributions.Normal(mean, log_deviation.exp()).log_prob(value)
    expected = -(density + 0.5 * math.log(2 * math.pi)).sum(1).mean()
    assert gaussian_surprise(value, mean, log_deviation).item() == pytest.approx(expected.item(), rel=1e-5)


@pytest.mark.parametrize("code_deviation", ["learned", "fixed"])
def test_the_information_loss_weighs_cross_entropy_and_surprise(code_deviation: str) -> None:
    model = build(code_deviation=code_deviation, category_weight=2.0, continuous_weight=0.5).eval()
    features = torch.randn(6, 32)
    codes = Codes(torch.arange(6), torch.rand(6, 2))
    loss, scalars = model._information_loss(features, codes)
    read = model.Q(features)
    assert scalars["information/category"].item() == pytest.approx(
        nn.functional.cross_entropy(read.category, codes.category).item()
    )
    expected = 2.0 * scalars["information/category"] + 0.5 * scalars["information/continuous"]
    assert loss.item() == pytest.approx(expected.item())
    assert bool(read.log_deviation.any()) is (code_deviation == "learned")


def test_both_players_learn_from_the_information() -> None:
    """G through the images, Q and D's layers from what they read; with weight 0 neither does."""
    told, untold = build(), build(category_weight=0.0, continuous_weight=0.0)
    torch.manual_seed(1), learn(told)
    torch.manual_seed(1), learn(untold)
    for network in ("G.hidden.0", "D.hidden.0", "Q.out"):
        weights = [model.get_submodule(network).get_parameter("weight") for model in (told, untold)]
        assert not torch.equal(*weights), network


# --- images and scores ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("resolution", [16, 17, 28, 31, 100, 255])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_square_size_and_colour_fits_all_networks(resolution: int, channels: int) -> None:
    model = build(resolution, channels).eval()
    label = torch.tensor([0, 2])
    with torch.inference_mode():
        image = model.generate(model.noise([1, 2]), label)
        assert image.shape == (2, channels, resolution, resolution)
        assert image.abs().max() <= 1
        assert model.realism(image, label).shape == (2,)
        assert model.class_confidence(image).sum(1).allclose(torch.ones(2))
        assert model.read_codes(image).mean.shape == (2, 2)


def test_a_single_class_is_the_paper_s_unsupervised_setting() -> None:
    model = build(num_classes=1)
    assert model.G.named is None
    assert not any(path.startswith("loss/class") and value.item() != 0 for path, value in learn(model).items())


def test_without_a_class_head_there_is_no_class_confidence() -> None:
    without = build(class_head_weight=0.0)
    assert Infogan.available_scores(without.settings) == {"realism"}
    assert not any(path.startswith("loss/class") for path in learn(without))
