from typing import Any

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from ml.losses import AdversarialName
from ml.model import Batch, DataSpec, Scalars
from ml.models.dcgan import Dcgan, DcganSettings
from ml.update import Updates


def build(resolution: int = 16, channels: int = 1, num_classes: int = 3, **changed: Any) -> Dcgan:
    torch.manual_seed(0)
    names = tuple(str(number) for number in range(num_classes))
    settings = DcganSettings(**{"resolution": resolution, "width": 4, **changed})
    return Dcgan(DataSpec(resolution, channels, names, (5,) * num_classes), settings)


def learn(model: Dcgan, step: int = 1) -> Scalars:
    size = model.data.resolution
    batch = Batch(torch.rand(6, model.data.channels, size, size) * 2 - 1, torch.arange(6) % len(model.data.classes))
    return model.training_step(batch, Updates(model, model.optimizers()), step)


@pytest.mark.parametrize("resolution", [16, 17, 28, 31, 64, 100, 255, 256])
@pytest.mark.parametrize("channels", [1, 3])
def test_every_square_size_and_colour_fits_both_networks(resolution: int, channels: int) -> None:
    model = build(resolution, channels).eval()
    label = torch.tensor([0, 2])
    with torch.inference_mode():
        image = model.generate(model.noise([1, 2]), label)
        assert image.shape == (2, channels, resolution, resolution)
        assert image.abs().max() <= 1
        assert model.realism(image, label).shape == (2,)
        assert model.class_confidence(image).sum(1).allclose(torch.ones(2))


def test_layers_are_the_paper_s() -> None:
    model = build(64)
    for layer in model.modules():
        if isinstance(layer, nn.Conv2d | nn.ConvTranspose2d):
            assert (layer.kernel_size, layer.stride, layer.padding) == ((4, 4), (2, 2), (1, 1))
            assert layer.weight.std().item() == pytest.approx(0.02, rel=0.3)
        assert not isinstance(layer, nn.MaxPool2d | nn.AvgPool2d)
    assert {type(layer) for layer in model.G.modules()} >= {nn.BatchNorm2d, nn.ReLU}
    assert {type(layer) for layer in model.D.modules()} >= {nn.LeakyReLU}


@pytest.mark.parametrize("loss", ["non_saturating", "hinge", "wgan_gp"])
def test_d_is_told_the_class_and_every_class_has_its_own_score(loss: AdversarialName) -> None:
    model = build(loss=loss).eval()
    image = torch.rand(1, 1, 16, 16).expand(3, -1, -1, -1)
    assert len(set(model.realism(image, torch.tensor([0, 1, 2])).tolist())) == 3


def test_with_wgan_gp_d_has_no_batch_norm_whatever_the_setting() -> None:
    for norm in ("batch", "none"):
        model = build(loss="wgan_gp", discriminator_norm=norm)
        assert not any(isinstance(layer, nn.BatchNorm2d) for layer in model.D.modules())
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in build(discriminator_norm="batch").D.modules())


def test_the_penalty_is_added_with_its_weight() -> None:
    scalars = learn(build(loss="wgan_gp", gradient_penalty_weight=7.0, class_head_weight=0.0))
    assert scalars["penalty/gradient"].item() > 0
    assert scalars["loss/D"].item() == pytest.approx((scalars["score/fake"] - scalars["score/real"]).item(), abs=1e-5)
    first, second = (build(loss="wgan_gp", gradient_penalty_weight=weight) for weight in (0.0, 100.0))
    learn(first), learn(second)
    assert not torch.equal(first.D.real.weight, second.D.real.weight)


def test_g_learns_at_each_nth_step_only() -> None:
    model = build(num_critic_steps=3)
    for step, learns in ((1, False), (2, False), (3, True), (4, False)):
        before = model.G.project.weight.detach().clone()
        scalars = learn(model, step)
        assert ("loss/G" in scalars) is learns
        assert (not torch.equal(model.G.project.weight, before)) is learns


def test_without_a_class_head_there_is_no_class_confidence() -> None:
    with_head, without = build(class_head_weight=0.5), build(class_head_weight=0.0)
    assert Dcgan.available_scores(with_head.settings) == {"realism", "class_confidence"}
    assert Dcgan.available_scores(without.settings) == {"realism"}
    assert without.D.classes is None
    assert not any(path.startswith("loss/class") for path in learn(without))


def test_the_class_head_learns_from_real_images_alone() -> None:
    model = build(class_head_weight=1.0, loss="hinge")
    seen: list[torch.Tensor] = []
    assert model.D.classes is not None
    model.D.classes.register_full_backward_hook(lambda layer, inputs, outputs: seen.append(outputs[0]))
    learn(model)
    # once for the real images in D's step, once for G's; never for D's own look at fake ones
    assert len(seen) == 2


def test_spectral_norm_covers_all_of_d_and_nothing_of_g() -> None:
    model = build(spectral_norm=True)
    weighted = (nn.Conv2d, nn.ConvTranspose2d, nn.Linear, nn.Embedding)
    for network, covered in ((model.D, True), (model.G, False)):
        layers = [layer for layer in network.modules() if isinstance(layer, weighted)]
        assert layers
        assert {is_parametrized(layer, "weight") for layer in layers} == {covered}
