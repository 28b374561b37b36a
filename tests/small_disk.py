"""A real disk of a few megabytes, so that it can be filled."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest


@dataclass(frozen=True)
class SmallDisk:
    """A file system in memory, mounted at `root`."""

    root: Path

    def fill(self) -> None:
        """Leave no byte free."""
        with (self.root / "ballast").open("ab", buffering=0) as ballast:
            for size in (2**20, 2**12, 1):
                try:
                    while ballast.write(b"\1" * size) == size:
                        pass
                except OSError:
                    continue

    def empty(self) -> None:
        """Give back what `fill` took."""
        (self.root / "ballast").unlink()


@contextmanager
def small_disk(root: Path, size: str) -> Iterator[SmallDisk]:
    """Mount one of `size` ("2m") at `root`; the test is skipped where this account may not mount."""
    root.mkdir(parents=True, exist_ok=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(root)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        pytest.skip(f"a small disk needs the right to mount ({error})")
    try:
        yield SmallDisk(root)
    finally:
        subprocess.run(["umount", "--lazy", str(root)], check=True)
