"""Knowing a dataset in the browser: issues and charts filter the grid; what is found is put right in a next version."""

import io
import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.lab_member import INGEST_MS, upload

pytestmark = pytest.mark.browser


def zip_with_oddities(file: Path, number: int = 12) -> Path:
    """Two classes of coarse noise in colour, with two nearly black images and a grey one in the first."""
    rng = np.random.default_rng(5)
    with zipfile.ZipFile(file, "w") as archive:
        for index in range(2 * number):
            pixels = rng.integers(0, 256, (48, 48, 3))
            pixels = pixels * (0.2 if index < 2 else 1) if index != 2 else pixels[..., :1].repeat(3, axis=2)
            stream = io.BytesIO()
            Image.fromarray(pixels.astype(np.uint8)).save(stream, "PNG")
            archive.writestr(f"{'leaf' if index < number else 'stone'}/{index:02d}.png", stream.getvalue())
    return file


def test_what_stands_out_is_found_excluded_and_classes_are_renamed(member: Page, tmp_path: Path) -> None:
    upload(member, zip_with_oddities(tmp_path / "odd.zip"), "Oddities")
    address = member.url
    health = member.get_by_role("region", name="Health")
    expect(health).to_contain_text("No leaks")
    health.get_by_role("button", name=re.compile("Dark: 2 images")).click()
    expect(member).to_have_url(re.compile("issue=dark"))
    tiles = member.get_by_role("listitem").filter(has=member.get_by_role("img"))
    expect(tiles).to_have_count(2)
    member.reload()
    expect(tiles).to_have_count(2)
    member.get_by_role("button", name="Mark images").click()
    member.get_by_role("button", name="Mark all 2").click()
    member.get_by_role("button", name="Exclude").click()

    member.get_by_role("button", name="Remove the filter dark").click()
    expect(tiles).to_have_count(24)
    charts = member.get_by_role("region", name="Brightness and size")
    charts.get_by_role("button", name=re.compile(r"^\d+ to \d+: 2 images$")).click()
    expect(tiles).to_have_count(2)
    member.get_by_role("button", name="Clear the filters").click()

    member.get_by_role("button", name="Classes").click()
    dialog = member.get_by_role("dialog")
    dialog.get_by_role("combobox", name="Class", exact=True).click()
    member.get_by_role("option", name=re.compile("stone")).click()
    dialog.get_by_label("New name, or the class").fill("pebble")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog).to_contain_text("stone is renamed pebble")
    member.keyboard.press("Escape")
    member.get_by_role("button", name="Make the next version").click()
    member.wait_for_url(f"{address}/2")
    panel = member.get_by_role("region", name="Compared with version 1")
    expect(panel).to_be_visible(timeout=INGEST_MS)
    expect(panel).to_contain_text(re.compile("Removed2.*Relabelled12", re.DOTALL))
    expect(member.get_by_role("button", name=re.compile("^pebble: "))).to_be_visible()
