from itertools import pairwise

import pytest
import torch
from torch import nn

from ml.layers.halving import halving
from ml.layers.spectral_norm import spectral_norm


@pytest.mark.parametrize("resolution", range(16, 257))
def test_halving_goes_down_to_four_to_seven_by_halves(resolution: int) -> None:
    sizes = halving(resolution)
    assert sizes[0] == resolution
    assert 4 <= sizes[-1] <= 7
    assert all(small == large // 2 for large, small in pairwise(sizes))


@pytest.mark.parametrize("layer", [nn.Linear(7, 5), nn.Conv2d(3, 6, 4), nn.Embedding(4, 9)])
def test_spectral_norm_brings_the_largest_singular_value_to_one(layer: nn.Module) -> None:
    network = nn.Sequential(layer)
    raw = layer.get_parameter("weight").detach().clone()
    spectral_norm(network)
    for _ in range(200):
        weight = layer.weight
    assert isinstance(weight, torch.Tensor)
    largest = torch.linalg.matrix_norm(raw.flatten(1), 2)
    assert torch.allclose(weight, raw / largest, rtol=1e-4)


def test_spectral_norm_follows_the_weight_in_training_and_stands_still_in_eval() -> None:
    layer = nn.Linear(6, 6)
    spectral_norm(nn.Sequential(layer))
    before = layer.weight.detach().clone()
    assert not torch.equal(layer.weight, before)
    layer.eval()
    first = layer.weight.detach().clone()
    assert torch.equal(layer.weight, first)


def test_spectral_norm_gradient_does_not_grow_the_weight_along_itself() -> None:
    """The norm makes the output blind to the weight's scale, so its gradient is orthogonal to the weight."""
    layer = nn.Linear(6, 3, bias=False)
    spectral_norm(nn.Sequential(layer))
    for _ in range(200):
        _ = layer.weight
    layer(torch.randn(5, 6)).square().sum().backward()
    original = layer.parametrizations["weight"].original  # type: ignore[index, union-attr]
    along = (original.grad * original).sum() / (original.grad.norm() * original.norm())
    assert abs(along.item()) < 1e-3


def test_spectral_norm_may_be_used_twice_before_going_backward_also_in_bf16() -> None:
    network = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(16, 1))
    spectral_norm(network)
    with torch.autocast("cpu", torch.bfloat16):
        loss = network(torch.randn(2, 1, 4, 4)).sum() - network(torch.randn(2, 1, 4, 4)).sum()
    loss.float().backward()
    assert all(parameter.grad is not None and parameter.grad.isfinite().all() for parameter in network.parameters())
