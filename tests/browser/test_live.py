"""A run's page is right while it runs, without its socket, after the server was gone, and when it is opened late."""

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import opened_page
from tests.browser.lab_member import RUN_MS, start_run, wait_until_finished
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(900)]


@pytest.fixture
def dataset(member: Page, run_path: str) -> str:
    """The address of the dataset of the finished run."""
    member.goto(run_path)
    member.get_by_role("link", name=re.compile("Shapes, version")).click()
    member.wait_for_url(re.compile("/datasets/"))
    return member.url


def rows_of_the_wall(page: Page) -> Locator:
    return page.get_by_role("group", name=re.compile("Samples by training step")).get_by_role("img")


def test_a_run_is_followed_by_polling_where_no_socket_gets_through(member: Page, dataset: str) -> None:
    member.route_web_socket(re.compile("/ws/"), lambda socket: socket.close())
    member.goto(dataset)
    start_run(member, per_class=2, Num_steps=24, Resolution=16, Width=4)
    expect(member.get_by_text(re.compile("^polling"))).to_be_visible(timeout=60_000)
    wait_until_finished(member)
    expect(rows_of_the_wall(member).nth(1)).to_be_visible()
    expect(member.get_by_role("img", name=re.compile("^Loss: last values"))).to_be_visible()


def test_a_page_finds_back_after_the_server_was_gone(member: Page, dataset: str, stack: Stack) -> None:
    member.goto(dataset)
    start_run(member, per_class=2, Num_steps=400, Resolution=16, Width=4)
    expect(member.get_by_text("live", exact=True)).to_be_visible()
    expect(member.get_by_role("img", name=re.compile("^Samples after step")).first).to_be_visible(timeout=RUN_MS)
    stack.kill9("web")
    expect(member.get_by_text(re.compile("^(reconnecting|polling)"))).to_be_visible(timeout=60_000)
    stack.restart("web")
    expect(member.get_by_text("live", exact=True)).to_be_visible(timeout=60_000)
    wait_until_finished(member)
    run = member.url.rpartition("/")[2]
    kept = len(member.request.get(f"/api/v1/runs/{run}/previews/").json())
    assert kept > 1
    expect(rows_of_the_wall(member), "what was followed is what was kept").to_have_count(kept)
    member.reload()
    expect(rows_of_the_wall(member)).to_have_count(kept)


A_DAY_AGO = """
from datetime import timedelta
from django.db.models import F
from webapp.gallery.models import Pool, Selection
from webapp.runs.models import Checkpoint, Run, RunEvent
day = timedelta(days=1)
run = Run.objects.filter(pk="{run}")
run.update(**{{name: F(name) - day for name in ("created_at", "started_at", "finished_at", "heartbeat_at", "rung_at")}})
for kept, where in ((RunEvent, "run"), (Checkpoint, "run"), (Pool, "run"), (Selection, "pool__run")):
    assert kept.objects.filter(**{{where: run.get()}}).update(created_at=F("created_at") - day)
"""


def test_the_page_of_a_run_that_ended_a_day_ago_tells_everything_and_waits_for_nothing(
    browser: Browser, member: Page, dataset: str, stack: Stack, login: Any, tmp_path: Path
) -> None:
    member.goto(dataset)
    start_run(member, per_class=2, Num_steps=24, Resolution=16, Width=4)
    wait_until_finished(member)
    path = member.url.removeprefix(stack.url)
    address = f"/api/v1{path}/"
    stack.manage("shell", "-c", A_DAY_AGO.format(run=path.rpartition("/")[2]))
    stack.restart("web")
    with opened_page(browser, stack, tmp_path / "later.png", storage_state=login) as page:
        page.goto("/")
        row = page.get_by_role("row").filter(has=page.locator(f'a[href="{path}"]'))
        expect(row).to_contain_text("1 d ago")
        expect(row).to_contain_text("Finished")
        row.locator(f'a[href="{path}"]').click()
        started = datetime.fromisoformat(page.request.get(address).json()["started_at"])
        assert timedelta(days=1) < datetime.now(started.tzinfo) - started < timedelta(days=1, hours=1)
        expect(page.get_by_text("The pool is ready to be reviewed and exported.")).to_be_visible()
        expect(page.get_by_text(re.compile(rf"^{started:%b} {started.day}, {started.year}, "))).to_have_count(1)
        expect(page.get_by_text(re.compile("when the model was last looked at, at step 24"))).to_be_visible()
        kept = len(page.request.get(f"{address}previews/").json())
        assert kept > 1
        expect(rows_of_the_wall(page)).to_have_count(kept)
        for image in rows_of_the_wall(page).all():
            image.scroll_into_view_if_needed()
            expect(image).to_have_js_property("complete", True)
            assert image.evaluate("image => image.naturalWidth") > 0
        expect(page.get_by_role("img", name=re.compile("^Loss: last values"))).to_be_visible()
        expect(page.get_by_text("TARR").first).to_be_visible()
        # Nothing on it pretends that more is to come.
        expect(page.get_by_text(re.compile("^(live|connecting|reconnecting|polling)"))).to_have_count(0)
        expect(page.get_by_text(re.compile("last heard|Left in this stage"))).to_have_count(0)
        expect(page.get_by_role("button", name=re.compile("^(Stop|Cancel|Preview now|Tell me)"))).to_have_count(0)
        page.get_by_role("link", name="Review samples").click()
        expect(page.get_by_role("option").first).to_be_visible()


def test_a_run_is_stopped_and_resumed(member: Page, dataset: str) -> None:
    member.goto(dataset)
    start_run(member, per_class=2, Num_steps=1000, Resolution=16, Width=4)
    expect(member.get_by_text("The model learns the training images.")).to_be_visible(timeout=RUN_MS)
    member.get_by_role("button", name="Stop").click()
    member.get_by_role("dialog").get_by_role("button", name="Stop").click()
    expect(member.get_by_text("Stopped", exact=True)).to_be_visible(timeout=RUN_MS)
    member.get_by_role("button", name="Resume").click()
    wait_until_finished(member)


def test_a_run_is_cancelled_only_after_it_was_asked_for_twice(member: Page, dataset: str) -> None:
    member.goto(dataset)
    start_run(member, per_class=2, Num_steps=5000, Resolution=16, Width=4)
    member.get_by_role("button", name="Cancel").click()
    dialog = member.get_by_role("dialog")
    expect(dialog.get_by_text("cannot be undone")).to_be_visible()
    dialog.get_by_role("button", name="Leave it").click()
    expect(member.get_by_role("button", name="Cancel")).to_be_visible()
    member.get_by_role("button", name="Cancel").click()
    dialog.get_by_role("button", name="Cancel").click()
    expect(member.get_by_text("Cancelled", exact=True)).to_be_visible(timeout=RUN_MS)


def test_an_expired_login_leads_back_to_where_one_was(page: Page, login: Any, run_path: str) -> None:
    page.goto(f"{run_path}/gallery?kept=any")
    page.wait_for_url(re.compile(r"/login\?next="))
    page.get_by_label("E-mail").fill("ada@lab.example")
    page.get_by_role("textbox", name="Password").fill("a wrong one altogether")
    page.get_by_role("button", name="Log in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    page.get_by_role("textbox", name="Password").fill("a long enough passphrase")
    page.get_by_role("button", name="Log in").click()
    page.wait_for_url(re.compile(r"/gallery\?kept=any"))
    expect(page.get_by_role("option").first).to_be_visible()
