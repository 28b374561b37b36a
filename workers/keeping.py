"""Files that a child reports are in the bucket before a row names them; without a bucket they are told at once.

While the bucket does not answer they wait here, in order, and their files on this machine: the next one tries again.
"""

import logging
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from webapp.core import bucket
from webapp.core.bucket import BucketError

log = logging.getLogger(__name__)
PAUSE_S: Final = 30.0
"""After a failure nothing is tried for so long: each try keeps the child waiting."""


class Keeping:
    """What one attempt has to tell of its files."""

    def __init__(self) -> None:
        self._waiting: dict[Path, Callable[[], None]] = {}
        self._not_before = 0.0

    def tell(self, file: Path, write: Callable[[], None]) -> None:
        """Call `write` when the file is kept: now, or with a later one."""
        if not bucket.is_on():
            return write()
        self._waiting[file] = write
        self.tell_what_goes()

    def tell_what_goes(self) -> None:
        """Whatever can be told now."""
        if time.monotonic() < self._not_before:
            return
        try:
            self.tell_all()
        except BucketError as error:
            self._not_before = time.monotonic() + PAUSE_S
            log.warning("%d files wait to be put into the bucket: %s", len(self._waiting), error)

    def tell_all(self) -> None:
        """Nothing waits after this. Raises: BucketError."""
        while self._waiting:
            file = next(iter(self._waiting))
            try:
                bucket.push(file)
            except FileNotFoundError:  # the child has removed it to make room; its next word is that it did
                self.forget(file)
                continue
            self._waiting[file]()
            self.forget(file)

    def forget(self, file: Path) -> None:
        """It is not to be told any more."""
        self._waiting.pop(file, None)
