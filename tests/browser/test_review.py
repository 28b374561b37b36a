"""Reviewing together: where reviewers disagree, and whether anybody can tell real from synthetic."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import opened_page
from tests.browser.lab_member import enter
from tests.browser.test_accessibility import faults
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(600)]
POOL = """
from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person, Role
from webapp.accounts.services.people import add_member
from webapp.gallery.services.verdicts import decide
lab = Lab.objects.get()
pool = make_pool(queue_run(make_dataset(lab), None))
grace = Person.objects.create_user("grace@lab.example", name="Grace")
add_member(lab, grace, Role.REVIEWER)
decide(pool, grace, list(pool.samples.filter(index__lt=4).values_list("pk", flat=True)), "accept")
print("run", pool.run_id)
"""


@pytest.fixture(scope="module")
def quiet_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The server alone: what this file is about needs no worker."""
    with Stack(tmp_path_factory.mktemp("review"), workers=False) as running:
        yield running


@pytest.fixture(scope="module")
def login(browser: Browser, quiet_stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> object:
    """The cookies of the first visitor, who owns the lab."""
    with opened_page(browser, quiet_stack, tmp_path_factory.mktemp("login") / "last.png") as page:
        enter(page)
        return page.context.storage_state()


@pytest.fixture(scope="module")
def run(quiet_stack: Stack, login: object) -> str:
    """A finished run of which Grace accepts the first four samples."""
    return quiet_stack.manage("shell", "-c", POOL).split("run ")[-1].strip()


@pytest.fixture
def gallery(browser: Browser, quiet_stack: Stack, login: object, run: str, tmp_path: Path) -> Iterator[Page]:
    with opened_page(browser, quiet_stack, tmp_path / "last.png", storage_state=login) as page:
        page.goto(f"/runs/{run}/gallery?kept=any")
        expect(page.get_by_role("option").first).to_be_visible()
        yield page


def test_two_reviewers_see_how_far_they_agree_and_what_they_dispute(gallery: Page) -> None:
    tiles = gallery.get_by_role("listbox", name="Samples").get_by_role("option")
    for key in "aaxxx":
        gallery.keyboard.press(key)
    expect(tiles.nth(2)).to_have_accessible_name(re.compile("disputed"))
    gallery.get_by_role("button", name="Agreement").click()
    dialog = gallery.get_by_role("dialog", name="Agreement of reviewers")
    expect(dialog.get_by_role("row", name=re.compile(r"4\s+50 % \(15 to 85\)\s+0\.00 \("))).to_be_visible()
    assert faults(gallery) == []
    dialog.get_by_role("button", name="Show what is disputed").click()
    expect(gallery).to_have_url(re.compile("disputed=true"))
    expect(tiles).to_have_count(2)
    gallery.reload()
    expect(tiles).to_have_count(2)
    gallery.keyboard.press("a")
    gallery.keyboard.press("a")
    gallery.get_by_role("button", name="Agreement").click()
    expect(dialog.get_by_text("Nothing is disputed")).to_be_visible()
    expect(dialog.get_by_text("not defined: both gave one and the same verdict")).to_be_visible()


def test_real_is_told_from_synthetic_by_key_across_a_reload_until_the_result(gallery: Page) -> None:
    gallery.get_by_role("link", name="Blind test").click()
    gallery.get_by_role("combobox", name="Synthetic images").click()
    gallery.get_by_role("option", name="The whole pool").click()
    gallery.get_by_role("button", name="Begin").click()
    with gallery.expect_response(re.compile("answers/7/")):
        for place in range(8):
            expect(gallery.get_by_role("img", name=f"Image {place + 1}, real or synthetic")).to_be_visible()
            gallery.keyboard.press("r" if place % 2 else "s")
    expect(gallery.get_by_role("heading", name="Image 9 of 20")).to_be_visible()
    assert faults(gallery) == []
    gallery.reload()
    expect(gallery.get_by_role("heading", name="Image 9 of 20")).to_be_visible()
    gallery.keyboard.press("Backspace")
    expect(gallery.get_by_role("heading", name="Image 8 of 20")).to_be_visible()
    for place in range(7, 20):
        expect(gallery.get_by_role("img", name=f"Image {place + 1}, real or synthetic")).to_be_visible()
        gallery.keyboard.press("s")
    expect(gallery.get_by_role("status").filter(has_text=re.compile(r"\d+ of 20 right: \d+ % \("))).to_be_visible()
    expect(gallery.get_by_text("50 % is what guessing brings")).to_be_visible()
    expect(gallery.get_by_text("One person so far")).to_be_visible()
    counts = gallery.get_by_role("group", name="What was taken for what").get_by_role("cell").all_inner_texts()
    assert sum(map(int, counts)) == 20
    assert faults(gallery) == []
    gallery.reload()
    gallery.get_by_role("button", name="Result").click()
    expect(gallery.get_by_text("50 % is what guessing brings")).to_be_visible()


def test_a_key_is_put_on_another_told_when_it_is_taken_and_holds_after_a_reload(gallery: Page) -> None:
    tiles = gallery.get_by_role("listbox", name="Samples").get_by_role("option")
    gallery.get_by_role("button", name="Verdicts").click()
    expect(gallery.get_by_role("menuitem", name="Download as CSV")).to_be_visible()
    assert not [fault for fault in faults(gallery) if "(critical)" in fault or "(serious)" in fault]
    gallery.keyboard.press("Escape")
    expect(gallery.get_by_role("menuitem", name="Download as CSV")).to_be_hidden()
    gallery.keyboard.press("?")
    dialog = gallery.get_by_role("dialog", name="Keys on this page")
    change = dialog.get_by_role("button", name="Change the key of: Clear your verdict")
    change.click()
    gallery.keyboard.press("x")
    expect(dialog.get_by_text("X: It is taken by “Reject”")).to_be_visible()
    gallery.keyboard.press("y")
    expect(dialog.get_by_role("row", name=re.compile("^Y Clear your verdict"))).to_be_visible()
    assert faults(gallery) == []
    gallery.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(gallery.get_by_role("button", name=re.compile("^Clear Y"))).to_be_visible()
    gallery.reload()
    expect(tiles.first).to_be_visible()
    gallery.keyboard.press("x")
    expect(tiles.first).to_have_attribute("data-verdict", "reject")
    gallery.keyboard.press("ArrowLeft")
    gallery.keyboard.press("u")
    expect(tiles.first).to_have_attribute("data-verdict", "reject")
    gallery.keyboard.press("Enter")
    gallery.keyboard.press("y")
    gallery.keyboard.press("Escape")
    expect(tiles.first).not_to_have_attribute("data-verdict", "reject")
    gallery.keyboard.press("?")
    dialog.get_by_role("button", name="All as they were").click()
    expect(dialog.get_by_role("row", name=re.compile("^U Clear your verdict"))).to_be_visible()
