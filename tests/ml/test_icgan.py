"""IcGAN: its phases, and that the encoders undo the generator."""

from typing import Any

import pytest
import torch

from ml.model import Batch, DataSpec
from ml.models.icgan import Icgan
from ml.plugin import read_settings
from ml.update import Updates

NAN = float("nan")
DATA = DataSpec(16, 1, ("red", "large", "none"), (3, 2, 3), ("red", "large"), ((4, 1), (1, 2)))
VECTORS = torch.tensor([[1.0, 0], [0, 1], [1, NAN], [0, 0]])


def build(**values: Any) -> Icgan:
    torch.manual_seed(0)
    settings = {"resolution": 16, "batch_size": 4, "width": 8, "num_steps": 10, "z_dim": 4, **values}
    return Icgan(DATA, read_settings(Icgan, settings)).train()


def batch() -> Batch:
    image = torch.linspace(-3, 3, 4 * 256).sin().view(4, 1, 16, 16)
    return Batch(image, torch.tensor([0, 1, 0, 2]), None, VECTORS)


def test_the_GAN_learns_first_and_stands_still_while_the_encoders_learn() -> None:
    model = build()
    update = Updates(model, model.optimizers())
    names = ("G", "D", "E_z", "E_y")
    for step in range(1, 11):
        before = {name: [p.clone() for p in getattr(model, name).parameters()] for name in names}
        statistics = [buffer.clone() for buffer in model.G.buffers()]
        model.training_step(batch(), update, step)
        moved = {
            name
            for name in names
            if any(not p.equal(q) for p, q in zip(getattr(model, name).parameters(), before[name], strict=True))
        }
        assert moved == ({"G", "D"} if step <= 6 else {"E_z", "E_y"}), step
        still = all(now.equal(then) for now, then in zip(model.G.buffers(), statistics, strict=True))
        assert still == (step > 6), "G's running statistics stand still, too"


@pytest.mark.parametrize(("num_steps", "gan_steps"), [(1, 1), (2, 1), (3, 2), (10, 6), (1000, 600)])
def test_of_two_steps_and_more_both_phases_have_one_at_least(num_steps: int, gan_steps: int) -> None:
    assert build(num_steps=num_steps).gan_steps == gan_steps


def test_an_edit_keeps_the_noise_and_takes_what_nobody_said_from_the_encoder() -> None:
    model = build().eval()
    image = batch().image
    targets = model.space.targets(VECTORS, torch.tensor([1, 1, 0, 1]))
    made = model.translate(image, VECTORS, targets)
    told = targets.clone()
    told[2, 1] = model.E_y(image)[2, 1].sigmoid()
    assert told.isnan().sum() == 0
    assert torch.allclose(made, model.G(model.E_z(image), told))


def test_the_noise_encoder_learns_to_undo_G() -> None:
    model = build(gan_share=0.01, num_steps=400, learning_rate=2e-3)
    # an untrained G shows its noise faintly
    model.G.project.weight.data *= 20
    update = Updates(model, model.optimizers())
    losses = [model.training_step(batch(), update, step)["loss/noise"].item() for step in range(5, 305)]
    assert sum(losses[-20:]) / 20 < 0.6 * sum(losses[:20]) / 20


def test_D_is_told_the_attributes() -> None:
    model = build().eval()
    image = batch().image
    scores = [model.D(image, torch.full((4, 2), value)) for value in (0.0, 1.0)]
    assert not torch.allclose(*scores)
    label = torch.tensor([0, 1, 2, 0])
    beside = model.realism_beside(image, label, batch())
    assert beside.shape == (4,)
    assert not torch.allclose(beside[0], model.realism(image, label)[0]), "the source is not as images usually are"
