"""What a person hands in, read member by member: a folder, a zip or a tar. No member is ever unpacked to a file.

A zip is refused as a whole (BadArchiveError) when it is damaged, protected, split, packed by other methods than stored
and deflate, over the limits, made to explode, or could be understood in two ways. One member is passed over, with the
reason, when its name leaves the archive or holds control characters, when it is no regular file, stands twice, lies
under another file, or when its two headers disagree. Member names are text for people and for labels, never paths here.
"""

import os
import stat
import struct
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from ml.errors import BadDatasetError, BadImageError
from ml.folder_source import FolderSource
from ml.source import Source, clean_name, printable
from ml.tar_directory import BLOCK, looks_like_tar
from ml.tar_source import TarSource, remove_scratch, unpacked
from ml.zip_directory import DEFLATED, HAS_DESCRIPTOR, UTF8_NAME, ZipEntry, ZipLimits, extra_fields, read_directory

_LOCAL = struct.Struct("<4s5H3L2H")
_GZIP_MARK = b"\x1f\x8b"
_LOCAL_MARK = b"PK\x03\x04"
_FULL32 = 0xFFFFFFFF
_UNICODE_PATH = 0x7075
_SPECIAL = (stat.S_IFLNK, stat.S_IFCHR, stat.S_IFBLK, stat.S_IFIFO, stat.S_IFSOCK)


def open_source(path: Path, limits: ZipLimits | None = None, scratch: Path | None = None) -> Source:
    """A folder, or a zip, tar or tar.gz, known by its content and not by its name.

    scratch: a folder for what gzip packed; beside the file when none is given, and empty again at the end.
    Raises: BadArchiveError; BadDatasetError when there is nothing at `path`.
    """
    limits = limits or ZipLimits()
    if path.is_dir():
        return FolderSource(path, limits.max_members)
    if not path.is_file():
        raise BadDatasetError(f"There is no folder and no file at {printable(str(path))}; check the path.")
    with path.open("rb") as file:
        head = file.read(BLOCK)
    if head.startswith(_GZIP_MARK):
        plain = (scratch or path.parent) / f"{path.name}.unpacked"
        try:
            return TarSource(unpacked(path, plain, limits), limits)
        finally:
            remove_scratch(plain)  # what is open stays readable
    return TarSource(path, limits) if looks_like_tar(head) else ZipSource(path, limits)


class ZipSource(Source):
    """The regular files of a zip. Opening it inflates nothing."""

    def __init__(self, path: Path, limits: ZipLimits) -> None:
        """Raises: BadArchiveError."""
        super().__init__()
        self._entries: dict[str, ZipEntry] = {}
        self._file = path.open("rb")
        try:
            self._admit(read_directory(self._file, limits))
        except BaseException:
            self._file.close()
            raise
        self.names: Sequence[str] = list(self._entries)

    def __exit__(self, *fault: object) -> None:
        self._file.close()

    def _admit(self, entries: list[ZipEntry]) -> None:
        files: set[str] = set()
        for entry in entries:
            raw = _decoded_name(entry)
            kind = stat.S_IFMT(entry.mode)
            if kind == stat.S_IFDIR or raw.endswith("/"):
                continue
            try:
                name = clean_name(raw)
                _check_one_name(entry, raw)
                files.add(name)
                if kind in _SPECIAL:
                    raise BadImageError("The member is a symbolic link or a device, not a regular file.")
                if name in self._entries:
                    raise BadImageError("The zip holds another file of this name; the first one was taken.")
                self._entries[name] = entry
            except BadImageError as error:
                self.skipped.append((printable(raw), error.message))
        self._drop_below(files)

    def _drop_below(self, files: set[str]) -> None:
        """Pass over what lies under a name that is itself a file or a link."""
        for name in list(self._entries):
            above = next((folder for folder in _folders_above(name) if folder in files), None)
            if above is not None:
                del self._entries[name]
                self.skipped.append((name, f"Lies under {printable(above)}, which is itself a file in the zip."))

    def read(self, name: str, max_bytes: int) -> bytes:
        entry = self._entries[name]
        if entry.size_bytes > max_bytes:
            raise BadImageError(f"The file has {entry.size_bytes:,} bytes; at most {max_bytes:,} are read.")
        if entry.packed_bytes > 2 * entry.size_bytes + 1024:
            raise BadImageError("The packed bytes are far more than the unpacked ones; make the zip again.")
        packed = self._packed(entry)
        data = _inflated(packed, entry.size_bytes) if entry.method == DEFLATED else packed
        if len(data) != entry.size_bytes:
            raise BadImageError(f"The zip announces {entry.size_bytes:,} bytes and holds {len(data):,}; make it again.")
        if zlib.crc32(data) != entry.crc:
            raise BadImageError("The checksum in the zip does not match the content; the file is damaged.")
        return data

    def _packed(self, entry: ZipEntry) -> bytes:
        """The packed bytes, after comparing the member's own header with the directory."""
        if entry.method != DEFLATED and entry.packed_bytes != entry.size_bytes:
            raise BadImageError("The zip gives two different sizes for an unpacked file; make it again.")
        self._file.seek(entry.offset)
        header = self._file.read(_LOCAL.size)
        if len(header) < _LOCAL.size or not header.startswith(_LOCAL_MARK):
            raise BadImageError("The file's header in the zip is damaged; make the zip again.")
        _, _, flags, method, _, _, crc, packed, size, name_length, extra_length = _LOCAL.unpack(header)
        name = self._file.read(name_length)
        self._file.seek(extra_length, os.SEEK_CUR)
        if (name, method, flags & 0x1) != (entry.name, entry.method, 0):
            raise BadImageError("The file's header and the zip's directory disagree about its name or method.")
        stated = ((crc, entry.crc), (packed, entry.packed_bytes), (size, entry.size_bytes))
        later = (0, _FULL32) if flags & HAS_DESCRIPTOR else (_FULL32,)
        if any(local != central and local not in later for local, central in stated):
            raise BadImageError("The file's header and the zip's directory disagree about its size or checksum.")
        if self._file.tell() + entry.packed_bytes > entry.room_end:
            raise BadImageError("The file's bytes reach into the next file of the zip; make it again.")
        return self._file.read(entry.packed_bytes)


def _inflated(packed: bytes, size: int) -> bytes:
    """At most one byte more than `size`, so that a lying header costs no memory."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        data = stream.decompress(packed, size + 1)
    except zlib.error as error:
        raise BadImageError(f"The packed bytes are damaged ({error}); make the zip again.") from None
    if len(data) > size:
        raise BadImageError(f"The file unpacks to more than the {size:,} bytes that the zip announces.")
    if not stream.eof or stream.unused_data:
        raise BadImageError("The packed bytes end too early or too late; make the zip again.")
    return data


def _decoded_name(entry: ZipEntry) -> str:
    """A member's name: UTF-8 where it is (macOS does not say so), else its Unicode field, else the DOS table."""
    if entry.flags & UTF8_NAME:
        return entry.name.decode("utf-8", "replace")
    try:
        return entry.name.decode("utf-8")
    except UnicodeDecodeError:
        return _unicode_path(entry) or entry.name.decode("cp437")


def _unicode_path(entry: ZipEntry) -> str | None:
    """The name in the Unicode path field, when the field belongs to this name."""
    for kind, data in extra_fields(entry.extra):
        if kind == _UNICODE_PATH and data[:1] == b"\x01" and data[1:5] == struct.pack("<L", zlib.crc32(entry.name)):
            return data[5:].decode("utf-8", "replace")
    return None


def _check_one_name(entry: ZipEntry, name: str) -> None:
    other = _unicode_path(entry)
    if other is not None and other != name:
        raise BadImageError(f"The zip gives the file two names, the other is {printable(other)}.")


def _folders_above(name: str) -> Iterator[str]:
    at = name.find("/")
    while at >= 0:
        yield name[:at]
        at = name.find("/", at + 1)
