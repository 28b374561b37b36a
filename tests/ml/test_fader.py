"""Fader networks: the game over the code, its schedule, and that the code comes to hide what is told."""

from typing import Any

import pytest
import torch

from ml.model import Batch, DataSpec
from ml.models.fader import Fader
from ml.plugin import read_settings
from ml.update import Updates

NAN = float("nan")
DATA = DataSpec(16, 1, ("red", "large", "none"), (3, 2, 3), ("red", "large"), ((4, 1), (1, 2)))
CLASSES = DataSpec(16, 1, ("a", "b", "c"), (3, 3, 3))


def build(data: DataSpec = DATA, **values: Any) -> Fader:
    torch.manual_seed(0)
    return Fader(data, read_settings(Fader, {"resolution": 16, "batch_size": 4, "width": 8, **values})).train()


def test_the_weight_rises_in_a_straight_line_and_stays() -> None:
    model = build(latent_weight=0.5, latent_warmup_steps=100)
    assert [model.latent_weight(step) for step in (1, 50, 100, 900)] == pytest.approx([0.005, 0.25, 0.5, 0.5])
    assert build(latent_weight=0.5, latent_warmup_steps=0).latent_weight(1) == 0.5


def test_D_shall_be_led_to_say_the_opposite_or_another_class() -> None:
    other = build().other(torch.tensor([[1.0, NAN], [0, 1]]))
    assert other[0, 0] == 0
    assert other[0, 1].isnan()
    assert other[1].tolist() == [1, 0]
    own = torch.eye(3).repeat(20, 1)
    led = build(CLASSES).other(own)
    assert led.sum(1).eq(1).all()
    assert not (led * own).any()
    assert (led.view(20, 3, 3).sum(0) > 0).sum() == 6, "every other class, for every class"


def test_D_reads_the_code_and_G_alone_hides_it() -> None:
    def slopes(network: str, weight: float) -> torch.Tensor:
        model = build(latent_weight=weight, latent_warmup_steps=0, dropout=0.0)
        optimizers = {name: torch.optim.SGD(getattr(model, name).parameters(), 0.0) for name in ("G", "D")}
        image = torch.linspace(-3, 3, 4 * 256).sin().view(4, 1, 16, 16)
        vectors = torch.tensor([[1.0, 0], [0, 1], [1, 1], [0, 0]])
        model.training_step(Batch(image, torch.zeros(4), None, vectors), Updates(model, optimizers), 1)
        parameters = model.get_submodule(network).parameters()
        return torch.cat([p.grad.flatten() for p in parameters if p.grad is not None])

    assert slopes("D", 0.0).equal(slopes("D", 5.0))
    assert slopes("D", 0.0).abs().sum() > 0
    assert not torch.allclose(slopes("G.encoder", 0.0), slopes("G.encoder", 5.0))
    assert torch.allclose(slopes("G.decoder", 0.0), slopes("G.decoder", 5.0)), "the decoder has no part in the hiding"


def test_a_code_that_must_hide_an_attribute_leaves_it_to_what_is_told() -> None:
    """Brightness is the attribute. Told the other one, an image takes the other's brightness if the code hides it."""

    def brightness(weight: float) -> float:
        model = build(latent_weight=weight, latent_warmup_steps=50, learning_rate=2e-3, dropout=0.0)
        update = Updates(model, model.optimizers())
        generator = torch.Generator().manual_seed(0)
        for step in range(1, 251):
            has = torch.randint(0, 2, (8, 2), generator=generator).float()
            place = torch.rand(8, 1, 1, 1, generator=generator) * 0.3
            across = torch.linspace(-0.3, 0.3, 16).view(1, 1, 1, 16)
            image = (has[:, :1, None, None] - 0.5) + across * place + 0.01 * has[:, 1:, None, None]
            model.training_step(Batch(image.expand(-1, 1, 16, 16), torch.zeros(8), None, has), update, step)
        model.eval()
        made = model.translate(image.expand(-1, 1, 16, 16), has, torch.cat([1 - has[:, :1], has[:, 1:]], 1))
        toward = made.mean((1, 2, 3)) * (1 - 2 * has[:, 0])
        return float(toward.mean().detach())

    assert brightness(0.3) > 0.2, "towards the other side, of 0.5 wanted"
    assert brightness(0.0) < 0, "a code that hides nothing needs not be told"


def test_there_is_no_score_to_choose_by() -> None:
    model = build()
    assert model.available_scores(model.settings) == frozenset()
    assert Fader.game(model.settings) is None
