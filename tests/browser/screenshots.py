"""The pictures of the documentation, taken from the running product: `make screenshots`.

A stack with the demo, a first visitor, and one picture of each page, wide and narrow, light and dark, into docs/images
(those that the documentation shows) and, with a folder as argument, all of them there.
"""

import os
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Page, sync_playwright

from tests.browser.conftest import ARGUMENTS, NARROW, WIDE, chromium
from tests.browser.lab_member import enter, wait_until_finished
from tests.stack import Stack

IMAGES = Path(__file__).parents[2] / "docs" / "images"
SHOWN = {"run-wide-light", "gallery-wide-light"}


def main(everything: Path | None) -> None:
    """Take every picture."""
    with tempfile.TemporaryDirectory() as folder, Stack(Path(folder), demo=True) as stack, sync_playwright() as started:
        browser = started.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
        page = browser.new_context(base_url=stack.url, viewport=WIDE, reduced_motion="reduce").new_page()
        enter(page)
        addresses = _addresses(page)
        page.goto(addresses["run"])
        wait_until_finished(page)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme)
            for width, size in (("wide", WIDE), ("narrow", NARROW)):
                page.set_viewport_size(size)
                for name, address in addresses.items():
                    _take(page, address, f"{name}-{width}-{scheme}", everything)


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
        "queue": "/queue",
        "storage": "/storage",
        "people": "/people",
        "log": "/log",
        "webhook": "/webhook",
        "workers": "/workers",
        "account": "/account",
    }


def _take(page: Page, address: str, name: str, everything: Path | None) -> None:
    page.goto(address)
    page.wait_for_load_state("networkidle")
    page.wait_for_timeout(500)
    if name in SHOWN:
        IMAGES.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=IMAGES / f"{name.split('-')[0]}.png")
    if everything is not None:
        everything.mkdir(parents=True, exist_ok=True)
        page.screenshot(path=everything / f"{name}.png", full_page=True)


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else None)
