"""ADA's chance follows the signs of D's scores of real images."""

import pytest
import torch

from ml.adaptive_augment import ADJUST_EVERY, AdaptiveChance


def watch(chance: AdaptiveChance, logits_real: torch.Tensor, steps: int, first: int = 1) -> list[float]:
    """r_t as it was told, over some steps with the same scores."""
    told = []
    for step in range(first, first + steps):
        scalars = chance.watch(logits_real, step)
        assert ("augment/r_t" in scalars) is (step % ADJUST_EVERY == 0)
        if "augment/r_t" in scalars:
            told.append(scalars["augment/r_t"].item())
    return told


def test_r_t_is_the_mean_sign_over_all_real_images_since_the_last_adjustment() -> None:
    chance = AdaptiveChance(target=0.6, images=1000, undecided=0.0)
    scores = [[3.0, 0.1, -5.0], [1.0, 2.0, -0.1], [0.5, 0.5, 0.5], [-9.0, 0.2, 0.0]]
    told = [chance.watch(torch.tensor(row), step) for step, row in enumerate(scores, 1)]
    assert told[-1]["augment/r_t"].item() == pytest.approx((1 + 1 + 3 + 0) / 12)
    assert watch(chance, torch.tensor([-1.0, 2.0]), ADJUST_EVERY, first=5) == [0.0]


def test_p_goes_from_0_to_1_within_the_stated_images_and_no_further() -> None:
    chance = AdaptiveChance(target=0.6, images=320, undecided=0.0)
    real = torch.ones(16)  # as overfitted as can be
    for turn in range(1, 6):
        watch(chance, real, ADJUST_EVERY)
        assert chance.p.item() == pytest.approx(turn * 16 * ADJUST_EVERY / 320)
    watch(chance, real, 3 * ADJUST_EVERY)
    assert chance.p.item() == 1.0


def test_p_falls_where_d_overfits_less_than_wanted_and_not_below_0() -> None:
    chance = AdaptiveChance(target=0.6, images=640, undecided=0.0)
    watch(chance, torch.ones(16), 4 * ADJUST_EVERY)
    before = chance.p.item()
    assert watch(chance, torch.tensor([1.0] * 12 + [-1.0] * 4), ADJUST_EVERY) == [0.5]
    assert chance.p.item() == pytest.approx(before - 0.1)
    watch(chance, -torch.ones(16), 9 * ADJUST_EVERY)
    assert chance.p.item() == 0.0


def test_signs_are_counted_around_the_score_of_an_undecided_d() -> None:
    real = torch.tensor([0.4, 0.6, 0.9, 2.0])
    for undecided, expected in ((0.0, 1.0), (0.5, 0.5), (1.0, -0.5)):
        assert watch(AdaptiveChance(0.6, 1000, undecided), real, ADJUST_EVERY) == [expected]


def test_a_state_carried_over_between_adjustments_goes_on_as_if_nothing_had_happened() -> None:
    torch.manual_seed(0)
    scores = torch.randn(11, 8) + 0.5
    whole, first, second = (AdaptiveChance(0.3, 100, 0.0) for _ in range(3))
    for step, row in enumerate(scores, 1):
        whole.watch(row, step)
    for step, row in enumerate(scores[:6], 1):
        first.watch(row, step)
    second.load_state_dict(first.state_dict())
    for step, row in enumerate(scores[6:], 7):
        second.watch(row, step)
    assert 0 < whole.p.item() < 1
    assert all(torch.equal(value, second.state_dict()[name]) for name, value in whole.state_dict().items())
