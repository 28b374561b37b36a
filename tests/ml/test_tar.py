"""Tars, packed or not: read by place, never unpacked to files; what is no plain file is told."""

import gzip
import io
import os
import tarfile
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ml.archive import open_source
from ml.errors import BadArchiveError, BadImageError
from ml.tar_directory import BLOCK
from ml.zip_directory import ZipLimits

MOST = 2**20
Member = tuple[str, bytes | dict[str, object]]
GOOD: Member = ("cat/good.png", b"good" * 100)


def packed(*members: Member, form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar by the standard library; a member's second part is its content, or the header's fields."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for name, what in members:
            info = tarfile.TarInfo(name)
            if isinstance(what, bytes):
                info.size = len(what)
                tar.addfile(info, io.BytesIO(what))
            else:
                for field, value in what.items():
                    setattr(info, field, value)
                tar.addfile(info)
    return buffer.getvalue()


def header(**fields: bytes) -> bytes:
    """One header block with these raw fields and a right checksum."""
    block = bytearray(packed(("a.png", b"")))[:BLOCK]
    places = {"size": 124, "kind": 156, "name": 0}
    for field, value in fields.items():
        block[places[field] : places[field] + len(value)] = value
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block)


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where a test puts its archive; nothing else may lie beside it at the end."""
    yield tmp_path / "source"
    assert os.listdir(tmp_path) == ["source"]


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("squeeze", [bytes, gzip.compress])
def test_a_tar_of_every_form_gives_back_what_was_put_in(place: Path, form: int, squeeze: type[bytes]) -> None:
    long = "/".join(["folder" * 5] * 4) + "/" + "n" * 60 + ".png"
    files = {"cat/a.png": b"a", "./dog/b.png": b"b" * 5000, "cat/empty.png": b"", long: b"long"}
    if form != tarfile.USTAR_FORMAT:
        files["cat/größe.png"] = b"c"
    place.write_bytes(squeeze(packed(("cat", {"type": tarfile.DIRTYPE}), *files.items(), form=form)))
    with open_source(place) as source:
        assert source.skipped == []
        assert {name: source.read(name, MOST) for name in source.names} == {
            name.removeprefix("./"): data for name, data in files.items()
        }


LINKS = "symbolic link or a device"
SKIPPED: dict[str, tuple[Member, str]] = {
    "leads out": (("../../evil.png", b"x"), r"by '\.\.'"),
    "absolute": (("/etc/cron.d/x.png", b"x"), "absolute path"),
    "a backslash": (("..\\evil.png", b"x"), "backslash"),
    "a drive": (("C:/x.png", b"x"), "absolute path"),
    "too deep": (("d/" * 40 + "x.png", b"x"), "folders deep"),
    "a line end": (("a\n.png", b"x"), "control characters"),
    "a symbolic link": (("l.png", {"type": tarfile.SYMTYPE, "linkname": "/etc/passwd"}), LINKS),
    "a hard link": (("l.png", {"type": tarfile.LNKTYPE, "linkname": "cat/good.png"}), "hard link"),
    "a device": (("l.png", {"type": tarfile.CHRTYPE, "devmajor": 1, "devminor": 5}), LINKS),
    "a pipe": (("l.png", {"type": tarfile.FIFOTYPE}), LINKS),
    "twice": (GOOD, "another file of this name"),
    "not UTF-8": (("\udcff\udcfe.png", b"x"), "no UTF-8"),
    "sparse": (("s.png", {"type": tarfile.REGTYPE, "pax_headers": {"GNU.sparse.major": "1"}}), "sparse"),
}


@pytest.mark.parametrize("case", SKIPPED)
def test_what_no_reader_should_follow_is_passed_over_and_the_rest_goes_on(case: str, place: Path) -> None:
    member, words = SKIPPED[case]
    form = tarfile.GNU_FORMAT if case == "not UTF-8" else tarfile.PAX_FORMAT
    place.write_bytes(packed(GOOD, member, form=form))
    with open_source(place) as source:
        assert list(source.names) == ["cat/good.png"]
        [(name, reason)] = source.skipped
        assert name.isprintable()
        with pytest.raises(BadImageError, match=words):
            raise BadImageError(reason)
        assert source.read("cat/good.png", MOST) == GOOD[1]


REFUSED = {
    "cut in a member": packed(GOOD)[: BLOCK + 100],
    "cut behind a member": packed(GOOD)[: 2 * BLOCK],
    "eight tebibytes announced": header(size=b"\x80" + (2**43).to_bytes(11, "big")),
    "a negative size": header(size=b"\xff" * 12),
    "a size that is no number": header(size=b"12z4567     "),
    "endless headers": packed(GOOD)[: 2 * BLOCK] + header(kind=b"x") * 100 + bytes(2 * BLOCK),
    "a header of a gibibyte": header(kind=b"x", size=b"10000000000\0"),
    "a pax header that is none": header(kind=b"x", size=b"00000000012\0") + b"99 path=a\n".ljust(BLOCK, b"\0"),
    "a damaged second header": packed(GOOD)[: 2 * BLOCK] + b"\1" * BLOCK,
    "gzip cut short": gzip.compress(packed(GOOD))[:-20],
    "gzip with a wrong checksum": gzip.compress(packed(GOOD))[:-8] + bytes(8),
    "gzip of something else": gzip.compress(b"hello" * 1000),
    "a bomb": gzip.compress(bytes(64 * 2**20)),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_tar_that_is_no_honest_tar_is_refused_quickly_and_leaves_nothing(case: str, place: Path) -> None:
    place.write_bytes(REFUSED[case])
    started = time.process_time()
    with pytest.raises(BadArchiveError) as caught:
        open_source(place)
    assert time.process_time() - started < 5
    assert caught.value.message.endswith(".")


def test_limits_hold_for_members_and_their_sum(place: Path) -> None:
    place.write_bytes(packed(GOOD, ("b.png", b"x" * 300)))
    for limits in (ZipLimits(max_members=1), ZipLimits(max_total_bytes=600), ZipLimits(max_member_bytes=399)):
        with pytest.raises(BadArchiveError):
            open_source(place, limits)
    with open_source(place) as source, pytest.raises(BadImageError, match="at most 100"):
        source.read("cat/good.png", 100)


def test_gzip_files_one_after_another_are_one(place: Path) -> None:
    tar = packed(GOOD)
    place.write_bytes(gzip.compress(tar[:700]) + gzip.compress(tar[700:]))
    with open_source(place) as source:
        assert source.read("cat/good.png", MOST) == GOOD[1]
