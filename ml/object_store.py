"""A lab's images on disk, each under the hash of its bytes, so that versions share them.

objects/<sha[:2]>/<sha><suffix>      the original bytes
thumbnails/<sha[:2]>/<sha>.jpg       at most 256 pixels a side; .webp where it is a WebP
"""

import ctypes
import os
from pathlib import Path


class ObjectStore:
    """Every file is whole or absent under its name at any moment. `staging` lies on the same file system as `root`."""

    def __init__(self, root: Path, staging: Path) -> None:
        self.root = str(root)
        staging.mkdir(parents=True, exist_ok=True)
        root.mkdir(parents=True, exist_ok=True)
        self._part = str(staging / "part")

    def put_image(self, sha256: str, suffix: str, data: bytes) -> None:
        self._put(f"{self.root}/objects/{sha256[:2]}", f"{sha256}{suffix}", data)

    def put_thumbnail(self, sha256: str, data: bytes) -> None:
        self._put(
            f"{self.root}/thumbnails/{sha256[:2]}", f"{sha256}{'.webp' if data.startswith(b'RIFF') else '.jpg'}", data
        )

    def _put(self, folder: str, name: str, data: bytes) -> None:
        path = f"{folder}/{name}"
        if _holds(path, data):
            return
        _write(self._part, data)
        try:
            os.replace(self._part, path)
        except FileNotFoundError:
            os.makedirs(folder, exist_ok=True)
            os.replace(self._part, path)

    def sync(self) -> None:
        """Everything put so far survives a loss of power when this returns.

        One call for all files: a sync per file would be most of the time of an ingest.
        """
        descriptor = os.open(self.root, os.O_RDONLY)
        try:
            if ctypes.CDLL(None, use_errno=True).syncfs(descriptor):
                raise OSError(ctypes.get_errno(), "the store could not be synced to disk", self.root)
        finally:
            os.close(descriptor)


def _holds(path: str, data: bytes) -> bool:
    """Whether the file is there with this content; a loss of power may have left it empty or torn."""
    try:
        with open(path, "rb") as file:
            return file.read(len(data) + 1) == data
    except FileNotFoundError:
        return False


def _write(path: str, data: bytes) -> None:
    # bare system calls: for small images Python's file objects would take as long as the disk
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        rest = memoryview(data)
        while rest:
            rest = rest[os.write(descriptor, rest) :]
    finally:
        os.close(descriptor)
