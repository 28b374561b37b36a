"""Class folders in all the ways people lay them out."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.dataset_kind import SPLITS, DatasetKind
from ml.dataset_kinds.labelled_images import LabelledImages
from ml.errors import BadDatasetError
from ml.plugin import find


def places(*names: str) -> dict[str, tuple[str, str | None]]:
    return {entry.name: (entry.label, entry.split) for entry in LabelledImages.read(names).entries}


def passed_over(*names: str) -> dict[str, str]:
    return dict(LabelledImages.read(names).skipped)


def test_the_shelf_has_it() -> None:
    assert find("dataset_kinds", DatasetKind, "labelled_images") is LabelledImages


LAYOUTS = {
    "class folders": (["cat/1.png", "dog/2.JPG"], {"cat/1.png": ("cat", None), "dog/2.JPG": ("dog", None)}),
    "one class": (["cat/1.png", "cat/2.png"], {"cat/1.png": ("cat", None), "cat/2.png": ("cat", None)}),
    "a folder around": (
        ["pets/cat/1.png", "pets/dog/2.png"],
        {
            "pets/cat/1.png": ("cat", None),
            "pets/dog/2.png": ("dog", None),
        },
    ),
    "folders around, one class": (["a/b/cat/1.png"], {"a/b/cat/1.png": ("cat", None)}),
    "splits": (
        ["train/cat/1.png", "valid/cat/2.png", "TESTING/cat/3.png"],
        {
            "train/cat/1.png": ("cat", "train"),
            "valid/cat/2.png": ("cat", "val"),
            "TESTING/cat/3.png": ("cat", "test"),
        },
    ),
    "splits in folders": (
        ["x/y/Training/cat/1.png", "x/y/validation/cat/2.png"],
        {
            "x/y/Training/cat/1.png": ("cat", "train"),
            "x/y/validation/cat/2.png": ("cat", "val"),
        },
    ),
    "train alone": (
        ["train/cat/1.png", "train/dog/2.png"],
        {
            "train/cat/1.png": ("cat", "train"),
            "train/dog/2.png": ("dog", "train"),
        },
    ),
    "splits inside the classes": (
        ["cat/train/1.png", "cat/test/2.png", "dog/train/3.png"],
        {
            "cat/train/1.png": ("cat", "train"),
            "cat/test/2.png": ("cat", "test"),
            "dog/train/3.png": ("dog", "train"),
        },
    ),
    "splits inside one class": (
        ["cat/train/1.png", "cat/test/2.png"],
        {
            "cat/train/1.png": ("cat", "train"),
            "cat/test/2.png": ("cat", "test"),
        },
    ),
    "a class called train": (
        ["train/1.png", "bus/2.png"],
        {
            "train/1.png": ("train", None),
            "bus/2.png": ("bus", None),
        },
    ),
    "only the test folder of a set": (
        ["test/cat/1.png", "test/dog/2.png"],
        {
            "test/cat/1.png": ("cat", None),
            "test/dog/2.png": ("dog", None),
        },
    ),
    "folders below the class": (
        ["cat/old/1.png", "cat/2.png", "dog/3.png"],
        {
            "cat/old/1.png": ("cat", None),
            "cat/2.png": ("cat", None),
            "dog/3.png": ("dog", None),
        },
    ),
    "any unicode": (
        ["café/1.png", "__proto__/2.png", "三毛/3.png", "a b.c/4.png", "=1+1/5.png"],
        {
            "café/1.png": ("café", None),
            "__proto__/2.png": ("__proto__", None),
            "三毛/3.png": ("三毛", None),
            "a b.c/4.png": ("a b.c", None),
            "=1+1/5.png": ("=1+1", None),
        },
    ),
    "upper and lower case are two classes": (
        ["Cat/1.png", "cat/2.png"],
        {
            "Cat/1.png": ("Cat", None),
            "cat/2.png": ("cat", None),
        },
    ),
}


@pytest.mark.parametrize("layout", LAYOUTS)
def test_labels_and_splits_come_from_the_folders(layout: str) -> None:
    names, expected = LAYOUTS[layout]
    assert places(*names) == expected
    assert passed_over(*names) == {}
    assert LabelledImages.recognise(names)


def test_the_two_spellings_of_one_letter_are_one_class() -> None:
    decomposed = unicodedata.normalize("NFD", "é")
    assert decomposed != "é"
    assert {label for label, _ in places(f"{decomposed}/1.png", "é/2.png", " é /3.png").values()} == {"é"}


def test_what_is_no_image_of_a_class_is_passed_over_with_a_reason() -> None:
    names = [
        "cat/1.png",
        "dog/2.png",
        "dog/3.png",
        "top.png",
        "README.md",
        "cat/notes.txt",
        "cat/anim.gif",
        "cat/inner.zip",
        "__MACOSX/cat/._1.png",
        ".DS_Store",
        "cat/Thumbs.db",
        "cat/.hidden.png",
        "@eaDir/cat/1.png",
        "cat/png",
        "cat/.png",
        " /blank.png",
        f"{'x' * 300}/long.png",
    ]
    reasons = passed_over(*names)
    assert set(reasons) == set(names[3:])
    assert "no class folder" in reasons["top.png"]
    assert ".gif" in reasons["cat/anim.gif"]
    assert "Archives" in reasons["cat/inner.zip"]
    assert "no part of the dataset" in reasons["__MACOSX/cat/._1.png"]
    assert "300 characters" in reasons[f"{'x' * 300}/long.png"]
    assert all(reason.endswith(".") for reason in reasons.values())


def test_images_beside_the_splits_and_without_a_class_are_passed_over() -> None:
    reasons = passed_over("train/cat/1.png", "train/cat/2.png", "train/lost.png", "extra/cat/3.png", "test/cat/4.png")
    assert set(reasons) == {"train/lost.png", "extra/cat/3.png"}


@pytest.mark.parametrize(
    ("names", "words"),
    [
        ([], "no files"),
        (["a.txt", "b.txt", "c.svg"], "3 files and no images .2 x .txt"),
        (["1.png", "2.png"], "None of the 2 images lies in a class folder"),
        (["train/1.png", "test/2.png"], "None of the 2 images lies in a class folder"),
        (["val/cat/1.png", "test/cat/2.png"], "no train folder"),
        (["__MACOSX/cat/._1.png", ".DS_Store"], "no images"),
    ],
)
def test_a_source_without_labelled_images_is_refused(names: list[str], words: str) -> None:
    with pytest.raises(BadDatasetError, match=words):
        LabelledImages.read(names)
    assert not LabelledImages.recognise(names)


PART = st.sampled_from(["train", "val", "Test", "cat", "dog", "é", "x.png", "y.JPG", "z.txt", ".hid", " ", "a b"])


@given(st.sets(st.lists(PART, min_size=1, max_size=4).map("/".join), max_size=30))
def test_every_file_is_told_exactly_once(names: set[str]) -> None:
    try:
        listing = LabelledImages.read(sorted(names))
    except BadDatasetError as error:
        assert error.message.endswith(".")  # noqa: PT017 - either end is right
        return
    told = [entry.name for entry in listing.entries] + [name for name, _ in listing.skipped]
    assert sorted(told) == sorted(names)
    assert [entry.name for entry in listing.entries] == sorted(entry.name for entry in listing.entries)
    assert all(entry.label.strip() and entry.split in (*SPLITS, None) for entry in listing.entries)
