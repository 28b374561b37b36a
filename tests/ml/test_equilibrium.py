"""BEGAN's balance, by the paper's own formulas."""

import pytest
import torch

from ml.equilibrium import Equilibrium
from ml.layers.autoencoder import Autoencoder
from ml.model import DataSpec


def test_k_follows_the_papers_update_and_stays_within_0_and_1() -> None:
    equilibrium = Equilibrium(gamma=0.5, rate=0.2)
    k = 0.0
    for error_real, error_fake in ((0.8, 0.1), (0.6, 0.4), (0.9, 0.2), (0.1, 9.0), (90.0, 1.0), (1.0, 1.0)):
        excess = 0.5 * error_real - error_fake
        scalars = equilibrium.move(torch.full((3,), -error_real), torch.full((3,), -error_fake))
        k = min(max(k + 0.2 * excess, 0.0), 1.0)
        assert scalars["began/k"].item() == pytest.approx(k, abs=1e-6)
        assert scalars["began/convergence"].item() == pytest.approx(error_real + abs(excess), rel=1e-6)


def test_d_s_loss_takes_k_as_it_is_now() -> None:
    equilibrium = Equilibrium(gamma=1.0, rate=1.0)
    loss = equilibrium.loss()
    real, fake = torch.tensor([-0.3, -0.5]), torch.tensor([-0.1, -0.1])
    assert loss.D(real, fake).item() == pytest.approx(0.4)
    equilibrium.move(real, fake)
    assert equilibrium.k.item() == pytest.approx(0.3)
    assert loss.D(real, fake).item() == pytest.approx(0.4 - 0.3 * 0.1)
    assert loss.G(fake).item() == pytest.approx(0.1)
    assert loss.undecided is None


@pytest.mark.parametrize("resolution", [16, 17, 30, 64])
@pytest.mark.parametrize("channels", [1, 3])
def test_the_score_is_minus_the_mean_absolute_error_of_each_image_by_itself(resolution: int, channels: int) -> None:
    torch.manual_seed(0)
    D = Autoencoder(DataSpec(resolution, channels, ("a", "b"), (5, 5)), 4, 10, 6, class_head=True)
    image, label = torch.rand(3, channels, resolution, resolution) * 2 - 1, torch.tensor([0, 1, 1])
    scores, classes = D(image, label)
    again = D.reconstruction(D.features(image), label)
    assert again.shape == image.shape
    expected = torch.stack([-(one - other).abs().mean() for one, other in zip(image, again, strict=True)])
    assert torch.allclose(scores, expected, atol=1e-6)
    assert classes is not None
    assert classes.shape == (3, 2)
    alone, _ = D(image[1:2], label[1:2])
    assert alone.item() == pytest.approx(scores[1].item(), abs=1e-5)


def test_an_untrained_autoencoder_neither_fades_nor_explodes() -> None:
    torch.manual_seed(0)
    D = Autoencoder(DataSpec(64, 3, ("a", "b"), (5, 5)), 16, 100, 32, class_head=False)
    image = torch.randn(8, 3, 64, 64)
    spread = D.reconstruction(D.features(image), torch.zeros(8, dtype=torch.int64)).std().item()
    assert 0.1 < spread < 3
    assert D(image, torch.zeros(8, dtype=torch.int64))[1] is None
