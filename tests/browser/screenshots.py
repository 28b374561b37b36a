"""The pictures of the documentation, taken from the running product: `make screenshots`.

A stack with the demo, a first visitor, and the way from a folder of images to an export, a picture of each step, into
docs/images (README.md shows them). With a folder as argument, also every page, wide and narrow, light and dark, there.
"""

import io
import os
import re
import sys
import tempfile
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from tests.browser.conftest import ARGUMENTS, NARROW, WIDE, chromium
from tests.browser.lab_member import EXPORT_MS, RUN_MS, enter, wait_until_finished
from tests.browser.pictures import zip_of_shapes
from tests.stack import Stack

IMAGES = Path(__file__).parents[2] / "docs" / "images"
QUALITY = 80
"""Of WebP: text stays sharp, and a picture of a page has some 50 KiB."""

ROWS = 5
"""Rows of the wall from which on one sees what the model learns."""


def main(everything: Path | None) -> None:
    """Take every picture."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), demo=True) as stack, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_context(base_url=stack.url, viewport=WIDE, reduced_motion="reduce").new_page()
        page.set_default_timeout(60_000)
        enter(page)
        addresses = _addresses(page)
        _tour(page, addresses, zip_of_shapes(Path(folder) / "shapes.zip"))
        if everything is not None:
            _every_page(page, addresses, everything)


def _addresses(page: Page) -> dict[str, str]:
    """Page -> address, for the one dataset and run that the demo makes."""
    page.goto("/")
    dataset = page.locator('a[href^="/datasets/"]').first.get_attribute("href") or ""
    page.locator('a[href^="/runs/"]:not([href="/runs/new"])').first.wait_for()
    run = page.locator('a[href^="/runs/"]:not([href="/runs/new"])').first.get_attribute("href") or ""
    return {
        "home": "/",
        "upload": "/upload",
        "dataset": dataset,
        "run": run,
        "gallery": f"{run}/gallery",
        "exports": f"{run}/exports",
        "tokens": "/tokens",
        "recipes": "/recipes",
        "models": "/models",
        "model": "/models/dcgan",
        "studies": "/studies",
        "queue": "/queue",
        "storage": "/storage",
        "people": "/people",
        "log": "/log",
        "webhook": "/webhook",
        "workers": "/workers",
        "account": "/account",
    }


# --- the tour -----------------------------------------------------------------------------------------------------
def _tour(page: Page, addresses: dict[str, str], archive: Path) -> None:
    """The whole way, while the demo's run goes on: each picture as soon as there is something to see."""
    page.goto(addresses["run"])
    expect(page.get_by_text("Sample wall").first).to_be_visible(timeout=RUN_MS)
    rows = page.get_by_role("img", name=re.compile("^Samples after step"))
    expect(rows.nth(ROWS - 1)).to_be_visible(timeout=RUN_MS)
    _show(page, "watch")

    page.goto(addresses["upload"])
    page.get_by_label("Choose a zip file").set_input_files(archive)
    page.get_by_label("Name of the dataset").fill("Shapes")
    _show(page, "upload")

    page.goto(addresses["dataset"])
    expect(page.get_by_text("Images per class")).to_be_visible()
    _show(page, "dataset")
    page.get_by_role("link", name="New run").first.click()
    page.get_by_role("radio", name="Class confidence").check()
    _show(page, "recipe")

    page.goto(addresses["run"])
    wait_until_finished(page)
    _show(page, "run")
    page.goto(addresses["gallery"])
    page.locator("[data-place]").first.wait_for()
    _show(page, "gallery")
    page.goto(f"{addresses['gallery']}?kept=any&map=pca")
    page.locator("[data-place]").first.wait_for()
    _show(page, "map")

    page.goto(addresses["exports"])
    page.get_by_role("button", name="Build the export").click()
    expect(page.get_by_role("link", name="Download").first).to_be_visible(timeout=EXPORT_MS)
    _show(page, "export")


def _show(page: Page, name: str) -> None:
    """One picture of the documentation, from the top of the page."""
    page.evaluate("window.scrollTo(0, 0)")
    _settle(page)
    picture = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    IMAGES.mkdir(parents=True, exist_ok=True)
    picture.save(IMAGES / f"{name}.webp", quality=QUALITY, method=6)


# --- every page ---------------------------------------------------------------------------------------------------
def _every_page(page: Page, addresses: dict[str, str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        for width, size in (("wide", WIDE), ("narrow", NARROW)):
            page.set_viewport_size(size)
            for name, address in addresses.items():
                page.goto(address)
                _settle(page)
                page.screenshot(path=folder / f"{name}-{width}-{scheme}.png", full_page=True)


def _settle(page: Page) -> None:
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
