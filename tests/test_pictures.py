"""The tour of pictures in the README is whole: it cannot name one that is gone, or keep one that nobody sees."""

import re
from pathlib import Path

from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
IMAGES = ROOT / "docs" / "images"
MAX_BYTES = 150 * 2**10


def test_the_readme_shows_every_picture_and_no_other() -> None:
    named = re.findall(r"\((docs/images/[^)\s]+)\)", (ROOT / "README.md").read_text(encoding="utf-8"))
    assert sorted(named) == sorted(str(path.relative_to(ROOT)) for path in IMAGES.iterdir())
    assert len(named) >= 5


def test_a_picture_is_small_and_can_be_read() -> None:
    for path in IMAGES.iterdir():
        assert path.stat().st_size < MAX_BYTES, path.name
        with Image.open(path) as picture:
            picture.load()
            assert picture.width == 1440, path.name


def test_the_script_takes_every_picture_that_is_shown() -> None:
    taken = re.findall(r'_show\(page, "(\w+)"\)', (ROOT / "tests/browser/screenshots.py").read_text(encoding="utf-8"))
    assert sorted(taken) == sorted(path.stem for path in IMAGES.iterdir())
