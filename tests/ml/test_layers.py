from collections.abc import Callable
from itertools import pairwise

import pytest
import torch
from torch import nn

from ml.layers.equalised import EqualisedConv2d, EqualisedLinear
from ml.layers.few_channels import DownFromImage, UpToImage
from ml.layers.flat import flat
from ml.layers.halving import down, halving, up
from ml.layers.instance_norm import instance_norm
from ml.layers.label_head import LabelHead
from ml.layers.minibatch_stddev import MinibatchStddev
from ml.layers.named_noise import NamedNoise
from ml.layers.pixel_norm import pixel_norm
from ml.layers.spectral_norm import spectral_norm
from ml.optimizers import adam


@pytest.mark.parametrize("resolution", range(16, 257))
def test_halving_goes_down_to_four_to_seven_by_halves(resolution: int) -> None:
    sizes = halving(resolution)
    assert sizes[0] == resolution
    assert 4 <= sizes[-1] <= 7
    assert all(small == large // 2 for large, small in pairwise(sizes))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("bias", [True, False])
def test_an_image_is_made_as_by_a_transposed_convolution_gradients_too(channels: int, size: int, bias: bool) -> None:
    ours = up(5, channels, size, bias).double()
    assert isinstance(ours, UpToImage)
    theirs = nn.ConvTranspose2d(5, channels, 4, 2, 1, output_padding=size % 2, bias=bias).double()
    theirs.load_state_dict(ours.state_dict())
    maps = torch.randn(2, 5, size // 2, size // 2, dtype=torch.float64, requires_grad=True)
    image = ours(maps)
    assert image.shape == (2, channels, size, size)
    assert torch.allclose(image, theirs(maps), atol=1e-12)
    wanted = torch.randn_like(image)
    found = [torch.autograd.grad(layer(maps), [maps, *layer.parameters()], wanted) for layer in (ours, theirs)]
    assert all(torch.allclose(one, other, atol=1e-12) for one, other in zip(*found, strict=True))


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("size", [8, 9])
@pytest.mark.parametrize("bias", [True, False])
def test_an_image_is_seen_as_by_a_convolution_first_and_second_gradients_too(
    channels: int, size: int, bias: bool
) -> None:
    ours = down(channels, 5, bias).double()
    assert isinstance(ours, DownFromImage)
    theirs = nn.Conv2d(channels, 5, 4, 2, 1, bias=bias).double()
    theirs.load_state_dict(ours.state_dict())
    image = torch.randn(2, channels, size, size, dtype=torch.float64, requires_grad=True)
    assert torch.equal(ours(image), theirs(image))
    wanted = torch.randn_like(ours(image))
    found = []
    for layer in (ours, theirs):
        first = torch.autograd.grad(layer(image).square(), [image, *layer.parameters()], wanted, create_graph=True)
        slope = sum(gradient.square().sum() for gradient in first)
        assert isinstance(slope, torch.Tensor)
        found.append([*first, *torch.autograd.grad(slope, [image, *layer.parameters()])])
    assert all(torch.allclose(one, other, atol=1e-10) for one, other in zip(*found, strict=True))


def test_an_image_is_seen_in_half_precision_with_gradients_in_the_precision_of_what_they_are_of() -> None:
    layer, image = down(1, 5, bias=True), torch.randn(2, 1, 8, 8, requires_grad=True)
    with torch.autocast("cpu", torch.bfloat16):
        maps = layer(image)
    maps.float().sum().backward()
    assert maps.dtype == torch.bfloat16
    assert [one.grad is not None and one.grad.dtype for one in (image, *layer.parameters())] == [torch.float32] * 3


@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("size", [1, 2, 8])
def test_maps_are_normed_as_by_a_group_norm_in_either_order_first_and_second_gradients_too(
    size: int, affine: bool
) -> None:
    torch.manual_seed(0)
    ours, theirs = instance_norm(3, affine), nn.GroupNorm(3, 3, affine=affine)
    with torch.no_grad():
        for weight in ours.parameters():
            weight.normal_()
    theirs.load_state_dict(ours.state_dict())
    theirs.double()
    maps, wanted = torch.randn(4, 3, size, size) + 3, torch.randn(4, 3, size, size)
    found = []
    for layer, order in ((ours, torch.channels_last), (ours, torch.contiguous_format), (theirs, torch.channels_last)):
        own = maps.to(torch.float64 if layer is theirs else torch.float32).contiguous(memory_format=order)
        normed = layer(own.requires_grad_())
        assert normed.is_contiguous(memory_format=order)
        first = torch.autograd.grad(normed, [own, *layer.parameters()], wanted.to(own.dtype), create_graph=True)
        second = torch.autograd.grad(first[0].square().sum(), [own])
        found.append([normed, *first, *second])
    for one in found[:2]:
        for mine, other in zip(one, found[2], strict=True):
            assert torch.allclose(mine, other.float(), rtol=1e-4, atol=1e-4 * max(1.0, float(other.abs().max())))


def test_norming_an_image_hangs_on_no_other() -> None:
    maps = torch.randn(5, 4, 6, 6).contiguous(memory_format=torch.channels_last)
    norm = instance_norm(4)
    assert torch.equal(norm(maps)[:2], norm(maps[:2]))


def test_flat_gives_the_gradient_back_in_the_order_of_the_maps() -> None:
    maps = torch.randn(2, 3, 4, 4).contiguous(memory_format=torch.channels_last).requires_grad_()
    seen: list[torch.Tensor] = []
    before = maps * 1.0
    features = flat(before)
    assert torch.equal(features, maps.flatten(1))
    before.register_hook(seen.append)
    weight = torch.randn_like(features)
    (features * weight).sum().backward()
    assert seen[0].is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(seen[0].flatten(1), weight)


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


# --- equalised learning rate ------------------------------------------------------------------------------------
@pytest.mark.parametrize("make", [lambda: EqualisedConv2d(64, 48, 3), lambda: EqualisedLinear(576, 480)])
def test_equalised_weights_are_stored_at_deviation_1_and_used_at_he_s(make: Callable[[], nn.Module]) -> None:
    layer = make()
    assert layer.get_parameter("weight").std().item() == pytest.approx(1.0, rel=0.03)
    x = torch.randn(8, 64, 20, 20) if isinstance(layer, EqualisedConv2d) else torch.randn(4000, 576)
    inside = layer(x)[..., 1:-1, 1:-1] if x.dim() == 4 else layer(x)
    assert inside.std().item() == pytest.approx(2**0.5, rel=0.05)


def test_one_step_of_adam_moves_equalised_layers_of_any_size_by_the_same_share() -> None:
    """The share of the weight's own deviation; in a plain layer it grows with the number of inputs."""
    for inputs in (4, 400):
        layer = EqualisedLinear(inputs, 16)
        before = layer.weight.detach().clone()
        optimizer = adam(layer, 1e-2)
        layer(torch.randn(8, inputs)).square().sum().backward()
        optimizer.step()
        assert (layer.weight - before).abs().mean().item() == pytest.approx(1e-2, rel=1e-3)


# --- pixel norm -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("shape", [(3, 8), (3, 8, 5, 5)])
def test_pixel_norm_gives_every_pixel_a_mean_square_of_1_and_keeps_its_direction(shape: tuple[int, ...]) -> None:
    x = torch.randn(shape) * 100
    normed = pixel_norm(x)
    assert torch.allclose(normed.square().mean(1), torch.ones(shape[0], *shape[2:]), atol=1e-5)
    assert torch.allclose(nn.functional.cosine_similarity(x, normed, 1), torch.ones(shape[0], *shape[2:]))


def test_pixel_norm_keeps_the_type_and_survives_zeros() -> None:
    assert pixel_norm(torch.randn(2, 4, 3, 3).bfloat16()).dtype == torch.bfloat16
    assert not pixel_norm(torch.zeros(2, 4)).any()


# --- minibatch standard deviation -------------------------------------------------------------------------------
def test_minibatch_stddev_is_0_on_identical_images_and_the_mean_deviation_on_others() -> None:
    layer = MinibatchStddev()
    same = torch.randn(1, 5, 4, 4).expand(6, -1, -1, -1)
    assert layer(same)[:, 5].abs().max() < 1e-3
    x = torch.randn(6, 5, 4, 4)
    seen = layer(x)
    assert torch.equal(seen[:, :5], x)
    assert torch.allclose(seen[:, 5], x.std(0, correction=0).mean().expand(6, 4, 4), atol=1e-5)


def test_minibatch_stddev_lets_the_gradient_push_images_apart() -> None:
    x = torch.randn(4, 2, 4, 4, requires_grad=True)
    MinibatchStddev()(x)[:, 2].sum().backward()
    assert x.grad is not None
    assert ((x.grad * (x - x.mean(0))).sum() > 0).item()


def test_minibatch_stddev_in_eval_is_what_was_usual_in_training_whatever_the_batch() -> None:
    layer = MinibatchStddev()
    for _ in range(2000):
        layer(torch.randn(64, 2, 4, 4) * 3)
    layer.eval()
    alone = layer(torch.randn(1, 2, 4, 4))[0, 2]
    assert alone.unique().numel() == 1
    assert alone[0, 0].item() == pytest.approx(3.0, rel=0.03)


# --- the class --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("length", [1.0, 2.5])
def test_named_noise_is_the_noise_and_a_name_of_one_length(length: float) -> None:
    layer = NamedNoise(3, 7, length)
    z = torch.randn(4, 5)
    told = layer(z, torch.tensor([0, 1, 2, 0]))
    assert torch.equal(told[:, :5], z)
    assert torch.allclose(told[:, 5:].norm(dim=1), torch.full((4,), length))
    assert torch.equal(told[0, 5:], told[3, 5:])
    assert not torch.equal(told[0, 5:], told[1, 5:])


def test_the_label_head_adds_how_well_the_features_match_the_class() -> None:
    head = LabelHead(6, 3, with_classes=True)
    features, label = torch.randn(4, 6), torch.tensor([2, 0, 1, 2])
    logits, classes = head(features, label)
    psi = features @ head.real.get_parameter("weight")[0] + head.real.get_parameter("bias")
    embedded = head.matching.get_parameter("weight")[label]
    assert torch.allclose(logits, psi + (embedded * features).sum(1), atol=1e-6)
    assert classes is not None
    assert classes.shape == (4, 3)


def test_a_label_head_without_class_head_gives_none_and_says_why_there_are_no_logits() -> None:
    head = LabelHead(6, 3, with_classes=False)
    assert head(torch.randn(2, 6), torch.tensor([0, 1]))[1] is None
    with pytest.raises(RuntimeError, match="class_head_weight is 0"):
        head.class_logits(torch.randn(2, 6))
