"""The service at a path of a host that it shares: pages, pictures, uploads, the API and its description."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from atelier import Client
from playwright.sync_api import Browser, Page, expect

from tests.browser.conftest import opened_page
from tests.browser.lab_member import EMAIL, INGEST_MS, PASSWORD
from tests.browser.pictures import zip_of_shapes
from tests.stack import Stack

pytestmark = [pytest.mark.browser, pytest.mark.stack]


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Stack]:
    """A service that says of itself that it is reached under /shared/atelier, as behind a proxy."""
    stack = Stack(tmp_path / "data", env={"SETUP_CODE": "open sesame"})
    stack.env["PUBLIC_URL"] = f"{stack.url}/shared/atelier"
    with stack:
        yield stack


@pytest.fixture
def visitor(browser: Browser, site: Stack, tmp_path: Path) -> Iterator[Page]:
    """A first visitor whose page never asks outside the service's own path."""
    with opened_page(browser, site, tmp_path / "last.png") as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        yield page
        assert [url for url in asked if not url.startswith((f"{site.url}/shared/atelier/", "blob:", "data:"))] == []


def test_a_dataset_is_uploaded_and_seen_at_a_path_of_a_shared_host(visitor: Page, site: Stack, tmp_path: Path) -> None:
    home = f"{site.url}/shared/atelier/"
    visitor.goto(home)
    visitor.wait_for_url(f"{home}setup")
    visitor.get_by_label("Your name").fill("Ada")
    visitor.get_by_label("Name of your lab").fill("Vision lab")
    visitor.get_by_label("E-mail").fill(EMAIL)
    visitor.get_by_label("Password", exact=False).first.fill(PASSWORD)
    visitor.get_by_label("Setup code").fill("open sesame")
    visitor.get_by_role("button", name="Create the account").click()
    visitor.get_by_role("link", name=re.compile("Upload")).first.click()
    visitor.get_by_label("Choose a zip file").set_input_files(zip_of_shapes(tmp_path / "shapes.zip"))
    visitor.get_by_label("Name of the dataset").fill("Shapes")
    visitor.get_by_role("button", name="Create the dataset").click()
    expect(visitor.get_by_role("link", name="New run").first).to_be_visible(timeout=INGEST_MS)
    assert visitor.url.startswith(f"{home}datasets/")
    picture = visitor.get_by_role("main").get_by_role("listitem").get_by_role("img").first
    expect(picture).to_be_visible()
    picture.evaluate("image => image.decode()")  # fails for a picture that did not come
    visitor.reload()
    expect(visitor.get_by_role("heading", name="Shapes")).to_be_visible()
    cookies = {cookie["name"]: cookie["path"] for cookie in visitor.context.cookies(home)}
    assert set(cookies.values()) == {"/shared/atelier/"}

    secret = visitor.evaluate(
        """async (home) => {
            const session = await (await fetch(`${home}api/v1/session/`)).json();
            const headers = {'Content-Type': 'application/json', 'X-CSRFToken': session.csrf_token};
            const body = JSON.stringify({name: 'shell', scopes: ['export'], days: 1});
            return (await (await fetch(`${home}api/v1/tokens/`, {method: 'POST', headers, body})).json()).secret;
        }""",
        home,
    )
    client = Client(home, secret)
    (version,) = client.each("/api/v1/datasets/")
    assert version["name"] == "Shapes"
    assert len(list(client.datasets.get("Shapes").version().images())) > 100
    visitor.goto(f"{home}api/schema/view/")
    expect(visitor.get_by_role("combobox")).to_have_value("/shared/atelier", timeout=30_000)
