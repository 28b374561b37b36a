"""A zip's central directory, read strictly: whatever two readers could understand differently is refused.

Layout that is accepted, and nothing else: members from byte 0 on, the central directory right behind them, then (zip64
only) the zip64 end record and its locator, then the end record with its comment, then nothing.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, NamedTuple, NoReturn

from ml.errors import BadArchiveError

STORED, DEFLATED = 0, 8
UTF8_NAME, HAS_DESCRIPTOR = 0x800, 0x8
_ENCRYPTED = 0x1 | 0x40 | 0x2000
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_END_MARK, _END64_MARK, _LOCATOR_MARK, _ENTRY_MARK = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07", b"PK\x01\x02"
_OTHER_ARCHIVES = {
    b"\x1f\x8b": "a gzip file",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"Rar!": "a RAR archive",
    b"BZh": "a bzip2 file",
    b"\xfd7zXZ": "an xz file",
    b"\x28\xb5\x2f\xfd": "a Zstandard file",
}


class ZipEntry(NamedTuple):
    """One row of the central directory. `name` are the bytes as stored; `room_end` is where the next member begins."""

    name: bytes
    extra: bytes
    flags: int
    method: int
    crc: int
    packed_bytes: int
    size_bytes: int
    offset: int
    mode: int
    room_end: int


@dataclass(frozen=True)
class ZipLimits:
    """What an archive may announce before it is refused as a whole.

    The ratios count only above a size that is harmless anyway: a blank picture of one colour packs to a thousandth.
    """

    max_members: int = 2_000_000
    max_total_bytes: int = 200 * 2**30
    max_member_bytes: int = 4 * 2**30
    max_member_ratio: int = 200
    max_ratio: int = 100
    ratio_free_bytes: int = 8 * 2**20


def read_directory(file: IO[bytes], limits: ZipLimits) -> list[ZipEntry]:
    """All entries in the order of their bytes; nothing is inflated.

    Raises: BadArchiveError.
    """
    size = file.seek(0, 2)
    start, length, stated = _find_directory(file, size)
    if stated > limits.max_members:
        raise BadArchiveError(f"The zip announces {stated:,} files; at most {limits.max_members:,} are accepted.")
    file.seek(start)
    entries = list(_entries(file.read(length), limits))
    # the count field has 16 bits, and the archiver of macOS lets it overflow
    if len(entries) != stated and not (stated <= _FULL16 and len(entries) % (_FULL16 + 1) == stated):
        _broken(f"its directory announces {stated:,} files and lists {len(entries):,}")
    return _check_together(entries, start, limits)


# --- where the directory lies -------------------------------------------------------------------------------------
def _find_directory(file: IO[bytes], size: int) -> tuple[int, int, int]:
    """(start, length, stated number of entries) of the central directory."""
    tail_start = max(0, size - _END.size - _FULL16)
    file.seek(tail_start)
    tail = file.read()
    ends = [at for at in _positions(tail, _END_MARK) if _is_end(tail, at)]
    if not ends:
        _no_zip(file, size)
    if tail.find(_END_MARK, ends[0] + 1) >= 0:
        _broken("it has two end records, so two programs could read different files from it")
    _, disk, directory_disk, here, total, length, start, _ = _END.unpack_from(tail, ends[0])
    end_at = tail_start + ends[0]
    zip64 = _zip64(file, end_at)
    if zip64 is not None:
        narrow = ((start, _FULL32), (length, _FULL32), (total, _FULL16))
        if any(value not in (full, wide) for (value, full), wide in zip(narrow, zip64, strict=True)):
            _broken("its two end records contradict each other")
        return zip64
    if disk or directory_disk or here != total:
        raise BadArchiveError("The zip is one part of several; join the parts into one zip file and upload that.")
    if start + length != end_at:
        _broken(_displaced(start + length, end_at))
    return start, length, total


def _positions(data: bytes, mark: bytes) -> Iterator[int]:
    at = data.find(mark)
    while at >= 0:
        yield at
        at = data.find(mark, at + 1)


def _is_end(tail: bytes, at: int) -> bool:
    """Whether a complete end record starts here whose comment ends exactly with the file."""
    return at + _END.size <= len(tail) and at + _END.size + _END.unpack_from(tail, at)[7] == len(tail)


def _zip64(file: IO[bytes], end_at: int) -> tuple[int, int, int] | None:
    if end_at < _LOCATOR.size:
        return None
    file.seek(end_at - _LOCATOR.size)
    mark, disk, record_at, disks = _LOCATOR.unpack(file.read(_LOCATOR.size))
    if mark != _LOCATOR_MARK:
        return None
    if disk or disks > 1:
        raise BadArchiveError("The zip is one part of several; join the parts into one zip file and upload that.")
    if record_at + _END64.size > end_at - _LOCATOR.size:
        _broken("its zip64 locator points outside the file")
    file.seek(record_at)
    mark, record_size, _, _, disk, directory_disk, here, total, length, start = _END64.unpack(file.read(_END64.size))
    if mark != _END64_MARK or record_at + 12 + record_size != end_at - _LOCATOR.size:
        _broken("its zip64 end record is not where the locator says")
    if disk or directory_disk or here != total:
        raise BadArchiveError("The zip is one part of several; join the parts into one zip file and upload that.")
    if start + length != record_at:
        _broken(_displaced(start + length, record_at))
    return start, length, total


def _displaced(expected: int, found: int) -> str:
    if found > expected:
        return f"{found - expected:,} bytes stand before the archive or behind its directory"
    return "its directory reaches beyond its end record"


def _no_zip(file: IO[bytes], size: int) -> NoReturn:
    file.seek(0)
    head = file.read(512)
    if not size:
        raise BadArchiveError("The file is empty (0 bytes); expected a zip of class folders.")
    for start, kind in _OTHER_ARCHIVES.items():
        if head.startswith(start):
            raise BadArchiveError(f"The file is {kind}; expected a zip of class folders.")
    if head[257:262] == b"ustar":
        raise BadArchiveError("The file is a tar archive; expected a zip of class folders.")
    if head.startswith((b"PK\x03\x04", _ENTRY_MARK)):
        _broken("its end is missing, or other bytes stand behind it")
    raise BadArchiveError("The file is no zip archive; expected a zip of class folders.")


def _broken(what: str) -> NoReturn:
    raise BadArchiveError(f"The zip is damaged or not written by the rules: {what}; make it again and upload that.")


# --- the entries --------------------------------------------------------------------------------------------------
def _entries(directory: bytes, limits: ZipLimits) -> Iterator[ZipEntry]:
    at = number = 0
    while at < len(directory):
        number += 1
        if number > limits.max_members:
            raise BadArchiveError(f"The zip lists more than {limits.max_members:,} files, which is the most accepted.")
        if at + _ENTRY.size > len(directory) or directory[at : at + 4] != _ENTRY_MARK:
            _broken(f"entry {number:,} of its directory is torn")
        entry, at = _entry(directory, at, number)
        yield entry


def _entry(directory: bytes, at: int, number: int) -> tuple[ZipEntry, int]:
    """The entry that starts at `at`, and where the next one starts."""
    (
        _,
        _,
        _,
        flags,
        method,
        _,
        _,
        crc,
        packed,
        size,
        name_length,
        extra_length,
        comment_length,
        disk,
        _,
        attributes,
        offset,
    ) = _ENTRY.unpack_from(directory, at)
    name_at = at + _ENTRY.size
    extra_at = name_at + name_length
    end = extra_at + extra_length + comment_length
    if end > len(directory):
        _broken(f"entry {number:,} of its directory is torn")
    name, extra = directory[name_at:extra_at], directory[extra_at : extra_at + extra_length]
    if flags & _ENCRYPTED or method == 99:
        raise BadArchiveError("The zip is protected by a password, which is not supported; make one without.")
    if method not in (STORED, DEFLATED):
        raise BadArchiveError(
            f"The zip uses the compression method {method}; only stored (0) and deflate (8) are read, "
            "so make it with those."
        )
    size, packed, offset, disk = _widened(extra, size, packed, offset, disk, number)
    if disk:
        raise BadArchiveError("The zip is one part of several; join the parts into one zip file and upload that.")
    return ZipEntry(name, extra, flags, method, crc, packed, size, offset, attributes >> 16, 0), end


def _widened(extra: bytes, size: int, packed: int, offset: int, disk: int, number: int) -> tuple[int, int, int, int]:
    """The four numbers, with those that are full taken from the zip64 field."""
    if _FULL32 not in (size, packed, offset) and disk != _FULL16:
        return size, packed, offset, disk
    rest = dict(extra_fields(extra)).get(1, b"")
    numbers = [size, packed, offset, disk]
    for place, (full, width) in enumerate(((_FULL32, 8), (_FULL32, 8), (_FULL32, 8), (_FULL16, 4))):
        if numbers[place] == full:
            if len(rest) < width:
                _broken(f"entry {number:,} lacks its zip64 numbers")
            numbers[place], rest = int.from_bytes(rest[:width], "little"), rest[width:]
    return numbers[0], numbers[1], numbers[2], numbers[3]


def extra_fields(extra: bytes) -> Iterator[tuple[int, bytes]]:
    """(id, data) of every whole extra field; ends at the first torn one."""
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if at + 4 + length > len(extra):
            return
        yield kind, extra[at + 4 : at + 4 + length]
        at += 4 + length


# --- all together -------------------------------------------------------------------------------------------------
def _check_together(entries: list[ZipEntry], directory_at: int, limits: ZipLimits) -> list[ZipEntry]:
    """The entries in the order of their bytes, each with the end of its room; refuses bombs."""
    _check_sizes(entries, limits)
    entries.sort(key=lambda entry: entry.offset)
    if not entries:
        return []
    if entries[0].offset:
        _broken(f"{entries[0].offset:,} bytes stand before its first file")
    ends = [entry.offset for entry in entries[1:]] + [directory_at]
    for entry, end in zip(entries, ends, strict=True):
        # the least a member takes: its header, its name, its packed bytes
        if entry.offset + 30 + len(entry.name) + entry.packed_bytes > end:
            _broken("its files overlap one another or its directory, as in an archive made to explode")
    return [entry._replace(room_end=end) for entry, end in zip(entries, ends, strict=True)]


def _check_sizes(entries: list[ZipEntry], limits: ZipLimits) -> None:
    total = packed = 0
    for entry in entries:
        total += entry.size_bytes
        packed += entry.packed_bytes
        if entry.size_bytes > limits.max_member_bytes:
            raise BadArchiveError(
                f"A file in the zip announces {entry.size_bytes:,} bytes; at most {limits.max_member_bytes:,} are read."
            )
        if entry.size_bytes > max(limits.ratio_free_bytes, limits.max_member_ratio * entry.packed_bytes):
            raise BadArchiveError(
                f"A file in the zip grows from {entry.packed_bytes:,} to {entry.size_bytes:,} bytes, more than "
                f"{limits.max_member_ratio} times; archives that explode are refused."
            )
    if total > limits.max_total_bytes:
        raise BadArchiveError(f"The zip unpacks to {total:,} bytes; at most {limits.max_total_bytes:,} are accepted.")
    if total > max(8 * limits.ratio_free_bytes, limits.max_ratio * packed):
        raise BadArchiveError(
            f"The zip grows from {packed:,} to {total:,} bytes, more than {limits.max_ratio} times; archives that "
            "explode are refused."
        )
