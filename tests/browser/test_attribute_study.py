"""Ways of editing attributes compared in the browser: asked from a dataset, watched, told as a table."""

import csv
import re
import zipfile
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW
from tests.browser.lab_member import upload
from tests.browser.test_accessibility import lasting_faults, settle
from tests.ml.rendered_attributes import NAMES, factors, write_attribute_images

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(1500)]
TABLE_MS = 600_000


def zip_of_rendered(folder: Path, number: int = 60) -> Path:
    """Rendered images as CelebA lays them out."""
    write_attribute_images(folder / "all", number, size=16)
    rows = [f"{place}.png {' '.join('1' if one else '-1' for one in factors(place))}" for place in range(number)]
    with zipfile.ZipFile(folder / "rendered.zip", "w") as archive:
        archive.writestr("list_attr.txt", "\n".join([str(number), " ".join(NAMES), *rows]))
        for file in (folder / "all").glob("*.png"):
            archive.write(file, f"all/{file.name}")
    return folder / "rendered.zip"


def ask(page: Page, *ways: str) -> None:
    """From the dataset's page, these ways with little to train."""
    page.get_by_role("link", name="Compare ways of editing attributes").click()
    expect(page.get_by_role("heading", name="New study")).to_be_visible()
    page.get_by_role("button", name="None", exact=True).click(timeout=120_000)
    for way in ways:
        page.get_by_role("checkbox", name=way, exact=True).check()
    page.get_by_role("textbox", name="Resolution").fill("16")
    page.get_by_role("textbox", name="Batch size").fill("4")
    page.get_by_role("textbox", name="Num steps").fill("12")
    page.get_by_role("textbox", name="Num seeds").fill("2")


def test_ways_of_editing_are_asked_for_watched_and_told_as_a_table(member: Page, tmp_path: Path) -> None:
    upload(member, zip_of_rendered(tmp_path), "Rendered attributes")
    ask(member, "Fader Networks", "Word vectors")
    ways = member.get_by_role("region", name="Ways to edit")
    expect(ways.get_by_role("status")).to_contain_text("needs word vectors, and the server has none")
    expect(member.get_by_role("button", name="Start the study")).to_be_disabled()
    member.get_by_role("checkbox", name="Word vectors", exact=True).uncheck()
    others = member.get_by_role("combobox", name="Others")
    others.fill("attgan:width=4,num_checkpoints=2")
    others.press("Enter")
    expect(member.get_by_text("4 trainings of 12 steps, one after the other: 48 steps in all")).to_be_visible()
    member.get_by_role("textbox", name="Name of the study").fill("Which way?")
    member.get_by_role("button", name="Start the study").click()
    expect(member.get_by_role("heading", name="Which way?")).to_be_visible()
    progress = member.get_by_role("region", name="Progress")
    expect(progress).to_contain_text(re.compile(r"Training [1-4] of 4: (fader|attgan:width=4)"), timeout=TABLE_MS)

    table = member.get_by_role("group", name="Recognition by art and attribute")
    expect(table).to_be_visible(timeout=TABLE_MS)
    answer = member.get_by_role("region", name="Which way works best?")
    expect(answer).to_contain_text(re.compile("Not told apart|no other interval reaches that"), timeout=TABLE_MS)
    expect(table.get_by_role("row")).to_have_count(4)
    expect(table.get_by_role("row").nth(1)).to_contain_text("Classifier on real images")
    expect(table.get_by_role("row").nth(2)).to_contain_text("Fader Networks")
    expect(table.get_by_role("row").nth(3)).to_contain_text("2 seeds")
    for name in (*NAMES, "Average", "Identity", "Reconstruction"):
        expect(table.get_by_role("columnheader", name=name, exact=True)).to_be_visible()
    asked = member.get_by_role("region", name="What was asked")
    expect(asked).to_contain_text("--question attributes")

    with member.expect_download() as begun:
        member.get_by_role("link", name="Download CSV").click()
    begun.value.save_as(tmp_path / "table.csv")
    with (tmp_path / "table.csv").open(newline="") as stream:
        rows = list(csv.DictReader(stream))
    assert [row["art"] for row in rows] == ["classifier on real images", "fader", "attgan:width=4,num_checkpoints=2"]
    assert all(0 <= float(row["average"]) <= 1 for row in rows)

    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        member.emulate_media(color_scheme=scheme)
        settle(member)
        assert lasting_faults(member) == []
    member.set_viewport_size(NARROW)
    settle(member)
    assert member.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    name = table.get_by_role("rowheader").nth(1)
    table.evaluate("table => table.scrollTo(10000, 0)")
    edge, at = table.bounding_box(), name.bounding_box()
    assert edge is not None
    assert at is not None
    assert abs(at["x"] - edge["x"]) <= 2, "the names stay in sight"
    assert at["width"] < edge["width"] / 2

    member.goto("/studies")
    row = member.get_by_role("row").filter(has_text="Which way?").first
    expect(row).to_contain_text("2 ways to edit attributes")


def test_a_comparison_is_stopped_goes_on_and_is_given_up(member: Page, tmp_path: Path) -> None:
    upload(member, zip_of_rendered(tmp_path), "More rendered attributes")
    ask(member, "StarGAN")
    member.get_by_role("textbox", name="Num steps").fill("100000")
    member.get_by_role("textbox", name="Name of the study").fill("A long comparison")
    member.get_by_role("button", name="Start the study").click()
    progress = member.get_by_role("region", name="Progress")
    expect(progress).to_contain_text("Training 1 of 2: stargan, seed 1.", timeout=TABLE_MS)
    member.get_by_role("button", name="Stop", exact=True).click()
    expect(member.get_by_text("Stopped with everything saved")).to_be_visible(timeout=120_000)
    member.get_by_role("button", name="Resume").click()
    expect(progress).to_contain_text("Training 1 of 2: stargan, seed 1.", timeout=TABLE_MS)
    member.get_by_role("button", name="Cancel").click()
    member.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(member.get_by_text("Given up; its files were removed.")).to_be_visible(timeout=120_000)
