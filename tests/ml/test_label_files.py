"""Labels from files, and images without labels: what is read, what is passed over, what is refused."""

import json
from collections.abc import Mapping

import pytest

from ml.dataset_kind import Listing
from ml.dataset_kinds.images import Images
from ml.dataset_kinds.labelled_images import LabelledImages
from ml.errors import BadDatasetError


def read(files: Mapping[str, str | bytes]) -> Listing:
    def content(name: str) -> bytes:
        data = files[name]
        return data if isinstance(data, bytes) else data.encode()

    return LabelledImages.read(list(files), content)


def placed(listing: Listing) -> dict[str, tuple[str, str | None]]:
    return {entry.name: (entry.label, entry.split) for entry in listing.entries}


FORMS: dict[str, tuple[str, str]] = {
    "comma": ("metadata.csv", "file_name,label\na.png,cat\nsub/b.png,dog\n"),
    "semicolon and a byte order mark": ("labels.csv", "\ufeffImage;Class\r\na.png;cat\r\nsub/b.png;dog\r\n"),
    "tab and further columns": ("labels.csv", 'path\tnote\tcategory\na.png\t"x, y"\tcat\nsub\\b.png\t\tdog\n'),
    "JSON lines": (
        "metadata.jsonl",
        '{"file_name": "a.png", "label": "cat"}\n\n{"file":"./sub/b.png","class":"dog"}\n',
    ),
    "StyleGAN": ("dataset.json", json.dumps({"labels": [["a.png", "cat"], ["sub/b.png", "dog"]]})),
}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("folder", ["", "data/"])
def test_every_form_gives_labels_and_paths_begin_at_its_folder(form: str, folder: str) -> None:
    name, text = FORMS[form]
    listing = read({f"{folder}{name}": text, f"{folder}a.png": "", f"{folder}sub/b.png": "", f"{folder}c.png": ""})
    assert placed(listing) == {f"{folder}a.png": ("cat", None), f"{folder}sub/b.png": ("dog", None)}
    assert dict(listing.skipped) == {
        f"{folder}{name}": "Read for its labels.",
        f"{folder}c.png": f"No line of {folder}{name} gives the image a label.",
    }


def test_a_class_may_be_a_number() -> None:
    listing = read({"dataset.json": json.dumps({"labels": [["0/a.png", 6]]}), "0/a.png": ""})
    assert placed(listing) == {"0/a.png": ("6", None)}


def test_splits_come_from_a_column_or_from_the_folder_of_the_file() -> None:
    rows = "file,label,split\na.png,cat,train\nb.png,cat,Validation\nc.png,dog,\nd.png,dog,holdout\n"
    listing = read({"labels.csv": rows, **{f"{name}.png": "" for name in "abcd"}})
    assert placed(listing) == {"a.png": ("cat", "train"), "b.png": ("cat", "val"), "c.png": ("dog", "train")}
    assert ("d.png", "The split holdout is none of train, val and test.") in listing.skipped
    line = '{"file_name": "a.png", "label": "cat"}'
    listing = read(
        {f"{place}/metadata.jsonl": line for place in ("train", "test")} | {"train/a.png": "", "test/a.png": ""}
    )
    assert placed(listing) == {"train/a.png": ("cat", "train"), "test/a.png": ("cat", "test")}


def test_a_line_without_its_image_is_told() -> None:
    listing = read({"labels.csv": "file,label\na.png,cat\n../../etc/passwd.png,dog\ngone.png,dog\n", "a.png": ""})
    assert placed(listing) == {"a.png": ("cat", None)}
    assert {name for name, reason in listing.skipped if "no image of the source" in reason} == {
        "../../etc/passwd.png",
        "gone.png",
    }


def test_captions_are_no_labels_and_class_folders_then_count() -> None:
    listing = read({"metadata.jsonl": '{"file_name": "cat/a.png", "text": "a cat"}', "cat/a.png": ""})
    assert placed(listing) == {"cat/a.png": ("cat", None)}


REFUSED: dict[str, tuple[str, str | bytes]] = {
    "no JSON": ("dataset.json", "{"),
    "endless nesting": ("dataset.json", "[" * 100_000),
    "a row of three": ("dataset.json", '{"labels": [["a.png", 1, 2]]}'),
    "a line that is no object": ("metadata.jsonl", "[1]"),
    "a quote that never ends": ("labels.csv", 'file,label\n"a.png,cat\n'),
    "no UTF-8": ("labels.csv", "file,label\na.png,größe\n".encode("latin-1")),
    "two labels for one image": ("labels.csv", "file,label\na.png,cat\na.png,dog\n"),
    "none of the images": ("labels.csv", "file,label\nz.png,cat\n"),
    "no train": ("labels.csv", "file,label,split\na.png,cat,test\n"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_label_file_that_cannot_be_used_is_one_sentence(case: str) -> None:
    name, text = REFUSED[case]
    with pytest.raises(BadDatasetError) as caught:
        read({name: text, "a.png": ""})
    assert caught.value.message.endswith(".")
    assert len(caught.value.message) < 300


# --- images without labels ----------------------------------------------------------------------------------------
def test_images_without_labels_are_one_class_whatever_their_folders() -> None:
    listing = Images.read(["b/x.png", "a.png", "notes.txt", "train/c.png"])
    assert placed(listing) == dict.fromkeys(["a.png", "b/x.png", "train/c.png"], ("images", None))
    assert [name for name, _ in listing.skipped] == ["notes.txt"]


def test_images_without_labels_keep_split_folders_that_hold_all() -> None:
    listing = Images.read(["all/train/1/a.png", "all/Validation/b.png"])
    assert placed(listing) == {"all/train/1/a.png": ("images", "train"), "all/Validation/b.png": ("images", "val")}


def test_images_are_recognised_where_no_folder_could_be_a_class() -> None:
    assert Images.recognise(["a.png", "readme.md"])
    assert not Images.recognise(["cat/a.png"])
    assert not Images.recognise(["readme.md"])
    with pytest.raises(BadDatasetError):
        Images.read(["readme.md"])
