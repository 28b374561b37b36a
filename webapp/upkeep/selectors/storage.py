"""What a lab stores: sums of columns, never a walk of the disk."""

from dataclasses import asdict, dataclass
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db.models import Case, Exists, F, OuterRef, Q, QuerySet, Sum, Value, When
from django.db.models.functions import Coalesce

from webapp.core.removal import alive
from webapp.datasets.models import Dataset, DatasetVersion, Upload
from webapp.exports.models import Export
from webapp.gallery.models import Edit, Pool
from webapp.runs.models import Run
from webapp.studies.models import Study
from webapp.upkeep.models import LabStorage

SHOWN: Final = 20
SETTLED: Final = (DatasetVersion.State.READY, DatasetVersion.State.REJECTED)


@dataclass(frozen=True)
class Usage:
    """Bytes. runs: with checkpoints and pools, as last measured, and edits; studies: as last measured;
    exports: those not built yet as estimated.
    """

    originals: int
    uploads: int
    runs: int
    studies: int
    exports: int

    @property
    def total(self) -> int:
        return sum(asdict(self).values())


def usage_of(lab_id: UUID) -> Usage:
    """What the lab stores, and what is on its way."""
    storage = LabStorage.objects.filter(lab=lab_id).first()
    return Usage(
        originals=storage.originals_bytes if storage else 0,
        uploads=_sum(_uploads(lab_id), F("size_bytes")),
        runs=_sum(Run.objects.filter(alive(Run), version__dataset__lab=lab_id), F("size_bytes"))
        + _sum(Edit.objects.filter(alive(Edit), run__version__dataset__lab=lab_id), F("size_bytes")),
        studies=_sum(Study.objects.filter(alive(Study), version__dataset__lab=lab_id), F("size_bytes")),
        exports=_sum(Export.objects.filter(alive(Export), version__dataset__lab=lab_id), _export_bytes()),
    )


def pools_bytes(lab_id: UUID) -> int:
    """What the pixels of its pools take; it is part of what the runs take."""
    pools = Pool.objects.filter(alive(Pool), run__version__dataset__lab=lab_id)
    return _sum(pools, F("num_samples") * F("resolution") * F("resolution") * F("channels"))


def quota_of(lab_id: UUID) -> int | None:
    """Bytes that the lab may store; None: no limit."""
    own = LabStorage.objects.filter(lab=lab_id).values_list("quota_bytes", flat=True).first()
    return settings.LAB_QUOTA_BYTES or None if own is None else own


def biggest_of(lab_id: UUID) -> list[dict[str, Any]]:
    """The datasets, runs, studies and exports that take most; a dataset counts every image of its versions."""
    size = Coalesce(Sum("versions__size_bytes", filter=Q(versions__deleted_at=None)), Value(0))
    datasets = Dataset.objects.filter(deleted_at=None, lab=lab_id).annotate(bytes=size)
    runs = Run.objects.filter(alive(Run), version__dataset__lab=lab_id).annotate(bytes=F("size_bytes"))
    studies = Study.objects.filter(alive(Study), version__dataset__lab=lab_id).annotate(bytes=F("size_bytes"))
    exports = Export.objects.filter(alive(Export), version__dataset__lab=lab_id).annotate(bytes=_export_bytes())
    rows = [
        *(_told("dataset", row, row.name, row.pk) for row in _most(datasets)),
        *(_told("run", row, row.name or row.recipe.model, row.pk) for row in _most(runs, "recipe", "version__dataset")),
        *(_told("study", row, str(row), row.pk) for row in _most(studies, "version__dataset")),
        *(
            _told("export", row, row.name or row.version.dataset.name, row.selection and row.selection.pool.run_id)
            for row in _most(exports, "version__dataset", "selection__pool")
        ),
    ]
    return sorted(rows, key=lambda row: -int(row["size_bytes"]))


def _most(rows: "QuerySet[Any]", *related: str) -> "QuerySet[Any]":
    return rows.select_related("created_by", *related).order_by("-bytes", "-created_at")[:SHOWN]


def _told(noun: str, row: Any, name: str, target: UUID | None) -> dict[str, Any]:
    """target: the dataset or run whose page shows it; an export of a version alone has none."""
    return {
        "noun": noun,
        "id": row.pk,
        "name": name,
        "target": target,
        "size_bytes": row.bytes,
        "created_by": row.created_by and row.created_by.name,
        "created_at": row.created_at,
        "archived_at": row.archived_at,
    }


def _uploads(lab_id: UUID) -> "QuerySet[Upload]":
    """Those whose bytes are on the disk or promised a place there."""
    used_up = DatasetVersion.objects.filter(upload=OuterRef("pk"), state__in=SETTLED)
    return Upload.objects.filter(lab=lab_id).exclude(state=Upload.State.EXPIRED).exclude(Exists(used_up))


def _export_bytes() -> Case:
    waiting = (*Export.CLAIMABLE, *Export.ACTIVE)
    return Case(When(state__in=waiting, then=F("estimated_bytes")), default=F("size_bytes"))


def _sum(rows: "QuerySet[Any]", of: Any) -> int:
    return rows.aggregate(sum=Sum(of))["sum"] or 0
