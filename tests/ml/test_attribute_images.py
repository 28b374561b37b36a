"""Images with attributes: CelebA's lists and tables of yes and no, and the class that follows from them."""

import json
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.dataset_kind import Listing, classes_of
from ml.dataset_kinds.attribute_images import AttributeImages, rarest
from ml.errors import BadDatasetError

CELEBA = """4
Male Smiling Hat
000001.jpg  1 -1 -1
000002.jpg  1  1 -1
000003.jpg -1 -1  1
000004.jpg -1 -1 -1
"""
FOUR = [f"img_align_celeba/00000{number}.jpg" for number in (1, 2, 3, 4)]


def reader(files: dict[str, str]) -> Callable[[str], bytes]:
    return lambda name: files[name].encode()


def read(files: dict[str, str], images: Sequence[str]) -> Listing:
    return AttributeImages.read([*files, *images], reader(files))


def told(listing: Listing) -> dict[str, tuple[str, str]]:
    return {entry.name.rpartition("/")[2]: (entry.attributes, entry.label) for entry in listing.entries}


# --- CelebA's -----------------------------------------------------------------------------------------------------
def test_celebas_list_says_attributes_and_the_rarest_one_is_the_class() -> None:
    files = {"list_attr_celeba.txt": CELEBA}
    listing = read(files, FOUR)
    assert listing.attributes == ("Male", "Smiling", "Hat")
    assert told(listing) == {
        "000001.jpg": ("100", "Male"),
        "000002.jpg": ("110", "Smiling"),
        "000003.jpg": ("001", "Hat"),
        "000004.jpg": ("000", "none"),
    }
    assert {entry.split for entry in listing.entries} == {None}
    assert AttributeImages.recognise([*files, *FOUR], reader(files)) == (
        "3 attributes of 4 images, named by list_attr_celeba.txt."
    )


def test_celebas_partition_says_the_splits() -> None:
    partition = "000001.jpg 0\n000002.jpg 0\n000003.jpg 0\n000004.jpg 2\n"
    listing = read({"list_attr_celeba.txt": CELEBA, "list_eval_partition.txt": partition}, FOUR)
    assert [entry.split for entry in listing.entries] == ["train", "train", "train", "test"]
    assert dict(listing.skipped)["list_eval_partition.txt"] == "Read for its splits."


def test_what_a_list_names_and_is_not_there_is_said_and_so_is_what_it_does_not_name() -> None:
    listing = read({"list_attr_celeba.txt": CELEBA}, [*FOUR[:3], "img_align_celeba/more.jpg"])
    reasons = dict(listing.skipped)
    assert "it is no image of the source" in reasons["000004.jpg"]
    assert "gives the image attributes" in reasons["img_align_celeba/more.jpg"]


def test_an_image_is_found_with_another_ending_and_not_where_two_have_the_name() -> None:
    assert "000001.png" in told(read({"list_attr_celeba.txt": CELEBA}, ["png/000001.png"]))
    listing = read({"list_attr_celeba.txt": CELEBA}, ["a/000001.jpg", "b/000001.jpg", "a/000002.jpg"])
    assert list(told(listing)) == ["000002.jpg"]
    assert "2 images of the source are called so" in dict(listing.skipped)["000001.jpg"]


@pytest.mark.parametrize("row", ["000002.jpg 1 1", "000002.jpg 1 1 5", "1 -1 1"])
def test_a_row_that_is_none_is_refused_with_its_line_and_nothing_else_is_recognised(row: str) -> None:
    files = {"list_attr_celeba.txt": f"2\nMale Smiling Hat\n000001.jpg 1 1 1\n{row}\n"}
    assert AttributeImages.recognise([*files, *FOUR], reader(files)) == "list_attr_celeba.txt is a list of attributes."
    with pytest.raises(BadDatasetError, match=r"Line 4 of list_attr_celeba\.txt"):
        read(files, FOUR)


# --- tables -------------------------------------------------------------------------------------------------------
TABLES = {
    "numbers": ("attributes.csv", "image_id,Male,Hat\n1.jpg,1,0\n2.jpg,0,1\n"),
    "signs and semicolons": ("list_attr.csv", "image;Male;Hat\n1.jpg;1;-1\n2.jpg;-1;1\n"),
    "words": ("metadata.csv", "file_name,age,Male,Hat\n1.jpg,33,TRUE,false\n2.jpg,4,False,True\n"),
    "json": (
        "metadata.jsonl",
        "\n".join(
            json.dumps({"file_name": f"{place}.jpg", "note": "x", "Male": place == 1, "Hat": place - 1})
            for place in (1, 2)
        ),
    ),
}


@pytest.mark.parametrize("table", TABLES)
def test_columns_of_yes_and_no_are_attributes_and_others_are_not(table: str) -> None:
    name, text = TABLES[table]
    listing = read({name: text}, ["1.jpg", "2.jpg"])
    assert listing.attributes == ("Male", "Hat")
    assert told(listing) == {"1.jpg": ("10", "Male"), "2.jpg": ("01", "Hat")}
    assert AttributeImages.recognise([name, "1.jpg", "2.jpg"], reader({name: text}))


def test_an_empty_cell_says_nothing_and_beside_minus_one_neither_does_zero() -> None:
    text = "image,Male,Hat\n1.jpg,1,-1\n2.jpg,0,0\n3.jpg,,1\n"
    assert told(read({"a.csv": text}, ["1.jpg", "2.jpg", "3.jpg"])) == {
        "1.jpg": ("10", "Male"),
        "2.jpg": ("0?", "none"),
        "3.jpg": ("?1", "Hat"),
    }


def test_an_image_of_which_nothing_is_known_is_passed_over_with_the_reason() -> None:
    """An augmented dataset says no attributes of its synthetic images; they are not such as have none."""
    listing = read({"a.csv": "image,Male,Hat\n1.jpg,1,-1\n2.jpg,,\n"}, ["1.jpg", "2.jpg"])
    assert told(listing) == {"1.jpg": ("10", "Male")}
    assert ("2.jpg", "No line of a.csv gives the image attributes.") in listing.skipped


def test_tables_of_several_folders_come_together() -> None:
    files = {
        "train/metadata.csv": "image,Male,Hat\n1.jpg,1,0\n",
        "val/metadata.csv": "image,Male,Beard\n2.jpg,1,0\n",
    }
    listing = read(files, ["train/1.jpg", "val/2.jpg"])
    assert listing.attributes == ("Male", "Hat", "Beard")
    assert [(entry.attributes, entry.split) for entry in listing.entries] == [("10?", "train"), ("1?0", "val")]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("metadata.csv", "file_name,label,blurred,cropped\n1.jpg,cat,0,1\n"),
        ("metadata.csv", "file_name,blurred\n1.jpg,1\n"),
        ("labels.csv", "file_name,label\n1.jpg,1\n"),
        ("notes.csv", "a,b\n1,0\n"),
        ("attributes.txt", "what these are\n"),
        ("__MACOSX/._list_attr.txt", CELEBA),
    ],
)
def test_a_table_of_labels_or_of_one_column_is_not_taken_for_one(name: str, text: str) -> None:
    assert AttributeImages.recognise([name, "1.jpg"], reader({name: text})) == ""


def test_labels_that_are_the_attributes_own_do_no_harm() -> None:
    text = "file_name,label,synthetic,Male,Hat\n1.jpg,Male,False,1,0\n2.jpg,none,True,0,0\n3.jpg,Hat,False,0,1\n"
    images = ["1.jpg", "2.jpg", "3.jpg"]
    assert AttributeImages.recognise(["metadata.csv", *images], reader({"metadata.csv": text}))
    assert read({"metadata.csv": text}, images).attributes == ("Male", "Hat")


# --- what is refused ----------------------------------------------------------------------------------------------
def many(number: int) -> str:
    names = ",".join(f"a{place}" for place in range(number))
    return f"image,{names}\n1.jpg,{','.join('1' * number)}\n"


FAULTS = {
    "too many": ({"a.csv": many(65)}, "names 65 attributes; at most 64 are read"),
    "twice": ({"list_attr.txt": "1\nHat Hat\n1.jpg 1 1\n"}, "names the attribute Hat twice"),
    "none": ({"list_attr.txt": "1\nNone Hat\n1.jpg 1 1\n"}, "calls an attribute None"),
    "other values": ({"a.csv": "image,A,B\n1.jpg,1,0\n1.jpg,0,0\n"}, "names 1.jpg twice"),
    "other file": (
        {"a.csv": "image,A,B\n1.jpg,1,0\n", "b.csv": "image,A,B\n1.jpg,0,0\n"},
        "b.csv says of 1.jpg another thing on A",
    ),
    "no images": ({"a.csv": "image,A,B\n7.jpg,1,0\n"}, "names none of the 1 images"),
    "no attributes": ({"notes.txt": "x"}, "No file says attributes"),
    "no train": ({"a.csv": "image,A,B,split\n1.jpg,1,0,test\n"}, "of the splits test and none of train"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_faults_are_said_in_one_sentence(fault: str) -> None:
    files, sentence = FAULTS[fault]
    with pytest.raises(BadDatasetError, match=sentence):
        read(files, ["1.jpg"])


def test_as_many_attributes_as_are_allowed_are_read() -> None:
    assert len(read({"a.csv": many(64)}, ["1.jpg"]).attributes) == 64


# --- classes ------------------------------------------------------------------------------------------------------
def test_classes_stand_as_the_file_names_them_and_none_comes_last() -> None:
    assert classes_of(["none", "Hat", "Male", "Hat"], ["Male", "Smiling", "Hat"]) == ["Male", "Hat", "none"]
    assert classes_of(["dog", "cat"]) == ["cat", "dog"]


def test_an_attribute_that_only_held_out_images_would_have_as_class_is_passed_over() -> None:
    # Hat is the rarest, and no training image has it
    assert rarest(["10", "10", "11"], [True, True, False], ["Male", "Hat"]) == ["Male", "Male", "Male"]


def test_an_attribute_whose_images_all_have_a_rarer_one_takes_as_many_as_the_largest_of_their_classes_keeps() -> None:
    # A is the most frequent one, and its images are of the classes B and C
    values = ["110"] * 4 + ["101"] * 6 + ["010"] * 4 + ["001"] * 2
    labels = rarest(values, [True] * len(values), "ABC")
    assert {name: labels.count(name) for name in "ABC"} == {"A": 5, "B": 5, "C": 6}
    assert all(one["ABC".index(label)] == "1" for one, label in zip(values, labels, strict=True))


def test_an_attribute_that_no_image_lacks_is_no_class() -> None:
    assert set(rarest(["110", "101", "100"] * 4, [True] * 12, ["Face", "Hat", "Male"])) == {"Hat", "Male", "Face"}
    assert set(rarest(["110", "101"] * 4, [True] * 8, ["Face", "Hat", "Male"])) == {"Hat", "Male"}


def test_held_out_images_take_part_in_a_class_that_took_its_images() -> None:
    labels = rarest([*["11"] * 10, "00"], [True] * 6 + [False] * 4 + [True], "AB")
    assert {name: labels[:6].count(name) for name in "AB"} == {"A": 3, "B": 3}
    assert {name: labels[6:10].count(name) for name in "AB"} == {"A": 2, "B": 2}


@given(
    st.lists(st.tuples(st.text("01?", min_size=4, max_size=4), st.booleans()), min_size=1, max_size=30),
)
def test_a_class_is_an_attribute_of_its_image_and_has_images_to_learn_from(images: list[tuple[str, bool]]) -> None:
    values, learnt = [one for one, _ in images], [is_learnt for _, is_learnt in images]
    labels = rarest(values, learnt, "abcd")
    for one, label in zip(values, labels, strict=True):
        assert label == "none" or one["abcd".index(label)] == "1"
    trained = {label for label, is_learnt in zip(labels, learnt, strict=True) if is_learnt}
    assert set(labels) <= trained | {"none"}
    if all(learnt):
        often = {name: sum(one[place] == "1" for one in values) for place, name in enumerate("abcd")}
        first = [min(has, key=lambda name: (often[name], name)) if has else "none" for has in map(had, values)]
        for own, label in zip(first, labels, strict=True):
            assert label == own or label not in first, "only a class that had no image takes some"


def had(said: str) -> list[str]:
    return [name for name, one in zip("abcd", said, strict=True) if one == "1"]


def test_a_table_about_something_else_leaves_class_folders_as_they_are() -> None:
    names = [*(f"{folder}/{number}.png" for folder in ("cat", "dog") for number in range(5)), "notes.csv"]
    for first in ("other/1.png", "cat/1.png"):
        notes = f"filename,occluded,truncated\n{first},1,0\n".encode()
        assert AttributeImages.recognise(names, lambda name, notes=notes: notes) == ""  # type: ignore[misc]
