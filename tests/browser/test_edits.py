"""Editing a real image: pick one, make its sheet, and switch; every switch shows another tile at once."""

import re
import time
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.lab_member import RUN_MS

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(1500)]
TINY = {"resolution": 16, "width": 8, "num_blocks": 0, "batch_size": 4, "num_steps": 4, "num_checkpoints": 1}
RECIPE: dict[str, Any] = {
    "model": "stargan",
    "model_settings": TINY,
    "sampler": "random",
    "sampler_settings": {},
    "budget": {"kind": "per_class", "count": 2},
    "pool_factor": 1.0,
    "seed": 1,
}


def trained(page: Page, run_path: str) -> str:
    """The address of a run of stargan on the images of another run."""
    session = page.request.get("/api/v1/session/").json()
    version = page.request.get(f"/api/v1{run_path}/").json()["version"]
    made = page.request.post(
        "/api/v1/runs/",
        data={"version": version, "recipe": RECIPE},
        headers={"X-CSRFToken": session["csrf_token"], "Referer": page.url},
    )
    assert made.ok, made.text()
    run = made.json()["id"]
    deadline = time.monotonic() + RUN_MS / 1000
    while time.monotonic() < deadline:
        told = page.request.get(f"/api/v1/runs/{run}/").json()
        if told["state"] == "finished":
            return f"/runs/{run}"
        assert told["state"] not in ("failed", "cancelled", "interrupted"), told["error"]
        time.sleep(1)
    raise AssertionError("the run did not finish")


def tile(page: Page) -> Locator:
    return page.get_by_test_id("result").get_by_role("img")


def test_an_image_is_edited_and_switches_show_other_tiles(member: Page, run_path: str) -> None:
    member.goto(run_path)
    expect(member.get_by_role("link", name="Review samples")).to_be_visible()
    expect(member.get_by_role("link", name="Edit an image")).to_have_count(0)
    member.goto(f"{run_path}/edits")
    expect(member.get_by_text("makes images of its own and cannot edit a real one")).to_be_visible()

    path = trained(member, run_path)
    member.goto(path)
    member.get_by_role("link", name="Edit an image").click()
    make = member.get_by_role("button", name="Make the edits")
    expect(make).to_be_disabled()
    member.get_by_role("button", name=re.compile(r"^Image \d+, ")).first.click()
    make.click()
    expect(tile(member)).to_be_visible(timeout=300_000)
    switches = member.get_by_role("switch")
    expect(switches).to_have_count(3)
    member.keyboard.press("2")
    expect(tile(member)).to_have_attribute("data-tile", "1")
    expect(switches.nth(1)).to_be_checked()
    member.keyboard.press("3")
    expect(tile(member)).to_have_attribute("data-tile", "2")
    expect(switches.nth(1)).not_to_be_checked()
    combinations = member.get_by_role("region", name="All combinations").get_by_role("button")
    expect(combinations).to_have_count(3)
    combinations.first.click()
    expect(tile(member)).to_have_attribute("data-tile", "0")
    member.reload()
    expect(tile(member)).to_be_visible(timeout=60_000)
