"""How fast the pages are in the browser: first visits on a slow machine, and scrolling a large gallery.

    python -m benchmarks.browser [--samples N] [--rounds R]      100,000 and 3 unless said, into benchmarks/browser.md

Each visit is a new Chromium profile with nothing in its cache, in a window that stands already, on the server as `up`
starts it, with the page's CPU slowed down four times. Shown is when the page's heading, or the first field of the
login, stands there (the bar is 1.5 s); FCP and LCP are the first and the largest thing painted; blocked is the time
beyond 50 ms of each task until then and two seconds after; CLS is how much the page moved by itself. Sent are bytes as
they cross the line. Medians of the rounds. The gallery is scrolled by the wheel, at full speed of the machine; its
bars are no task over 50 ms and fewer than 1,500 nodes.
"""

import argparse
import os
import statistics
import tempfile
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ViewportSize, sync_playwright

from benchmarks import gallery
from benchmarks.main_job import machine
from tests.browser.conftest import ARGUMENTS, NARROW, WIDE, chromium

PAGE_FILE = Path(__file__).with_suffix(".md")
PASSWORD = "a long enough passphrase"  # noqa: S105
SLOWER, SETTLED_MS, NOTCHES = 4, 2000, 150

OBSERVE = """
window.seen = {tasks: [], shift: 0, fcp: 0, lcp: 0, shown: 0};
const on = (type, act) =>
  new PerformanceObserver((list) => list.getEntries().forEach(act)).observe({type, buffered: true});
on('longtask', (task) => seen.tasks.push(task.duration));
on('layout-shift', (one) => { if (!one.hadRecentInput) seen.shift += one.value; });
on('paint', (one) => { if (one.name === 'first-contentful-paint') seen.fcp = one.startTime; });
on('largest-contentful-paint', (one) => { seen.lcp = one.startTime; });
const look = () => {
  if (document.querySelector('main h1, form input') !== null) seen.shown = performance.now();
  else requestAnimationFrame(look);
};
requestAnimationFrame(look);
"""
COUNT = """() => {
  document.querySelectorAll('[data-place]').forEach((tile) => rows.add(tile.dataset.place));
  return document.querySelectorAll('*').length;
}"""


@dataclass
class Visit:
    """Milliseconds, KiB and counts of one visit of a page."""

    shown: float
    fcp: float
    lcp: float
    blocked: float
    shift: float
    kib: float
    nodes: int


def main() -> None:
    """The page."""
    parser = argparse.ArgumentParser("python -m benchmarks.browser")
    parser.add_argument("--samples", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "webapp.settings")
        os.environ["ATELIER_DATA"] = folder
        import django

        django.setup()
        from tests.stack import Stack

        with Stack(Path(folder), workers=False, web_processes=None) as stack:
            run = _make(options.samples)
            with sync_playwright() as started:
                browser = started.chromium.launch(executable_path=chromium(), args=ARGUMENTS)
                version, cookies = browser.version, _login(browser, stack.url)
                rows = [
                    _row(what, [_visit(browser, stack.url + path, state) for _ in range(options.rounds)])
                    for what, path, state in (
                        ("login", "/login", None),
                        ("home", "/", cookies),
                        ("new run", "/runs/new", cookies),
                        ("a run", f"/runs/{run}", cookies),
                        ("gallery", f"/runs/{run}/gallery", cookies),
                    )
                ]
                scrolls = [
                    _scroll(browser, f"{stack.url}/runs/{run}/gallery", cookies, what, size)
                    for what, size in (("1440 px", WIDE), ("390 px", NARROW))
                ]
    lines = ["# Pages in the browser", "", *(__doc__ or "").split("\n\n", 2)[2].strip().splitlines(), ""]
    lines += ["| first visit | shown | FCP | LCP | blocked | CLS | sent | nodes |", "|---|---|---|---|---|---|---|---|"]
    lines += [*rows, "", f"The gallery of {options.samples:,} samples, scrolled by {NOTCHES} notches of the wheel:", ""]
    lines += [
        "| width | tasks over 50 ms | longest | CLS | nodes | seen |",
        "|---|---|---|---|---|---|",
        *scrolls,
    ]
    page = "\n".join([*lines, "", f"{machine()}; Chromium {version}; {options.rounds} rounds.", ""])
    PAGE_FILE.write_text(page, encoding="utf-8")
    print(page)


def _make(samples: int) -> str:
    """The run whose gallery is shown, of a person who can log in."""
    from webapp.accounts.models import Person

    facts = gallery.make(samples, with_pixels=samples)
    person = Person.objects.get(email=facts["email"])
    person.set_password(PASSWORD)
    person.save()
    return str(facts["run"])


def _login(browser: Browser, url: str) -> Any:
    """The cookies of that person."""
    context = browser.new_context(base_url=url)
    page = context.new_page()
    page.goto("/login")
    page.get_by_label("E-mail").fill("bench@lab.example")
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name="Upload").first.wait_for()
    state = context.storage_state()
    context.close()
    return state


def _visit(browser: Browser, address: str, state: Any) -> Visit:
    """One first visit with a slow CPU."""
    context = browser.new_context(viewport=WIDE, storage_state=state)
    context.add_init_script(OBSERVE)
    page = context.new_page()
    page.wait_for_timeout(SETTLED_MS)  # a new window has pages of the browser's own to load
    devtools = context.new_cdp_session(page)
    sent: list[float] = []
    devtools.on("Network.loadingFinished", lambda event: sent.append(event["encodedDataLength"]))
    devtools.send("Network.enable")
    devtools.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})
    page.goto(address, wait_until="commit")
    # Asked without Playwright's locators, whose script would be compiled by the slow page while it loads.
    while not devtools.send("Runtime.evaluate", {"expression": "window.seen?.shown"})["result"].get("value"):
        page.wait_for_timeout(100)
    page.wait_for_timeout(SETTLED_MS)
    seen = page.evaluate("seen")
    nodes = page.evaluate("document.querySelectorAll('*').length")
    context.close()
    blocked = sum(max(0.0, task - 50) for task in seen["tasks"])
    return Visit(seen["shown"], seen["fcp"], seen["lcp"], blocked, seen["shift"], sum(sent) / 1024, nodes)


def _row(what: str, visits: list[Visit]) -> str:
    """A line of the table: the median of each figure."""
    middle = Visit(*(statistics.median(values) for values in zip(*map(astuple, visits), strict=True)))
    times = " | ".join(f"{value:.0f} ms" for value in (middle.shown, middle.fcp, middle.lcp, middle.blocked))
    return f"| {what} | {times} | {middle.shift:.3f} | {middle.kib:.0f} KiB | {middle.nodes:.0f} |"


def _scroll(browser: Browser, address: str, state: Any, what: str, size: ViewportSize) -> str:
    """A line of the second table: what happens while a person rolls through the gallery."""
    context = browser.new_context(viewport=size, storage_state=state)
    context.add_init_script(OBSERVE)
    page = context.new_page()
    page.goto(address)
    page.locator("[data-place]").first.wait_for()
    page.wait_for_timeout(SETTLED_MS)
    page.evaluate("seen.tasks = []; seen.shift = 0; window.rows = new Set();")
    page.mouse.move(size["width"] / 2, size["height"] / 2)
    most = 0
    for _ in range(NOTCHES):
        page.mouse.wheel(0, 300)
        page.wait_for_timeout(30)
        most = max(most, page.evaluate(COUNT))
    page.wait_for_timeout(SETTLED_MS)
    seen, passed = page.evaluate("[seen, rows.size]")
    context.close()
    longest = max(seen["tasks"], default=0.0)
    tasks = f"{len(seen['tasks'])} | {f'{longest:.0f} ms' if longest else '–'}"
    return f"| {what} | {tasks} | {seen['shift']:.3f} | {most:,} | {passed:,} |"


if __name__ == "__main__":
    main()
