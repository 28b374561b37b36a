"""Uploads: what is refused before anything is sent, what is continued, and what the worker cannot take."""

import re
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, Request, Route, expect

from tests.browser.lab_member import INGEST_MS
from tests.browser.pictures import heavy_zip, zip_of_shapes

pytestmark = [pytest.mark.browser, pytest.mark.stack, pytest.mark.timeout(600)]


def test_limits_are_stated_before_anything_is_sent(member: Page, tmp_path: Path) -> None:
    sent: list[Request] = []
    member.on("request", lambda request: sent.append(request) if request.method in ("POST", "PATCH") else None)
    member.goto("/upload")
    expect(member.get_by_text(re.compile(r"A zip file of at most [\d.]+ GiB"))).to_be_visible()
    (tmp_path / "empty.zip").write_bytes(b"")
    member.get_by_label("Choose a zip file").set_input_files(tmp_path / "empty.zip")
    expect(member.get_by_role("alert")).to_have_text("empty.zip is empty.")
    assert sent == []


def test_the_same_file_picked_after_a_reload_goes_on_where_it_was(member: Page, tmp_path: Path) -> None:
    archive = heavy_zip(tmp_path / "noise.zip", 20)
    offsets: list[int] = []

    def only_the_first_chunk_arrives(route: Route) -> None:
        """Every later chunk hangs until the page is left, however fast this machine is."""
        if route.request.method != "PATCH" or route.request.headers["upload-offset"] == "0":
            route.continue_()

    def note(request: Request) -> None:
        if request.method == "PATCH":
            offsets.append(int(request.headers["upload-offset"]))

    member.route(re.compile("/api/v1/uploads/"), only_the_first_chunk_arrives)
    member.goto("/upload")
    with member.expect_response(lambda answer: answer.request.method == "PATCH" and answer.status == 204):
        member.get_by_label("Choose a zip file").set_input_files(archive)
    member.get_by_role("button", name="Pause").click()
    member.on("dialog", lambda dialog: dialog.accept())
    member.reload()
    member.unroute_all(behavior="ignoreErrors")
    member.on("request", note)
    member.get_by_label("Choose a zip file").set_input_files(archive)
    expect(member.get_by_text(re.compile("MiB sent"))).to_be_visible(timeout=60_000)
    assert offsets, "something was left to be sent"
    assert offsets[0] > 0, "what had arrived is not sent again"


def test_a_report_says_what_became_of_each_file(member: Page, tmp_path: Path) -> None:
    member.goto("/upload")
    member.get_by_label("Choose a zip file").set_input_files(zip_of_shapes(tmp_path / "reported_shapes.zip", 12))
    expect(member.get_by_label("Name of the dataset")).to_have_value("reported shapes")
    member.get_by_role("button", name="Create the dataset").click()
    member.get_by_role("tab", name="Ingest report").click(timeout=INGEST_MS)
    expect(member.get_by_role("row", name=re.compile("dot.broken.png.*damaged"))).to_be_visible()
    member.get_by_text("skipped 1").click()
    expect(member.get_by_role("row", name=re.compile("dot.notes.txt"))).to_be_visible()
    with member.expect_download() as waiting:
        member.get_by_role("link", name="Download as CSV").click()
    lines = Path(waiting.value.path()).read_text().splitlines()
    assert len(lines) == 1 + 3 * 12 + 2


def test_a_name_that_is_taken_is_said_at_the_field_and_nothing_is_sent_again(
    member: Page, run_path: str, tmp_path: Path
) -> None:
    member.goto("/upload")
    member.get_by_label("Choose a zip file").set_input_files(zip_of_shapes(tmp_path / "more.zip", 10))
    member.get_by_label("Name of the dataset").fill("Shapes")
    member.get_by_role("button", name="Create the dataset").click()
    expect(member.get_by_role("alert")).to_be_visible()
    member.get_by_label("Name of the dataset").fill("More shapes")
    member.get_by_role("button", name="Create the dataset").click()
    member.wait_for_url(re.compile("/datasets/"))


def test_a_file_that_is_no_archive_is_rejected_with_the_reason(member: Page, tmp_path: Path) -> None:
    (tmp_path / "letter.zip").write_text("Dear archive, " * 100)
    member.goto("/upload")
    member.get_by_label("Choose a zip file").set_input_files(tmp_path / "letter.zip")
    member.get_by_role("button", name="Create the dataset").click()
    expect(member.get_by_role("alert")).to_contain_text("zip", timeout=INGEST_MS)
    expect(member.get_by_text("Rejected", exact=True)).to_be_visible()


def test_a_folder_is_packed_while_it_is_sent_and_edited_into_a_next_version(member: Page, tmp_path: Path) -> None:
    with zipfile.ZipFile(zip_of_shapes(tmp_path / "shapes.zip", 8)) as archive:
        archive.extractall(tmp_path / "my_folder", [name for name in archive.namelist() if "broken" not in name])
    member.goto("/upload")
    member.get_by_label("Choose a folder of images").set_input_files(tmp_path / "my_folder")
    expect(member.get_by_label("Name of the dataset")).to_have_value("my folder")
    member.get_by_role("button", name="Create the dataset").click()
    expect(member.get_by_role("link", name="New run").first).to_be_visible(timeout=INGEST_MS)
    address = member.url

    member.get_by_role("button", name="Mark images").click()
    tiles = member.get_by_role("listitem").filter(has=member.get_by_role("img"))
    tiles.nth(0).get_by_role("button").click()
    tiles.nth(2).get_by_role("button").click(modifiers=["Shift"])
    expect(member.get_by_text("3 images marked")).to_be_visible()
    member.get_by_role("button", name="Exclude").click()
    tiles.nth(5).get_by_role("button").click()
    member.get_by_role("combobox", name="New label").fill("beam")
    member.get_by_role("button", name="Relabel").click()
    expect(member.get_by_text("3 images excluded, 1 image relabelled.")).to_be_visible()
    member.get_by_role("button", name="Make the next version").click()
    member.wait_for_url(f"{address}/2")
    panel = member.get_by_role("region", name="Compared with version 1")
    expect(panel).to_be_visible(timeout=INGEST_MS)
    expect(panel).to_contain_text(re.compile("Removed3.*Relabelled1", re.DOTALL))


def test_images_for_a_version_that_is_not_there_are_refused_and_become_no_dataset(member: Page) -> None:
    member.goto("/upload?base=00000000-0000-4000-8000-000000000000")
    expect(member.get_by_role("heading", name="Add images")).to_be_visible()
    expect(member.get_by_role("alert")).to_be_visible()
    expect(member.get_by_label("Choose a zip file")).to_have_count(0)
