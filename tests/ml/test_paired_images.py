"""Pairs of images in all the ways people lay them out."""

import io

import pytest
from PIL import Image

from ml.dataset_kinds.paired_images import PairedImages
from ml.errors import BadDatasetError


def pairs(*names: str) -> dict[str, tuple[str | None, str | None]]:
    """B -> (A, split)."""
    return {entry.name: (entry.pair, entry.split) for entry in PairedImages.read(names).entries}


def passed_over(*names: str) -> dict[str, str]:
    return dict(PairedImages.read(names).skipped)


LAYOUTS = {
    "two folders": (["A/1.png", "B/1.jpg"], {"B/1.jpg": ("A/1.png", None)}),
    "a folder around": (["facades/a/1.png", "facades/b/1.png"], {"facades/b/1.png": ("facades/a/1.png", None)}),
    "splits around": (
        ["train/A/1.png", "train/B/1.png", "test/A/1.png", "test/B/1.png"],
        {"train/B/1.png": ("train/A/1.png", "train"), "test/B/1.png": ("test/A/1.png", "test")},
    ),
    "splits inside": (
        ["A/train/1.png", "B/train/1.png", "A/val/2.png", "B/val/2.png"],
        {"B/train/1.png": ("A/train/1.png", "train"), "B/val/2.png": ("A/val/2.png", "val")},
    ),
    "masks and photos": (["photos/1.jpg", "masks/1.png"], {"photos/1.jpg": ("masks/1.png", None)}),
    "one word for split and half": (
        ["CamVid/train/1.png", "CamVid/trainannot/1.png", "CamVid/val/2.png", "CamVid/valannot/2.png"],
        {
            "CamVid/train/1.png": ("CamVid/trainannot/1.png", "train"),
            "CamVid/val/2.png": ("CamVid/valannot/2.png", "val"),
        },
    ),
    "two words for split and half": (
        ["train_images/1.png", "train_labels/1.png"],
        {"train_images/1.png": ("train_labels/1.png", "train")},
    ),
    "further folders are part of the name": (
        ["images/rome/1.png", "images/oslo/1.png", "labels/oslo/1.png", "labels/rome/1.png"],
        {
            "images/oslo/1.png": ("labels/oslo/1.png", None),
            "images/rome/1.png": ("labels/rome/1.png", None),
        },
    ),
    "maps below the photos": (["x/1.png", "x/masks/1.png"], {"x/1.png": ("x/masks/1.png", None)}),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_layouts(layout: str) -> None:
    names, expected = LAYOUTS[layout]
    assert pairs(*names) == expected
    assert PairedImages.recognise(names)


def test_an_image_without_its_other_half_is_left_out_with_the_folder_in_which_it_is_missed() -> None:
    names = ["A/1.png", "A/2.png", "B/1.png", "B/3.png", "list.txt"]
    reasons = passed_over(*names)
    assert reasons.keys() == {"A/2.png", "B/3.png", "list.txt"}
    assert "no image 2 lies in B/" in reasons["A/2.png"]
    assert "no image 3 lies in A/" in reasons["B/3.png"]
    assert PairedImages.recognise(names) == "1 pair: names in A/ have one in B/; 2 images without another half."


def test_the_sentence_says_how_many_and_where() -> None:
    names = [f"{half}/{number}.png" for half in "AB" for number in range(120)]
    assert PairedImages.recognise(names) == "120 pairs: every name in A/ has one in B/."


def test_a_second_file_of_the_same_half_is_left_out() -> None:
    reasons = passed_over("A/1.png", "B/1.jpg", "B/1.png")
    assert "B/1.jpg already" in reasons["B/1.png"]


def test_what_lies_in_neither_half_is_left_out_where_both_have_names() -> None:
    assert "neither half" in passed_over("A/1.png", "B/1.png", "C/1.png")["C/1.png"]


@pytest.mark.parametrize(
    "names",
    [
        ["cat/1.png", "dog/1.png"],
        ["images/cat/1.png", "images/dog/1.png"],
        ["A/1.png", "B/2.png"],
        [f"{letter}/1.png" for letter in "ABCDEFGHIJ"],
        ["masks/1.png", "hats/1.png"],
        ["train/cat/1.png", "test/cat/1.png"],
        ["readme.md"],
    ],
    ids=str,
)
def test_class_folders_are_no_pairs(names: list[str]) -> None:
    assert PairedImages.recognise(names) == ""


def test_nothing_that_pairs_up_is_refused_with_what_was_found() -> None:
    with pytest.raises(BadDatasetError, match="None of the 1 images A has the same name as one of the 2 images B"):
        PairedImages.read(["A/1.png", "B/2.png", "B/3.png"])


def test_splits_without_train_are_refused() -> None:
    with pytest.raises(BadDatasetError, match="of the splits test, val and none of train"):
        PairedImages.read(["A/val/1.png", "B/val/1.png", "A/test/1.png", "B/test/1.png"])


# --- side by side -------------------------------------------------------------------------------------------------
def picture(width: int, height: int) -> bytes:
    buffer = io.BytesIO()
    Image.effect_noise((width, height), 90).save(buffer, "PNG")
    return buffer.getvalue()


def test_files_twice_as_wide_as_high_hold_both_halves() -> None:
    names = ["train/1.png", "train/2.png", "val/1.png"]
    why = PairedImages.recognise(names, lambda name: picture(32, 16))
    assert why.startswith("3 pairs side by side: the files are exactly twice as wide as high")
    assert pairs(*names) == {name: (name, name.partition("/")[0]) for name in names}


def test_some_files_from_all_over_a_large_source_are_looked_at() -> None:
    names, read = [f"{number:03d}.png" for number in range(100)], []

    def content(name: str) -> bytes:
        read.append(name)
        return picture(32, 16)

    assert "all 12 files that were looked at" in PairedImages.recognise(names, content)
    assert len(read) == 12
    assert read[-1] > "090"


@pytest.mark.parametrize("other", [picture(31, 16), picture(16, 16), b"no image"])
def test_one_file_of_another_shape_means_no_pairs(other: bytes) -> None:
    assert PairedImages.recognise(["1.png", "2.png"], lambda name: other if name == "2.png" else picture(32, 16)) == ""


def test_class_folders_are_not_looked_into() -> None:
    def content(name: str) -> bytes:
        raise AssertionError(name)

    assert PairedImages.recognise(["cat/1.png", "dog/1.png"], content) == ""


def test_classes_that_are_called_a_b_and_c_are_no_pairs() -> None:
    names = [f"{folder}/{number:04d}.png" for folder in "ABC" for number in range(50)]
    assert PairedImages.recognise(names) == ""
    assert PairedImages.recognise(names[:100]) != ""
