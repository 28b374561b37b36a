"""What every page owes everybody: axe finds nothing, nothing is wider than a phone, the keyboard reaches everything."""

from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe  # type: ignore[import-untyped]
from playwright.sync_api import Page, expect

from tests.browser.conftest import NARROW, WIDE

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(900)]

PAGES = {
    "home": "/",
    "upload": "/upload",
    "run": "{run}",
    "live link": "/live-link",
    "gallery": "{run}/gallery",
    "blind test": "{run}/blind-test",
    "map": "{run}/gallery?kept=any&map=pca&area=pca:0.0.9999.0.9999.9999.0.9999",
    "exports": "{run}/exports",
    "tokens": "/tokens",
    "recipes": "/recipes",
    "models": "/models",
    "model": "/models/dcgan",
    "studies": "/studies",
    "new study": "/studies/new",
    "queue": "/queue",
    "storage": "/storage",
    "people": "/people",
    "log": "/log",
    "webhook": "/webhook",
    "account": "/account",
    "server": "/server",
    "workers": "/workers",
    "nothing here": "/no/such/page",
}


def faults(page: Page) -> list[str]:
    """What axe finds, each as one line, the size of targets included, which it looks at only when asked."""
    options = {"rules": {"target-size": {"enabled": True}}}
    found: list[dict[str, Any]] = Axe().run(page, options=options).response["violations"]
    return [
        f"{one['id']} ({one['impact']}): {node['target']} {node['failureSummary']}"
        for one in found
        for node in one["nodes"]
    ]


def lasting_faults(page: Page) -> list[str]:
    """Those that are still there after some seconds: on a busy machine a chart takes its other colours late."""
    for _ in range(10):
        if not faults(page):
            return []
        page.wait_for_timeout(500)
    return faults(page)


def settle(page: Page) -> None:
    """Nothing is on its way any more."""
    page.wait_for_load_state("networkidle")
    expect(page.get_by_role("status", name="Loading")).to_have_count(0)
    page.wait_for_timeout(300)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_on_a_page(member: Page, run_path: str, name: str, scheme: Any) -> None:
    member.emulate_media(color_scheme=scheme)
    member.goto(PAGES[name].format(run=run_path))
    settle(member)
    assert faults(member) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_dataset_and_its_report(member: Page, run_path: str, scheme: Any) -> None:
    member.emulate_media(color_scheme=scheme)
    member.goto("/")
    member.get_by_role("link", name="Shapes", exact=True).first.click()
    expect(member.get_by_text("Images per class")).to_be_visible()
    settle(member)
    assert faults(member) == []
    member.get_by_role("tab", name="Ingest report").click()
    expect(member.get_by_text("dot/broken.png")).to_be_visible()
    settle(member)
    assert faults(member) == []
    for name, heading in (("Import synthetic images", "Import synthetic images"), ("Export", "Export")):
        member.get_by_role("link", name=name, exact=True).click()
        expect(member.get_by_role("heading", name=heading, level=1)).to_be_visible()
        settle(member)
        assert faults(member) == []
        member.go_back()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_on_a_recipe_with_its_faults_shown(member: Page, run_path: str, scheme: Any) -> None:
    member.emulate_media(color_scheme=scheme)
    member.goto(run_path)
    member.get_by_role("link", name="Run again, changed").click()
    member.get_by_role("textbox", name="Resolution").fill("7")
    expect(member.get_by_text("to put right first")).to_be_visible()
    member.get_by_role("button", name="more settings").first.click()
    settle(member)
    assert faults(member) == []
    member.get_by_text("JSON", exact=True).click()
    expect(member.get_by_role("button", name="Line")).to_be_visible()
    assert faults(member) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_the_viewer_and_in_dialogs(member: Page, run_path: str, scheme: Any) -> None:
    member.emulate_media(color_scheme=scheme)
    member.goto(f"{run_path}/gallery")
    expect(member.get_by_role("option").first).to_be_visible()
    member.keyboard.press("n")
    expect(member.get_by_text("away").first).to_be_visible()
    settle(member)
    assert faults(member) == []
    member.keyboard.press("?")
    expect(member.get_by_text("Keys on this page")).to_be_visible()
    settle(member)
    assert faults(member) == []
    member.keyboard.press("Escape")
    expect(member.get_by_text("Keys on this page")).to_be_hidden()
    member.keyboard.press("Escape")
    member.get_by_role("button", name="Select again").click()
    expect(member.get_by_role("dialog").get_by_text("Class confidence")).to_be_visible()
    settle(member)
    assert faults(member) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_in_what_opens_over_a_page(member: Page, run_path: str, scheme: Any) -> None:
    member.emulate_media(color_scheme=scheme)
    member.goto(f"{run_path}/gallery")
    settle(member)
    member.get_by_role("button", name="account menu").click()
    expect(member.get_by_role("menuitem", name="Log out")).to_be_visible()
    settle(member)
    assert faults(member) == []
    member.keyboard.press("Escape")
    member.get_by_label("Size of the pictures").first.click()
    expect(member.get_by_role("option", name="large", exact=True)).to_be_visible()
    settle(member)
    assert faults(member) == []
    member.keyboard.press("Escape")
    member.get_by_role("button", name="Search").first.hover()
    expect(member.get_by_role("tooltip")).to_be_visible()
    settle(member)
    assert faults(member) == []


@pytest.mark.parametrize("address", ["/login", "/forgotten", "/join#12345678_x", "/reset#12345678_x"])
def test_axe_finds_nothing_before_the_login(page: Page, login: Any, address: str) -> None:
    page.goto(address)
    settle(page)
    assert faults(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_no_wider_than_a_phone(member: Page, run_path: str, name: str) -> None:
    member.set_viewport_size(NARROW)
    member.goto(PAGES[name].format(run=run_path))
    settle(member)
    assert member.evaluate("document.documentElement.scrollWidth") <= NARROW["width"]


def test_a_new_page_begins_at_its_top_and_the_keyboard_in_it(member: Page, run_path: str) -> None:
    member.goto(run_path)
    settle(member)
    member.evaluate("window.scrollTo(0, document.body.scrollHeight)")
    member.get_by_role("link", name="Home", exact=True).first.click()
    expect(member.get_by_role("heading", name="Datasets")).to_be_visible()
    assert member.evaluate("window.scrollY") == 0
    assert member.evaluate("document.activeElement.id") == "content"


def test_the_keyboard_reaches_the_content_and_shows_where_it_is(member: Page, run_path: str) -> None:
    member.set_viewport_size(WIDE)
    member.goto("/")
    settle(member)
    member.keyboard.press("Tab")
    expect(member.get_by_role("link", name="Skip to the content")).to_be_focused()
    names = []
    while True:
        member.keyboard.press("Tab")
        if member.evaluate("document.activeElement === document.body"):
            break
        names.append(member.evaluate("document.activeElement.textContent"))
        assert member.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none", names
    assert any("Shapes" in name for name in names), names


def test_nothing_moves_by_itself_for_those_who_asked_for_rest(member: Page, run_path: str) -> None:
    member.emulate_media(reduced_motion="reduce")
    member.goto(run_path)
    settle(member)
    member.get_by_role("button", name="account menu").click()
    moving = "document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 1).length"
    assert member.evaluate(moving) == 0
