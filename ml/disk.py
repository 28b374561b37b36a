"""The disk that a piece of work writes to: making room before, and saying in one sentence that it is full."""

import errno
import os
import shutil
from pathlib import Path

from ml.errors import DiskFullError

_FULL = {
    errno.ENOSPC: "is full",
    errno.EDQUOT: "has no quota left for this account",
    errno.EFBIG: "takes no larger file",
}
_SHORT_WRITE = "requested and"
"""numpy tells a write that the disk cut short by these words and no number."""


def reserve(file: Path) -> None:
    """Take the space of a file that will be filled through a memory map, where a full disk would kill the process.

    Raises: DiskFullError, with what is missing.
    """
    descriptor = os.open(file, os.O_RDWR)
    try:
        size = os.fstat(descriptor).st_size
        free = shutil.disk_usage(file).free
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in _FULL:
            raise
        raise DiskFullError(_sentence(error.errno, file, free, size)) from error
    finally:
        os.close(descriptor)


def disk_full(error: BaseException, folder: Path) -> DiskFullError | None:
    """The fault that people are told when a write below `folder` failed for want of space; None for any other error."""
    if isinstance(error, DiskFullError):
        return error
    if not isinstance(error, OSError):
        return None
    number = errno.ENOSPC if error.errno is None and _SHORT_WRITE in str(error) else error.errno
    return DiskFullError(_sentence(number, folder)) if number in _FULL else None


def volume_of(path: Path) -> Path:
    """The mount point of the disk that holds `path`, which need not be there yet."""
    path = path.absolute()
    while not path.exists():
        path = path.parent
    while not path.is_mount():
        path = path.parent
    return path


def _sentence(number: int | None, path: Path, free_bytes: int | None = None, needed_bytes: int = 0) -> str:
    volume = volume_of(path)
    free = shutil.disk_usage(volume).free if free_bytes is None else free_bytes
    needed = f" and {_megabytes(needed_bytes)} are needed" if needed_bytes > free else ""
    return (
        f"The disk at {volume} {_FULL[number or errno.ENOSPC]}: {_megabytes(free)} are free{needed}; "
        "make room on it, or give the data folder a larger disk."
    )


def _megabytes(num_bytes: int) -> str:
    return f"{num_bytes / 10**6:,.1f} MB"
