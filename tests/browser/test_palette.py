"""One field finds pages, acts and the lab's own things, by keyboard alone."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW
from tests.browser.test_accessibility import faults, settle

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(900)]


def test_ctrl_k_leads_to_pages_and_to_things_by_their_names(member: Page, run_path: str) -> None:
    member.goto("/account")
    settle(member)
    member.get_by_label("Your name").focus()  # also while somebody types elsewhere
    member.keyboard.press("Control+k")
    field = member.get_by_role("combobox", name="Search pages")
    expect(field).to_be_focused()
    expect(member.get_by_role("group", name="Newest in this lab").get_by_role("option").first).to_be_visible()
    field.fill("queue")
    expect(member.get_by_role("option", name="Queue")).to_have_attribute("aria-selected", "true")
    member.keyboard.press("Enter")
    member.wait_for_url(re.compile("/queue$"))
    expect(field).to_be_hidden()
    member.keyboard.press("Control+k")
    field.fill("dcgan SHAPES")
    expect(member.get_by_role("group", name="In this lab").get_by_role("option").first).to_contain_text(
        "dcgan on Shapes"
    )
    for _ in range(member.get_by_role("option").count()):
        chosen = member.locator('[role="option"][aria-selected="true"]')
        expect(chosen).to_have_count(1)
        assert field.get_attribute("aria-activedescendant") == chosen.get_attribute("id")
        if "dcgan on Shapes" in chosen.inner_text():
            break
        member.keyboard.press("ArrowDown")
    name = chosen.inner_text().splitlines()[0]
    member.keyboard.press("Enter")
    member.wait_for_url(re.compile("/runs/[^/]+$"))
    expect(member.get_by_role("heading", level=1)).to_have_text(name)


def test_what_is_not_there_is_said_and_escape_leaves_everything_as_it_was(member: Page, run_path: str) -> None:
    member.goto("/recipes")
    member.get_by_role("button", name="Search", exact=True).click()
    member.get_by_role("combobox", name="Search pages").fill("no such thing anywhere")
    expect(member.get_by_text("Nothing in this lab is called so.")).to_be_visible()
    member.keyboard.press("Enter")
    member.keyboard.press("Escape")
    expect(member.get_by_role("combobox", name="Search pages")).to_be_hidden()
    assert member.url.endswith("/recipes")


def test_a_dark_page_stays_dark_by_an_act_of_the_palette(member: Page, run_path: str) -> None:
    member.goto("/")
    settle(member)
    member.keyboard.press("Control+k")
    member.get_by_role("combobox", name="Search pages").fill("dark col")
    member.keyboard.press("Enter")
    expect(member.locator("html")).to_have_attribute("data-mantine-color-scheme", "dark")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_palette_and_it_fits_a_phone(member: Page, run_path: str, scheme: str) -> None:
    member.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
    member.goto("/")
    settle(member)
    member.keyboard.press("Control+k")
    member.get_by_role("combobox", name="Search pages").fill("e")
    expect(member.get_by_role("group", name="In this lab")).to_be_visible()
    settle(member)
    assert faults(member) == []
    member.set_viewport_size(NARROW)
    settle(member)
    assert member.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]
