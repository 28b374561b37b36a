"""The main job in the browser, on the real server, workers and Redis: first visit to downloaded dataset."""

import json
import re
import shutil
import zipfile
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from ml.digits import write_digits
from tests import real_data
from tests.browser.lab_member import INGEST_MS, download_export, enter, start_run, upload, wait_until_finished

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(1200)]


def zipped(folder: Path, out: Path) -> Path:
    return Path(shutil.make_archive(str(out.with_suffix("")), "zip", folder))


def rows_of(export: Path) -> list[dict[str, Any]]:
    with zipfile.ZipFile(export) as archive:
        assert archive.testzip() is None
        assert {"manifest.jsonl", "provenance.json", "README.md", "SHA256SUMS"} <= set(archive.namelist())
        return [json.loads(line) for line in archive.read("manifest.jsonl").splitlines()]


def check_export(export: Path, per_class: int, num_classes: int, num_real: int) -> None:
    rows = rows_of(export)
    synthetic = [row for row in rows if row["synthetic"]]
    assert {row["split"] for row in synthetic} == {"train"}
    assert len({row["class"] for row in synthetic}) == num_classes
    assert len(rows) - len(synthetic) == num_real
    assert len(synthetic) == per_class * num_classes


def test_first_visitor_grows_the_digits_and_takes_the_reviewed_dataset_away(page: Page, tmp_path: Path) -> None:
    write_digits(tmp_path / "digits")
    enter(page)
    # Led by what stands on each page: an empty home names the next step.
    expect(page.get_by_text("No runs yet")).to_be_visible()
    page.get_by_role("region", name="Runs").get_by_role("link", name="Upload a dataset").click()
    page.get_by_label("Choose a folder of images").set_input_files(tmp_path / "digits")
    page.get_by_role("button", name="Create the dataset").click()
    expect(page.get_by_text("1,797").first).to_be_visible(timeout=INGEST_MS)
    page.get_by_role("link", name="Home", exact=True).first.click()

    start_run(page, per_class=4, Num_steps=60, Resolution=16, Width=8)
    expect(page.get_by_role("img", name=re.compile("loss", re.IGNORECASE)).first).to_be_visible(timeout=120_000)
    wall = page.get_by_role("group", name=re.compile("Samples by training step"))
    expect(wall).to_be_visible(timeout=120_000)
    wait_until_finished(page)
    expect(page.get_by_text("TARR").first).to_be_visible()

    page.get_by_role("link", name="Review samples").click()
    tiles = page.get_by_role("option")
    expect(tiles.first).to_be_visible()
    tiles.first.click()
    first = tiles.first.get_attribute("id")
    page.keyboard.press("x")
    expect(page.locator(f"#{first}")).to_have_attribute("data-verdict", "reject")
    page.keyboard.press("a")
    expect(page.locator('[data-verdict="accept"]')).to_have_count(1)
    page.keyboard.press("Control+z")
    expect(page.locator('[data-verdict="accept"]')).to_have_count(0)
    page.reload()
    expect(page.locator(f"#{first}")).to_have_attribute("data-verdict", "reject")

    page.go_back()
    export = download_export(page, tmp_path / "augmented.zip")
    synthetic = [row for row in rows_of(export) if row["synthetic"]]
    assert len(synthetic) == 39, "forty were selected and one was rejected"
    assert all(row["verdict"] != "rejected" for row in synthetic)


@pytest.mark.real_data
def test_mnist_comes_out_augmented(page: Page, tmp_path: Path) -> None:
    folder = real_data.write_mnist(tmp_path / "mnist", 100)
    if folder is None:
        pytest.skip("ATELIER_REAL_DATA names no folder with mnist-t10k")
    enter(page)
    upload(page, zipped(folder, tmp_path / "mnist.zip"), "MNIST")
    start_run(page, per_class=10, Num_steps=60, Width=8)
    wait_until_finished(page)
    check_export(download_export(page, tmp_path / "out.zip"), per_class=10, num_classes=10, num_real=1000)


@pytest.mark.real_data
def test_photos_of_clothes_of_any_size_come_out_augmented(page: Page, tmp_path: Path) -> None:
    folder = real_data.clothing()
    if folder is None:
        pytest.skip("ATELIER_REAL_DATA names no folder with clothing-cc0")
    enter(page)
    upload(page, zipped(folder, tmp_path / "clothes.zip"), "Clothes")
    start_run(page, per_class=5, Num_steps=40, Width=8)
    wait_until_finished(page)
    check_export(download_export(page, tmp_path / "out.zip"), per_class=5, num_classes=10, num_real=1179)
