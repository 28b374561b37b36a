"""Accept until target: the countdown in the gallery, and further samples that real workers draw meanwhile."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab_member import RUN_MS

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(900)]


def test_a_target_counts_down_and_further_samples_are_drawn_until_it_is_met(gallery: Page, run_path: str) -> None:
    gallery.goto(f"{run_path}/gallery?kept=any&label=bar&standing=undecided")
    tiles = gallery.get_by_role("listbox", name="Samples").get_by_role("option")
    expect(tiles).to_have_count(12)
    gallery.get_by_role("button", name="Accept until…").click()
    dialog = gallery.get_by_role("dialog", name="Accept until…")
    dialog.get_by_role("textbox", name="More of bar").fill("13")
    expect(dialog.get_by_text("260 in all")).to_be_visible()
    dialog.get_by_role("button", name="Begin").click()
    bar = gallery.get_by_role("region", name="Accept until target")
    expect(bar.get_by_role("button", name="bar: 13 more of 13")).to_be_visible()
    tiles.first.click()
    gallery.keyboard.press("a")
    expect(bar.get_by_role("button", name="bar: 12 more of 13")).to_be_visible()
    further = bar.get_by_role("link", name="Other samples for it")
    expect(further).to_be_visible(timeout=RUN_MS)
    gallery.reload()
    expect(bar.get_by_role("button", name="bar: 12 more of 13")).to_be_visible()
    further.click()
    expect(bar.get_by_role("button", name="bar: 12 more of 13")).to_be_visible()
    expect(tiles.nth(15)).to_be_visible()
    gallery.keyboard.press("Control+a")
    gallery.keyboard.press("a")
    expect(bar.get_by_role("button", name="bar: done")).to_be_visible()
    expect(bar.get_by_text(re.compile("The target is met"))).to_be_visible(timeout=60_000)
    gallery.goto(f"{run_path}/gallery?kept=any")
    expect(bar.get_by_text("The target is met")).to_be_visible()
    expect(bar.get_by_role("button", name="Accept until…")).to_be_visible()
