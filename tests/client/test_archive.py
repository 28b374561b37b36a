"""A folder is sent as a zip that lies nowhere: whatever is asked of it, the bytes are those of one real zip."""

import hashlib
import io
import random
import zipfile
from pathlib import Path

import pytest
from atelier.archive import FileSource, FolderSource, source_of
from atelier.errors import InvalidError


def silent(what: str, done: int, total: int) -> None:
    """No progress."""


def make_folder(root: Path) -> dict[str, bytes]:
    """Some files of odd sizes in class folders; name -> bytes."""
    draw = random.Random(0)
    files = {f"{label}/{n}.png": draw.randbytes(n * 777) for label in ("bär", "dot") for n in range(5)}
    for name, data in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)
    return files


def test_the_zip_holds_every_file_and_no_hidden_one(tmp_path: Path) -> None:
    files = make_folder(tmp_path)
    (tmp_path / ".DS_Store").write_bytes(b"x")
    source = FolderSource(tmp_path, silent)
    data = source.read(0, 10**9)
    assert len(data) == source.size_bytes
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files


def test_every_piece_at_every_offset_is_the_same_as_in_the_whole(tmp_path: Path) -> None:
    make_folder(tmp_path)
    source = FolderSource(tmp_path, silent)
    whole = source.read(0, source.size_bytes)
    draw = random.Random(1)
    for _ in range(300):
        start, length = draw.randrange(len(whole)), draw.randrange(1, 5000)
        assert source.read(start, length) == whole[start : start + length]
    assert b"".join(source.read(start, 1000) for start in range(0, len(whole), 1000)) == whole


def test_files_too_large_for_the_old_format_are_written_in_the_large_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = make_folder(tmp_path)
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 2000)
    source = FolderSource(tmp_path, silent)
    monkeypatch.undo()
    with zipfile.ZipFile(io.BytesIO(source.read(0, source.size_bytes))) as archive:
        assert archive.testzip() is None
        assert set(archive.namelist()) == set(files)


def test_equal_folders_are_the_same_bytes_wherever_and_whenever_they_were_made(tmp_path: Path) -> None:
    for name in ("one", "two"):
        make_folder(tmp_path / name)
    one, two = (FolderSource(tmp_path / name, silent) for name in ("one", "two"))
    assert one.sha256 == two.sha256
    assert one.read(0, one.size_bytes) == two.read(0, two.size_bytes)
    (tmp_path / "two" / "dot" / "1.png").write_bytes(b"y" * 777)
    assert FolderSource(tmp_path / "two", silent).sha256 != one.sha256


def test_a_file_that_changes_on_the_way_is_refused_and_never_sent_half_old(tmp_path: Path) -> None:
    make_folder(tmp_path)
    source = FolderSource(tmp_path, silent)
    (tmp_path / "dot" / "4.png").write_bytes(b"shorter")
    with pytest.raises(InvalidError, match=r"4\.png changed"):
        source.read(0, source.size_bytes)


def test_a_file_is_sent_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "images.zip"
    path.write_bytes(b"0123456789")
    source = FileSource(path, silent)
    assert (source.name, source.size_bytes) == ("images.zip", 10)
    assert source.sha256 == hashlib.sha256(b"0123456789").hexdigest()
    assert source.read(4, 3) == b"456"


@pytest.mark.parametrize("make", ["nothing", "empty folder", "empty file"])
def test_where_there_is_nothing_to_send_it_says_so(tmp_path: Path, make: str) -> None:
    path = tmp_path / "images"
    if make == "empty folder":
        path.mkdir()
    elif make == "empty file":
        path.touch()
    with pytest.raises(InvalidError, match=r"expected|name a folder"):
        source_of(path, silent)
