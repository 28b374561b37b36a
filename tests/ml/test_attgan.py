"""AttGAN: what G is told, what its losses compare, and what each of them moves."""

from typing import Any

import pytest
import torch

from ml.attribute_autoencoder import DenseCritic
from ml.attribute_game import critic_loss, generator_loss
from ml.attributes import AttributeSpace
from ml.layers.attribute_coder import Decoder, Encoder, beside
from ml.model import Batch, DataSpec
from ml.models.attgan import Attgan, AttganSettings
from ml.plugin import read_settings
from ml.update import Updates

NAN = float("nan")
DATA = DataSpec(32, 1, ("red", "large", "none"), (3, 2, 3), ("red", "large"), ((4, 1), (1, 2)))
VECTORS = torch.tensor([[1.0, 0], [0, 1], [1, NAN], [0, 0]])


def build(**values: Any) -> Attgan:
    torch.manual_seed(0)
    return Attgan(DATA, read_settings(Attgan, {"resolution": 32, "batch_size": 4, "width": 8, **values})).train()


def batch() -> Batch:
    image = torch.linspace(-3, 3, 4 * 1024).sin().view(4, 1, 32, 32)
    return Batch(image, torch.tensor([0, 1, 0, 2]), None, VECTORS)


def slopes(network: str, **weights: float) -> torch.Tensor:
    """Of every weight of a network after a step with these weights of losses, learning nothing."""
    model = build(**weights)
    optimizers = {name: torch.optim.SGD(getattr(model, name).parameters(), 0.0) for name in ("G", "D")}
    model.training_step(batch(), Updates(model, optimizers), 5)
    own = model.get_submodule(network)
    return torch.cat([torch.zeros_like(p).flatten() if p.grad is None else p.grad.flatten() for p in own.parameters()])


def test_the_paper_s_weights_are_the_defaults() -> None:
    settings = AttganSettings()
    weights = (settings.reconstruction_weight, settings.attribute_weight_G, settings.attribute_weight_D)
    assert weights == (100, 10, 1)
    assert (settings.num_critic_steps, settings.gradient_penalty_weight) == (5, 10)


def test_G_is_told_halves_with_the_usual_share_for_what_nobody_said() -> None:
    model = build()
    assert model._told(VECTORS, VECTORS)[:3].tolist() == [[0.5, -0.5], [-0.5, 0.5], [0.5, -0.25]]


def test_numbers_lie_at_every_pixel_beside_the_maps() -> None:
    both = beside(torch.zeros(1, 3, 2, 2), torch.tensor([[5.0, 7.0]]))
    assert both[0, 3:].tolist() == [[[5, 5], [5, 5]], [[7, 7], [7, 7]]]


@pytest.mark.parametrize("resolution", [16, 17, 30, 64])
@pytest.mark.parametrize(("num_told", "num_skips"), [(2, 1), (1, 9), (9, 0), (0, 0)])
def test_what_was_encoded_comes_out_in_the_size_that_it_had(resolution: int, num_told: int, num_skips: int) -> None:
    maps = Encoder(resolution, 3, 4)(torch.zeros(2, 3, resolution, resolution))
    image = Decoder(resolution, 3, 4, 2, num_told, num_skips)(maps[-1], torch.zeros(2, 2), maps[-2::-1])
    assert image.shape == (2, 3, resolution, resolution)


def test_a_source_is_encoded_once_and_told_its_own_attributes_for_the_reconstruction() -> None:
    model = build().eval()
    given = batch()
    vectors = model.space.vectors(given)
    targets = model.space.targets(vectors, torch.tensor([1, 1, 1, 1]))
    first, second = model.G(given.image, model._told(vectors, targets), model._told(vectors, vectors))
    assert model.translate(given.image, vectors, targets).equal(first)
    assert model.reconstruct(given.image, vectors, first, targets).equal(second)
    assert not first.equal(second)


def test_the_critic_s_loss_is_the_sum_of_its_parts() -> None:
    torch.manual_seed(0)
    space, D = AttributeSpace(DATA), DenseCritic(DATA, 4, 2)
    real, fake = torch.randn(4, 1, 32, 32), torch.randn(4, 1, 32, 32)
    judged = critic_loss(D, real, fake, VECTORS, space, (10.0, 3.0))
    expected = D(fake)[0].mean() - D(real)[0].mean() + 3 * space.loss(D(real)[1], VECTORS)
    assert judged.loss.item() == pytest.approx((expected + 10 * judged.scalars["penalty/gradient"]).item(), rel=1e-5)
    assert torch.allclose(judged.logits, D(real)[1], atol=1e-6)
    loss, _ = generator_loss(D, fake, VECTORS, space, 10.0)
    assert loss.item() == pytest.approx((-D(fake)[0].mean() + 10 * space.loss(D(fake)[1], VECTORS)).item(), rel=1e-5)


def test_each_weight_moves_its_own_network() -> None:
    plain = {"attribute_weight_G": 0.0, "attribute_weight_D": 0.0, "reconstruction_weight": 0.0}
    for weight, network, other in (
        ("attribute_weight_G", "G", "D"),
        ("reconstruction_weight", "G", "D"),
        ("attribute_weight_D", "D", ""),
    ):
        assert not torch.allclose(slopes(network, **plain), slopes(network, **{**plain, weight: 10.0})), weight
        if other:
            assert torch.equal(slopes(other, **plain), slopes(other, **{**plain, weight: 10.0})), weight


def test_G_learns_to_give_back_what_it_was_given() -> None:
    model = build(attribute_weight_G=0.0, num_critic_steps=1, learning_rate_G=2e-3)
    update = Updates(model, model.optimizers())
    losses = [model.training_step(batch(), update, step)["loss/reconstruction"].item() for step in range(1, 41)]
    assert losses[-1] < losses[0] / 2
