"""Pairs and attributes: recognised at the upload with the reason, and seen on the dataset's page."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab_member import INGEST_MS, upload
from tests.ml.test_ingest_kinds import attribute_files, pair_files

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(600)]


def write_zip(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def test_pairs_are_recognised_and_shown_side_by_side(member: Page, tmp_path: Path) -> None:
    upload(member, write_zip(tmp_path / "maps.zip", pair_files(20)), "Maps and photos")
    said = member.get_by_text(re.compile("Recognised as: Paired images. 20 pairs: every name in A/ has one in B/"))
    expect(said).to_be_visible()
    tile = member.get_by_role("button").filter(has=member.get_by_alt_text("Half A")).first
    expect(tile.get_by_role("img")).to_have_count(2)
    tile.click()
    viewer = member.get_by_role("dialog")
    expect(viewer.get_by_text(re.compile(r"A: A/\d+\.png"))).to_be_visible()
    for image in viewer.locator("img").all():
        assert image.evaluate("image => image.decode().then(() => image.naturalWidth)") == 16
    with member.expect_download() as download:
        viewer.get_by_role("link", name="Download the half A").click()
    assert download.value.suggested_filename.endswith("-other-half.png")
    member.keyboard.press("Escape")
    member.get_by_role("tab", name="Ingest report").click()
    expect(said).to_have_count(2)


def test_a_kind_that_is_chosen_is_the_one_that_is_read(member: Page, tmp_path: Path) -> None:
    member.goto("/upload")
    expect(member.get_by_text("Unpaired domains.", exact=True)).to_be_visible(timeout=60_000)
    archive = write_zip(tmp_path / "letters.zip", pair_files(12))
    member.get_by_label("Choose a zip file").set_input_files(archive)
    member.get_by_label("Name of the dataset").fill("Letters")
    member.get_by_role("combobox", name="Kind").click()
    member.get_by_role("option", name="Labelled images").click()
    member.get_by_role("button", name="Create the dataset").click()
    expect(member.get_by_text("Read as: Labelled images.")).to_be_visible(timeout=INGEST_MS)
    expect(member.get_by_role("button", name=re.compile(r"^A: \d+ train"))).to_be_visible()


def test_attributes_are_counted_filter_the_images_and_stand_beside_each(member: Page, tmp_path: Path) -> None:
    upload(member, write_zip(tmp_path / "faces.zip", attribute_files(40)), "Faces")
    expect(member.get_by_text(re.compile("Recognised as: Images with attributes. 2 attributes of 40"))).to_be_visible()
    member.get_by_role("button", name="Hat: 10 has").click()
    expect(member.get_by_text("10 images match", exact=True)).to_be_visible()
    assert "attribute=Hat%3A1" in member.url
    member.get_by_role("button", name="Remove the filter has Hat").click()
    member.get_by_role("radiogroup", name="What is counted").get_by_text("lacks", exact=True).click()
    member.get_by_role("button", name="Male: 20 lacks").click()
    expect(member.get_by_text("20 images match", exact=True)).to_be_visible()
    member.get_by_role("button", name="Clear the filters").click()

    together = member.get_by_role("group", name="Attributes that occur together")
    expect(together.get_by_role("row", name=re.compile("^Hat 100 100"))).to_be_visible()
    expect(together.get_by_title(re.compile(r"Of the images that have Male, \d+ % have Hat"))).to_be_visible()

    member.get_by_role("button", name=re.compile("Hat, train")).first.click()
    chips = member.get_by_role("dialog").get_by_role("list", name="Attributes")
    expect(chips.get_by_role("listitem")).to_have_text(["Male", "Hat"])
