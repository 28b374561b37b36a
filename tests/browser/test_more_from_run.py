"""More from a finished run: further samples from its checkpoint, without training."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab_member import wait_until_finished

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(900)]


def test_more_samples_are_generated_from_a_finished_run_and_both_pages_say_so(member: Page, run_path: str) -> None:
    member.goto(run_path)
    member.get_by_role("button", name="More from this run").click()
    member.get_by_role("menuitem", name="Generate more samples").click()
    expect(member.get_by_role("heading", name="More samples", level=1)).to_be_visible()
    expect(member.get_by_text("Nothing is trained", exact=False)).to_be_visible()
    expect(member.get_by_role("radio", name=re.compile("DCGAN"))).to_have_count(0)
    member.get_by_text("Fill to a number", exact=True).click()
    member.get_by_role("textbox", name="Images per class, real and synthetic").fill("40")
    member.get_by_role("textbox", name="Name of the run").fill("Further shapes")
    member.get_by_role("button", name="Start the run").click()
    member.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}$"))
    wait_until_finished(member)
    expect(member.get_by_text(re.compile("More samples from"))).to_be_visible()
    member.get_by_role("link", name="dcgan on Shapes").click()
    started = member.get_by_role("region", name="Runs that start from this one")
    expect(started.get_by_role("link", name="Further shapes").first).to_be_visible()
