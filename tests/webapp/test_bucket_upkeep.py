"""Rows and a bucket compared both ways, and what is deleted gone from it."""

import os
import shutil
import time
import uuid
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks
from django.core.management import call_command

from tests.object_store import Line
from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import bucket, storage
from webapp.core.removal import mark
from webapp.datasets.models import DatasetVersion
from webapp.gallery.models import Pool
from webapp.runs.models import Run
from webapp.runs.services.files import sweep_attempts
from webapp.upkeep.services.copies import fill_bucket, remove_stale_copies
from webapp.upkeep.services.measuring import measure
from webapp.upkeep.services.sweep import sweep
from webapp.upkeep.services.unreferenced import missing, remove_unreferenced, unreferenced, unreferenced_keys

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("line")]
NOW = -60.0
"""Older than nothing: also what is new is looked at."""


@pytest.fixture
def pool(line: Line, lab: Lab, researcher: Person) -> Pool:
    """Everything that its rows name is in the bucket, and nothing on this machine."""
    made = make_pool(queue_run(make_dataset(lab, train=4, val=2, test=1), researcher))
    for image in made.run.version.images.all():
        plant(storage.thumbnail_files(lab.pk, image.sha256)[1])
    for name in ("runs", "labs"):
        bucket.push(storage.data_folder() / name)
        shutil.rmtree(storage.data_folder() / name)
    return made


def plant(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"left behind")
    return path


def put(path: Path) -> Path:
    """Into the bucket alone."""
    bucket.push(plant(path))
    path.unlink()
    return path


def keys() -> int:
    return sum(1 for name in ("runs", "labs", "exports") for _ in bucket.below(storage.data_folder() / name))


def test_a_healthy_bucket_has_nothing_to_tell(pool: Pool) -> None:
    assert list(unreferenced_keys(NOW)) == []
    assert list(missing(check_hashes=True)) == []


def test_keys_without_a_row_are_found_and_removed_and_nothing_else(lab: Lab, pool: Pool) -> None:
    before = keys()
    planted = {
        put(storage.run_folder(uuid.uuid4(), 1) / "checkpoints" / "step-1.safetensors").parents[2],
        put(storage.export_folder(uuid.uuid4(), 3) / "dataset.zip").parents[1],
        put(storage.object_file(lab.pk, "ab" * 32, ".png")),
        put(storage.thumbnail_files(lab.pk, "ab" * 32)[0]),
        put(storage.lab_folder(uuid.uuid4()) / "objects" / "ab" / "x.png").parents[2],
    }
    assert {found.path for found in unreferenced_keys(NOW)} == planted
    assert list(unreferenced_keys()) == [], "what is new may be about to get its row"
    assert {found.path for found in remove_unreferenced(NOW)} == planted
    assert keys() == before
    assert list(missing()) == []


def test_keys_stay_while_the_lab_reads_something_in(lab: Lab, pool: Pool) -> None:
    left = put(storage.object_file(lab.pk, "ab" * 32, ".png"))
    reading = DatasetVersion.objects.create(dataset=pool.run.version.dataset, number=2)
    assert remove_unreferenced(NOW) == []
    assert bucket.has(left)
    reading.delete()
    assert [found.path for found in remove_unreferenced(NOW)] == [left]


def test_what_rows_name_and_the_bucket_lacks_is_told_whatever_lies_here(lab: Lab, pool: Pool) -> None:
    one, two = (pool.run.version.images.get(index=index) for index in range(2))
    gone, changed = (storage.object_file(lab.pk, image.sha256, image.suffix) for image in (one, two))
    assert bucket.pull(gone)
    bucket.remove([gone])
    bucket.push(plant(changed))
    bucket.remove([storage.stored(pool.path) / "pool.json"])
    told = {found.path: found.code for found in missing()}
    assert told == {gone: "file_missing", changed: "file_changed", storage.stored(pool.path): "file_missing"}


def test_what_is_deleted_is_swept_from_the_bucket(lab: Lab, pool: Pool) -> None:
    mark(pool.run.version.dataset)
    assert sweep(for_s=30.0)
    assert not Run.objects.exists()
    assert keys() == 0


def test_while_the_bucket_does_not_answer_rows_wait_for_their_files(
    line: Line, pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bucket, "TRIES", 1)
    bucket.connected.cache_clear()
    mark(pool.run)
    line.end()
    assert sweep(for_s=30.0)
    assert Run.objects.filter(pk=pool.run_id).exists()
    assert Pool.objects.filter(pk=pool.pk).exists()


def test_copies_of_what_is_gone_leave_this_machine_and_nothing_leaves_the_bucket(lab: Lab, pool: Pool) -> None:
    before = keys()
    for stale in (old := [storage.run_folder(uuid.uuid4(), 1) / "x", storage.object_file(lab.pk, "ab" * 32, ".png")]):
        put(stale)
        age(plant(stale))
    assert {found.path for found in unreferenced()} == {old[0].parents[1], old[1]}
    remove_stale_copies()
    assert [path for path in old if path.exists()] == []
    assert keys() == before + 2


def age(file: Path, days: int = 2) -> None:
    for path in (file, file.parent, file.parents[1]):
        os.utime(path, (time.time() - days * 24 * 3600,) * 2)


def test_copies_that_nobody_reads_leave_this_machine_when_the_bucket_has_them(
    lab: Lab, pool: Pool, settings: Any
) -> None:
    image = pool.run.version.images.get(index=0)
    old = storage.object_file(lab.pk, image.sha256, image.suffix)
    shard, label = storage.stored(pool.path) / "images-00000.npy", storage.stored(pool.path) / "label.npy"
    log = plant(shard.parents[1] / "log.txt")
    assert bucket.pull_all([old, shard, label]) == []
    for file in (old, shard, log):
        age(file, days=8)
    remove_stale_copies()
    assert [file.exists() for file in (old, shard, label, log)] == [False, False, True, True]
    assert bucket.pull(shard)
    age(shard)
    Run.objects.filter(pk=pool.run_id).update(state="training")
    settings.DISK_FLOOR_BYTES = storage.free_bytes()
    remove_stale_copies()
    assert shard.exists(), "a run at work keeps what it works on"
    Run.objects.filter(pk=pool.run_id).update(state="finished")
    remove_stale_copies()
    assert not shard.exists(), "a disk near its end keeps only what was read lately"


def test_a_bucket_that_is_new_is_filled_with_what_lies_here(
    lab: Lab, pool: Pool, settings: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    number = keys()
    for name in ("runs", "labs"):
        bucket.pull_tree(storage.data_folder() / name)
    settings.S3_PREFIX += " anew"
    assert keys() == 0
    call_command("fsck", "--fill-bucket")
    assert f"{number} files lie in the bucket" in capsys.readouterr().out
    assert fill_bucket() == number


def test_what_earlier_attempts_left_goes_where_no_row_names_it(pool: Pool) -> None:
    run = Run.objects.get(pk=pool.run_id)
    old = storage.run_folder(run.pk, 0)
    left = [put(old / name) for name in ("data/pack.json", "checkpoints/step-1.safetensors", "scores.npz")]
    started = put(storage.start_folder(run.pk) / "step-1.safetensors")
    shown = put(old / "previews" / "step-1.png")
    before = keys()
    sweep_attempts(run)
    assert [path for path in (*left, started) if bucket.has(path)] == []
    assert bucket.has(shown)
    assert keys() == before - 4


def test_a_run_is_as_large_as_its_keys(pool: Pool) -> None:
    measure()
    kept = bucket.below(storage.all_attempts("runs", pool.run_id))
    assert Run.objects.get(pk=pool.run_id).size_bytes == sum(one.size_bytes for one in kept) > 0


@pytest.mark.parametrize(
    ("endpoint", "told"),
    [("http://10.0.0.5:9000", ["atelier.W004"]), ("https://s3.lab", []), ("http://127.0.0.1:9000", []), ("", [])],
)
def test_a_store_that_is_reached_unencrypted_is_told(settings: Any, endpoint: str, told: list[str]) -> None:
    settings.S3_ENDPOINT = endpoint
    assert [found.id for found in run_checks() if found.id == "atelier.W004"] == told
