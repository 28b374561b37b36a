"""Does it help?: a study asked in the browser, watched, answered and taken away; and what stands in its way."""

import json
import re
from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW
from tests.browser.test_accessibility import lasting_faults, settle

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(900)]


def ask(page: Page, run_path: str) -> None:
    """The form of a study, from the run's own button, with little to train."""
    page.goto(run_path)
    page.get_by_role("link", name="Does it help?").click()
    expect(page.get_by_role("heading", name="New study")).to_be_visible()
    arms(page, "none", "random:1x@0.25")
    page.get_by_role("textbox", name="Num steps").fill("12")
    page.get_by_role("textbox", name="Child steps").fill("6")
    page.get_by_role("textbox", name="Num child seeds").fill("3")
    page.get_by_role("textbox", name="Num generator seeds").fill("3")


def arms(page: Page, *names: str) -> None:
    """These alone: what was there is taken away by key."""
    written = page.get_by_role("combobox", name="What is compared")
    for _ in range(8):
        written.press("Backspace")
    for name in names:
        written.fill(name)
        written.press("Enter")


def test_a_study_is_asked_from_a_run_watched_and_answered(member: Page, run_path: str, tmp_path: Path) -> None:
    ask(member, run_path)
    expect(member.get_by_text("3 generators, one after the other, then 18 child networks")).to_be_visible()
    member.get_by_role("textbox", name="Name of the study").fill("Do shapes help?")
    member.get_by_role("button", name="Start the study").click()
    expect(member.get_by_role("heading", name="Do shapes help?")).to_be_visible()
    expect(member.get_by_role("region", name="Progress")).to_contain_text(
        re.compile("Generator [1-3] of 3"), timeout=90_000
    )

    answer = member.get_by_role("region", name="Does it help?")
    expect(answer).to_contain_text(re.compile("points of balanced accuracy"), timeout=240_000)
    table = member.get_by_role("group", name="Arms on the test images")
    expect(table.get_by_role("row")).to_have_count(3)
    expect(table.get_by_role("row").nth(2)).to_contain_text("of 3 generators")
    expect(member.get_by_label("Gain of each arm")).to_contain_text("random 1x, 25 % of each batch")
    expect(member.get_by_role("group", name="Recall per class").get_by_role("row")).to_have_count(4)
    expect(member.get_by_role("img", name="Balanced accuracy on test images")).to_be_visible()

    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for scheme in schemes:
        member.emulate_media(color_scheme=scheme)
        settle(member)
        assert lasting_faults(member) == []
    with member.expect_download() as begun:
        member.get_by_role("link", name="Download JSON").click()
    begun.value.save_as(tmp_path / "study.json")
    told = json.loads((tmp_path / "study.json").read_text())
    assert [arm["name"] for arm in told["result"]["arms"]] == ["none", "random:1x@0.25"]
    expect(answer).to_contain_text(told["result"]["sentence"])

    member.set_viewport_size(NARROW)
    settle(member)
    assert member.evaluate("document.documentElement.scrollWidth") == NARROW["width"]
    member.goto("/studies")
    row = member.get_by_role("row").filter(has_text="Do shapes help?").first
    expect(row).to_contain_text(told["result"]["sentence"])
    member.goto(run_path)
    expect(member.get_by_role("region", name="Does it help?")).to_contain_text("Do shapes help?")


def test_a_study_is_stopped_and_goes_on(member: Page, run_path: str) -> None:
    ask(member, run_path)
    member.get_by_role("textbox", name="Num steps").fill("4000")
    member.get_by_role("textbox", name="Name of the study").fill("A long one")
    member.get_by_role("button", name="Start the study").click()
    expect(member.get_by_role("region", name="Progress")).to_contain_text("Generator 1 of 3", timeout=90_000)
    member.get_by_role("button", name="Stop", exact=True).click()
    expect(member.get_by_text("Stopped with everything saved")).to_be_visible(timeout=60_000)
    member.reload()
    member.get_by_role("button", name="Resume").click()
    expect(member.get_by_role("region", name="Progress")).to_contain_text("Generator 1 of 3", timeout=60_000)
    member.get_by_role("button", name="Cancel").click()
    member.get_by_role("dialog").get_by_role("button", name="Cancel").click()
    expect(member.get_by_text("Given up; its files were removed.")).to_be_visible(timeout=60_000)


def test_the_images_of_a_run_are_judged_as_they_are(member: Page, run_path: str) -> None:
    ask(member, run_path)
    member.get_by_role("radio", name="Pools that are there").check()
    arms(member, "none", "random:4@0.25")
    expect(member.get_by_text("No generator; 12 child networks")).to_be_visible()
    member.get_by_role("textbox", name="Name of the study").fill("These very images")
    member.get_by_role("button", name="Start the study").click()
    answer = member.get_by_role("region", name="Does it help?")
    expect(answer).to_contain_text("The answer is about these pools alone", timeout=120_000)


def test_what_does_not_fit_stands_at_its_field(member: Page, run_path: str) -> None:
    ask(member, run_path)
    arms(member, "random:1x")
    region = member.get_by_role("region", name="Arms")
    expect(region).to_contain_text("Every arm has synthetic images, so there is nothing to compare them with")
    expect(member.get_by_role("button", name="Start the study")).to_be_disabled()
    arms(member, "none", "rainbow")
    expect(region).to_contain_text("rainbow")
    expect(region).to_contain_text("is unknown")


def test_an_arm_is_put_together_by_hand(member: Page, run_path: str) -> None:
    ask(member, run_path)
    made = member.get_by_role("group", name="Make an arm")
    made.get_by_text("mixup", exact=True).click()
    made.get_by_role("combobox", name="Synthetic images by").click()
    member.get_by_role("option", name="realism").click()
    expect(made).to_contain_text("balanced + geometric + mixup + realism 1x, 25 % of each batch")
    made.get_by_role("button", name="Add this arm").click()
    expect(member.get_by_role("region", name="Arms")).to_contain_text("balanced+geometric+mixup+realism:1x@0.25")
    expect(made.get_by_role("button", name="Add this arm")).to_be_disabled()


def test_without_a_dataset_it_is_asked_for_one(member: Page, run_path: str) -> None:
    assert run_path
    member.goto("/studies")
    member.get_by_role("link", name="New study").first.click()
    member.get_by_role("combobox", name="Dataset version").click()
    member.get_by_role("option").first.click()
    expect(member.get_by_role("radio", name="Reproduce the sampling study")).to_be_visible()
    member.get_by_role("radio", name="Reproduce the sampling study").check()
    expect(member.get_by_role("region", name="Arms")).to_contain_text("realism:5x")
