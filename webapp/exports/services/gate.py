"""More near-copies of training images than the lab allows leave only where a person says why."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from webapp.core.errors import ConflictError, InvalidError
from webapp.exports.models import Export

MIN_WORDS: Final = 3


def refusal_of(export: Export, memorised: int, total: int) -> str:
    """Why `total` synthetic images with so many memorised ones stay here without a reason; empty where they may go."""
    allowed = export.version.dataset.lab.max_memorised_share
    if allowed is None or memorised <= allowed * total + 1e-9:
        return ""
    share = 100 * memorised / total
    return (
        f"{memorised:,} of {total:,} synthetic images ({share:.4g} %) may be copies of training images, the lab allows "
        f"{100 * allowed:.4g} %; reject them in the gallery, or say why they may go out."
    )


def require_reason(export: Export, memorised: int, total: int) -> None:
    """Raises: ConflictError where the lab allows fewer memorised samples and nobody said why."""
    if not export.memorised_reason and (refusal := refusal_of(export, memorised, total)):
        raise ConflictError(refusal, code="too_many_memorised", fields={"memorised_reason": [refusal]})


def gated(export: Export, rows: Iterable[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """The rows of samples as they are frozen: verdicts may have changed since the export was asked for.

    Raises: ConflictError after the last row, as `require_reason`.
    """
    memorised = total = 0
    for row in rows:
        memorised, total = memorised + row["row"]["memorised"], total + 1
        yield row
    require_reason(export, memorised, total)


def read_reason(text: str) -> str:
    """The reason as it is kept; empty for none. Raises: InvalidError for one that says nothing."""
    reason = " ".join(text.split())
    if reason and len(reason.split()) < MIN_WORDS:
        message = f"Found {reason!r}, expected {MIN_WORDS} words or more that say why near-copies may go out."
        raise InvalidError(message, fields={"memorised_reason": [message]})
    return reason
