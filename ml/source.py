"""What a person hands in, as named files that are read one at a time, and the rules for their names."""

import unicodedata
from collections.abc import Sequence
from typing import Self

from ml.errors import BadImageError

_MAX_NAME_BYTES, _MAX_DEPTH = 1024, 32


class Source:
    """Files by name. `names` are those that may be read, `skipped` the others with one sentence each."""

    names: Sequence[str]

    def __init__(self) -> None:
        self.skipped: list[tuple[str, str]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *fault: object) -> None:
        """Nothing is held open."""

    def read(self, name: str, max_bytes: int) -> bytes:
        """The whole content of one file.

        Raises: BadImageError when it is larger than `max_bytes`, damaged or gone.
        """
        raise NotImplementedError


def printable(name: str) -> str:
    """A name for a report: nothing that a terminal, a log or a database stumbles over, at most 1024 characters."""
    shown = "".join(char if _is_plain(char) else f"\\u{ord(char):04x}" for char in name)
    return shown if len(shown) <= _MAX_NAME_BYTES else shown[: _MAX_NAME_BYTES - 1] + "…"


def _is_plain(char: str) -> bool:
    """Whether a character is text: no control, no line end, no half of a pair. Marks of direction are text."""
    return char.isprintable() or unicodedata.category(char) not in ("Cc", "Cs", "Zl", "Zp")


def clean_name(raw: str) -> str:
    """The name without empty and `.` parts.

    Raises: BadImageError, with the reason, when no reader should follow it.
    """
    reason = ""
    if not raw.strip("/. "):
        reason = "The file has no name."
    elif not raw.isprintable() and not all(_is_plain(char) for char in raw):
        reason = "The name holds control characters or bytes that are no text; rename the file."
    elif "\\" in raw:
        reason = "The name holds a backslash; rename the file, or make the zip with a program that writes /."
    elif raw.startswith("/") or (len(raw) > 1 and raw[1] == ":" and raw[0].isalpha()):
        reason = "The name is an absolute path; names must stay inside the source."
    elif ".." in raw.split("/"):
        reason = "The name leads out of the source by '..'; names must stay inside it."
    elif len(raw.encode()) > _MAX_NAME_BYTES:
        reason = f"The name is longer than {_MAX_NAME_BYTES} bytes; shorten it."
    elif raw.count("/") >= _MAX_DEPTH:
        reason = f"The file lies more than {_MAX_DEPTH} folders deep; move it up."
    if reason:
        raise BadImageError(reason)
    return "/".join(part for part in raw.split("/") if part not in ("", "."))
