import pytest
import torch
from torch import nn

from ml.average import Average, decay_per_step
from ml.model import DataSpec, Model, ModelSettings


class Small(Model):
    def build(self) -> None:
        self.G = nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))
        self.D = nn.Linear(2, 1)


def small() -> Small:
    return Small(DataSpec(16, 1, ("a",), (1,)), ModelSettings())


@pytest.mark.parametrize(("half_life", "batch_size"), [(100, 100), (1000, 64), (7, 50)])
def test_after_half_life_images_half_of_the_old_average_is_left(half_life: int, batch_size: int) -> None:
    assert decay_per_step(half_life, batch_size) ** (half_life / batch_size) == pytest.approx(0.5)


def test_parameters_are_averaged_by_the_formula_and_buffers_copied() -> None:
    model = small()
    average = Average(model, half_life=96, batch_size=32)
    before = model.get_parameter("G_ema.0.weight").clone()
    with torch.no_grad():
        model.get_parameter("G.0.weight").add_(1.0)
        model.get_buffer("G.1.running_mean").add_(5.0)
    for _ in range(3):
        average.update()
    moved = model.get_parameter("G_ema.0.weight") - before
    assert torch.allclose(moved, torch.full_like(moved, 0.5), atol=1e-6)
    assert torch.equal(model.get_buffer("G_ema.1.running_mean"), model.get_buffer("G.1.running_mean"))


def test_only_named_networks_are_averaged_and_the_average_learns_nothing() -> None:
    model = small()
    Average(model, 100, 10)
    assert {name for name, _ in model.named_children()} == {"G", "D", "G_ema"}
    assert not any(parameter.requires_grad for parameter in model.averaged("G").parameters())


def test_a_half_life_of_zero_keeps_no_average() -> None:
    model = small()
    Average(model, 0, 10).update()
    assert model.averaged("G") is model.G
