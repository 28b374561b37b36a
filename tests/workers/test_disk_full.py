"""Work that a full disk ends waits with the reason, loses nothing, and goes on by itself when there is space."""

import json
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db.models.functions import Now
from django.test import override_settings
from PIL import Image

from tests.small_disk import SmallDisk, small_disk
from tests.worlds import CLASSES, make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.crew import Crew
from webapp.core.leases import Leased
from webapp.datasets.models import Upload
from webapp.datasets.services import create_dataset
from webapp.exports.management.progress import Progress, show_run, wait_for
from webapp.exports.models import Export
from webapp.exports.services.building import create_export
from webapp.runs.models import Run
from webapp.runs.services.control import resume_run, stop_run
from workers.export import ExportWork
from workers.ingest import IngestWork
from workers.run import RunWork
from workers.supervisor import supervise

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[SmallDisk]:
    """The data folder lies on it; the database does not."""
    with small_disk(tmp_path / "disk", "12m") as mounted, override_settings(DATA_DIR=mounted.root):
        yield mounted


def check_waits(row: Any, disk: SmallDisk) -> None:
    row.refresh_from_db()
    assert (row.state, row.error_code, row.attempts) == ("interrupted", "disk_full", 0), row.error_message
    assert f"The disk at {disk.root} is full: " in row.error_message
    assert row.error_message.endswith("It goes on by itself once there is space.")
    assert not is_due(row)


def is_due(row: Leased) -> bool:
    return type(row)._default_manager.filter(type(row).due(), pk=row.pk).exists()


def let_time_pass(row: Leased) -> None:
    waiting = type(row)._default_manager.filter(pk=row.pk, lease_expires_at__gt=Now())
    assert waiting.update(lease_expires_at=Now() - timedelta(seconds=1)) == 1
    assert is_due(row)


def test_an_ingest_keeps_what_was_uploaded_and_goes_on(
    disk: SmallDisk, lab: Lab, researcher: Person, tmp_path: Path
) -> None:
    random = np.random.default_rng(0)
    for number in range(20):
        file = tmp_path / "noise" / CLASSES[number % 2] / f"{number}.png"
        file.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(random.integers(0, 256, (200, 200, 3), np.uint8)).save(file)
    upload = Upload.objects.create(
        lab=lab, person=researcher, file_name="noise", size_bytes=1, offset=1, state=Upload.State.COMPLETE
    )
    storage.upload_file(upload.pk).parent.mkdir()
    storage.upload_file(upload.pk).symlink_to(tmp_path / "noise")
    version = create_dataset(lab, "Noise", researcher, upload=upload).versions.get()
    disk.fill()
    with (disk.root / "ballast").open("r+b") as ballast:
        ballast.truncate(ballast.seek(0, 2) - 2**20)
    assert supervise(IngestWork, version.pk)
    check_waits(version, disk)
    assert storage.upload_file(upload.pk).exists()
    let_time_pass(version)
    with override_settings(DISK_FLOOR_BYTES=2**22):  # as full as before: not even tried
        assert supervise(IngestWork, version.pk)
        check_waits(version, disk)
        assert version.fence == 2
        assert not storage.version_folder(version.pk, 2).exists()
    disk.empty()
    let_time_pass(version)
    assert supervise(IngestWork, version.pk)
    version.refresh_from_db()
    assert (version.state, version.num_images, version.error_code) == ("ready", 20, "")


def test_an_export_goes_on(disk: SmallDisk, lab: Lab, researcher: Person) -> None:
    pool = make_pool(queue_run(make_dataset(lab), researcher))
    export = create_export(
        pool.selections.get(), researcher, format="image_folder", content=Export.Content.BOTH, accepted_only=False
    )
    disk.fill()
    assert supervise(ExportWork, export.pk)
    check_waits(export, disk)
    disk.empty()
    let_time_pass(export)
    assert supervise(ExportWork, export.pk)
    export.refresh_from_db()
    assert (export.state, export.error_code) == ("ready", "")
    assert storage.stored(export.path).exists()


def test_a_run_keeps_its_files_and_waits_until_somebody_resumes_it_or_there_is_space(
    data_folder: Path, lab: Lab, researcher: Person
) -> None:
    run = queue_run(make_dataset(lab), researcher)
    said = {"event": "error", "code": "disk_full", "message": "The disk at /data is full."}
    checkpoint = storage.run_folder(run.pk, 1) / "checkpoints" / "step-00000100.safetensors"
    child = f"""
from pathlib import Path
Path({str(checkpoint.parent)!r}).mkdir()
Path({str(checkpoint)!r}).touch()
print({json.dumps(said)!r})
exit(1)
"""
    assert supervise(RunWork, run.pk, command=lambda plan: [sys.executable, "-c", child])
    run.refresh_from_db()
    assert (run.state, run.error_code, run.attempts) == ("interrupted", "disk_full", 0)
    assert run.error_message == "The disk at /data is full. It goes on by itself once there is space."
    assert checkpoint.exists()
    assert not is_due(run)
    assert is_due(resume_run(stop_run(run)))


def test_whoever_waits_at_the_command_line_is_told_once_why_it_waits(
    lab: Lab, researcher: Person, capsys: pytest.CaptureFixture[str]
) -> None:
    run = queue_run(make_dataset(lab), researcher)
    Run.objects.update(state="interrupted", error_code="disk_full", error_message="The disk at /data is full.")
    looks = 0

    class Patient(Crew):
        def look(self) -> None:
            nonlocal looks
            looks += 1
            if looks == 3:
                Run.objects.update(state="finished", error_message="")

    with Progress() as progress:
        assert wait_for(run, ["finished"], show_run(progress), Patient(None, None)).state == "finished"
    assert capsys.readouterr().err.count("The disk at /data is full.") == 1
