"""Whether a lab may store more: asked where something begins that will take room, answered by `webapp.upkeep`."""

from collections.abc import Callable
from typing import Final
from uuid import UUID

from webapp.core.errors import AtelierError

Keeper = Callable[[UUID, int], None]
_keepers: Final[list[Keeper]] = []


class QuotaError(AtelierError):
    """The lab would store more than it may."""

    code = "quota_exceeded"
    status = 507


def register_keeper(keeper: Keeper) -> None:
    """From now on `keeper(lab_id, num_bytes)` is asked; it raises QuotaError where they do not fit."""
    if keeper not in _keepers:
        _keepers.append(keeper)


def require_room(lab_id: UUID, num_bytes: int) -> None:
    """Call it in the transaction that reserves the bytes. Raises: QuotaError."""
    for keeper in _keepers:
        keeper(lab_id, num_bytes)
