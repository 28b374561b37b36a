"""Somebody is invited by link, joins in a browser of their own, and may what their role is for."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import opened_page
from tests.browser.lab_member import enter
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(600)]
PASSWORD, NEW_PASSWORD = "a long enough passphrase", "another long passphrase"
FINISHED_RUN = """
from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab
print("run", make_pool(queue_run(make_dataset(Lab.objects.get()), None)).run_id)
"""


@pytest.fixture(scope="module")
def quiet_stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The server alone: what this file is about needs no worker."""
    with Stack(tmp_path_factory.mktemp("people"), workers=False) as running:
        yield running


@pytest.fixture
def owner(browser: Browser, quiet_stack: Stack, tmp_path: Path) -> Iterator[Page]:
    """A page of the first visitor, who owns the lab."""
    with opened_page(browser, quiet_stack, tmp_path / "owner.png") as page:
        enter(page)
        yield page


def link_in(page: Page) -> str:
    """The link that was just made."""
    return page.get_by_role("status").filter(has_text="It is shown only now").locator("pre").inner_text()


def invite(owner: Page, role: str) -> str:
    owner.goto("/people")
    owner.get_by_label("Role", exact=True).select_option(role)
    owner.get_by_role("button", name="Make a link").click()
    return link_in(owner)


def test_an_invited_reviewer_sees_what_a_reviewer_may_and_no_more(
    browser: Browser, quiet_stack: Stack, owner: Page, tmp_path: Path
) -> None:
    run = quiet_stack.manage("shell", "-c", FINISHED_RUN).split("run ")[-1].strip()
    link = invite(owner, "reviewer")
    assert link.startswith(f"{quiet_stack.url}/join#")
    with opened_page(browser, quiet_stack, tmp_path / "guest.png") as guest:
        guest.goto(link)
        expect(guest.get_by_text("invites you to Vision lab as reviewer")).to_be_visible()
        guest.get_by_label("Your name").fill("Grace")
        guest.get_by_label("E-mail").fill("grace@lab.example")
        guest.get_by_label("Password").first.fill(PASSWORD)
        guest.get_by_role("button", name="Create the account and join").click()
        expect(guest.get_by_role("heading", name="Vision lab")).to_be_visible()
        expect(guest.get_by_role("link", name="Upload a dataset")).to_have_count(0)
        guest.goto(f"/runs/{run}/gallery?kept=any")
        guest.get_by_role("option").first.click()
        guest.keyboard.press("a")
        expect(guest.get_by_role("option").first).to_have_attribute("data-verdict", "accept")
        expect(guest.get_by_role("button", name="Select again")).to_have_count(0)
        guest.goto("/people")
        expect(guest.get_by_role("row", name=re.compile(r"Ada\s+owner"))).to_be_visible()
        expect(guest.get_by_role("button", name="Make a link")).to_have_count(0)
        expect(guest.get_by_role("button", name="Remove")).to_have_count(0)

        owner.get_by_role("link", name="People").click()
        owner.reload()
        owner.get_by_label("Role of Grace").select_option("viewer")
        expect(owner.get_by_label("Role of Grace")).to_have_value("viewer")
        owner.get_by_role("button", name="Password link").click()
        owner.get_by_role("dialog").get_by_role("button", name="Password link").click()
        reset = link_in(owner)
        guest.goto(reset)
        guest.get_by_label("New password").first.fill(NEW_PASSWORD)
        guest.get_by_role("button", name="Set the password").click()
        guest.get_by_role("link", name="Log in with it").click()
        guest.get_by_label("E-mail").fill("grace@lab.example")
        guest.get_by_label("Password").first.fill(NEW_PASSWORD)
        guest.get_by_role("button", name="Log in").click()
        expect(guest.get_by_role("heading", name="Vision lab")).to_be_visible()

        guest.goto(link)
        expect(guest.get_by_text("This invitation was used already")).to_be_visible()
        owner.get_by_role("button", name="Remove").click()
        owner.get_by_role("dialog").get_by_role("button", name="Remove").click()
        expect(owner.get_by_label("Role of Grace")).to_have_count(0)
        guest.goto("/")
        expect(guest.get_by_text("You are in no lab")).to_be_visible()


def test_the_last_owner_is_told_why_they_cannot_leave(owner: Page) -> None:
    owner.goto("/people")
    owner.get_by_role("button", name="Leave", exact=True).click()
    owner.get_by_role("dialog").get_by_role("button", name="Leave", exact=True).click()
    expect(owner.get_by_role("alert")).to_contain_text("The last owner of a lab stays")
