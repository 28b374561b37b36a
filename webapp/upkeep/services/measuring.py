"""How large things are, written into their rows by the reconciler's leader, so that no request walks the disk."""

import os
from datetime import timedelta
from pathlib import Path
from typing import Final

from django.db.models import Exists, F, Max, OuterRef, Q, Sum
from django.db.models.functions import Now

from webapp.accounts.models import Lab
from webapp.core import bucket, storage
from webapp.core.removal import alive
from webapp.datasets.models import DatasetImage, DatasetVersion
from webapp.runs.models import Run
from webapp.studies.models import Study
from webapp.upkeep.models import LabStorage

AT_ONCE: Final = 20
AGAIN_AFTER: Final = timedelta(minutes=10)


def measure() -> None:
    """Runs and studies that said something since they were last measured, and labs whose datasets changed."""
    _measure(Run, "runs")
    _measure(Study, "studies")
    for lab in Lab.objects.all():
        _measure_originals(lab)


def _measure(model: type[Run] | type[Study], noun: str) -> None:
    ended = Q(measured_at__lt=F("heartbeat_at")) & ~Q(state__in=model.ACTIVE)
    working = Q(measured_at__lt=Now() - AGAIN_AFTER, state__in=model.ACTIVE)
    for row in model._default_manager.filter(Q(measured_at=None) | ended | working)[:AT_ONCE]:
        folder = storage.all_attempts(noun, row.pk)
        size = sum(kept.size_bytes for kept in bucket.below(folder)) if bucket.is_on() else size_of(folder)
        model._default_manager.filter(pk=row.pk).update(size_bytes=size, measured_at=Now())


def _measure_originals(lab: Lab) -> None:
    versions = DatasetVersion.objects.filter(dataset__lab=lab)
    last = versions.aggregate(finished=Max("finished_at"), deleted=Max("deleted_at"), gone=Max("dataset__deleted_at"))
    changed = max((at for at in last.values() if at is not None), default=None)
    row, _ = LabStorage.objects.get_or_create(lab=lab)
    due = Q(measured_at=None) | Q(measured_at__lt=Now() - AGAIN_AFTER)
    if changed is not None:
        due |= Q(measured_at__lte=changed)
    if not LabStorage.objects.filter(due, pk=row.pk).exists():
        return
    images = DatasetImage.objects.filter(alive(DatasetImage), version__dataset__lab=lab)
    # a file that is an image somewhere and an other half elsewhere counts once
    halves = images.exclude(pair_sha256="").exclude(Exists(images.filter(sha256=OuterRef("pair_sha256"))))
    once = images.values("sha256", "size_bytes").distinct().aggregate(sum=Sum("size_bytes"))
    others = halves.values("pair_sha256", "pair_size_bytes").distinct().aggregate(sum=Sum("pair_size_bytes"))
    total = (once["sum"] or 0) + (others["sum"] or 0)
    LabStorage.objects.filter(pk=row.pk).update(originals_bytes=total, measured_at=Now())


def size_of(folder: Path) -> int:
    """Bytes of the files below; one that goes away meanwhile counts nothing."""
    total = 0
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(path, name)).st_size
            except FileNotFoundError:
                continue
    return total
