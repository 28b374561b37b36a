import pytest
import torch
from torch import Tensor, nn

from ml.update import Updates


@pytest.fixture
def model() -> nn.ModuleDict:
    torch.manual_seed(0)
    return nn.ModuleDict({"G": nn.Linear(3, 3), "D": nn.Linear(3, 1), "other": nn.Linear(1, 1)})


def updates(model: nn.ModuleDict) -> Updates:
    return Updates(model, {name: torch.optim.SGD(model[name].parameters(), 0.1) for name in ("G", "D")})


def flags(model: nn.ModuleDict) -> dict[str, bool]:
    return {name: all(value.requires_grad for value in network.parameters()) for name, network in model.items()}


def test_only_the_named_network_asks_for_gradients_and_flags_come_back(model: nn.ModuleDict) -> None:
    update = updates(model)
    with update("G"):
        assert flags(model) == {"G": True, "D": False, "other": False}
        with update("D"):
            assert flags(model) == {"G": False, "D": True, "other": False}
        assert flags(model) == {"G": True, "D": False, "other": False}
    assert flags(model) == {"G": True, "D": True, "other": True}


def test_flags_come_back_after_an_error_too(model: nn.ModuleDict) -> None:
    with pytest.raises(KeyError), updates(model)("D"):
        raise KeyError
    assert flags(model) == {"G": True, "D": True, "other": True}


def test_minimise_steps_the_named_network_alone(model: nn.ModuleDict) -> None:
    before = {name: value.clone() for name, value in model.state_dict().items()}
    with updates(model)("D") as minimise:
        minimise(model["D"](model["G"](torch.ones(2, 3))).mean())
    changed = {name.split(".")[0] for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert changed == {"D"}


def one_step(model: nn.ModuleDict) -> dict[str, Tensor]:
    update = updates(model)
    with update("G") as minimise_G:
        fake = model["G"](torch.ones(2, 3))
        with update("D") as minimise_D:
            minimise_D(model["D"](fake.detach()).square().mean())
        minimise_G(model["D"](fake).square().mean())
    return {name: value.detach().clone() for name, value in model.state_dict().items()}


def test_an_image_made_before_d_learns_still_teaches_g_through_the_new_d(model: nn.ModuleDict) -> None:
    weight, bias = model["D"].weight.detach().clone(), model["D"].bias.detach().clone()
    bias_G = model["G"].bias.detach().clone()
    fake = model["G"](torch.ones(2, 3)).detach()
    score = (fake @ weight.t() + bias).mean()
    expected = weight - 0.1 * 2 * score * fake[:1]
    after = one_step(model)
    assert torch.allclose(after["D.weight"], expected, atol=1e-6)
    new_score = (fake @ expected.t() + (bias - 0.1 * 2 * score)).mean()
    assert torch.allclose(after["G.bias"], bias_G - 0.1 * 2 * new_score * expected[0], atol=1e-6)


def test_autocast_does_not_answer_with_weights_from_before_the_step(model: nn.ModuleDict) -> None:
    with torch.autocast("cpu", torch.bfloat16):
        update = Updates(model, {"D": torch.optim.SGD(model["D"].parameters(), 100.0)})
        with update("D") as minimise:
            before = model["D"](torch.ones(2, 3))
            minimise(before.float().mean())
            after = model["D"](torch.ones(2, 3))
    assert (before - after).abs().min() > 50
