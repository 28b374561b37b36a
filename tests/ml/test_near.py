"""Near duplicates: found whatever was done to the picture, and nothing else is taken for one."""

import hashlib
import io
from collections.abc import Callable

import numpy as np
import pytest
from PIL import Image, ImageEnhance

from ml.dataset_kind import SPLITS
from ml.image_file import FINGERPRINT_BYTES, FINGERPRINT_SIDE, fingerprint
from ml.near import near_groups
from ml.splits import Unsplit, assign_splits, divided


def picture(seed: int, side: int = 64) -> Image.Image:
    """Soft shapes in colour, as photos have them."""
    small = np.random.default_rng(seed).integers(0, 256, (6, 6, 3), np.uint8)
    return Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)


def as_jpeg(image: Image.Image) -> Image.Image:
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=60)
    return Image.open(buffer)


ALTERED: dict[str, Callable[[Image.Image], Image.Image]] = {
    "stored as JPEG": as_jpeg,
    "smaller": lambda image: image.resize((40, 40), Image.Resampling.BICUBIC),
    "brighter": lambda image: ImageEnhance.Brightness(image).enhance(0.9),
    "less contrast": lambda image: ImageEnhance.Contrast(image).enhance(0.9),
}


@pytest.mark.parametrize("how", ALTERED)
def test_an_altered_copy_is_found_among_others(how: str) -> None:
    images = [picture(seed) for seed in range(40)]
    groups = near_groups([fingerprint(image) for image in (*images, ALTERED[how](images[17]))])
    assert groups == [*range(40), 17]


@pytest.mark.parametrize(
    "other",
    [
        picture(1).transpose(Image.Transpose.FLIP_LEFT_RIGHT),
        Image.merge("YCbCr", [picture(1).convert("L"), Image.new("L", (64, 64), 110), Image.new("L", (64, 64), 160)]),
        picture(2),
    ],
    ids=["mirrored", "in other colours", "another"],
)
def test_another_picture_is_no_near_duplicate(other: Image.Image) -> None:
    assert near_groups([fingerprint(picture(1)), fingerprint(other)]) == [0, 1]


def test_pictures_of_one_tone_stand_alone() -> None:
    blank = [Image.new("RGB", (32, 32), (level, level, level)) for level in (0, 0, 128, 129, 255)]
    assert near_groups([fingerprint(image) for image in blank]) == [0, 1, 2, 3, 4]


def test_of_no_pictures_there_are_no_groups() -> None:
    assert near_groups([]) == []
    assert near_groups([fingerprint(picture(1))]) == [0]


def test_groups_reach_across_blocks_and_do_not_depend_on_the_order() -> None:
    random = np.random.default_rng(3)
    table = random.integers(0, 256, (3000, FINGERPRINT_BYTES), np.uint8)
    table[2990:, : FINGERPRINT_SIDE**2] = table[:10, : FINGERPRINT_SIDE**2] // 2 + 40
    table[2990:, FINGERPRINT_SIDE**2 :] = table[:10, FINGERPRINT_SIDE**2 :]
    groups = near_groups([row.tobytes() for row in table])
    assert groups == [*range(2990), *range(10)]
    order = random.permutation(3000)
    shuffled = near_groups([table[place].tobytes() for place in order])
    partners = {frozenset((order[place], order[first])) for place, first in enumerate(shuffled) if place != first}
    assert partners == {frozenset((place, 2990 + place)) for place in range(10)}


def test_a_chain_is_one_group_and_a_thousand_copies_are_quick() -> None:
    start, end = (np.asarray(picture(seed, 16).convert("L"), float) for seed in (4, 5))
    steps = [Image.fromarray((start + (end - start) * share).astype(np.uint8)) for share in np.linspace(0, 1, 60)]
    chain = [fingerprint(step) for step in steps]
    assert set(near_groups(chain)) == {0}
    assert near_groups([chain[0], chain[-1]]) == [0, 1]
    assert set(near_groups([chain[0]] * 2500)) == {0}


# --- splits -------------------------------------------------------------------------------------------------------
def member(number: int, group: int | None = None, split: str | None = None, label: str = "cat") -> Unsplit:
    return Unsplit(hashlib.sha256(f"{label}{number}".encode()).hexdigest(), label, split, group)


@pytest.mark.parametrize("seed", range(8))
def test_a_drawn_split_divides_no_group_and_keeps_the_shares(seed: int) -> None:
    images = [member(number, group=number // 3 if number < 60 else None) for number in range(100)]
    splits = assign_splits(images, seed)
    for group in range(20):
        assert len({splits[at] for at, image in enumerate(images) if image.group == group}) == 1
    assert {split: splits.count(split) for split in SPLITS} == {"train": 80, "val": 10, "test": 10}


def test_a_group_larger_than_what_is_wanted_trains() -> None:
    images = [member(number, group=1 if number < 12 else None) for number in range(20)]
    splits = assign_splits(images, 0)
    assert set(splits[:12]) == {"train"}
    assert (splits.count("val"), splits.count("test")) == (2, 2)


def test_a_group_of_several_classes_is_drawn_as_one() -> None:
    images = [member(number, group=number, label=label) for number in range(30) for label in ("cat", "dog")]
    splits = assign_splits(images, 1)
    assert splits[::2] == splits[1::2]
    assert {"val", "test"} <= set(splits)


def test_of_a_group_divided_by_the_source_what_is_furthest_from_training_stays() -> None:
    images = [
        member(0, 0, "train"),
        member(1, 0, "test"),
        member(2, 0, "val"),
        member(3, 0, "test"),
        member(4, 1, "train"),
        member(5, 1, "train"),
        member(6, None, "val"),
    ]
    assert divided(images) == {0: 1, 2: 1}


def test_images_of_an_earlier_version_stay_and_added_ones_follow_their_group() -> None:
    def earlier(number: int, split: str, group: int | None = None) -> Unsplit:
        return Unsplit(f"{number:064x}", "cat", split, group, stays=True)

    before = [earlier(number, "val" if number < 2 else "train") for number in range(10)]
    images = [
        *before,
        earlier(98, "test", 1),
        earlier(99, "train", 2),
        member(0, 1),
        member(1, 2),
        member(2, 2, "test"),
    ]
    assert divided(images) == {14: 11}
    kept = images[:14]
    assert assign_splits(kept, 0) == ["val", "val", *["train"] * 8, "test", "train", "test", "train"]
    bridge = [earlier(1, "train", 5), earlier(2, "test", 5), member(3, 5)]
    assert divided(bridge) == {2: 1}


def test_what_is_added_brings_the_class_to_its_shares_and_moves_nothing() -> None:
    def as_before(split: str, number: int) -> Unsplit:
        return Unsplit(f"{number:064x}", "cat", split, None, stays=True)

    before = [as_before("train", number) for number in range(9)] + [as_before("test", 9)]
    splits = assign_splits([*before, *(member(number) for number in range(30))], 0)
    assert splits[:10] == [*["train"] * 9, "test"]
    assert {split: splits.count(split) for split in SPLITS} == {"train": 32, "val": 4, "test": 4}
