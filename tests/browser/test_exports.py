"""Taking away in the browser: the files are told beforehand, and the lines it shows for a shell do the same."""

import os
import re
import subprocess
import sys
import uuid
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab_member import EXPORT_MS
from tests.stack import Stack
from webapp.core import machine

pytestmark = pytest.mark.browser


@pytest.fixture
def shell(member: Page, tmp_path: Path) -> dict[str, str]:
    """The environment of a lab member's shell: `atelier` on its path, and a token that they made on the page."""
    member.goto("/tokens")
    member.get_by_role("textbox", name="Name").fill("shell")
    member.get_by_role("button", name="Create the token").click()
    token = member.get_by_role("status").get_by_text(re.compile(r"^atl_\w+")).inner_text()
    command = tmp_path / "bin" / "atelier"
    command.parent.mkdir()
    command.write_text(f'#!/bin/sh\nexec {sys.executable} -m atelier "$@"\n', encoding="utf-8")
    command.chmod(0o755)
    path = f"{command.parent}:{os.environ['PATH']}"
    return {"PATH": path, "HOME": str(tmp_path), "PYTHONPATH": str(machine.BASE_DIR / "client"), "ATELIER_TOKEN": token}


@pytest.fixture
def copies(stack: Stack, run_path: str) -> Iterator[None]:
    """All samples of the run count as memorised."""
    mark = f"from webapp.gallery.models import Sample; Sample.objects.filter(pool__run='{run_path[-36:]}')"
    stack.manage("shell", "-c", f"{mark}.update(memorised=True)")
    yield
    stack.manage("shell", "-c", f"{mark}.update(memorised=False)")


@pytest.mark.usefixtures("copies")
def test_near_copies_go_out_only_with_a_reason_which_the_export_tells(member: Page, run_path: str) -> None:
    member.goto(run_path + "/exports")
    expect(member.get_by_text(re.compile(r"May be copies of training images: \d+ \(100 %\)"))).to_be_visible()
    refusal = member.get_by_role("status").filter(has_text="the lab allows 5 %")
    expect(refusal).to_be_visible()
    build = member.get_by_role("button", name="Build the export")
    expect(build).to_be_disabled()
    member.get_by_role("radio", name="Real only").check()
    expect(refusal).to_have_count(0)
    expect(build).to_be_enabled()
    member.get_by_role("radio", name="Synthetic only").check()
    reason = f"They are shapes of our own ({uuid.uuid4()})."
    member.get_by_label("Why may they go out?").fill("why not")
    expect(build).to_be_disabled()
    member.get_by_label("Why may they go out?").fill(reason)
    build.click()
    told = member.get_by_text(f"Why near-copies may go out: {reason}")
    expect(told).to_be_visible()
    member.get_by_role("link", name="Look at them in the gallery").click()
    expect(member.get_by_role("switch", name=re.compile("Only memorised"))).to_be_checked()
    expect(member.get_by_role("option").first).to_be_visible()


def test_an_admin_sets_how_many_near_copies_may_go_out(member: Page) -> None:
    member.goto("/people")
    limit = member.get_by_label("At most, in % of the synthetic images")
    for value, kept in (("7", "7"), ("", ""), ("5", "5")):
        limit.fill(value)
        member.get_by_role("button", name="Set the limit").click()
        expect(member.get_by_role("button", name="Set the limit")).to_be_disabled()
        member.reload()
        expect(limit).to_have_value(kept)


def test_the_files_are_told_beforehand_and_the_command_line_asks_for_the_same(
    member: Page, run_path: str, shell: dict[str, str], tmp_path: Path
) -> None:
    member.goto(run_path + "/exports")
    files = member.get_by_label("The files in it")
    expect(files).to_contain_text(re.compile(r"train/\s+bar/ +36 images"))
    expect(files).to_contain_text("SHA256SUMS")
    member.get_by_role("combobox", name="Format").click()
    member.get_by_role("option", name=re.compile("WebDataset")).click()
    expect(files).to_contain_text("train-*.tar")
    member.get_by_role("radio", name="Synthetic only").check()
    expect(files).not_to_contain_text("val-*.tar")
    expect(member.get_by_text("0 real and 12 synthetic images")).to_be_visible()

    member.get_by_text("The same without the browser").click()
    member.get_by_text("Command line", exact=True).click()
    line = member.get_by_text(re.compile("^ATELIER_URL=")).inner_text()
    subprocess.run(["sh", "-ec", line], cwd=tmp_path, env=shell, check=True, timeout=EXPORT_MS / 1000)
    (taken,) = tmp_path.glob("*.zip")
    with zipfile.ZipFile(taken) as archive:
        assert len(archive.read("manifest.jsonl").splitlines()) == 12
        assert any(name.startswith("train-") for name in archive.namelist())
