"""The networks of a study: what they are given, how it is drawn, and that they learn from nothing else."""

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from ml.arms import read_arm
from ml.child import BATCH, Labelled, chances, probabilities, train_child
from ml.child_augment import mixed, transformed
from ml.study_settings import GEOMETRIC, USUAL, ChildName, GeometricTransform
from tests.ml.tiny_data import SHAPES, render

CPU = torch.device("cpu")


def shapes(per_class: int, first: int = 0) -> Labelled:
    pixels = [
        np.asarray(render(name, first + number, size=16))[..., None] for name in SHAPES for number in range(per_class)
    ]
    return Labelled(np.stack(pixels), np.repeat(np.arange(3), per_class).astype(np.int64))


@pytest.mark.parametrize(("name", "num_steps"), [("small_cnn", 60), ("resnet", 24)])
def test_a_child_learns_and_is_the_same_once_more(name: ChildName, num_steps: int) -> None:
    real, held_out = shapes(20), shapes(20, first=100)
    before = torch.random.get_rng_state()
    nets = [train_child(name, read_arm("none"), real, None, 3, num_steps, 5, CPU) for _ in range(2)]
    told = [probabilities(net, held_out.pixels, CPU) for net in nets]
    assert np.array_equal(told[0], told[1])
    assert told[0].sum(axis=1) == pytest.approx(np.ones(60), abs=1e-5)
    assert (told[0].argmax(axis=1) == held_out.label).mean() > 0.6
    assert torch.equal(torch.random.get_rng_state(), before)


@pytest.mark.parametrize(
    ("arm", "expected"),
    [
        ("none", [1 / 5] * 5),
        ("balanced", [1 / 6, 1 / 6, 1 / 6, 1 / 4, 1 / 4]),
        ("random:1x@0.4", [0.2, 0.2, 0.2, 0.2, 0.2]),
        ("balanced+random:1x@0.4", [0.15, 0.15, 0.3, 0.2, 0.2]),
        ("synthetic_only+random:1x", [0, 0, 0, 0.5, 0.5]),
    ],
)
def test_chances_of_three_real_and_two_synthetic_images(arm: str, expected: list[float]) -> None:
    real, synthetic = np.array([0, 0, 1]), np.array([1, 1])
    if arm == "balanced":
        synthetic = np.array([1, 2])
        expected = [1 / 6, 1 / 6, 1 / 6, 1 / 6, 1 / 3]
    assert chances(read_arm(arm), real, synthetic) == pytest.approx(expected)


def test_with_synthetic_images_alone_what_real_ones_show_does_not_matter() -> None:
    synthetic = shapes(8)
    told: list[NDArray[np.float32]] = []
    for real in (shapes(4), Labelled(np.zeros_like(shapes(4).pixels), shapes(4).label)):
        net = train_child("small_cnn", read_arm("synthetic_only+random:1x"), real, synthetic, 3, 4, 0, CPU)
        told.append(probabilities(net, synthetic.pixels, CPU))
    assert np.array_equal(told[0], told[1])


def test_logit_adjustment_lifts_the_rare_class() -> None:
    rng = np.random.default_rng(0)
    label = np.repeat([0, 1], [180, 20]).astype(np.int64)
    pixels = rng.integers(0, 256, (200, 16, 16, 1), dtype=np.uint8)  # nothing to tell the classes apart by
    other = rng.integers(0, 256, (100, 16, 16, 1), dtype=np.uint8)
    plain, adjusted = (
        probabilities(train_child("small_cnn", read_arm(arm), Labelled(pixels, label), None, 2, 20, 0, CPU), other, CPU)
        for arm in ("none", "logit_adjusted")
    )
    assert adjusted[:, 1].mean() > plain[:, 1].mean() + 0.1


@pytest.mark.parametrize("transforms", ["geometric", "trivial_augment"])
def test_transformed_images_differ_by_image_and_stay_in_range(transforms: str) -> None:
    torch.manual_seed(0)
    image = torch.rand(1, 3, 16, 16).expand(BATCH, -1, -1, -1) * 2 - 1
    changed = transformed(image, transforms)  # type: ignore[arg-type]
    assert changed.shape == image.shape
    assert changed.abs().max() <= 1
    assert len({one.numpy().tobytes() for one in changed}) > BATCH // 2
    assert transformed(image, "none") is image


def test_an_image_without_structure_stays_as_it_is_under_geometry() -> None:
    image = torch.full((8, 1, 16, 16), 0.25)
    assert torch.allclose(transformed(image, "geometric"), image, atol=1e-6)


@pytest.mark.parametrize("allowed", [(), ("turn",), ("mirror",), ("zoom",), ("shift",), ("stretch",)])
def test_geometry_does_to_each_image_what_its_class_is_allowed_and_nothing_else(
    allowed: tuple[GeometricTransform, ...],
) -> None:
    torch.manual_seed(0)
    image = torch.from_numpy(shapes(1).pixels[2:3].transpose(0, 3, 1, 2).copy()).float().expand(32, -1, -1, -1)
    image = image / 127.5 - 1
    image = torch.cat([image[:, :, :, :8], image[:, :, :, :8] * 0.5 - 0.5], dim=3)  # unlike its mirror image
    rows = torch.tensor([[one in allowed for one in GEOMETRIC], [True] * 5]).repeat_interleave(16, 0)
    changed = transformed(image, "geometric", rows)
    assert len({one.numpy().tobytes() for one in changed[16:]}) == 16
    same = torch.tensor([torch.allclose(one, image[0], atol=1e-5) for one in changed[:16]])
    flipped = torch.tensor([torch.allclose(one, image[0].flip(-1), atol=1e-5) for one in changed[:16]])
    match allowed:
        case ():
            assert same.all()
        case ("mirror",):
            assert (same | flipped).all()
            assert 0 < int(flipped.sum()) < 16
        case _:
            assert not (same | flipped).any()


def test_what_all_classes_are_usually_allowed_is_what_geometry_does_where_nothing_is_said() -> None:
    image = torch.rand(8, 1, 16, 16) * 2 - 1
    usual = torch.tensor([one in USUAL for one in GEOMETRIC]).repeat(8, 1)
    told = []
    for allowed in (None, usual):
        torch.manual_seed(3)
        told.append(transformed(image, "geometric", allowed))
    assert torch.equal(*told)


def test_a_child_is_trained_by_the_transforms_of_each_class() -> None:
    real = shapes(8)
    told = []
    for allowed in (None, np.zeros((3, 5), np.bool_), np.eye(3, 5, dtype=np.bool_)):
        net = train_child("small_cnn", read_arm("geometric"), real, None, 3, 4, 0, CPU, allowed=allowed)
        told.append(probabilities(net, real.pixels, CPU))
    assert not np.array_equal(told[0], told[1])
    assert not np.array_equal(told[1], told[2])


def test_mixup_blends_images_and_targets_alike() -> None:
    torch.manual_seed(3)
    image = torch.arange(4.0).view(4, 1, 1, 1).expand(-1, 1, 2, 2)
    target = torch.eye(4)
    blended, blended_target = mixed(image, target)
    assert blended_target.sum(dim=1) == pytest.approx(torch.ones(4))
    assert torch.allclose(blended[:, 0, 0, 0], blended_target @ torch.arange(4.0), atol=1e-6)


def test_of_attributes_a_child_answers_each_question_by_itself() -> None:
    """Bright and wide are independent; of half the images nobody said whether they are bright."""
    rng = np.random.default_rng(4)
    member = rng.integers(0, 2, (400, 2)).astype(np.float32)
    pixels = rng.integers(0, 40, (400, 16, 16, 1)).astype(np.uint8)
    for image, (bright, wide) in zip(pixels, member, strict=True):
        image[6:10, 2 : 14 if wide else 6] += np.uint8(200 if bright else 60)
    said = member.copy()
    said[::2, 0] = np.nan
    label = member[:, 1].astype(np.int64)
    real = Labelled(pixels[:300], label[:300], said[:300])
    net = train_child("small_cnn", read_arm("none"), real, None, 2, 120, 0, CPU)
    answers = probabilities(net, pixels[300:], CPU, several=True)
    assert ((answers > 0.5) == (member[300:] == 1)).mean() > 0.9
    adjusted = train_child("small_cnn", read_arm("logit_adjusted"), real, None, 2, 120, 0, CPU)
    assert not np.allclose(probabilities(adjusted, pixels[300:], CPU, several=True), answers)
