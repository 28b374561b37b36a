"""Every loss against its formula, computed by hand."""

import math

import pytest
import torch

from ml.losses import ADVERSARIAL, gradient_penalty

REAL, FAKE = torch.tensor([2.0, -0.5]), torch.tensor([-1.5, 0.25])


def sigmoid(value: float) -> float:
    return 1 / (1 + math.exp(-value))


def test_non_saturating_is_minus_log_of_the_right_answers() -> None:
    loss = ADVERSARIAL["non_saturating"]
    real = -(math.log(sigmoid(2.0)) + math.log(sigmoid(-0.5))) / 2
    fake = -(math.log(1 - sigmoid(-1.5)) + math.log(1 - sigmoid(0.25))) / 2
    assert loss.D(REAL, FAKE).item() == pytest.approx(real + fake, rel=1e-6)
    assert loss.G(FAKE).item() == pytest.approx(-(math.log(sigmoid(-1.5)) + math.log(sigmoid(0.25))) / 2, rel=1e-6)


def test_non_saturating_stays_finite_where_the_sigmoid_is_exactly_0_or_1() -> None:
    loss = ADVERSARIAL["non_saturating"]
    assert loss.D(torch.tensor([-200.0]), torch.tensor([200.0])).item() == pytest.approx(400.0)
    assert loss.G(torch.tensor([-200.0])).item() == pytest.approx(200.0)


def test_hinge_ignores_what_is_right_by_a_margin_of_one() -> None:
    loss = ADVERSARIAL["hinge"]
    assert loss.D(REAL, FAKE).item() == pytest.approx((0 + 1.5) / 2 + (0 + 1.25) / 2)
    assert loss.G(FAKE).item() == pytest.approx((1.5 - 0.25) / 2)


def test_wgan_gp_is_the_difference_of_mean_scores_and_asks_for_its_penalty() -> None:
    loss = ADVERSARIAL["wgan_gp"]
    assert loss.D(REAL, FAKE).item() == pytest.approx((-1.5 + 0.25) / 2 - (2.0 - 0.5) / 2)
    assert loss.G(FAKE).item() == pytest.approx((1.5 - 0.25) / 2)
    assert [name for name, one in ADVERSARIAL.items() if one.needs_penalty] == ["wgan_gp"]


def test_each_player_gains_by_moving_scores_its_own_way() -> None:
    for loss in ADVERSARIAL.values():
        real, fake = torch.zeros(4, requires_grad=True), torch.zeros(4, requires_grad=True)
        slope_real, slope_fake = torch.autograd.grad(loss.D(real, fake), (real, fake))
        assert (slope_real < 0).all()
        assert (slope_fake > 0).all()
        score = torch.zeros(4, requires_grad=True)
        (slope_score,) = torch.autograd.grad(loss.G(score), score)
        assert (slope_score < 0).all()


@pytest.mark.parametrize("slope", [0.0, 0.5, 1.0, 3.0])
def test_the_penalty_of_a_linear_critic_is_its_slope_minus_one_squared(slope: float) -> None:
    direction = torch.randn(1, 3, 8, 8)
    direction *= slope / direction.norm()
    penalty = gradient_penalty(
        lambda image: (image * direction).sum((1, 2, 3)), torch.randn(5, 3, 8, 8), torch.randn(5, 3, 8, 8)
    )
    assert penalty.item() == pytest.approx((slope - 1) ** 2, abs=1e-5)


def test_the_penalty_teaches_the_critic_and_not_the_images() -> None:
    gain = torch.tensor(0.5, requires_grad=True)
    fake = torch.randn(4, 1, 4, 4, requires_grad=True)
    gradient_penalty(lambda image: gain * image.sum((1, 2, 3)), torch.randn(4, 1, 4, 4), fake).backward()
    # |gradient| = gain * sqrt(16); d/dgain (4 gain - 1)^2 = 8 (4 gain - 1) = 8
    assert gain.grad is not None
    assert gain.grad.item() == pytest.approx(8.0, abs=1e-3)
    assert fake.grad is None


def test_the_penalty_is_computed_in_fp32_under_autocast() -> None:
    weight = torch.randn(16, 16)
    weight /= torch.linalg.matrix_norm(weight, 2)
    row = torch.randn(16)

    def critic(image: torch.Tensor) -> torch.Tensor:
        return image.flatten(1) @ weight @ row

    real, fake = torch.randn(6, 1, 4, 4), torch.randn(6, 1, 4, 4)
    expected = ((weight @ row).norm() - 1) ** 2
    with torch.autocast("cpu", torch.bfloat16):
        penalty = gradient_penalty(critic, real, fake)
    assert penalty.dtype == torch.float32
    assert penalty.item() == pytest.approx(expected.item(), rel=1e-5)
