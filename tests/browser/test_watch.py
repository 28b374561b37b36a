"""What watching a run offers: other runs beside it, a part of the steps, real images, the way that its news come."""

import re
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import opened_page
from tests.browser.lab_member import start_run, wait_until_finished
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def other_path(browser: Browser, stack: Stack, login: Any, run_path: str, tmp_path_factory: Any) -> str:
    """The address of a second run on the same images, with another seed."""
    last = tmp_path_factory.mktemp("other") / "last.png"
    with opened_page(browser, stack, last, storage_state=login) as page:
        page.goto(run_path)
        page.get_by_role("link", name=re.compile("Shapes, version")).click()
        start_run(page, per_class=4, Num_steps=24, Resolution=16, Width=4, Pool_factor=3, Seed=7)
        wait_until_finished(page)
        return page.url.removeprefix(stack.url)


def test_runs_ticked_in_a_list_are_compared_by_what_differs_and_in_every_chart(
    member: Page, run_path: str, other_path: str
) -> None:
    member.goto("/")
    rows = member.get_by_role("row").filter(has=member.get_by_role("checkbox"))
    for path in (run_path, other_path):
        rows.filter(has=member.locator(f'a[href="{path}"]')).get_by_role("checkbox").check()
    member.get_by_role("link", name="Compare").click()
    expect(member.get_by_role("heading", name="Comparison of 2 runs")).to_be_visible()
    table = member.get_by_role("group", name="Differences of the runs")
    expect(table.get_by_role("row").filter(has_text="seed")).to_contain_text("7")
    expect(table.get_by_role("rowheader", name="resolution"), "the same in both").to_have_count(0)
    chart = member.get_by_role("img", name=re.compile("^Loss: last values"))
    expect(chart).to_have_attribute("aria-label", re.compile(r"A: G .*B: G "))


def test_the_runs_beside_a_run_and_the_steps_stand_in_its_address(member: Page, run_path: str, other_path: str) -> None:
    member.goto(run_path)
    member.get_by_role("combobox", name="Compare with").click()
    member.get_by_role("option").first.click()
    expect(member.get_by_role("group", name="Differences of the runs")).to_be_visible()
    first = member.get_by_role("slider", name="First step shown")
    begin = first.get_attribute("aria-valuenow")
    first.press("ArrowRight")
    expect(first).not_to_have_attribute("aria-valuenow", begin or "")
    expect(member.get_by_role("button", name="All steps")).to_be_visible()
    expect(member).to_have_url(re.compile(r"with=[0-9a-f-]{36}.*steps=\d+-\d+"))
    shown = first.get_attribute("aria-valuenow")
    member.reload()
    expect(member.get_by_role("slider", name="First step shown")).to_have_attribute("aria-valuenow", shown or "")
    expect(member.get_by_role("group", name="Differences of the runs")).to_be_visible()
    member.get_by_role("button", name="All steps").click()
    expect(member).not_to_have_url(re.compile("steps="))


def test_a_key_that_is_held_on_the_steps_counts_every_step(member: Page, run_path: str) -> None:
    member.goto(run_path)
    expect(member.locator(".u-over").first).to_be_visible()
    first = member.get_by_role("slider", name="First step shown")
    begin = int(first.get_attribute("aria-valuenow") or 0)
    first.focus()
    # The other presses come while the page shows the first one, before its charts are drawn.
    first.evaluate(
        """thumb => {
          const press = () => thumb.dispatchEvent(
            new KeyboardEvent('keydown', {key: 'ArrowRight', bubbles: true, cancelable: true}));
          const shown = new MutationObserver(async () => {
            shown.disconnect();
            for (let more = 0; more < 7; more += 1) {
              press();
              for (let turn = 0; turn < 10; turn += 1) await null;
            }
          });
          shown.observe(thumb, {attributes: true, attributeFilter: ['aria-valuenow']});
          press();
        }"""
    )
    expect(first).to_have_attribute("aria-valuenow", str(begin + 8))
    expect(member).to_have_url(re.compile(f"steps={begin + 8}-"))


def test_dragging_in_one_chart_shows_the_same_steps_in_all(member: Page, run_path: str) -> None:
    member.goto(run_path)
    chart = member.locator(".u-over").first
    chart.scroll_into_view_if_needed()
    box = chart.bounding_box()
    assert box is not None
    height = box["y"] + box["height"] / 2
    member.mouse.move(box["x"] + 0.3 * box["width"], height)
    member.mouse.down()
    member.mouse.move(box["x"] + 0.8 * box["width"], height, steps=4)
    member.mouse.up()
    expect(member.get_by_role("button", name="All steps")).to_be_visible()
    chart.dblclick()
    expect(member.get_by_role("button", name="All steps")).to_have_count(0)


def test_training_images_of_their_classes_stand_above_the_columns(member: Page, run_path: str) -> None:
    asked: list[str] = []
    member.on("request", lambda request: asked.append(request.url))
    member.goto(run_path)
    real = member.get_by_role("group", name="Training images of the same classes").get_by_role("img")
    run = member.request.get(f"/api/v1{run_path}/previews/").json()[-1]
    expect(real).to_have_count(run["num_columns"])
    names = [image.get_attribute("alt") for image in real.all()]
    assert names == [f"Training image of {column['class']}" for column in run["columns"]]
    splits = {match[1] for url in asked if (match := re.search(r"/images/\?.*split=(\w+)", url))}
    assert splits == {"train"}
    real.first.scroll_into_view_if_needed()
    real.first.evaluate("image => image.decode()")  # fails for a picture that did not come


def test_the_same_noise_is_played_through_time_unless_motion_is_unwished(member: Page, run_path: str) -> None:
    member.goto(run_path)
    wall = member.get_by_role("group", name=re.compile("Samples by training step"))
    expect(wall).to_be_visible()
    expect(member.get_by_role("button", name="Play through time")).to_have_count(0)
    member.emulate_media(reduced_motion="no-preference")
    member.get_by_role("button", name="Play through time").click()
    expect(member.get_by_role("button", name="Pause")).to_be_visible()
    again = member.get_by_role("button", name="Play through time")
    expect(again, "it ends at the last step").to_be_visible(timeout=30_000)


def test_the_check_of_the_link_finds_all_well_where_it_is(member: Page, run_path: str) -> None:
    member.goto("/live-link")
    expect(member.get_by_text("News reach this page as they happen.")).to_be_visible()
    expect(member.get_by_text(re.compile("^yes")), "every step was tried").to_have_count(7)


def test_the_check_says_what_to_do_where_no_socket_gets_through(member: Page, run_path: str) -> None:
    member.route_web_socket(re.compile("/ws/"), lambda socket: socket.close())
    member.goto("/live-link")
    expect(member.get_by_text("News come by asking every few seconds")).to_be_visible(timeout=60_000)
    steps = member.get_by_role("list", name="Steps of the check").get_by_role("listitem")
    assert [text for text in steps.all_inner_texts() if re.search(r"\bno\b", text)]
    expect(steps.last).to_contain_text("yes")
    member.unroute_all()
