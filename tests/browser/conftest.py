"""Headless Chromium and the running product: one stack for the session, one fresh page for each test.

A page fails its test when it logs an error or breaks the content security policy, so no test has to look for that.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize, expect, sync_playwright

from tests.browser.lab_member import download_export, enter, start_run, upload, wait_until_finished
from tests.browser.pictures import zip_of_shapes
from tests.stack import Stack

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
]
WIDE, NARROW = ViewportSize(width=1440, height=900), ViewportSize(width=390, height=844)
HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Browser tests come last: Playwright keeps an event loop in this thread, in which `asyncio.run` is refused.

    Among them the first visitor comes first: the other tests log in as the person that the main job makes.
    """
    items.sort(key=lambda item: 0 if item.path.parent != HERE else 1 if item.path.name == "test_main_job.py" else 2)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's or any other Chromium on PATH; the one that Playwright would download is not asked for."""
    found = chromium()
    if found is None:
        pytest.skip("Chromium is not on PATH; install it (apt-get install chromium)")
    with sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        yield launched
        launched.close()


@pytest.fixture(scope="session")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The product on a data folder of its own, without the demo."""
    with Stack(tmp_path_factory.mktemp("browser")) as running:
        yield running


@pytest.fixture
def page(browser: Browser, stack: Stack, tmp_path: Path) -> Iterator[Page]:
    """A page with no cookies at 1440 px whose addresses begin at the stack's."""
    with opened_page(browser, stack, tmp_path / "last.png") as opened:
        yield opened


@pytest.fixture(scope="session")
def login(browser: Browser, stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """The cookies of a lab member."""
    with opened_page(browser, stack, tmp_path_factory.mktemp("login") / "last.png") as opened:
        enter(opened)
        return opened.context.storage_state()


@pytest.fixture
def member(browser: Browser, stack: Stack, login: Any, tmp_path: Path) -> Iterator[Page]:
    """A page of a lab member who is logged in."""
    with opened_page(browser, stack, tmp_path / "last.png", storage_state=login) as opened:
        yield opened


@pytest.fixture(scope="session")
def run_path(browser: Browser, stack: Stack, login: Any, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The address of a small finished run: three classes, 36 candidates, 12 of them kept, exported once."""
    folder = tmp_path_factory.mktemp("run")
    with opened_page(browser, stack, folder / "last.png", storage_state=login) as opened:
        upload(opened, zip_of_shapes(folder / "shapes.zip"), "Shapes")
        start_run(opened, per_class=4, Num_steps=24, Resolution=16, Width=4, Pool_factor=3)
        wait_until_finished(opened)
        path = opened.url.removeprefix(stack.url)
        download_export(opened, folder / "shapes-augmented.zip")
        return path


@pytest.fixture
def gallery(member: Page, run_path: str) -> Page:
    """The gallery of the finished run, with every verdict cleared."""
    member.goto(f"{run_path}/gallery?kept=any")
    expect(member.get_by_role("option")).to_have_count(36)
    member.keyboard.press("Control+a")
    member.keyboard.press("u")
    expect(member.get_by_role("status").filter(has_text="0 accepted, 0 rejected, 36 undecided")).to_be_visible()
    return member


@contextmanager
def opened_page(browser: Browser, stack: Stack, last: Path, **context: Any) -> Iterator[Page]:
    """A page whose faults fail the test; a picture of how it ended is left at `last`."""
    made = browser.new_context(
        base_url=stack.url, viewport=WIDE, accept_downloads=True, reduced_motion="reduce", **context
    )
    made.set_default_timeout(30_000)
    opened = made.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("console", lambda message: faults.append(message.text) if is_fault(message) else None)
    yield opened
    opened.screenshot(path=last)
    made.close()
    assert not faults, faults


def chromium() -> str | None:
    """The browser's program, or None."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for name in names if (path := shutil.which(name))), None)


def is_fault(message: ConsoleMessage) -> bool:
    """Errors in the console, but for those that tests provoke on purpose: a wrong password, a server that is away."""
    provoked = ("Failed to load resource", "WebSocket connection to")
    return message.type == "error" and not message.text.startswith(provoked)
