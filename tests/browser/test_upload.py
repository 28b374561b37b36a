"""Uploads: what is refused before anything is sent, what is continued, and what the worker cannot take."""

import json
import re
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Request, Route, expect

from tests.browser.lab_member import EMAIL, INGEST_MS, PASSWORD, upload
from tests.browser.pictures import heavy_zip, zip_of_shapes
from tests.stack import Stack

UPLOADS = re.compile("/api/v1/uploads/")
CHUNK = 8 * 2**20
Answer = Callable[[Route], None]

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


@pytest.fixture(scope="module")
def noise(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A zip that is sent in two pieces."""
    return heavy_zip(tmp_path_factory.mktemp("noise") / "noise.zip", 12)


def hang(route: Route) -> None:
    """No answer, as long as the page is there."""


def hold(page: Page, answer: Answer = hang) -> None:
    """The first piece of an upload arrives; what is asked to take a later one answers otherwise, until `let_go`."""

    def take(route: Route) -> None:
        later = route.request.method == "PATCH" and route.request.headers["upload-offset"] != "0"
        answer(route) if later else route.continue_()

    page.route(UPLOADS, take)


def let_go(page: Page) -> list[int]:
    """Nothing is held any more; the offsets of the pieces that are sent from now on, as they are sent."""
    offsets: list[int] = []
    page.on(
        "request",
        lambda request: offsets.append(int(request.headers["upload-offset"])) if request.method == "PATCH" else None,
    )
    page.unroute_all(behavior="ignoreErrors")
    return offsets


def send_half(page: Page, archive: Path) -> Locator:
    """Choose an archive while later pieces are held; returns its row when the first piece has arrived."""
    page.goto("/upload")
    with page.expect_response(lambda answer: answer.request.method == "PATCH" and answer.status == 204):
        page.get_by_label("Choose a zip file").set_input_files(archive)
    return page.get_by_role("region", name=f"Upload of {archive.name}")


def give_up(row: Locator) -> None:
    row.get_by_role("button", name="Give up").click()
    row.page.get_by_role("dialog").get_by_role("button", name="Give up").click()
    expect(row).to_have_count(0)


def test_the_same_file_picked_after_a_reload_goes_on_where_it_was(member: Page, noise: Path, tmp_path: Path) -> None:
    hold(member)
    row = send_half(member, noise)
    row.get_by_role("button", name="Pause").click()
    expect(row).to_contain_text("paused")
    member.reload()
    left = member.get_by_role("region", name="Unfinished: noise.zip")
    expect(left).to_contain_text(re.compile("8.* of .* have arrived. Choose the same file again to go on"))
    (tmp_path / "other").mkdir()
    other = zip_of_shapes(tmp_path / "other" / "noise.zip", 2)
    member.get_by_label("Choose a zip file").set_input_files(other)
    expect(row).to_contain_text("this is not the same file, so it is sent from its beginning")
    expect(row).to_contain_text("KiB sent")
    give_up(row)
    offsets = let_go(member)
    member.get_by_label("Choose a zip file").set_input_files(noise)
    expect(row).to_contain_text("had arrived before; it goes on from there")
    expect(row).to_contain_text("MiB sent")
    assert offsets == [CHUNK], "what had arrived is not sent again"
    expect(left).to_have_count(0)
    give_up(row)
    member.reload()
    expect(member.get_by_role("heading", name="What is accepted")).to_be_visible()
    expect(left).to_have_count(0)


def test_a_lost_network_is_said_and_the_upload_goes_on_by_itself(member: Page, noise: Path) -> None:
    hold(member)
    row = send_half(member, noise)
    member.context.set_offline(True)
    said = "The network is gone. It goes on by itself as soon as that is over. 8.0 MiB have arrived"
    expect(row.get_by_role("status")).to_contain_text(said)
    offsets = let_go(member)
    member.wait_for_timeout(1_500)
    expect(row.get_by_role("status"), "also after it was tried again").to_contain_text(said)
    member.context.set_offline(False)
    expect(row).to_contain_text("MiB sent")
    assert offsets == [CHUNK]
    give_up(row)


def test_an_upload_outlives_the_server(member: Page, noise: Path, stack: Stack) -> None:
    hold(member, lambda route: route.abort())
    row = send_half(member, noise)
    stack.kill9("web")
    offsets = let_go(member)
    expect(row.get_by_role("status")).to_contain_text("The service does not answer. It goes on by itself")
    stack.restart("web")
    expect(row).to_contain_text("MiB sent", timeout=60_000)
    assert set(offsets) == {CHUNK}
    give_up(row)


@pytest.mark.parametrize(
    ("status", "body", "sentence"),
    [
        (403, {"code": "forbidden", "message": "This needs the role researcher."}, "This needs the role researcher."),
        (413, "<h1>413 Request Entity Too Large</h1>", "refuses pieces of 8 MiB"),
        (507, {"code": "disk_full", "message": "5 bytes are needed and 0 are free."}, "5 bytes are needed"),
    ],
)
def test_a_refusal_is_said_in_its_row_and_the_next_try_goes_on(
    member: Page, noise: Path, status: int, body: object, sentence: str
) -> None:
    said = body if isinstance(body, str) else json.dumps(body)
    hold(member, lambda route: route.fulfill(status=status, body=said))
    row = send_half(member, noise)
    expect(row.get_by_role("alert")).to_contain_text(sentence)
    expect(row.get_by_role("alert")).to_contain_text("8.0 MiB have arrived and stay there")
    offsets = let_go(member)
    row.get_by_role("button", name="Try again").click()
    expect(row).to_contain_text("MiB sent")
    assert offsets == [CHUNK]
    give_up(row)


def test_an_upload_goes_on_after_the_next_login(member: Page, noise: Path) -> None:
    hold(member)
    row = send_half(member, noise)
    row.get_by_role("button", name="Pause").click()
    offsets = let_go(member)
    member.context.clear_cookies()
    row.get_by_role("button", name="Continue").click()
    member.wait_for_url(re.compile(r"/login\?next="))
    member.get_by_label("E-mail").fill(EMAIL)
    member.get_by_role("textbox", name="Password").fill(PASSWORD)
    member.get_by_role("button", name="Log in").click()
    expect(row).to_contain_text("MiB sent")
    assert offsets == [CHUNK]
    give_up(row)


def test_what_does_not_fit_is_said_before_it_is_sent_and_by_the_service(member: Page, tmp_path: Path) -> None:
    session = member.request.get("/api/v1/session/").json()
    storage = f"/api/v1/labs/{session['labs'][0]['id']}/storage/"

    def limit(quota_bytes: int | None) -> None:
        answer = member.request.patch(
            storage, data={"quota_bytes": quota_bytes}, headers={"X-CSRFToken": session["csrf_token"]}
        )
        assert answer.ok, answer.text()

    limit(0)
    try:
        member.goto("/upload")
        expect(member.get_by_text("The lab has room for 0 B more of its 0 B")).to_be_visible()
        member.get_by_label("Choose a zip file").set_input_files(zip_of_shapes(tmp_path / "shapes.zip", 2))
        row = member.get_by_role("region", name="Upload of shapes.zip")
        expect(row).to_contain_text(re.compile("not sent yet.*It does not fit", re.DOTALL))
        row.get_by_role("button", name="Send the 1 file").click()
        expect(row.get_by_role("alert")).to_contain_text("The lab stores")
    finally:
        limit(None)
    row.get_by_role("button", name="Try again").click()
    expect(row).to_contain_text("KiB sent")
    give_up(row)


def test_three_are_sent_at_once_and_the_next_when_there_is_a_place(member: Page, tmp_path: Path) -> None:
    archives = [zip_of_shapes(tmp_path / f"set {number}.zip", number) for number in (1, 2, 3, 4)]
    member.route(UPLOADS, lambda route: route.abort() if route.request.method == "PATCH" else route.continue_())
    member.goto("/upload")
    member.get_by_label("Choose a zip file").set_input_files(archives)
    rows = member.get_by_role("region", name=re.compile("^Upload of set"))
    expect(rows.get_by_role("button", name="Pause")).to_have_count(4)
    expect(rows.nth(2)).to_contain_text("The service does not answer")
    expect(rows.nth(3)).to_contain_text("waits its turn")
    rows.nth(1).get_by_role("button", name="Pause").click()
    expect(rows.nth(3)).to_contain_text("The service does not answer")
    rows.nth(1).get_by_role("button", name="Continue").click()
    expect(rows.nth(1)).to_contain_text("waits its turn")
    let_go(member)
    for number in range(4):
        expect(rows.nth(number)).to_contain_text("KiB sent", timeout=60_000)
    for archive in archives:
        give_up(member.get_by_role("region", name=f"Upload of {archive.name}"))


def drop(page: Page, *paths: Path) -> None:
    """Drop files and folders on the middle of the page, as the browser does when a person lets go of them."""
    devtools = page.context.new_cdp_session(page)
    data = {"items": [], "files": [str(path) for path in paths], "dragOperationsMask": 1}
    for kind in ("dragEnter", "dragOver", "drop"):
        devtools.send("Input.dispatchDragEvent", {"type": kind, "x": 700, "y": 450, "data": data})


def test_a_folder_may_be_dropped_on_the_list_and_on_a_version_which_asks_what_it_is_for(
    member: Page, tmp_path: Path
) -> None:
    with zipfile.ZipFile(zip_of_shapes(tmp_path / "Dropped shapes.zip", 4)) as archive:
        archive.extractall(tmp_path / "more")
    (tmp_path / "more" / "dot" / "broken.png").unlink()
    upload(member, tmp_path / "Dropped shapes.zip", "Dropped shapes")
    version = member.url
    drop(member, tmp_path / "more")
    member.get_by_role("dialog", name="What are they for?").get_by_role("button", name="The next version").click()
    expect(member.get_by_role("heading", name="Add images to Dropped shapes")).to_be_visible()
    row = member.get_by_role("region", name="Upload of more.tar")
    expect(row).to_contain_text("Left out: 1 file: no image by the name (more/dot/notes.txt).")
    row.get_by_role("button", name="Send the 12 files").click()
    row.get_by_role("button", name="Make the next version").click()
    member.wait_for_url(f"{version}/2")

    member.goto("/")
    expect(member.get_by_role("heading", name="Datasets")).to_be_visible()
    shutil.rmtree(tmp_path / "more" / "dot")
    drop(member, tmp_path / "more")
    member.wait_for_url(re.compile("/upload$"))
    expect(row).to_contain_text("KiB sent")
    expect(row.get_by_label("Name of the dataset")).to_have_value("more")
    give_up(row)


def test_a_report_says_what_became_of_each_file(member: Page, tmp_path: Path) -> None:
    member.goto("/upload")
    member.get_by_label("Choose a zip file").set_input_files(zip_of_shapes(tmp_path / "reported_shapes.zip", 12))
    expect(member.get_by_label("Name of the dataset")).to_have_value("reported shapes")
    member.get_by_role("button", name="Create the dataset").click()
    member.get_by_role("tab", name="Ingest report").click(timeout=INGEST_MS)
    expect(member.get_by_role("row", name=re.compile("dot.broken.png.*damaged"))).to_be_visible()
    member.get_by_text("skipped 1").click()
    expect(member.get_by_role("row", name=re.compile("dot.notes.txt"))).to_be_visible()
    assert len(downloaded(member, "Download as CSV")) == 1 + 3 * 12 + 2
    member.get_by_text("all 38").click()
    member.get_by_label("Part of a name or reason").fill("DOT/00")
    rows = member.get_by_role("group", name="Files of the upload").get_by_role("row")
    expect(rows).to_have_count(1 + 10)
    assert len(downloaded(member, "Download these as CSV")) == 1 + 10
    member.reload()
    expect(rows, "the report as it was filtered has an address").to_have_count(1 + 10)


def downloaded(page: Page, link: str) -> list[str]:
    """The lines of the file behind a link."""
    with page.expect_download() as waiting:
        page.get_by_role("link", name=link).click()
    return Path(waiting.value.path()).read_text().splitlines()


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
    expect(member.get_by_text("Left out: 1 file: no image by the name (my_folder/dot/notes.txt).")).to_be_visible()
    member.get_by_role("button", name="Send the 24 files").click()
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
