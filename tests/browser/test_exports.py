"""Taking away in the browser: the files are told beforehand, and the lines it shows for a shell do the same."""

import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.browser.lab_member import EXPORT_MS
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
