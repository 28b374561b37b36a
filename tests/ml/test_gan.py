import pytest
import torch

from ml.model import Batch, DataSpec
from ml.models.gan import Gan, GanSettings
from ml.update import Updates

MNIST = DataSpec(28, 1, tuple("0123456789"), (5500,) * 10)


def build(num_classes: int = 2) -> Gan:
    torch.manual_seed(0)
    names = tuple(str(number) for number in range(num_classes))
    return Gan(DataSpec(16, 1, names, (5,) * num_classes), GanSettings(resolution=16))


def test_the_defaults_are_the_listing_s() -> None:
    settings = GanSettings()
    assert (settings.num_epochs, settings.batch_size, settings.learning_rate) == (200, 100, 2e-4)
    model = Gan(MNIST, settings)
    generator, discriminator = model.get_submodule("G.0"), model.get_submodule("D.0")
    shapes = [tuple(value.shape) for network in (generator, discriminator) for value in network.parameters()]
    assert shapes == [(256, 128), (256,), (784, 256), (784,), (256, 784), (256,), (1, 256), (1,)]
    for name, value in model.named_parameters():
        if name.endswith("bias"):
            assert not value.any()
        elif value.numel() > 1000:
            assert value.std().item() == pytest.approx(0.01, rel=0.02)
    assert model.optimizers()["G"].defaults["betas"] == (0.9, 0.999)
    assert settings.ema_half_life == 0


def test_an_epoch_is_every_class_in_whole_batches() -> None:
    settings = GanSettings()
    one = DataSpec(28, 1, ("all",), (55_000,))
    assert Gan.total_steps(settings, one) == 200 * 550
    assert Gan.total_steps(settings, MNIST) == 200 * 550
    assert Gan.total_steps(settings, DataSpec(28, 1, ("a", "b"), (30, 250))) == 200 * (1 + 2)
    assert Gan.total_steps(GanSettings(num_steps=9), MNIST) == 9


def test_samples_are_shown_after_epochs_1_10_20_to_200() -> None:
    epochs = [step / 550 for step in Gan.preview_steps(GanSettings(), MNIST)]
    assert epochs == [1, *range(10, 201, 10)]


def test_one_class_s_step_touches_that_class_alone_and_one_noise_serves_both(monkeypatch: pytest.MonkeyPatch) -> None:
    model = build()
    before = {name: value.clone() for name, value in model.state_dict().items()}
    drawn: list[torch.Tensor] = []
    randn = torch.randn
    monkeypatch.setattr(torch, "randn", lambda *size, **kinds: drawn.append(randn(*size, **kinds)) or drawn[-1])
    model.training_step(
        Batch(torch.rand(4, 1, 16, 16), torch.ones(4, dtype=torch.int64)), Updates(model, model.optimizers()), 1
    )
    assert len(drawn) == 1
    changed = {name for name, value in model.state_dict().items() if not torch.equal(value, before[name])}
    assert {name.rpartition(".")[0].rpartition(".")[0] for name in changed} == {"G.1", "D.1"}


def test_losses_are_the_seminar_s_formulas() -> None:
    model = build(1)
    losses: dict[str, float] = {}

    class Watched(Updates):
        def _minimise(self, name: str, loss: torch.Tensor) -> None:
            losses["D" if len(losses) == 0 else "G"] = loss.item()

    real = torch.rand(4, 1, 16, 16)
    torch.manual_seed(5)
    model.training_step(Batch(real, torch.zeros(4, dtype=torch.int64)), Watched(model, model.optimizers()), 1)
    torch.manual_seed(5)
    with torch.no_grad():
        fake = model.generate(torch.randn(4, model.z_dim), torch.zeros(4, dtype=torch.int64))
        D_real, D_fake = (torch.sigmoid(model.realism(x, torch.zeros(4, dtype=torch.int64))) for x in (real, fake))
    assert losses["D"] == pytest.approx((-D_real.log() - (1 - D_fake).log()).mean().item(), rel=1e-5)
    assert losses["G"] == pytest.approx(-D_fake.log().mean().item(), rel=1e-5)


def test_mixed_labels_go_through_their_own_networks_in_order() -> None:
    model = build(3).eval()
    z = model.noise(range(7))
    label = torch.tensor([2, 0, 1, 0, 2, 2, 1])
    together = model.generate(z, label)
    for row in range(7):
        assert torch.allclose(together[row], model.generate(z[row : row + 1], label[row : row + 1])[0], atol=1e-6)
    score = model.realism(together, label)
    assert torch.allclose(score[3:4], model.realism(together[3:4], label[3:4]), atol=1e-6)


def test_it_gives_realism_and_no_class_confidence() -> None:
    assert Gan.available_scores(GanSettings()) == {"realism"}


def test_images_are_in_zero_to_one() -> None:
    image = build().generate(torch.randn(9, 128) * 100, torch.zeros(9, dtype=torch.int64))
    assert image.min() >= 0
    assert image.max() <= 1
