import math
from typing import get_args

import pytest
import torch

from ml.augment import (
    CUTOUT,
    MAX_SHIFT,
    MAX_TURN,
    MAX_ZOOM,
    Policy,
    colour,
    cutout,
    diff_augment,
    geometry,
    translation,
)

IMAGE = torch.rand(32, 3, 16, 16, generator=torch.Generator().manual_seed(0)) * 2 - 1


def test_no_policy_gives_the_very_same_tensor() -> None:
    assert diff_augment(IMAGE, "none") is IMAGE


@pytest.mark.parametrize("policy", [policy for policy in get_args(Policy) if policy != "none"])
def test_every_policy_keeps_the_shape_and_lets_gradients_through_to_every_image(policy: Policy) -> None:
    torch.manual_seed(0)
    image = IMAGE.clone().requires_grad_()
    seen = diff_augment(image, policy)
    assert seen.shape == image.shape
    seen.square().sum().backward()
    assert image.grad is not None
    assert (image.grad.flatten(1).abs().sum(1) > 0).all()


@pytest.mark.parametrize("part", [colour, geometry, translation, cutout])
def test_each_transform_has_the_gradient_that_small_differences_show(part: object) -> None:
    image = IMAGE[:2, :, :5, :5].double().requires_grad_()

    def frozen(value: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(3)
        return part(value)  # type: ignore[operator, no-any-return]

    assert torch.autograd.gradcheck(frozen, (image,))


def test_translation_moves_by_whole_pixels_within_the_limit_and_fills_with_mid_grey() -> None:
    torch.manual_seed(1)
    number, side = 200, 16
    most = int(side * MAX_SHIFT + 0.5)
    image = torch.zeros(number, 1, side, side)
    image[:, :, 8, 5] = 1.0
    moved = translation(image)
    places = moved.nonzero()
    assert len(places) == number
    shifts = places[:, 2:] - torch.tensor([8, 5])
    assert shifts.abs().max() == most
    assert len(shifts.unique(dim=0)) == (2 * most + 1) ** 2
    ones = translation(torch.ones(number, 1, side, side))
    assert set(ones.unique().tolist()) == {0.0, 1.0}


def test_geometry_turns_and_zooms_about_the_middle_within_its_limits() -> None:
    torch.manual_seed(1)
    side = 64
    place = (torch.arange(side) + 0.5) / side * 2 - 1
    # a spot on the right, where x and y say angle and distance; bright enough to be found by its centre of mass
    spot = torch.exp(-((place[None, :] - 0.5) ** 2 + place[:, None] ** 2) / 0.005).expand(400, 1, -1, -1)
    seen = geometry(spot)
    weight = seen / seen.sum((1, 2, 3), keepdim=True)
    x, y = (weight * place).sum((1, 2, 3)), (weight * place[:, None]).sum((1, 2, 3))
    angle, zoom = torch.atan2(y, x), torch.hypot(x, y) / 0.5
    assert angle.abs().max() <= MAX_TURN + 0.01
    assert min(angle.max(), -angle.min()) > 0.9 * MAX_TURN
    assert zoom.log().abs().max() <= math.log(MAX_ZOOM) + 0.01
    assert min(zoom.log().max(), -zoom.log().min()) > 0.9 * math.log(MAX_ZOOM)
    assert abs(torch.corrcoef(torch.stack([angle, zoom]))[0, 1].item()) < 0.15


def test_translation_moves_all_channels_of_an_image_together() -> None:
    torch.manual_seed(1)
    image = IMAGE[:, :1].expand(-1, 3, -1, -1)
    moved = translation(image)
    assert torch.equal(moved[:, 0], moved[:, 1])
    assert torch.equal(moved[:, 0], moved[:, 2])


def test_cutout_hides_at_most_a_square_of_half_the_side_and_at_least_its_quarter() -> None:
    torch.manual_seed(2)
    side = 16
    hidden = (cutout(torch.ones(300, 3, side, side)) == 0)[:, 0].flatten(1).sum(1)
    size = int(side * CUTOUT + 0.5)
    assert hidden.max() == size**2
    assert hidden.min() >= (size // 2) ** 2


def test_colour_keeps_a_grey_image_grey_and_moves_its_brightness_by_at_most_half() -> None:
    torch.manual_seed(3)
    seen = colour(torch.zeros(500, 3, 4, 4))
    assert torch.equal(seen[:, 0], seen[:, 2])
    assert seen.abs().max() <= 0.5
    assert seen.abs().max() > 0.45
    assert colour(IMAGE[:, :1]).shape == (32, 1, 16, 16)


def test_every_image_of_a_batch_is_moved_by_a_draw_of_its_own() -> None:
    torch.manual_seed(4)
    same = IMAGE[:1].expand(32, -1, -1, -1)
    assert len({image.numpy().tobytes() for image in diff_augment(same, "colour,translation,cutout")}) == 32


def test_a_chance_decides_for_each_image_and_part_whether_it_is_transformed() -> None:
    torch.manual_seed(5)
    image = IMAGE[:1].expand(2000, -1, -1, -1)
    corner = (5 / 17) ** 2  # how often cutout hides the corner that is looked at: 5 of 17 places either way
    for chance in (0.0, 0.3, 1.0):
        seen = diff_augment(image, "colour,cutout", torch.tensor(chance))
        coloured = (seen != image)[:, :, 0, 0].any(1) & (seen != 0)[:, :, 0, 0].all(1)
        cut = (seen == 0).all(1).flatten(1).any(1)
        assert coloured.float().mean().item() == pytest.approx(chance * (1 - chance * corner), abs=0.05)
        assert cut.float().mean().item() == pytest.approx(chance, abs=0.04)
        assert (coloured & cut).float().mean().item() == pytest.approx(chance**2 * (1 - corner), abs=0.05)


def test_no_chance_leaves_every_image_and_its_gradient_as_it_is() -> None:
    image = IMAGE.clone().requires_grad_()
    seen = diff_augment(image, "colour,translation,cutout", torch.tensor(0.0))
    assert torch.equal(seen, image)
    seen.sum().backward()
    assert image.grad is not None
    assert torch.equal(image.grad, torch.ones_like(image))


def test_a_chance_of_one_half_lets_gradients_through_to_every_image() -> None:
    torch.manual_seed(6)
    image = IMAGE.clone().requires_grad_()
    diff_augment(image, "colour,translation,cutout", torch.tensor(0.5)).square().sum().backward()
    assert image.grad is not None
    assert image.grad.isfinite().all()
    assert (image.grad.flatten(1).abs().sum(1) > 0).all()
