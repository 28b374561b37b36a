"""How pictures look in numbers, and which of them stand out as what."""

from dataclasses import dataclass

import numpy as np
import pytest
from PIL import Image, ImageFilter

from ml.image_file import is_grey, thumbnail
from ml.issues import judge
from ml.look import Look, look_of


def detailed(seed: int, side: int = 128) -> Image.Image:
    """Shapes of every size, as photos have them, in colour."""
    rng = np.random.default_rng(seed)
    sizes = [4 * 2**step for step in range(8) if 4 * 2**step <= side]
    layers = [
        np.asarray(Image.fromarray(rng.integers(0, 256, (size, size, 3), np.uint8)).resize((side, side)), float)
        for size in sizes
    ]
    mixed = sum(layer / 2**0.5**place for place, layer in enumerate(layers)) / len(layers)
    return Image.fromarray((40 + 0.75 * np.asarray(mixed)).clip(0, 255).astype(np.uint8))


def lighter(image: Image.Image, factor: float, offset: float = 0) -> Image.Image:
    return image.point(lambda level: level * factor + offset)


def test_brightness_and_its_ends_are_those_of_the_pixels() -> None:
    pixels = np.arange(256, dtype=np.uint8).reshape(16, 16)
    look = look_of(Image.fromarray(pixels))
    assert look["brightness"] == pytest.approx(pixels.mean(), abs=0.01)
    assert (look["darkest"], look["lightest"]) == (12, 253)
    assert look["entropy"] == pytest.approx(8)


def test_sharpness_falls_with_blur_and_not_with_contrast() -> None:
    sharp = detailed(1)
    steps = [look_of(sharp.filter(ImageFilter.GaussianBlur(radius)))["sharpness"] for radius in (0, 1, 3)]
    assert steps == sorted(steps, reverse=True)
    assert steps[0] > 0.45
    assert steps[-1] < 0.3
    assert look_of(lighter(sharp, 0.4, 60))["sharpness"] == pytest.approx(steps[0], rel=0.05)


def test_a_ramp_has_no_detail_and_one_tone_counts_as_sharp() -> None:
    ramp = Image.fromarray(np.tile(np.arange(0, 256, 2, dtype=np.uint8), (128, 1)))
    assert look_of(ramp)["sharpness"] == pytest.approx(0.25, abs=0.02)
    blank = look_of(Image.new("RGB", (64, 64), (90, 90, 90)))
    assert (blank["sharpness"], blank["entropy"], blank["brightness"]) == (1, 0, 90)


@pytest.mark.parametrize("size", [(8, 8), (9, 160), (256, 13)])
def test_any_size_of_thumbnail_has_a_look(size: tuple[int, int]) -> None:
    look = look_of(detailed(2).resize(size))
    assert all(np.isfinite(value) for value in look.values())  # type: ignore[call-overload]


def test_a_few_pixels_of_colour_are_still_found() -> None:
    image = Image.new("RGB", (200, 200), (90, 90, 90))
    assert is_grey(image)
    image.putpixel((1, 198), (90, 90, 99))
    assert not is_grey(image)


# --- issues -------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Seen:
    look: Look | None
    width: int
    height: int
    is_grey: bool


def seen(image: Image.Image) -> Seen:
    small = thumbnail(image, 1)
    return Seen(look_of(small), image.width, image.height, is_grey(small))


PHOTOS = [seen(detailed(seed)) for seed in range(20)]
ODD = {
    "dark": lighter(detailed(30), 0.25),
    "light": lighter(detailed(30), 0.02, 248),
    "blurry": detailed(30).filter(ImageFilter.GaussianBlur(3)),
    "low_information": Image.merge(
        "RGB", [detailed(30).convert("L").point(lambda level: 60 * (level > 128)) for _ in "RGB"]
    ),
    "odd_aspect_ratio": detailed(30, 256).resize((300, 60)),
    "odd_size": detailed(30, 512).resize((500, 500)),
    "grayscale": detailed(30).convert("L"),
}


@pytest.mark.parametrize("issue", ODD)
def test_the_one_that_is_unlike_the_others_has_its_issue(issue: str) -> None:
    judgement = judge([*PHOTOS, seen(ODD[issue])])
    assert judgement.issues[:-1] == [()] * len(PHOTOS)
    assert issue in judgement.issues[-1]
    assert judgement.usual == []


def test_what_most_images_are_is_usual_and_no_issue() -> None:
    images = [seen(ODD["dark"].convert("L"))] * 3 + PHOTOS[:2]
    judgement = judge(images)
    assert {"dark", "grayscale"} <= set(judgement.usual)
    assert all(not {"dark", "grayscale"} & set(issues) for issues in judgement.issues)


def test_sizes_are_odd_only_beyond_the_spread_that_the_dataset_has() -> None:
    def of_sides(*sides: int) -> list[Seen]:
        return [Seen(PHOTOS[0].look, side, side, False) for side in sides]

    assert all(issues == () for issues in judge(of_sides(100, 200, 400, 800, 1600, 3200)).issues)
    assert judge(of_sides(*[200] * 6, 1600)).issues[-1] == ("odd_size",)


def test_images_without_a_look_are_judged_by_what_is_known() -> None:
    images = [*PHOTOS, Seen(None, 128, 128, False), Seen(None, 128, 128, True)]
    assert judge(images).issues[-2:] == [(), ("grayscale",)]
