"""Zips and folders as sources: what is read, what is passed over, what is refused."""

import contextlib
import io
import os
import struct
import tracemalloc
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ml.archive import open_source
from ml.errors import BadArchiveError, BadDatasetError, BadImageError, MlError
from ml.source import clean_name, printable
from ml.zip_directory import ZipLimits
from tests.ml.zip_builder import (
    Piece,
    build,
    central_header,
    deflated,
    end_record,
    full_overlap_bomb,
    local_header,
    quoted_overlap_bomb,
)

MOST = 2**26
GOOD = Piece(b"cat/good.png", b"good bytes" * 20, deflate=True)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    return tmp_path / "source.zip"


def contents(path: Path, limits: ZipLimits | None = None) -> dict[str, bytes]:
    with open_source(path, limits) as source:
        return {name: source.read(name, MOST) for name in source.names}


def everything_told(path: Path) -> Iterator[bytes]:
    """What can be read; every fault on the way must be one of the two that carry a sentence."""
    with contextlib.suppress(BadArchiveError), open_source(path) as source:
        for name in source.names:
            with contextlib.suppress(BadImageError):
                yield source.read(name, MOST)


def test_a_zip_gives_back_what_was_put_in(place: Path) -> None:
    files = {"cat/a.png": os.urandom(5000), "dog/ü.jpg": b"", "深/三毛.png": bytes(100_000)}
    with zipfile.ZipFile(place, "w") as archive:
        for number, (name, data) in enumerate(files.items()):
            archive.writestr(name, data, zipfile.ZIP_DEFLATED if number % 2 else zipfile.ZIP_STORED)
        archive.mkdir("empty")
    assert contents(place) == files


def test_a_streamed_zip_with_sizes_behind_the_data_is_read(place: Path) -> None:
    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.bytes = bytearray()

        def writable(self) -> bool:
            return True

        def write(self, data: object) -> int:
            self.bytes += data  # type: ignore[operator]
            return len(data)  # type: ignore[arg-type]

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:  # type: ignore[arg-type]
        archive.writestr("cat/a.png", b"streamed" * 50)
    place.write_bytes(pipe.bytes)
    assert contents(place) == {"cat/a.png": b"streamed" * 50}


def test_a_zip64_zip_is_read(place: Path) -> None:
    with zipfile.ZipFile(place, "w") as archive, archive.open("cat/a.png", "w", force_zip64=True) as member:
        member.write(b"wide")
    assert contents(place) == {"cat/a.png": b"wide"}


@pytest.mark.parametrize("number", [65_535, 65_536])
def test_any_number_of_files_around_the_16_bit_border_is_read(place: Path, number: int) -> None:
    with zipfile.ZipFile(place, "w") as archive:
        for index in range(number):
            archive.writestr(f"c/{index}.png", b"")
    with open_source(place) as source:
        assert len(source.names) == number


def test_the_overflowing_count_that_macos_writes_is_understood(place: Path) -> None:
    pieces = [Piece(b"c/%d.png" % index) for index in range(3)]
    honest = build(*pieces)
    directory = honest[honest.index(b"PK\x01\x02") : -22]
    start = len(honest) - 22 - len(directory)
    # 65,536 entries more than the field can say
    body = b"".join(local_header(Piece(b"d/%d" % index).fields()) for index in range(65_536))
    offset, more = 0, []
    for index in range(65_536):
        fields = Piece(b"d/%d" % index).fields()
        more.append(central_header(fields, start + offset, 0o100644))
        offset += len(local_header(fields))
    directory += b"".join(more)
    place.write_bytes(honest[:start] + body + directory + end_record(3, len(directory), start + len(body)))
    with open_source(place) as source:
        assert len(source.names) == 65_539


# --- refused whole ------------------------------------------------------------------------------------------------
def _zip64_pointing_outside() -> bytes:
    honest = build(GOOD)
    locator = struct.pack("<4sLQL", b"PK\x06\x07", 0, 2**40, 1)
    return honest[:-22] + locator + honest[-22:]


def _two_ends() -> bytes:
    one = build(GOOD)
    other = build(Piece(b"dog/other.png", b"other"))
    return one[:-22] + one[-22:-2] + struct.pack("<H", len(other)) + other


REFUSED = {
    "an empty file": (b"", "empty"),
    "random bytes": (bytes(range(256)) * 40, "no zip archive"),
    "a tar": (b"a".ljust(257, b"\0") + b"ustar" + bytes(400), "tar archive"),
    "bytes before the archive": (b"#!/bin/sh\n" + build(GOOD), "before the archive"),
    "bytes before the archive, offsets moved along": (
        b"junk"
        + local_header(GOOD.fields())
        + GOOD.packed()
        + central_header(GOOD.fields(), 4, 0)
        + end_record(1, len(central_header(GOOD.fields(), 4, 0)), 4 + len(local_header(GOOD.fields()) + GOOD.packed())),
        "before its first file",
    ),
    "bytes behind the archive": (build(GOOD) + b"tail", "other bytes stand behind"),
    "two archives in one file": (build(GOOD) + build(GOOD), "before the archive"),
    "an end record in the comment": (_two_ends(), "two end records"),
    "a password": (build(Piece(b"a.png", b"x", central={"flags": 0x801})), "password"),
    "strong encryption": (build(Piece(b"a.png", b"x", central={"flags": 0x841})), "password"),
    "AES": (build(Piece(b"a.png", b"x", central={"method": 99})), "password"),
    **{
        f"method {method}": (build(Piece(b"a.png", b"x", central={"method": method})), f"method {method}")
        for method in (1, 9, 12, 14, 93, 95)
    },
    "a part of several, in the end record": (build(GOOD)[:-22] + end_record(1, 58, 0, disk=1), "one part of several"),
    "a part of several, in an entry": (build(Piece(b"a.png", b"x", central={"disk": 3})), "one part of several"),
    "a wrong number of files": (build(GOOD, count=2), "announces 2 files and lists 1"),
    "a torn directory": (build(Piece(b"a.png", b"x", central={"mark": b"PK\x01\x03"})), "torn"),
    "a full-overlap bomb": (full_overlap_bomb(1000, 2**20), "explode"),
    "a full-overlap bomb of small files": (full_overlap_bomb(50, 2**16), "overlap"),
    "a quoted-overlap bomb": (quoted_overlap_bomb(50, 2**20), "overlap"),
    "packed bytes that reach into the directory": (
        build(Piece(b"a.png", b"abc", local={"packed": 900}, central={"packed": 900})),
        "overlap",
    ),
    "an offset outside the file": (build(GOOD, Piece(b"b.png", b"x", central={"offset": 2**31})), "overlap"),
    "a zip64 locator that points outside": (_zip64_pointing_outside(), "outside the file"),
    "full numbers without zip64": (build(Piece(b"a.png", b"x", central={"size": 0xFFFFFFFF})), "zip64"),
    "an honest ratio bomb": (build(Piece(b"a.png", bytes(20 * 2**20), deflate=True)), "more than 200 times"),
    "an announced 3 GiB": (build(Piece(b"a.png", b"x", central={"size": 3 * 2**30})), "more than 200 times"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_zip_that_is_no_honest_zip_is_refused_before_a_byte_is_inflated(
    case: str, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, words = REFUSED[case]
    place.write_bytes(data)
    inflated: list[object] = []
    monkeypatch.setattr(zlib, "decompressobj", lambda *arguments: inflated.append(arguments))
    with pytest.raises(BadArchiveError, match=words):
        open_source(place)
    assert inflated == []


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (ZipLimits(max_members=4), "announces 5 files; at most 4"),
        (ZipLimits(max_total_bytes=499), "unpacks to 500 bytes; at most 499"),
        (ZipLimits(max_member_bytes=99), "announces 100 bytes; at most 99"),
        (ZipLimits(max_member_ratio=5, ratio_free_bytes=50), "more than 5 times"),
        (ZipLimits(max_ratio=5, ratio_free_bytes=60), "more than 5 times"),
    ],
)
def test_a_limit_passed_is_named_with_both_numbers(place: Path, limits: ZipLimits, words: str) -> None:
    place.write_bytes(build(*[Piece(b"c/%d.png" % index, bytes(100), deflate=True) for index in range(5)]))
    with pytest.raises(BadArchiveError, match=words):
        open_source(place, limits)


def test_every_truncation_is_refused(place: Path) -> None:
    whole = build(GOOD, Piece(b"dog/b.png", b"stored"), comment=b"a comment")
    for length in range(len(whole)):
        place.write_bytes(whole[:length])
        with pytest.raises(BadArchiveError):
            open_source(place)


def test_no_changed_byte_gives_other_content_without_a_word(place: Path) -> None:
    """Every byte of a zip changed in three ways: refused, passed over with a reason, or the same content."""
    whole = bytearray(build(GOOD, Piece(b"dog/b.png", b"stored")))
    for at in range(len(whole)):
        for change in (0x01, 0x80, 0xFF):
            whole[at] ^= change
            place.write_bytes(whole)
            assert set(everything_told(place)) <= {GOOD.data, b"stored"}
            whole[at] ^= change


# --- passed over --------------------------------------------------------------------------------------------------
PASSED_OVER = {
    "..": (Piece(b"../../evil.png", b"x"), "leads out"),
    ".. inside": (Piece(b"a/../../b.png", b"x"), "leads out"),
    "an absolute path": (Piece(b"/etc/cron.d/x.png", b"x"), "absolute"),
    "a drive": (Piece(b"C:/x.png", b"x"), "absolute"),
    "backslashes": (Piece(b"..\\..\\evil.png", b"x"), "backslash"),
    "a drive with backslashes": (Piece(b"C:\\x.png", b"x"), "backslash"),
    "a line break": (Piece(b"cat/a\r\nSet-Cookie: x.png", b"x"), "control characters"),
    "NUL": (Piece(b"cat/a.png\0.exe", b"x"), "control characters"),
    "an escape sequence": (Piece(b"cat/\x1b[31m.png", b"x"), "control characters"),
    "no name": (Piece(b"", b"x"), "no name"),
    "only dots": (Piece(b"././.", b"x"), "no name"),
    "a long name": (Piece(b"cat/" + b"a" * 1100, b"x"), "longer than 1024"),
    "a deep name": (Piece(b"d/" * 40 + b"a.png", b"x"), "32 folders deep"),
    "a symbolic link": (Piece(b"cat/link.png", b"/etc/passwd", mode=0o120777), "symbolic link"),
    "a device": (Piece(b"cat/null.png", b"", mode=0o020666), "device"),
    "two names": (
        Piece(
            b"cat/a.png",
            b"x",
            central={"extra": struct.pack("<HHBL", 0x7075, 10, 1, zlib.crc32(b"cat/a.png")) + b"b.png"},
        ),
        "two names",
    ),
}


@pytest.mark.parametrize("case", PASSED_OVER)
def test_a_member_that_no_reader_should_follow_is_passed_over_and_the_rest_goes_on(case: str, place: Path) -> None:
    piece, words = PASSED_OVER[case]
    place.write_bytes(build(piece, GOOD))
    with open_source(place) as source:
        assert list(source.names) == ["cat/good.png"]
        [(name, reason)] = source.skipped
        assert words in reason
        assert name.isprintable()
        assert source.read("cat/good.png", MOST) == GOOD.data


DAMAGED = {
    "another name in the local header": (Piece(b"a.png", b"x", local={"name": b"b.png"}), "disagree about its name"),
    "another method in the local header": (Piece(b"a.png", b"x", local={"method": 8}), "disagree about its name"),
    "a password in the local header": (Piece(b"a.png", b"x", local={"flags": 0x801}), "disagree"),
    "another size in the local header": (Piece(b"a.png", b"x", local={"size": 5}), "disagree about its size"),
    "another checksum in the local header": (Piece(b"a.png", b"x", local={"crc": 5}), "disagree about its size"),
    "no local header": (Piece(b"a.png", b"x", local={"mark": b"PK\x04\x04"}), "header in the zip is damaged"),
    "a wrong checksum in both": (Piece(b"a.png", b"x", local={"crc": 5}, central={"crc": 5}), "checksum"),
    "two sizes for a stored file": (
        Piece(b"a.png", b"abc", local={"size": 9}, central={"size": 9}),
        "two different sizes",
    ),
    "more than announced": (
        Piece(b"a.png", bytes(5000), deflate=True, local={"size": 100}, central={"size": 100}),
        "more than the 100 bytes",
    ),
    "less than announced": (
        Piece(b"a.png", bytes(50), deflate=True, local={"size": 100}, central={"size": 100}),
        "announces 100 bytes",
    ),
    "packed bytes that are none": (Piece(b"a.png", b"x" * 9, deflate=True, body=b"\xff" * 9), "damaged"),
    "packed bytes cut short": (
        Piece(b"a.png", b"x" * 900, deflate=True, body=deflated(b"x" * 900)[:-3]),
        "too early",
    ),
    "packed bytes far larger than the file": (
        Piece(b"a.png", b"x", deflate=True, body=b"\0\0\0\xff\xff" * 2000 + deflated(b"x")),
        "far more",
    ),
    "a longer local extra field than there is room": (
        Piece(b"a.png", b"x", local={"extra": b"\x99\x99\x04\x00abcd"}, body=b""),
        "reach into the next",
    ),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_a_damaged_member_is_told_and_the_rest_goes_on(case: str, place: Path) -> None:
    piece, words = DAMAGED[case]
    if "room" in case:
        piece.central = piece.local | {"extra": b"", "packed": 1, "size": 1}
        piece.local |= {"packed": 1, "size": 1}
    place.write_bytes(build(piece, GOOD))
    with open_source(place) as source:
        with pytest.raises(BadImageError, match=words):
            source.read("a.png", MOST)
        assert source.read("cat/good.png", MOST) == GOOD.data


def test_a_lying_size_costs_no_memory(place: Path) -> None:
    lie = {"size": 60_000}
    place.write_bytes(build(Piece(b"a.png", bytes(50 * 2**20), deflate=True, local=lie, central=lie)))
    with open_source(place) as source:
        tracemalloc.start()
        with pytest.raises(BadImageError, match="more than the 60,000 bytes"):
            source.read("a.png", MOST)
        assert tracemalloc.get_traced_memory()[1] < 2 * 2**20
        tracemalloc.stop()


def test_a_file_over_the_callers_limit_is_not_read(place: Path) -> None:
    place.write_bytes(build(GOOD))
    with open_source(place) as source, pytest.raises(BadImageError, match="200 bytes; at most 199"):
        source.read("cat/good.png", 199)


def test_of_two_files_of_one_name_the_first_is_taken(place: Path) -> None:
    names = (b"cat/a.png", b"cat/a.png", b"cat//a.png")
    place.write_bytes(build(*[Piece(name, b"file %d" % number) for number, name in enumerate(names)]))
    with open_source(place) as source:
        assert source.read("cat/a.png", MOST) == b"file 0"
        assert [name for name, _ in source.skipped] == ["cat/a.png", "cat//a.png"]


def test_files_under_a_link_or_a_file_are_passed_over(place: Path) -> None:
    link = Piece(b"cat", b"/etc", mode=0o120777)
    place.write_bytes(build(link, Piece(b"cat/passwd.png", b"x"), Piece(b"dog/a.png", b"y")))
    with open_source(place) as source:
        assert list(source.names) == ["dog/a.png"]
        assert {name for name, _ in source.skipped} == {"cat", "cat/passwd.png"}


def test_names_are_read_as_utf8_where_they_are_and_else_by_the_dos_table(place: Path) -> None:
    no_flag = {"flags": 0}
    dos = "é/a.png".encode("cp437")
    extra = struct.pack("<HHBL", 0x7075, 5 + len("ř/b.png".encode()), 1, zlib.crc32(b"\xfc/b.png")) + "ř/b.png".encode()
    place.write_bytes(
        build(
            Piece("ü/a.png".encode(), b"1", local=no_flag, central=no_flag),
            Piece(dos, b"2", local=no_flag, central=no_flag),
            Piece(b"\xfc/b.png", b"3", local=no_flag, central={"flags": 0, "extra": extra}),
            Piece(b"\xc0\xae/c.png", b"4"),
        )
    )
    assert sorted(contents(place)) == sorted(["ü/a.png", "é/a.png", "ř/b.png", "��/c.png"])


# --- names --------------------------------------------------------------------------------------------------------
@given(st.text(max_size=60))
def test_a_clean_name_stays_inside_and_stays_the_same(raw: str) -> None:
    try:
        name = clean_name(raw)
    except BadImageError:
        return
    inside = os.path.normpath(os.path.join("/store", name))
    assert inside.startswith("/store/")
    assert clean_name(name) == name


@given(st.text(max_size=60) | st.binary(max_size=60).map(lambda raw: raw.decode("utf-8", "surrogateescape")))
def test_a_printed_name_is_text_for_logs_and_databases(raw: str) -> None:
    shown = printable(raw)
    shown.encode()
    assert not any(unicodedata.category(char) in ("Cc", "Cs") for char in shown)


# --- folders ------------------------------------------------------------------------------------------------------
@pytest.fixture
def folder(tmp_path: Path) -> Path:
    root = tmp_path / "set"
    (root / "cat").mkdir(parents=True)
    (root / "cat" / "a.png").write_bytes(b"one")
    return root


def test_a_folder_gives_its_files_and_follows_no_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "key.png").write_bytes(b"secret")
    (folder / "cat" / "link.png").symlink_to(tmp_path / "secret" / "key.png")
    (folder / "out").symlink_to(tmp_path / "secret")
    (folder / "loop").symlink_to(folder)
    assert contents(folder) == {"cat/a.png": b"one"}
    with open_source(folder) as source:
        assert {name for name, reason in source.skipped if "link" in reason} == {"cat/link.png", "out", "loop"}


def test_the_folder_itself_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "alias").symlink_to(folder)
    assert contents(tmp_path / "alias") == {"cat/a.png": b"one"}


def test_pipes_and_names_that_are_no_text_are_passed_over(folder: Path) -> None:
    os.mkfifo(folder / "cat" / "pipe.png")
    (folder / "cat" / os.fsdecode(b"\xff.png")).write_bytes(b"x")
    (folder / "cat" / "line\nbreak.png").write_bytes(b"x")
    with open_source(folder) as source:
        assert list(source.names) == ["cat/a.png"]
        assert len(source.skipped) == 3
        assert all(name.isprintable() for name, _ in source.skipped)


def test_a_file_that_became_a_link_or_a_pipe_meanwhile_is_not_read(folder: Path) -> None:
    with open_source(folder) as source:
        (folder / "cat" / "a.png").unlink()
        (folder / "cat" / "a.png").symlink_to("/etc/passwd")
        with pytest.raises(BadImageError, match="cannot be opened"):
            source.read("cat/a.png", MOST)
        (folder / "cat" / "a.png").unlink()
        os.mkfifo(folder / "cat" / "a.png")
        with pytest.raises(BadImageError, match="changed or vanished"):
            source.read("cat/a.png", MOST)


def test_a_folder_with_too_many_files_is_refused(folder: Path) -> None:
    (folder / "cat" / "b.png").write_bytes(b"x")
    with pytest.raises(BadArchiveError, match="more than 2 files"):
        open_source(folder, ZipLimits(max_members=2))


def test_nothing_there_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(BadDatasetError, match="There is no folder and no file"):
        open_source(tmp_path / "nowhere")


# --- published cases ----------------------------------------------------------------------------------------------
def _cases() -> Iterator[Path]:
    root = Path(os.environ.get("ATELIER_REAL_DATA", "")) / "zip-cases"
    yield from sorted(path for path in root.rglob("*") if path.is_file())


@pytest.mark.real_data
@pytest.mark.skipif(not os.environ.get("ATELIER_REAL_DATA"), reason="ATELIER_REAL_DATA names no folder with zip-cases")
def test_every_published_case_ends_as_content_or_as_one_sentence() -> None:
    sentences, num_read = [], 0
    for path in _cases():
        try:
            with open_source(path) as source:
                sentences += [reason for _, reason in source.skipped]
                for name in source.names:
                    try:
                        source.read(name, MOST)
                        num_read += 1
                    except BadImageError as error:
                        sentences.append(error.message)
        except MlError as error:
            sentences.append(error.message)
    assert num_read > 20_000
    assert len(sentences) > 40
    assert all(sentence.endswith(".") and sentence.isprintable() for sentence in sentences)
