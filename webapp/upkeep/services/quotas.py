"""How much a lab may store."""

from uuid import UUID

from django.db import transaction

from webapp.accounts.models import Lab, Person
from webapp.core.log import Deed, note
from webapp.core.quota import QuotaError
from webapp.upkeep.models import LabStorage
from webapp.upkeep.selectors.storage import quota_of, usage_of

UNITS = ("bytes", "KiB", "MiB", "GiB", "TiB")


@transaction.atomic
def set_quota(lab: Lab, person: Person | None, quota_bytes: int | None) -> None:
    """What is stored already stays, also beyond it; None leaves it to the service's LAB_QUOTA_BYTES."""
    LabStorage.objects.update_or_create(lab=lab, defaults={"quota_bytes": quota_bytes})
    shown = "as the service's setting says" if quota_bytes is None else _shown(quota_bytes)
    note(lab.pk, person, Deed.QUOTA_CHANGED, lab, f"now {shown}")


def check_room(lab_id: UUID, num_bytes: int) -> None:
    """Of two who ask at once the second sees what the first one reserved. Raises: QuotaError."""
    if quota_of(lab_id) is None:
        return
    with transaction.atomic():
        LabStorage.objects.get_or_create(lab_id=lab_id)
        LabStorage.objects.select_for_update().get(lab_id=lab_id)
        quota, used = quota_of(lab_id), usage_of(lab_id).total
        if quota is not None and used + num_bytes > quota:
            raise QuotaError(
                f"The lab stores {_shown(used)} of the {_shown(quota)} that it may; this takes {_shown(num_bytes)} "
                "more. Delete what is not needed any more (page Storage), or ask who runs the service for more."
            )


def _shown(size: float) -> str:
    for unit in UNITS[:-1]:
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "bytes" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.1f} {UNITS[-1]}"
