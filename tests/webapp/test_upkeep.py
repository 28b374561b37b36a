"""Storage: what is measured, what a lab may store, and rows and disk compared both ways."""

import os
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from rest_framework.test import APIClient

from tests.worlds import make_dataset, make_pool, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.quota import QuotaError
from webapp.core.removal import mark
from webapp.datasets.models import Dataset, DatasetVersion, Upload
from webapp.datasets.services import create_upload
from webapp.exports.models import Export
from webapp.exports.services.building import export_of_version, queue_export
from webapp.gallery.models import Pool
from webapp.runs.models import Run
from webapp.upkeep.selectors import storage as selectors
from webapp.upkeep.services.measuring import measure, size_of
from webapp.upkeep.services.quotas import set_quota
from webapp.upkeep.services.sweep import sweep
from webapp.upkeep.services.unreferenced import missing, remove_unreferenced, unreferenced

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
NOW = -60.0
"""Older than nothing: also what is new is looked at."""


@pytest.fixture
def pool(lab: Lab, researcher: Person) -> Pool:
    made = make_pool(queue_run(make_dataset(lab, train=4, val=2, test=1), researcher))
    for version in DatasetVersion.objects.all():
        for image in version.images.all():
            thumbnail = storage.thumbnail_file(lab.pk, image.sha256)
            thumbnail.parent.mkdir(parents=True, exist_ok=True)
            thumbnail.write_bytes(b"webp")
    return made


def plant(path: Path, data: bytes = b"left behind") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def orphans(lab: Lab, pool: Pool) -> list[Path]:
    """One of every kind."""
    return [
        plant(storage.run_folder(uuid.uuid4(), 1) / "checkpoints" / "step-1.safetensors").parents[2],
        plant(storage.export_folder(uuid.uuid4(), 3) / "dataset.zip.part").parents[1],
        plant(storage.selection_folder(uuid.uuid4(), 1) / "plan.json").parents[1],
        plant(storage.edit_folder(uuid.uuid4(), 1) / "sheet.png").parents[1],
        plant(storage.version_folder(uuid.uuid4(), 1) / "plan.json").parents[1],
        plant(storage.upload_file(uuid.uuid4())),
        plant(storage.object_file(lab.pk, "ab" * 32, ".png")),
        plant(storage.thumbnail_file(lab.pk, "ab" * 32)),
        plant(storage.lab_folder(uuid.uuid4()) / "objects" / "ab" / "x.png").parents[2],
    ]


# --- rows and disk ----------------------------------------------------------------------------------------------
def test_a_healthy_store_has_nothing_to_tell(pool: Pool) -> None:
    assert list(unreferenced(NOW)) == []
    assert list(missing(check_hashes=True)) == []


def test_every_kind_of_file_without_a_row_is_found_and_removed_and_nothing_else(lab: Lab, pool: Pool) -> None:
    kept = size_of(storage.data_folder() / "labs") + size_of(storage.data_folder() / "runs")
    planted = orphans(lab, pool)
    assert {found.path for found in unreferenced(NOW)} == set(planted)
    assert list(unreferenced()) == [], "what is new may be about to get its row"
    assert {found.path for found in remove_unreferenced(NOW)} == set(planted)
    assert [path for path in planted if path.exists()] == []
    assert size_of(storage.data_folder() / "labs") + size_of(storage.data_folder() / "runs") == kept


def test_objects_stay_while_the_lab_reads_something_in(lab: Lab, pool: Pool) -> None:
    left = plant(storage.object_file(lab.pk, "ab" * 32, ".png"))
    reading = DatasetVersion.objects.create(dataset=pool.run.version.dataset, number=2)
    assert remove_unreferenced(NOW) == []
    reading.delete()
    assert [found.path for found in remove_unreferenced(NOW)] == [left]


def test_a_file_put_aside_by_a_killed_sweep_comes_back(lab: Lab, pool: Pool) -> None:
    image = pool.run.version.images.get(index=0)
    file = storage.object_file(lab.pk, image.sha256, image.suffix)
    file.rename(file.with_name(f"{file.name}.aside"))
    assert list(unreferenced(NOW)) == []
    assert list(missing(check_hashes=True)) == []


def test_what_rows_name_and_is_gone_short_or_changed_is_told(lab: Lab, researcher: Person, pool: Pool) -> None:
    gone, changed, short = (pool.run.version.images.get(index=index) for index in range(3))
    files = [storage.object_file(lab.pk, image.sha256, image.suffix) for image in (gone, changed, short)]
    files[0].unlink()
    files[1].write_bytes(bytes(changed.size_bytes))
    files[2].write_bytes(b"x")
    (storage.stored(pool.path) / "pool.json").unlink()
    upload = Upload.objects.create(lab=lab, person=researcher, file_name="a.zip", size_bytes=9, offset=5)
    told = {found.path: found.code for found in missing(check_hashes=True)}
    assert told == {
        files[0]: "file_missing",
        files[1]: "file_changed",
        files[2]: "file_changed",
        storage.stored(pool.path): "file_missing",
        storage.upload_file(upload.pk): "file_short",
    }
    assert files[1] not in {found.path for found in missing()}, "bytes are read only when asked"


def test_fsck_changes_nothing_unless_told_and_its_status_says_what_it_found(
    lab: Lab, pool: Pool, capsys: pytest.CaptureFixture[str]
) -> None:
    planted = orphans(lab, pool)
    with pytest.raises(SystemExit) as ended:
        call_command("fsck", "--older-than", "-1")
    assert ended.value.code == 1
    assert all(path.exists() for path in planted)
    said = capsys.readouterr().out.splitlines()
    assert len(said) == len(planted) + 1
    assert f"{len(planted)} files or folders" in said[-1]
    call_command("fsck", "--sweep", "--older-than", "-1")
    call_command("fsck", "--older-than", "-1", "--check-hashes")
    assert "0 files missing or changed; 0 files" in capsys.readouterr().out.splitlines()[-1]


# --- what a lab stores ------------------------------------------------------------------------------------------
def measured(lab: Lab) -> selectors.Usage:
    measure()
    return selectors.usage_of(lab.pk)


def test_originals_are_counted_once_and_runs_with_all_their_files(lab: Lab, researcher: Person, pool: Pool) -> None:
    used = measured(lab)
    objects = storage.lab_folder(lab.pk) / "objects"
    assert used.originals == size_of(objects)
    assert used.runs == size_of(storage.all_attempts("runs", pool.run_id)) > 0
    twin = make_dataset(lab, train=4, val=2, test=1)
    DatasetVersion.objects.filter(pk=twin.pk).update(finished_at=twin.created_at)
    assert measured(lab).originals == used.originals, "the same pictures in another dataset take nothing more"
    assert selectors.pools_bytes(lab.pk) == 24 * 16 * 16


def test_uploads_and_exports_under_way_count_with_what_they_will_take(lab: Lab, researcher: Person) -> None:
    version = make_dataset(lab, train=2, val=1, test=1)
    create_upload(researcher, lab, "a.zip", 12345)
    export = queue_export(export_of_version(version, format="image_folder"), researcher)
    used = measured(lab)
    assert (used.uploads, used.exports) == (12345, export.estimated_bytes)
    Export.objects.update(state="failed")
    Upload.objects.update(state="expired")
    used = measured(lab)
    assert (used.uploads, used.exports) == (0, 0)


def test_what_is_deleted_does_not_count(lab: Lab, pool: Pool) -> None:
    assert measured(lab).total > 0
    mark(pool.run.version.dataset)
    assert measured(lab).total == 0
    assert sweep()
    assert measured(lab).total == 0


def test_a_request_reads_columns_and_never_the_disk(
    lab: Lab, viewer: Person, pool: Pool, client_of: Callable[[Person], APIClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    measure()
    client = client_of(viewer)

    def walk(*_: Any) -> Any:
        raise AssertionError("a request walked the disk")

    monkeypatch.setattr(os, "walk", walk)
    told = client.get(f"/api/v1/labs/{lab.pk}/storage/").json()
    assert told["used_bytes"] == told["originals_bytes"] + told["runs_bytes"]
    assert (told["quota_bytes"], told["pools_bytes"]) == (None, 24 * 16 * 16)
    assert {row["noun"] for row in told["biggest"]} == {"dataset", "run"}
    assert next(row for row in told["biggest"] if row["noun"] == "run")["target"] == str(pool.run_id)


# --- what a lab may store ---------------------------------------------------------------------------------------
def test_beyond_its_quota_a_lab_begins_nothing_and_loses_nothing(
    lab: Lab, researcher: Person, pool: Pool, client_of: Callable[[Person], APIClient]
) -> None:
    set_quota(lab, None, measured(lab).total + 100)
    create_upload(researcher, lab, "fits.zip", 100)
    with pytest.raises(QuotaError, match="Delete what is not needed"):
        create_upload(researcher, lab, "one-more.zip", 1)
    client = client_of(researcher)
    version = pool.run.version
    run = {"version": str(version.pk), "recipe_id": str(pool.run.recipe_id)}
    for path, wish in (("exports", {"version": str(version.pk)}), ("runs", run)):
        answer = client.post(f"/api/v1/{path}/", wish, format="json")
        assert (answer.status_code, answer.json()["code"]) == (507, "quota_exceeded"), path
    assert (Export.objects.count(), Run.objects.count(), Upload.objects.count()) == (0, 1, 1)
    set_quota(lab, None, None)
    assert client.post("/api/v1/exports/", {"version": str(version.pk)}, format="json").status_code == 202


def test_the_services_setting_holds_where_a_lab_has_no_quota_of_its_own(
    lab: Lab, researcher: Person, settings: Any
) -> None:
    settings.LAB_QUOTA_BYTES = 10
    with pytest.raises(QuotaError):
        create_upload(researcher, lab, "a.zip", 11)
    set_quota(lab, None, 11)
    create_upload(researcher, lab, "a.zip", 11)


def test_only_who_runs_the_service_sets_a_quota(
    lab: Lab, owner: Person, outsider: Person, client_of: Callable[[Person], APIClient]
) -> None:
    address = f"/api/v1/labs/{lab.pk}/storage/"
    assert client_of(owner).patch(address, {"quota_bytes": 5}, format="json").status_code == 403
    assert client_of(outsider).get(address).status_code == 404
    Person.objects.filter(pk=owner.pk).update(is_staff=True)
    owner.refresh_from_db()
    assert client_of(owner).patch(address, {"quota_bytes": 5}, format="json").json()["quota_bytes"] == 5
    assert client_of(owner).patch(address, {"quota_bytes": -1}, format="json").status_code == 400


def test_deleted_datasets_are_named_no_more_among_the_biggest(lab: Lab, pool: Pool) -> None:
    mark(pool.run.version.dataset)
    assert selectors.biggest_of(lab.pk) == []
    assert Dataset.objects.exists()
