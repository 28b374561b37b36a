"""A front end that is built anew while a page is open: the page comes back by itself, once."""

import re

import pytest
from playwright.sync_api import Page, Route, expect

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(300)]

PART = re.compile(r"/static/assets/UploadPage-.*\.js")


def test_a_page_whose_parts_are_gone_is_loaded_anew(member: Page) -> None:
    missed: list[str] = []

    def gone_once(route: Route) -> None:
        missed.append(route.request.url)
        if len(missed) == 1:
            route.fulfill(status=404)
        else:
            route.continue_()

    member.goto("/")
    expect(member.get_by_role("heading", name="Datasets")).to_be_visible()
    member.route(PART, gone_once)
    member.get_by_role("link", name="Upload", exact=True).click()
    expect(member.get_by_role("heading", name="Upload a dataset")).to_be_visible()
    expect(member).to_have_url(re.compile("/upload$"))
    assert len(missed) == 2


def test_a_part_that_stays_gone_is_said_and_leads_to_no_loop(member: Page) -> None:
    missed: list[str] = []

    def gone(route: Route) -> None:
        missed.append(route.request.url)
        route.fulfill(status=404)

    member.route(PART, gone)
    member.goto("/upload")
    expect(member.get_by_role("heading", name="This page broke")).to_be_visible()
    expect(member.get_by_role("button", name="Reload")).to_be_visible()
    member.wait_for_timeout(1_000)
    assert len(missed) == 2
