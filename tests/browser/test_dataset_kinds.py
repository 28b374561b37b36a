"""Pairs and attributes: recognised at the upload with the reason, and seen on the dataset's page."""

import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab_member import INGEST_MS, upload
from tests.browser.test_accessibility import lasting_faults
from tests.browser.test_recipe_form import recipe, show_form, show_json
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


def test_edges_between_attributes_are_edited_in_a_heat_map_and_stand_in_the_recipe(
    member: Page, tmp_path: Path
) -> None:
    upload(member, write_zip(tmp_path / "edges.zip", attribute_files(40, 500)), "Edges")
    member.get_by_role("link", name="New run").first.click()
    member.get_by_role("radio", name="StarGAN", exact=True).check()
    member.get_by_role("button", name="more settings").first.click()
    expect(member.get_by_text("No effect now: choose Edges edited.")).to_be_visible()
    expect(member.get_by_role("grid")).to_have_count(0)
    member.get_by_role("combobox", name="Condition type").click()
    member.get_by_role("option", name="gcn").click()
    member.get_by_role("radiogroup", name="Edges", exact=True).get_by_text("edited", exact=True).click()

    grid = member.get_by_role("grid", name="Edited edges")
    expect(grid.get_by_role("row", name=re.compile("^Hat "))).to_be_visible()
    assert recipe_edges(member) is None, "as counted until something is changed"
    grid.get_by_role("gridcell", selected=True).focus()
    member.keyboard.type("0.625")
    number = member.get_by_role("textbox", name="Male → Hat")
    expect(number).to_have_value("0.625")
    expect(number).to_be_focused()
    member.keyboard.press("Enter")
    cell = grid.get_by_role("gridcell", selected=True)
    expect(cell).to_be_focused()
    expect(cell).to_have_text("0.63 changed")
    assert recipe_edges(member) == [[1, 0.625], [1, 1]], "who has a hat is male, as counted"
    grid.get_by_role("gridcell", name="1", exact=True).last.click()
    expect(member.get_by_role("textbox", name="Hat → Hat")).to_be_disabled()
    member.keyboard.press("ArrowLeft")
    for _ in range(3):
        member.keyboard.press("-")
    expect(member.get_by_text("2 numbers changed")).to_be_visible()
    assert recipe_edges(member) == [[1, 0.625], [0.85, 1]]
    expect(member.get_by_role("button", name="Start the run")).to_be_enabled()
    assert lasting_faults(member) == []

    show_json(member).fill(show_json(member).input_value().replace("[[1,0.625]", "[[1,0.5,0.5]"))
    show_form(member)
    expect(member.get_by_text("as many rows as columns")).to_be_visible()
    member.get_by_role("button", name="Start again as counted").click()
    expect(member.get_by_text("All as counted")).to_be_visible()
    expect(member.get_by_role("button", name="Start the run")).to_be_enabled()
    assert recipe_edges(member) is None


def recipe_edges(page: Page) -> Any:
    """The numbers that the recipe holds as text, None where it holds none."""
    text = recipe(page)["model_settings"].get("edited_edges")
    page.get_by_role("button", name="more settings").first.click()  # the form comes back folded
    return None if text is None else json.loads(text)
