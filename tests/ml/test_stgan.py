"""STGAN: the difference it is told, and its selective transfer units by hand."""

import math
from typing import Any

import pytest
import torch
from torch import nn

from ml.model import Batch, DataSpec
from ml.models.stgan import SelectiveTransfer, Stgan
from ml.plugin import read_settings
from ml.update import Updates

NAN = float("nan")
DATA = DataSpec(32, 1, ("red", "large", "none"), (3, 2, 3), ("red", "large"), ((4, 1), (1, 2)))


def build(**values: Any) -> Stgan:
    torch.manual_seed(0)
    return Stgan(DATA, read_settings(Stgan, {"resolution": 32, "batch_size": 4, "width": 8, **values})).train()


def test_G_is_told_what_changes_and_nothing_else() -> None:
    model = build()
    vectors = torch.tensor([[1.0, 0], [0, NAN], [1, 1]])
    targets = torch.tensor([[0.0, 1], [1, 1], [1, 1]])
    assert model._told(vectors, targets).tolist() == [[-1, 1], [1, 0], [0, 0]]


def test_a_unit_gates_the_raised_state_and_blends_what_it_proposes_with_it() -> None:
    """By hand: one channel of zeros, a state raised to 2, gates that see only it."""
    unit = SelectiveTransfer(1, 1, 1, 2).eval()
    for parameter in unit.parameters():
        nn.init.zeros_(parameter)
    nn.init.ones_(unit.raise_state.bias)
    unit.raise_state.bias.data *= 2
    for gate, middle in ((unit.reset, 0.5), (unit.keep, 1.0), (unit.propose, 1.5)):
        gate[0].weight.data[0, 1, 1, 1] = middle  # the state's channel, the pixel itself
        gate[1].weight.data.fill_(math.sqrt(1 + gate[1].eps))
    result, state = unit(torch.zeros(1, 1, 2, 2), torch.ones(1, 1, 1, 1), torch.ones(1, 1))
    sigmoid = torch.nn.functional.sigmoid
    reset, keep = sigmoid(torch.tensor(1.0)).item(), sigmoid(torch.tensor(2.0)).item()
    kept_state = reset * 2
    assert state.flatten().tolist() == pytest.approx([kept_state] * 4, rel=1e-5)
    expected = (1 - keep) * 2 + keep * math.tanh(1.5 * kept_state)
    assert result.flatten().tolist() == pytest.approx([expected] * 4, rel=1e-5)


def test_every_skip_passes_a_unit_and_every_unit_is_told() -> None:
    model = build()
    assert [tuple(unit.raise_state.weight.shape[:2]) for unit in model.G.units] == [(34, 16), (18, 8)]
    image = torch.linspace(-3, 3, 2 * 1024).sin().view(2, 1, 32, 32)
    nothing, change = torch.zeros(2, 2), torch.tensor([[1.0, -1.0], [0, 1]])
    maps = model.G.encoder(image)
    for one, other in zip(model.G._transferred(maps, nothing), model.G._transferred(maps, change), strict=True):
        assert one.shape == other.shape
        assert not torch.allclose(one, other)


def test_nothing_to_change_must_give_the_source_again() -> None:
    model = build(attribute_weight_G=0.0, num_critic_steps=1, learning_rate_G=2e-3)
    image = torch.linspace(-3, 3, 4 * 1024).sin().view(4, 1, 32, 32)
    vectors = torch.tensor([[1.0, 0], [0, 1], [1, 1], [0, 0]])
    given = Batch(image, torch.tensor([0, 1, 0, 2]), None, vectors)
    update = Updates(model, model.optimizers())
    losses = [model.training_step(given, update, step)["loss/reconstruction"].item() for step in range(1, 41)]
    assert losses[-1] < losses[0] / 2
    again = model.reconstruct(image, vectors, torch.zeros_like(image), 1 - vectors)
    assert again.equal(model.G(image, torch.zeros(4, 2))[0])
