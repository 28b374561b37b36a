"""A tar's members by place and size, read strictly: links, devices and sparse files are never made, only told.

Read as text and numbers: old V7, ustar, GNU (long names) and pax (path, size). Whatever two readers could understand
differently is refused as a whole. The archive ends at its first empty block; what follows is not read.
"""

import os
from collections.abc import Iterator
from typing import IO, NamedTuple, NoReturn

from ml.errors import BadArchiveError
from ml.zip_directory import ZipLimits

BLOCK = 512
_MAX_HEADER_BYTES = 2**20
_MAX_HEADERS_IN_A_ROW = 16
_FILES, _FOLDER = (b"0", b"\0", b"7"), b"5"
_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK, _SPARSE = b"x", b"g", b"L", b"K", b"S"
_EMPTY = bytes(BLOCK)


class TarEntry(NamedTuple):
    """One member. `fault`: why it is no regular file, empty when it is one."""

    name: str
    offset: int
    size_bytes: int
    fault: str


def looks_like_tar(head: bytes) -> bool:
    """Whether the first block is a tar's: its checksum says so, for the oldest tars have no other mark."""
    return len(head) >= BLOCK and head[:BLOCK] != _EMPTY and _checksum_holds(head[:BLOCK])


def read_tar(file: IO[bytes], limits: ZipLimits) -> Iterator[TarEntry]:
    """Every member except folders.

    Raises: BadArchiveError.
    """
    end = file.seek(0, os.SEEK_END)
    at, number, total = 0, 0, 0
    facts: dict[str, bytes] = {}
    headers = 0
    while True:
        block = _block(file, at, end)
        if block == _EMPTY:
            return
        if not _checksum_holds(block):
            _refuse(f"the header at byte {at:,} is damaged")
        kind, size = block[156:157], _number(block[124:136], at)
        at += BLOCK
        if kind in (_PAX, _PAX_GLOBAL, _LONG_NAME, _LONG_LINK):
            headers += 1
            if size > _MAX_HEADER_BYTES or headers > _MAX_HEADERS_IN_A_ROW:
                _refuse("a member's header is larger than any honest one")
            _note(facts, kind, _content(file, at, size, end))
            at = _after(at, size, end)
            continue
        if b"size" in facts.get("pax", b""):
            size = _pax_size(facts, size)
        number, total = number + 1, total + size
        _check_limits(number, total, size, limits)
        offset, at = at, _after(at, size if kind in _FILES or kind == _SPARSE else 0, end)
        name = facts.get("path") or _short_name(block)
        if kind != _FOLDER and not name.endswith(b"/"):
            fault = _fault(kind, sparse=b"GNU.sparse" in facts.get("pax", b""))
            yield TarEntry(name.decode("utf-8", "surrogateescape"), offset, size, fault)
        facts, headers = {}, 0


def _block(file: IO[bytes], at: int, end: int) -> bytes:
    if at >= end:
        _refuse("its end is missing")
    file.seek(at)
    block = file.read(BLOCK)
    if len(block) < BLOCK:
        _refuse("it is cut short")
    return block


def _content(file: IO[bytes], at: int, size: int, end: int) -> bytes:
    if at + size > end:
        _refuse("it is cut short")
    file.seek(at)
    return file.read(size)


def _after(at: int, size: int, end: int) -> int:
    """Where the next header lies."""
    if at + size > end:
        _refuse("it is cut short, or a member announces more bytes than there are")
    return at + -(-size // BLOCK) * BLOCK


def _checksum_holds(block: bytes) -> bool:
    try:
        stated = int(block[148:156].strip(b" \0") or b"0", 8)
    except ValueError:
        return False
    return sum(block[:148]) + 8 * ord(" ") + sum(block[156:]) == stated


def _number(field: bytes, at: int) -> int:
    """Octal digits, or GNU's binary for what they cannot hold; never negative."""
    if field[0] == 0x80:
        return int.from_bytes(field[1:], "big")
    try:
        return int(field.strip(b" \0") or b"0", 8)
    except ValueError:
        _refuse(f"the size in the header at byte {at:,} is no number")


def _note(facts: dict[str, bytes], kind: bytes, content: bytes) -> None:
    """Keep what belongs to the next member. What is said for all members (pax 'g') names none of them."""
    if kind == _LONG_NAME:
        facts["path"] = content.split(b"\0", 1)[0]
    elif kind == _PAX:
        facts["pax"] = content
        path = _pax_value(content, b"path")
        if path is not None:
            facts["path"] = path


def _pax_value(content: bytes, wanted: bytes) -> bytes | None:
    """The last value of a keyword among `length keyword=value` lines."""
    found, at = None, 0
    while at < len(content):
        digits, _, _ = content[at : at + 20].partition(b" ")
        length = int(digits) if digits.isdigit() else 0
        record = content[at + len(digits) + 1 : at + length]
        key, equals, value = record.rstrip(b"\n").partition(b"=")
        if length <= len(digits) + 1 or at + length > len(content) or not equals:
            _refuse("a pax header is damaged")
        if key == wanted:
            found = value
        at += length
    return found


def _pax_size(facts: dict[str, bytes], size: int) -> int:
    value = _pax_value(facts["pax"], b"size")
    if value is None:
        return size
    if not value.isdigit() or len(value) > 18:
        _refuse("a pax header gives a size that is no number")
    return int(value)


def _short_name(block: bytes) -> bytes:
    name = block[:100].split(b"\0", 1)[0]
    prefix = block[345:500].split(b"\0", 1)[0] if block[257:263] == b"ustar\0" else b""
    return prefix + b"/" + name if prefix else name


def _fault(kind: bytes, *, sparse: bool) -> str:
    if kind == _SPARSE or sparse:
        return "The member is a sparse file, which is not read; pack it as a plain one."
    if kind in _FILES:
        return ""
    if kind == b"1":
        return "The member is a hard link to another one, which is not followed; pack the file itself."
    return "The member is a symbolic link or a device, not a regular file."


def _check_limits(number: int, total: int, size: int, limits: ZipLimits) -> None:
    if number > limits.max_members:
        _refuse(f"it holds more than {limits.max_members:,} files, the most accepted")
    if size > limits.max_member_bytes:
        _refuse(f"one member announces {size:,} bytes; at most {limits.max_member_bytes:,} are read")
    if total > limits.max_total_bytes:
        _refuse(f"it announces more than {limits.max_total_bytes:,} bytes, the most accepted")


def _refuse(reason: str) -> NoReturn:
    raise BadArchiveError(f"The tar cannot be used: {reason}; make it again.")
