"""What is uploaded: a file as it is, or a folder as a zip that never lies on disk and reads the same at any offset."""

from __future__ import annotations

import hashlib
import io
import zipfile
from bisect import bisect_right
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

from atelier.errors import InvalidError

Show = Callable[[str, int, int], None]
"""Called with what is done, how many bytes of it, and of how many."""
PIECE_BYTES = 2**20
EPOCH = (1980, 1, 1, 0, 0, 0)
"""The time of every member, so that equal folders make equal bytes."""


class Source(Protocol):
    """Bytes to send. `sha256` names them: an upload is continued only with the very same bytes."""

    name: str
    size_bytes: int
    sha256: str

    def read(self, offset: int, length: int) -> bytes:
        """So many bytes from there on; fewer at the end."""
        ...


def source_of(path: Path, show: Show) -> Source:
    """A folder or a file.

    Raises: InvalidError when there is nothing to send.
    """
    if path.is_dir():
        return FolderSource(path, show)
    if path.is_file():
        return FileSource(path, show)
    raise InvalidError(f"{path} does not exist; name a folder with one folder of images per class, or a zip of one.")


class FileSource:
    """An archive that lies there already."""

    def __init__(self, path: Path, show: Show) -> None:
        self.path = path
        self.name = path.name
        self.size_bytes = path.stat().st_size
        if not self.size_bytes:
            raise InvalidError(f"{path} is empty; expected a zip of one folder of images per class.")
        digest, done = hashlib.sha256(), 0
        for piece in pieces_of(path):
            digest.update(piece)
            done += len(piece)
            show("Reading", done, self.size_bytes)
        self.sha256 = digest.hexdigest()

    def read(self, offset: int, length: int) -> bytes:
        with self.path.open("rb") as file:
            file.seek(offset)
            return file.read(length)


class FolderSource:
    """A folder as a stored zip: headers in memory, the files read where they lie."""

    def __init__(self, folder: Path, show: Show) -> None:
        self.name = f"{folder.resolve().name or 'folder'}.zip"
        files = [path for path in sorted(folder.rglob("*")) if path.is_file() and not _is_hidden(path, folder)]
        if not files:
            raise InvalidError(f"{folder} holds no files; expected one folder of images per class.")
        total, layout = sum(path.stat().st_size for path in files), _Layout()
        with zipfile.ZipFile(layout, "w", zipfile.ZIP_STORED) as archive:
            for path in files:
                member = zipfile.ZipInfo(path.relative_to(folder).as_posix(), EPOCH)
                member.file_size = path.stat().st_size  # lets zipfile choose the large format where it is needed
                with archive.open(member, "w") as target:
                    start = layout.begin_file()
                    for piece in pieces_of(path):
                        target.write(piece)
                        show("Reading", layout.file_bytes, total)
                    layout.end_file(path, start, member.file_size)
        self._starts, self._parts = layout.parts()
        self.size_bytes = layout.size_bytes
        self.sha256 = layout.digest.hexdigest()

    def read(self, offset: int, length: int) -> bytes:
        """Raises: InvalidError when a file was changed since the folder was first read."""
        found, place = io.BytesIO(), bisect_right(self._starts, offset) - 1
        while found.tell() < length and place < len(self._parts):
            within = offset + found.tell() - self._starts[place]
            found.write(_slice(self._parts[place], within, length - found.tell()))
            place += 1
        return found.getvalue()


class _Layout(io.RawIOBase):
    """Takes what zipfile writes: keeps headers, and of a file only where it lies."""

    def __init__(self) -> None:
        self._at = 0
        self._headers: dict[int, bytes] = {}
        self._files: dict[int, tuple[Path, int]] = {}
        self._is_file = False
        self.digest = hashlib.sha256()
        self.file_bytes = self.size_bytes = 0

    def begin_file(self) -> int:
        """What comes next are a file's bytes; returns where they start."""
        self._is_file = True
        return self._at

    def end_file(self, path: Path, start: int, size: int) -> None:
        """Headers come again.

        Raises: InvalidError when the file grew or shrank while it was read.
        """
        if self._at - start != size:
            raise InvalidError(f"{path} changed while it was read; upload the folder when nobody writes to it.")
        if size:
            self._files[start] = path, size
        self._is_file = False

    def parts(self) -> tuple[list[int], list[bytes | tuple[Path, int]]]:
        """Where each part starts, in order, and the parts; the headers, final now, go into the digest."""
        for start in sorted(self._headers):
            self.digest.update(self._headers[start])
        parts: dict[int, bytes | tuple[Path, int]] = {**self._headers, **self._files}
        return sorted(parts), [parts[start] for start in sorted(parts)]

    def write(self, data: bytes) -> int:  # type: ignore[override]
        if self._is_file:
            self.digest.update(data)
            self.file_bytes += len(data)
        elif data:
            self._headers[self._at] = bytes(data)
        self._at += len(data)
        self.size_bytes = max(self.size_bytes, self._at)
        return len(data)

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = offset if whence == io.SEEK_SET else self.size_bytes + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def seekable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True


def pieces_of(path: Path) -> Iterator[bytes]:
    """The bytes of a file, a piece at a time."""
    with path.open("rb") as file:
        while piece := file.read(PIECE_BYTES):
            yield piece


def _slice(part: bytes | tuple[Path, int], start: int, length: int) -> bytes:
    if isinstance(part, bytes):
        return part[start : start + length]
    path, size = part
    wanted = min(length, size - start)
    with path.open("rb") as file:
        file.seek(start)
        data = file.read(wanted)
    if len(data) != wanted or path.stat().st_size != size:
        raise InvalidError(f"{path} changed while it was sent; upload the folder again.")
    return data


def _is_hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
