"""A tar as a source, packed with gzip or not. Members are read by their place; none is ever unpacked to a file.

What gzip packed is unpacked once into one scratch file, within the limits, because a tar cannot be read by place
otherwise.
"""

import os
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import IO

from ml.errors import BadArchiveError, BadImageError
from ml.source import Source, clean_name, printable
from ml.tar_directory import TarEntry, read_tar
from ml.zip_directory import ZipLimits

_PIECE = 2**20


class TarSource(Source):
    """The regular files of a tar."""

    def __init__(self, path: Path, limits: ZipLimits) -> None:
        """Raises: BadArchiveError."""
        super().__init__()
        self._entries: dict[str, TarEntry] = {}
        self._file = path.open("rb")
        try:
            self._admit(limits)
        except BaseException:
            self._file.close()
            raise
        self.names: Sequence[str] = list(self._entries)

    def __exit__(self, *fault: object) -> None:
        self._file.close()

    def _admit(self, limits: ZipLimits) -> None:
        for entry in read_tar(self._file, limits):
            try:
                if any("\udc80" <= char <= "\udcff" for char in entry.name):
                    raise BadImageError("The name is no UTF-8 text; rename the file.")
                name = clean_name(entry.name)
                if entry.fault:
                    raise BadImageError(entry.fault)
                if name in self._entries:
                    raise BadImageError("The tar holds another file of this name; the first one was taken.")
                self._entries[name] = entry
            except BadImageError as error:
                self.skipped.append((printable(entry.name), error.message))

    def read(self, name: str, max_bytes: int) -> bytes:
        entry = self._entries[name]
        if entry.size_bytes > max_bytes:
            raise BadImageError(f"The file has {entry.size_bytes:,} bytes; at most {max_bytes:,} are read.")
        self._file.seek(entry.offset)
        data = self._file.read(entry.size_bytes)
        if len(data) != entry.size_bytes:
            raise BadImageError("The tar ends in the middle of this file; make it again.")
        return data


def unpacked(path: Path, scratch: Path, limits: ZipLimits) -> Path:
    """The file `scratch` with what gzip packed in `path`.

    Raises: BadArchiveError when it is damaged, or unpacks to far more than honest images would.
    """
    scratch.parent.mkdir(parents=True, exist_ok=True)
    most = max(limits.ratio_free_bytes, limits.max_ratio * path.stat().st_size)
    with path.open("rb") as packed, scratch.open("wb") as out:
        _unpack(packed, out, min(most, limits.max_total_bytes))
    return scratch


def _unpack(packed: IO[bytes], out: IO[bytes], most: int) -> None:
    stream, written, rest = zlib.decompressobj(16 + zlib.MAX_WBITS), 0, b""
    while True:
        rest = rest or packed.read(_PIECE)
        if stream.eof:
            if not rest.strip(b"\0"):
                return
            stream = zlib.decompressobj(16 + zlib.MAX_WBITS)  # gzip files may follow one another
        try:
            data = stream.decompress(rest, _PIECE)
        except zlib.error as error:
            raise BadArchiveError(f"The gzip file is damaged ({error}); make it again.") from None
        if not rest and not data and not stream.eof:
            raise BadArchiveError("The gzip file ends too early; make it again.")
        written += len(data)
        if written > most:
            raise BadArchiveError(
                f"The gzip file unpacks to more than {most:,} bytes, which images do not; pack them without it."
            )
        out.write(data)
        rest = stream.unused_data if stream.eof else stream.unconsumed_tail


def remove_scratch(scratch: Path) -> None:
    """Free the space of what was unpacked; a file that is open stays readable."""
    if scratch.exists():
        os.unlink(scratch)
