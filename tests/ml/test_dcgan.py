from typing import Any, get_args

import pytest
import torch
from torch import nn
from torch.nn.utils.parametrize import is_parametrized

from ml.errors import BadSettingsError
from ml.losses import ADVERSARIAL, AdversarialName
from ml.model import Batch, DataSpec, Scalars
from ml.models.dcgan import Dcgan, DcganSettings
from ml.plugin import read_settings
from ml.update import Updates

LOSSES = get_args(DcganSettings.model_fields["loss"].annotation)
every_loss = pytest.mark.parametrize("loss", LOSSES)


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


def test_the_setting_loss_offers_every_game_there_is() -> None:
    assert set(LOSSES) == {*ADVERSARIAL, "began"}


@every_loss
def test_every_loss_trains_both_networks_with_finite_losses_and_gives_both_scores(loss: Any) -> None:
    model = build(loss=loss)
    # biases aside: one that all scores share cancels out in a critic
    before = {name: p.detach().clone() for name, p in model.named_parameters() if name.endswith("weight")}
    for step in (1, 2):
        assert all(value.isfinite() for value in learn(model, step).values())
    assert all(not torch.equal(model.get_parameter(name), weight) for name, weight in before.items())
    image, label = torch.rand(4, 1, 16, 16) * 2 - 1, torch.tensor([0, 1, 2, 0])
    assert model.eval().realism(image, label).shape == (4,)
    assert model.class_confidence(image).sum(1).allclose(torch.ones(4))


@every_loss
def test_d_is_told_the_class_and_every_class_has_its_own_score(loss: Any) -> None:
    model = build(loss=loss).eval()
    image = torch.rand(1, 1, 16, 16).expand(3, -1, -1, -1)
    assert len(set(model.realism(image, torch.tensor([0, 1, 2])).tolist())) == 3


@pytest.mark.parametrize("changed", [{"loss": "wgan_gp"}, {"loss": "began"}, {"r1_weight": 0.1}])
def test_where_d_judges_image_by_image_it_has_no_batch_norm_whatever_the_setting(changed: dict[str, Any]) -> None:
    for norm in ("batch", "none"):
        model = build(**changed, discriminator_norm=norm)
        assert not any(isinstance(layer, nn.BatchNorm2d) for layer in model.D.modules())
    assert any(isinstance(layer, nn.BatchNorm2d) for layer in build(discriminator_norm="batch").D.modules())


def test_the_penalty_is_added_with_its_weight() -> None:
    scalars = learn(build(loss="wgan_gp", gradient_penalty_weight=7.0, class_head_weight=0.0))
    assert scalars["penalty/gradient"].item() > 0
    assert scalars["loss/D"].item() == pytest.approx((scalars["score/fake"] - scalars["score/real"]).item(), abs=1e-5)
    first, second = (build(loss="wgan_gp", gradient_penalty_weight=weight) for weight in (0.0, 100.0))
    learn(first), learn(second)
    assert not torch.equal(weights_of_D(first), weights_of_D(second))


def weights_of_D(model: Dcgan) -> torch.Tensor:
    return torch.cat([parameter.detach().flatten() for parameter in model.D.parameters()])


def test_r1_comes_at_each_nth_step_with_n_times_its_weight() -> None:
    def after(step: int, **changed: Any) -> tuple[torch.Tensor, Scalars]:
        model = build(discriminator_norm="none", augmentation="none", **changed)
        torch.manual_seed(1)
        scalars = learn(model, step)
        return weights_of_D(model), scalars

    plain, _ = after(1)
    skipped, told = after(1, r1_weight=500.0, r1_interval=2)
    assert torch.equal(skipped, plain)
    assert "penalty/r1" not in told
    lazy, told = after(2, r1_weight=500.0, r1_interval=2)
    always, _ = after(2, r1_weight=1000.0, r1_interval=1)
    assert told["penalty/r1"].item() > 0
    assert torch.equal(lazy, always)
    assert not torch.equal(lazy, after(2)[0])


def test_r1_flattens_d_at_real_images() -> None:
    flat, steep = (build(r1_weight=weight, r1_interval=1, learning_rate_D=0.01) for weight in (1000.0, 1e-6))
    for step in range(1, 9):
        flattened, free = learn(flat, step)["penalty/r1"].item(), learn(steep, step)["penalty/r1"].item()
    assert flattened < free / 10


def test_adaptive_augmentation_begins_with_untouched_images_and_transforms_more_as_d_overfits() -> None:
    model = build(augmentation_mode="adaptive", ada_images=100, ada_target=0.0, discriminator_norm="none")
    image = torch.rand(64, 1, 16, 16)
    assert torch.equal(model._seen_by_D(image), image)
    assert model.chance is not None
    told = [learn(model, step) for step in range(1, 5)]
    assert "augment/r_t" in told[-1]
    model.chance.p.fill_(1.0)
    assert (model._seen_by_D(image) != image).flatten(1).any(1).float().mean() > 0.8


@pytest.mark.parametrize("name", [name for name, loss in ADVERSARIAL.items() if loss.undecided is not None])
def test_adaptive_augmentation_counts_around_the_undecided_score_of_the_loss(name: AdversarialName) -> None:
    chance = build(loss=name, augmentation_mode="adaptive").chance
    assert chance is not None
    assert chance.undecided == ADVERSARIAL[name].undecided


@pytest.mark.parametrize(
    ("changed", "sentence"),
    [
        ({"loss": "began", "r1_weight": 1.0}, "r1_weight"),
        ({"loss": "began", "augmentation_mode": "adaptive"}, "means nothing with wgan_gp and began"),
        ({"loss": "wgan_gp", "augmentation_mode": "adaptive"}, "means nothing with wgan_gp and began"),
        ({"augmentation": "none", "augmentation_mode": "adaptive"}, "nothing to adapt"),
    ],
)
def test_settings_that_mean_nothing_together_are_refused_in_one_sentence(
    changed: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(BadSettingsError, match=sentence) as refused:
        read_settings(Dcgan, changed)
    assert refused.value.message.startswith("The settings of dcgan do not fit: ")
    assert "Value error" not in refused.value.message
    assert "found" not in refused.value.message


def test_with_began_d_learns_to_reconstruct_real_images() -> None:
    model = build(loss="began", learning_rate_D=0.003, began_rate=1e-6, augmentation="none")
    batch = Batch(torch.rand(6, 1, 1, 1).expand(-1, -1, 16, 16).contiguous(), torch.arange(6) % 3)
    update = Updates(model, model.optimizers())
    errors = [-model.training_step(batch, update, step)["score/real"].item() for step in range(1, 41)]
    assert errors[-1] < errors[0] / 3


def test_k_and_the_chance_are_kept_in_the_model_s_state() -> None:
    assert "equilibrium.k" in build(loss="began").state_dict()
    assert {"chance.p", "chance.signs", "chance.seen"} <= build(augmentation_mode="adaptive").state_dict().keys()
    assert not any(name.startswith(("equilibrium", "chance")) for name in build().state_dict())


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
