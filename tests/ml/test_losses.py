"""Every loss against its formula, computed by hand in float64, and against what its discriminator tends to."""

import math
from collections.abc import Callable
from typing import cast

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.losses import ADVERSARIAL, EVEN_LOSS, AdversarialName, began_D, began_G, gradient_penalty, r1_penalty

REAL, FAKE = torch.tensor([2.0, -0.5]), torch.tensor([-1.5, 0.25])
Floats = NDArray[np.float64]

# the paper's table 6 by its own letters: f, its conjugate f*, the output activation g_f, and f'(1)
F_GAN: dict[
    AdversarialName,
    tuple[Callable[[Floats], Floats], Callable[[Floats], Floats], Callable[[Floats], Floats], float],
] = {
    "f_kl": (lambda u: u * np.log(u), lambda t: np.exp(t - 1), lambda v: v, 1.0),
    "f_reverse_kl": (lambda u: -np.log(u), lambda t: -1 - np.log(-t), lambda v: -np.exp(-v), -1.0),
    "f_pearson": (lambda u: (u - 1) ** 2, lambda t: t**2 / 4 + t, lambda v: v, 0.0),
    "f_squared_hellinger": (lambda u: (np.sqrt(u) - 1) ** 2, lambda t: t / (1 - t), lambda v: 1 - np.exp(-v), 0.0),
    "f_jensen_shannon": (
        lambda u: -(u + 1) * np.log((1 + u) / 2) + u * np.log(u),
        lambda t: -np.log(2 - np.exp(t)),
        lambda v: np.log(2) - np.log(1 + np.exp(-v)),
        0.0,
    ),
    "f_total_variation": (lambda u: abs(u - 1) / 2, lambda t: t, lambda v: np.tanh(v) / 2, 0.0),
}
every_f_divergence = pytest.mark.parametrize("name", F_GAN)

# two distributions over four outcomes, as samples: the means over the batch are then the exact expectations
P, Q = np.array([5, 2, 2, 1]) / 10, np.array([1, 3, 2, 4]) / 10
REAL_OUTCOMES, FAKE_OUTCOMES = (
    torch.arange(4).repeat_interleave(torch.from_numpy(10 * x).round().int()) for x in (P, Q)
)


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


def test_minimax_is_the_value_function_with_its_sign_turned_for_each_player() -> None:
    loss = ADVERSARIAL["minimax"]
    real = (math.log(sigmoid(2.0)) + math.log(sigmoid(-0.5))) / 2
    fake = (math.log(1 - sigmoid(-1.5)) + math.log(1 - sigmoid(0.25))) / 2
    assert loss.D(REAL, FAKE).item() == pytest.approx(-(real + fake), rel=1e-6)
    assert loss.G(FAKE).item() == pytest.approx(fake, rel=1e-6)


def test_lsgan_is_half_the_squared_distance_to_one_for_real_and_to_zero_for_fake() -> None:
    loss = ADVERSARIAL["lsgan"]
    real, fake = (1.0**2 + 1.5**2) / 2, (1.5**2 + 0.25**2) / 2
    assert loss.D(REAL, FAKE).item() == pytest.approx((real + fake) / 2)
    assert loss.G(FAKE).item() == pytest.approx((2.5**2 + 0.75**2) / 4)


@every_f_divergence
def test_an_f_divergence_is_the_papers_bound_which_g_lowers_or_whose_witness_it_raises(name: AdversarialName) -> None:
    _, conjugate, activation, _ = F_GAN[name]
    real, fake = REAL.double().numpy(), FAKE.double().numpy()
    loss = ADVERSARIAL[name]
    bound = activation(real).mean() - conjugate(activation(fake)).mean()
    assert loss.D(REAL, FAKE).item() == pytest.approx(-bound, rel=1e-5)
    lowered = conjugate if name == "f_reverse_kl" else lambda t: t
    assert loss.G(FAKE).item() == pytest.approx(-lowered(activation(fake)).mean(), rel=1e-5)


@every_f_divergence
def test_the_conjugate_is_the_greatest_distance_of_a_line_from_f(name: AdversarialName) -> None:
    f, _, activation, _ = F_GAN[name]
    u = np.geomspace(1e-6, 1e6, 200_001)
    for score in (-1.25, -0.3, 0.4, 1.1):
        slope = activation(np.array(score))
        # D's loss is f*(g_f(v_fake)) - g_f(v_real)
        loss = ADVERSARIAL[name].D(torch.zeros(1).double(), torch.tensor([score]).double()).item()
        assert loss + activation(np.array(0.0)) == pytest.approx((u * slope - f(u)).max(), rel=1e-4, abs=1e-5)


@every_f_divergence
def test_the_best_discriminator_measures_the_divergence(name: AdversarialName) -> None:
    f, _, activation, _ = F_GAN[name]
    score, least = best_scores(name)
    assert -least == pytest.approx((Q * f(P / Q)).sum(), rel=1e-5)
    if name != "f_total_variation":  # whose witness is known only where p and q agree
        slope = (f(P / Q + 1e-6) - f(P / Q - 1e-6)) / 2e-6
        assert activation(score) == pytest.approx(slope, rel=1e-3, abs=1e-3)


@pytest.mark.parametrize("name", sorted(set(ADVERSARIAL) - {"minimax", "f_total_variation"}))
def test_g_keeps_its_slope_where_d_is_sure(name: AdversarialName) -> None:
    score = torch.tensor([-8.0], requires_grad=True)
    (slope,) = torch.autograd.grad(ADVERSARIAL[name].G(score), score)
    assert slope.item() <= -0.99


@pytest.mark.parametrize(
    ("name", "least"),
    [
        ("minimax", -(P * np.log(P / (P + Q)) + Q * np.log(Q / (P + Q))).sum()),
        ("non_saturating", -(P * np.log(P / (P + Q)) + Q * np.log(Q / (P + Q))).sum()),
        ("lsgan", (P * Q / (P + Q)).sum() / 2),
        ("hinge", 2 * np.minimum(P, Q).sum()),
    ],
)
def test_the_best_discriminator_reaches_the_known_least_loss(name: AdversarialName, least: float) -> None:
    assert best_scores(name)[1] == pytest.approx(least, rel=1e-5)


def best_scores(name: AdversarialName) -> tuple[Floats, float]:
    """(the score of each outcome that makes D's loss least, that loss), by trying all of -10..10."""
    D = ADVERSARIAL[name].D
    grid = torch.linspace(-10, 10, 20_001, dtype=torch.float64)
    best = torch.zeros(4, dtype=torch.float64)
    # the loss is a sum over outcomes, so that each one's best score can be found with the others at 0
    for outcome in range(4):
        tried = torch.zeros(len(grid), 4, dtype=torch.float64)
        tried[:, outcome] = grid
        losses = torch.vmap(lambda score: D(score[REAL_OUTCOMES], score[FAKE_OUTCOMES]))(tried)
        best[outcome] = grid[losses.argmin()]
    return best.numpy(), D(best[REAL_OUTCOMES], best[FAKE_OUTCOMES]).item()


def test_jensen_shannon_is_the_non_saturating_game_counted_from_no_divergence() -> None:
    one, other = ADVERSARIAL["f_jensen_shannon"], ADVERSARIAL["non_saturating"]
    assert one.D(REAL, FAKE).item() == pytest.approx(other.D(REAL, FAKE).item() - 2 * math.log(2), abs=1e-6)
    assert one.G(FAKE).item() == pytest.approx(other.G(FAKE).item() - math.log(2), abs=1e-6)


@pytest.mark.parametrize("name", ADVERSARIAL)
def test_an_undecided_d_gains_nothing_by_another_score_where_real_and_fake_are_alike(name: AdversarialName) -> None:
    loss = ADVERSARIAL[name]
    if loss.undecided is None:
        assert name == "wgan_gp"
        return
    score = torch.tensor([loss.undecided], requires_grad=True)
    (slope,) = torch.autograd.grad(loss.D(score, score), score)
    assert slope.item() == pytest.approx(0.0, abs=1e-7)
    if name in F_GAN:
        _, _, activation, slope_of_f_at_1 = F_GAN[name]
        assert activation(np.array(loss.undecided)) == pytest.approx(slope_of_f_at_1)


def test_began_weighs_the_error_on_fake_by_k() -> None:
    error_real, error_fake = torch.tensor([0.2, 0.4]), torch.tensor([0.1, 0.7])
    assert began_D(-error_real, -error_fake, torch.tensor(0.25)).item() == pytest.approx(0.3 - 0.25 * 0.4)
    assert began_G(-error_fake).item() == pytest.approx(0.4)


def test_each_player_gains_by_moving_scores_its_own_way() -> None:
    for loss in ADVERSARIAL.values():
        real, fake = (torch.full((4,), 0.25, requires_grad=True) for _ in range(2))
        slope_real, slope_fake = torch.autograd.grad(loss.D(real, fake), (real, fake))
        assert (slope_real < 0).all()
        assert (slope_fake > 0).all()
        score = torch.full((4,), 0.25, requires_grad=True)
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


@pytest.mark.parametrize("slope", [0.0, 0.5, 3.0])
def test_r1_of_a_linear_critic_is_half_its_squared_slope(slope: float) -> None:
    direction = torch.randn(1, 3, 8, 8)
    direction *= slope / direction.norm()
    penalty = r1_penalty(lambda image: (image * direction).sum((1, 2, 3)), torch.randn(5, 3, 8, 8))
    assert penalty.item() == pytest.approx(slope**2 / 2, abs=1e-5)


def test_r1_is_taken_at_the_images_themselves_and_teaches_the_critic_alone() -> None:
    gain = torch.tensor(0.5, requires_grad=True)
    real = torch.randn(4, 1, 4, 4, requires_grad=True)
    penalty = r1_penalty(lambda image: gain * image.square().sum((1, 2, 3)), real)
    # the slope at x is 2 gain x
    expected = 2 * 0.5**2 * real.detach().square().sum((1, 2, 3)).mean()
    assert penalty.item() == pytest.approx(expected.item(), rel=1e-5)
    penalty.backward()  # type: ignore[no-untyped-call]
    assert gain.grad is not None
    assert gain.grad.item() == pytest.approx(2 * expected.item() / 0.5, rel=1e-5)
    assert real.grad is None


@pytest.mark.parametrize("name", sorted(EVEN_LOSS))
def test_the_loss_of_a_D_that_cannot_tell_is_what_health_takes_it_for_and_that_of_a_sure_one_nothing(name: str) -> None:
    loss = ADVERSARIAL[cast(AdversarialName, name)]
    assert loss.undecided is not None
    undecided = torch.full((4,), loss.undecided)
    assert loss.D(undecided, undecided).item() == pytest.approx(EVEN_LOSS[name])
    sure = (1.0, 0.0) if name == "lsgan" else (30.0, -30.0)
    assert loss.D(torch.full((4,), sure[0]), torch.full((4,), sure[1])).item() == pytest.approx(0.0, abs=1e-6)
