"""A zip written front to back in constant memory: stored, zip64 where needed, the same bytes for the same content."""

import hashlib
import struct
import zlib
from pathlib import Path
from typing import IO

_LOCAL = struct.Struct("<4s5H3L2H")
_ENTRY = struct.Struct("<4s6H3L5H2L")
_END = struct.Struct("<4s4H2LH")
_END64 = struct.Struct("<4sQ2H2L4Q")
_LOCATOR = struct.Struct("<4sLQL")
_FULL16, _FULL32 = 0xFFFF, 0xFFFFFFFF
_UTF8_NAME = 0x800
_FIRST_OF_JANUARY_1980 = 0x21
_UNIX, _PLAIN_FILE = 3 << 8, 0o100644 << 16
_NARROW, _WIDE = 20, 45
_CHUNK_BYTES = 2**20


class ZipWriter:
    """Members go to `file` as they come; their directory grows in `directory`, a temporary file, until `finish`.

    `sha256` and `size_bytes` are those of everything written so far.
    """

    def __init__(self, file: IO[bytes], directory: IO[bytes]) -> None:
        self._file = file
        self._directory = directory
        self._count = 0
        self._hash = hashlib.sha256()
        self.size_bytes = 0

    @property
    def sha256(self) -> str:
        return self._hash.hexdigest()

    def add(self, path: str, data: bytes) -> None:
        """Store one member."""
        self._start(path, zlib.crc32(data), len(data))
        self._write(data)

    def add_file(self, path: str, source: Path) -> str:
        """Store one member from disk, in pieces; returns its sha256."""
        crc, digest = 0, hashlib.sha256()
        with source.open("rb") as file:
            while chunk := file.read(_CHUNK_BYTES):
                crc = zlib.crc32(chunk, crc)
                digest.update(chunk)
            self._start(path, crc, file.tell())
            file.seek(0)
            while chunk := file.read(_CHUNK_BYTES):
                self._write(chunk)
        return digest.hexdigest()

    def finish(self) -> None:
        """Write the directory behind the members."""
        start = self.size_bytes
        self._directory.seek(0)
        while chunk := self._directory.read(_CHUNK_BYTES):
            self._write(chunk)
        length, end64 = self.size_bytes - start, self.size_bytes
        if self._count >= _FULL16 or max(start, length) >= _FULL32:
            numbers = (_END64.size - 12, _UNIX | _WIDE, _WIDE, 0, 0, self._count, self._count, length, start)
            self._write(_END64.pack(b"PK\x06\x06", *numbers) + _LOCATOR.pack(b"PK\x06\x07", 0, end64, 1))
        count = min(self._count, _FULL16)
        self._write(_END.pack(b"PK\x05\x06", 0, 0, count, count, min(length, _FULL32), min(start, _FULL32), 0))

    def _start(self, path: str, crc: int, size: int) -> None:
        name, offset = path.encode(), self.size_bytes
        wide = size >= _FULL32
        shown = _FULL32 if wide else size
        facts = (_UTF8_NAME, 0, 0, _FIRST_OF_JANUARY_1980, crc, shown, shown, len(name))
        extra = struct.pack("<HHQQ", 1, 16, size, size) if wide else b""
        self._write(_LOCAL.pack(b"PK\x03\x04", _WIDE if wide else _NARROW, *facts, len(extra)) + name + extra)
        numbers = ([size, size] if wide else []) + ([offset] if offset >= _FULL32 else [])
        extra = struct.pack(f"<HH{len(numbers)}Q", 1, 8 * len(numbers), *numbers) if numbers else b""
        version = _WIDE if numbers else _NARROW
        tail = (len(extra), 0, 0, 0, _PLAIN_FILE, min(offset, _FULL32))
        self._directory.write(_ENTRY.pack(b"PK\x01\x02", _UNIX | _WIDE, version, *facts, *tail) + name + extra)
        self._count += 1

    def _write(self, data: bytes) -> None:
        self._file.write(data)
        self._hash.update(data)
        self.size_bytes += len(data)
