"""`manage.py demo`: a lab, a dataset and a small run for a newcomer to watch; made once, in an empty database only.

`up` starts it once the service answers, and hands on what it says.
"""

import shutil
import subprocess
import sys
import time
from argparse import ArgumentParser
from collections.abc import Collection
from pathlib import Path
from typing import Any, TypeVar

from django.conf import settings
from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from webapp.accounts.models import Lab
from webapp.accounts.services import get_or_create_lab
from webapp.core.commands import PlainCommand
from webapp.core.leases import Leased
from webapp.core.models import Leadership
from webapp.datasets.models import Dataset, DatasetVersion
from webapp.datasets.services import create_dataset
from webapp.runs.models import Run, RunState
from webapp.runs.services.launch import start_run

LAB, DATASET = "Demo lab", "Handwritten digits"
RECIPE: dict[str, Any] = {
    # Watched from start to end within three minutes on two cores: small images, narrow networks, few steps. The digits
    # are legible, not beautiful; a real recipe leaves the settings at their defaults.
    "name": "Demo: small and quick",
    "model": "dcgan",
    "model_settings": {
        "resolution": 16,
        "width": 8,
        "batch_size": 32,
        "num_steps": 1000,
        "num_checkpoints": 4,
        "num_previews": 12,
    },
    "sampler": "class_confidence",
    "sampler_settings": {},
    "budget": {"kind": "per_class", "count": 20},
    "pool_factor": 4.0,
    "seed": 0,
}
BEGUN, MADE = "begun", "made"
INGESTED = (DatasetVersion.State.READY, DatasetVersion.State.REJECTED)
SETTLED = (RunState.FINISHED, RunState.STOPPED, RunState.FAILED, RunState.CANCELLED)
Row = TypeVar("Row", bound=Leased)


class Command(PlainCommand):
    help = "Makes the demo lab in an empty database, and follows its run; does nothing in any other."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--url", default="", help="address of the service, for what is printed")
        parser.add_argument("--no-follow", action="store_true", help="end as soon as the run is started")

    def handle(self, *args: Any, **options: Any) -> None:
        if not _begin():
            return
        self._say(f"reading the dataset {DATASET!r} of scikit-learn")
        run = _start(_ingested())
        self._say(f"a small run trains on it now; watch it at {options['url']}/runs/{run.pk}")
        if options["no_follow"]:
            return
        run = _settled(run, SETTLED)
        if run.state == RunState.FINISHED:
            self._say(f"the run is finished; its gallery is at {options['url']}/runs/{run.pk}/gallery")
        else:
            self._say(f"the run {run.state}. {run.error_message}")

    def _say(self, sentence: str) -> None:
        self.stdout.write(f"Demo: {sentence}")
        self.stdout.flush()


@transaction.atomic
def _begin() -> bool:
    """Whether the demo is to be made, or made further after somebody ended it half way."""
    duty, is_first = Leadership.objects.get_or_create(
        duty="demo", defaults={"holder": BEGUN, "expires_at": timezone.now()}
    )
    if is_first and Lab.objects.exists():
        _mark_made()
        return False
    return duty.holder == BEGUN


def _mark_made() -> None:
    Leadership.objects.filter(duty="demo").update(holder=MADE)


def _ingested() -> DatasetVersion:
    """The digits as a ready version.

    Raises: CommandError.
    """
    lab = get_or_create_lab(LAB)
    folder: Path = settings.DATA_DIR / "demo" / "digits"
    dataset = Dataset.objects.filter(lab=lab, name=DATASET, deleted_at=None).first()
    if dataset is None:
        if not folder.exists():
            subprocess.run([sys.executable, "-m", "ml.digits", str(folder)], check=True, stdout=subprocess.DEVNULL)
        dataset = create_dataset(lab, DATASET, None, source_path=folder)
    version = _settled(dataset.versions.order_by("number")[0], INGESTED)
    shutil.rmtree(folder.parent, ignore_errors=True)  # its images lie in the lab's store now
    if version.state != DatasetVersion.State.READY:
        raise CommandError(f"The demo's dataset was refused: {version.error_message}")
    return version


@transaction.atomic
def _start(version: DatasetVersion) -> Run:
    run = version.runs.order_by("created_at").first() or start_run(version, RECIPE, None)
    _mark_made()
    return run


def _settled(row: Row, states: Collection[str]) -> Row:
    """The row once it is in one of these states; however long that takes, the person may end it."""
    while row.state not in states:
        time.sleep(0.5)
        row.refresh_from_db()
    return row
