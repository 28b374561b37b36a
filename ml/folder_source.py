"""A folder as a source. Symbolic links below it are never followed."""

import os
import stat
from collections.abc import Iterator, Sequence
from pathlib import Path

from ml.errors import BadArchiveError, BadImageError
from ml.source import Source, clean_name, printable

_CHANGED = "The file changed or vanished while it was read; hand the folder in again."


class FolderSource(Source):
    """The regular files below a folder. Symbolic links are never followed, except the folder itself."""

    def __init__(self, root: Path, max_files: int = 2_000_000) -> None:
        """Raises: BadArchiveError when it holds too many files."""
        super().__init__()
        self.root = root.resolve()
        self.names: Sequence[str] = list(self._walk(max_files))

    def path_of(self, name: str) -> Path:
        """Where a file of `names` lies."""
        return self.root / name

    def _walk(self, max_files: int) -> Iterator[str]:
        folders, number = [""], 0
        while folders:
            prefix = folders.pop()
            for entry in self._listed(prefix):
                number += 1
                if number > max_files:
                    raise BadArchiveError(f"The folder holds more than {max_files:,} files, the most accepted.")
                name = prefix + entry.name
                try:
                    self._check(name, entry)
                except BadImageError as error:
                    self.skipped.append((printable(name), error.message))
                    continue
                if entry.is_dir(follow_symlinks=False):
                    folders.append(f"{name}/")
                else:
                    yield name

    def _listed(self, prefix: str) -> list[os.DirEntry[str]]:
        try:
            with os.scandir(self.root / prefix) as entries:
                return sorted(entries, key=lambda entry: entry.name)
        except OSError as error:
            reason = f"The folder cannot be read ({error.strerror}); check its rights."
            self.skipped.append((printable(prefix or "."), reason))
            return []

    @staticmethod
    def _check(name: str, entry: os.DirEntry[str]) -> None:
        if entry.is_symlink():
            raise BadImageError("The file is a symbolic link, which is not followed; put the file itself there.")
        if clean_name(name) != name:
            raise BadImageError("The file has no usable name; rename it.")
        if not entry.is_dir(follow_symlinks=False) and not entry.is_file(follow_symlinks=False):
            raise BadImageError("The entry is a device, pipe or socket, not a regular file.")

    def read(self, name: str, max_bytes: int) -> bytes:
        try:
            # O_NONBLOCK: a pipe put there meanwhile must not hang the walk
            handle = os.open(self.path_of(name), os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        except OSError as error:
            raise BadImageError(f"The file cannot be opened ({error.strerror}); check its rights.") from None
        with os.fdopen(handle, "rb") as file:
            facts = os.fstat(handle)
            if not stat.S_ISREG(facts.st_mode):
                raise BadImageError(_CHANGED)
            if facts.st_size > max_bytes:
                raise BadImageError(f"The file has {facts.st_size:,} bytes; at most {max_bytes:,} are read.")
            try:
                data = file.read(facts.st_size + 1)
            except OSError as error:
                raise BadImageError(f"The file cannot be read ({error.strerror}); check the disk.") from None
        if len(data) != facts.st_size:
            raise BadImageError(_CHANGED)
        return data
