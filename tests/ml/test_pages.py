"""The pages of models, samplers and metrics: written from the plug-ins, and current."""

import re
from pathlib import Path

import pytest

from ml.__main__ import main
from ml.pages import PAGED, all_pages, write_pages
from ml.shelves import names

DOCS = Path(__file__).parents[2] / "docs"


@pytest.mark.parametrize("name", all_pages())
def test_the_page_in_docs_is_current(name: str) -> None:
    assert (DOCS / name).read_text(encoding="utf-8") == all_pages()[name], "run `python -m ml pages docs`"


def test_there_is_a_page_for_each_and_none_for_what_is_gone() -> None:
    for shelf in PAGED:
        assert sorted(file.stem for file in (DOCS / shelf).glob("*.md")) == sorted([*names()[shelf], "index"])


def test_every_link_between_pages_leads_somewhere() -> None:
    for name in all_pages():
        for target in re.findall(r"\]\(([^):]+\.md)\)", (DOCS / name).read_text(encoding="utf-8")):
            assert ((DOCS / name).parent / target).exists(), (name, target)


def test_the_page_of_a_plug_in_that_is_gone_is_removed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    write_pages(tmp_path)
    (tmp_path / "models" / "gone.md").write_text("gone")
    assert main(["pages", str(tmp_path)]) == 0
    assert not (tmp_path / "models" / "gone.md").exists()
    assert len(capsys.readouterr().out.splitlines()) == len(all_pages())
