"""The working copy that this machine keeps of a bucket: what leaves it by itself, and what it puts there once.

Rows name only what is in the bucket, so a copy can be fetched again; one that the bucket lacks stays.
"""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from django.conf import settings

from webapp.core import bucket, storage
from webapp.gallery.models import Pool
from webapp.runs.models import Run
from webapp.studies.models import Study
from webapp.upkeep.services.sweep import remove_copies
from webapp.upkeep.services.unreferenced import remove_found, unreferenced

UNUSED_S: Final = 7 * 24 * 3600.0
UNUSED_IN_NEED_S: Final = 3600.0
"""When the disk comes near its end."""
NEAR_THE_END: Final = 2
"""So many times DISK_FLOOR_BYTES."""
STORES: Final = ("labs", "runs", "edits", "studies", "exports")
"""Folders of the data folder that the bucket has, too."""


def remove_stale_copies() -> None:
    """What this machine alone still holds of what is gone, and what nobody has read here for a week.

    Raises: BucketError.
    """
    if not bucket.is_on():
        return
    remove_found(unreferenced(), storage.remove_copy, remove_copies)
    in_need = storage.free_bytes() < NEAR_THE_END * settings.DISK_FLOOR_BYTES
    before = time.time() - (UNUSED_IN_NEED_S if in_need else UNUSED_S)
    for file in _unused(before):
        if bucket.facts_of(file) is not None:
            file.unlink(missing_ok=True)


def fill_bucket() -> int:
    """Put what this machine holds into a bucket that is new to the service; answers how many files lie there now.

    Raises: BucketError.
    """
    folders = [storage.data_folder() / name for name in STORES]
    for folder in folders:
        if folder.is_dir():
            bucket.push(folder)
    return sum(1 for folder in folders for _ in bucket.below(folder))


def _unused(before: float) -> Iterator[Path]:
    """Files that were last read and written before; none of a run or a study that somebody works on."""
    studies = Study.objects.filter(state__in=Study.ACTIVE)
    runs = Run.objects.filter(state__in=Run.ACTIVE).values_list("pk", flat=True)
    judged = [pool for pools in studies.values_list("pools", flat=True) for pool in pools]
    given = Pool.objects.filter(pk__in=judged).values_list("run", flat=True)
    at_work = {str(pk) for pk in (*runs, *given, *studies.values_list("pk", flat=True))}
    for name in STORES:
        for folder in (storage.data_folder() / name).glob("*"):
            if folder.name in at_work:
                continue
            for file in folder.rglob("*"):
                facts = file.lstat()
                if file.is_file() and max(facts.st_atime, facts.st_mtime) < before:
                    yield file
