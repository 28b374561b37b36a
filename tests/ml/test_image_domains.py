"""Unpaired domains: trainA and trainB, or folders of any names."""

import pytest

from ml.dataset_kinds.image_domains import ImageDomains
from ml.errors import BadDatasetError

HORSES = ["h2z/trainA/n1.jpg", "h2z/trainB/n2.jpg", "h2z/testA/n3.jpg", "h2z/testB/n4.jpg"]


def places(*names: str) -> dict[str, tuple[str, str | None]]:
    return {entry.name: (entry.label, entry.split) for entry in ImageDomains.read(names).entries}


def test_the_folders_of_cyclegan_are_domains_and_splits() -> None:
    assert list(places(*HORSES).values()) == [("A", "test"), ("B", "test"), ("A", "train"), ("B", "train")]
    assert ImageDomains.recognise(HORSES) == "2 domains: trainA and trainB hold images that are not paired."


def test_equal_names_make_no_pairs_of_them() -> None:
    entries = ImageDomains.read(["trainA/1.jpg", "trainB/1.jpg"]).entries
    assert [(entry.label, entry.pair) for entry in entries] == [("A", None), ("B", None)]


def test_what_lies_beside_the_domains_is_left_out() -> None:
    listing = ImageDomains.read([*HORSES, "h2z/cover.jpg", "h2z/readme.md"])
    assert "beside the folders of the domains" in dict(listing.skipped)["h2z/cover.jpg"]
    assert "no image by its name" in dict(listing.skipped)["h2z/readme.md"]


def test_folders_of_any_names_are_domains_when_the_kind_is_chosen() -> None:
    assert places("summer/1.jpg", "winter/1.jpg", "winter/2.jpg") == {
        "summer/1.jpg": ("summer", None),
        "winter/1.jpg": ("winter", None),
        "winter/2.jpg": ("winter", None),
    }
    assert places("train/a/1.jpg", "train/b/1.jpg")["train/b/1.jpg"] == ("b", "train")


@pytest.mark.parametrize(
    "names", [["summer/1.jpg", "winter/1.jpg"], ["trainA/1.jpg", "testB/1.jpg"], ["train/1.jpg"]], ids=str
)
def test_they_are_not_recognised_by_that(names: list[str]) -> None:
    assert ImageDomains.recognise(names) == ""


@pytest.mark.parametrize(("names", "found"), [(["summer/1.jpg"], "only 'summer'"), (["1.jpg"], "none")])
def test_a_single_domain_is_refused(names: list[str], found: str) -> None:
    with pytest.raises(BadDatasetError, match=f"needs two folders of images at least, and {found} was found"):
        ImageDomains.read(names)
