"""What a lab member does in the browser, in the words of the screen."""

import re
from pathlib import Path

from playwright.sync_api import Page, expect

EMAIL, PASSWORD = "ada@lab.example", "a long enough passphrase"
INGEST_MS, RUN_MS, EXPORT_MS = 180_000, 600_000, 180_000


def enter(page: Page) -> None:
    """Be the first visitor, or log in as the one who was."""
    page.goto("/")
    page.wait_for_url(re.compile(r"/(setup|login)"))
    if "/setup" in page.url:
        page.get_by_label("Your name").fill("Ada")
        page.get_by_label("Name of your lab").fill("Vision lab")
    page.get_by_label("E-mail").fill(EMAIL)
    page.get_by_label("Password", exact=False).first.fill(PASSWORD)
    page.get_by_role("button", name=re.compile("Create the account|Log in")).click()
    expect(page.get_by_role("link", name=re.compile("Upload")).first).to_be_visible()


def upload(page: Page, archive: Path, name: str) -> None:
    """Send a zip and wait on the dataset's page until the worker has read it."""
    page.goto("/upload")
    page.get_by_label("Choose a zip file").set_input_files(archive)
    page.get_by_label("Name of the dataset").fill(name)
    page.get_by_role("button", name="Create the dataset").click()
    page.wait_for_url(re.compile("/datasets/"))
    expect(page.get_by_role("link", name="New run").first).to_be_visible(timeout=INGEST_MS)


def start_run(page: Page, per_class: int, **settings: int) -> None:
    """From a page that offers a new run: a dcgan recipe with cl-sam and these settings; ends on the run's page."""
    page.get_by_role("link", name="New run").first.click()
    page.get_by_role("radio", name=re.compile("DCGAN")).check()
    page.get_by_role("radio", name=re.compile("Class confidence")).check()
    for folded in page.get_by_role("button", name=re.compile("more settings", re.IGNORECASE)).all():
        folded.click()
    for label, value in settings.items():
        page.get_by_label(label.replace("_", " "), exact=False).first.fill(str(value))
    page.get_by_role("textbox", name="Images per class").fill(str(per_class))
    page.get_by_role("button", name="Start the run").click()
    page.wait_for_url(re.compile(r"/runs/[0-9a-f-]{36}$"))


def wait_until_finished(page: Page) -> None:
    """The page of a run says by itself that the run is finished."""
    expect(page.get_by_role("link", name="Review samples")).to_be_visible(timeout=RUN_MS)
    expect(page.get_by_text("Finished", exact=True).first).to_be_visible(timeout=RUN_MS)


def download_export(page: Page, out: Path) -> Path:
    """From the run's page: build the export that is offered and download it."""
    page.get_by_role("link", name="Export").click()
    page.get_by_role("button", name="Build the export").click()
    link = page.get_by_role("link", name="Download").first
    expect(link).to_be_visible(timeout=EXPORT_MS)
    with page.expect_download() as waiting:
        link.click()
    waiting.value.save_as(out)
    return out
