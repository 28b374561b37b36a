"""What can go wrong, each with the exit status that the command line ends with.

0 done    1 a defect, here or in the service    2 refused as it was asked    3 not logged in, or not allowed
4 not there    5 not now: it is in another state    6 no answer, or a broken transfer; trying again may help
7 the work itself failed    8 the time given by --timeout is over; the work goes on    130 Ctrl-C
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar


class AtelierError(Exception):
    """One sentence, a code for programs, and a hint what to do (may be empty)."""

    exit_status: ClassVar[int] = 1

    def __init__(
        self, message: str, code: str = "", hint: str = "", fields: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or _code_of(type(self).__name__)
        self.hint = hint
        self.fields = dict(fields or {})
        """Dotted path of what was sent -> what is wrong with it."""


class DefectError(AtelierError):
    """Something nobody foresaw; the service's log has it under the reference that the message names."""


class InvalidError(AtelierError):
    """What was asked for cannot be understood or is not possible."""

    exit_status = 2


class ForbiddenError(AtelierError):
    """No valid token, or one that may not do this."""

    exit_status = 3


class NotFoundError(AtelierError):
    """Not there, not yours to see, or not there any more."""

    exit_status = 4


class ConflictError(AtelierError):
    """It cannot be done to the thing as it is now."""

    exit_status = 5


class UnreachableError(AtelierError):
    """The service does not answer, is busy, or the connection broke."""

    exit_status = 6


class TornFileError(AtelierError):
    """What arrived is not what the service holds."""

    exit_status = 6


class WorkFailedError(AtelierError):
    """A run, a dataset version, a selection or an export ended without its result."""

    exit_status = 7


class StillWorkingError(AtelierError):
    """The time to wait is over; the work goes on in the service."""

    exit_status = 8


OF_STATUS: dict[int, type[AtelierError]] = {
    401: ForbiddenError,
    403: ForbiddenError,
    404: NotFoundError,
    409: ConflictError,
    410: NotFoundError,
    423: ConflictError,
    429: UnreachableError,
    502: UnreachableError,
    503: UnreachableError,
    504: UnreachableError,
    507: UnreachableError,
}


def error_of(status: int, code: str, message: str, fields: Mapping[str, Sequence[str]]) -> AtelierError:
    """The service's answer of this HTTP status as an error."""
    kind = OF_STATUS.get(status, InvalidError if 400 <= status < 500 else DefectError)
    hint = "Make a token under your name in the browser, then: atelier auth login" if status == 401 else ""
    if code == "too_many_memorised":
        hint = 'Say why they may go out: --memorised-reason "…" (in Python memorised_reason="…")'
    return kind(message, code, hint, fields)


def _code_of(name: str) -> str:
    words = "".join(f"_{sign.lower()}" if sign.isupper() else sign for sign in name.removesuffix("Error"))
    return words.strip("_")
