"""Datasets and versions: creation, ingest under a fence, reading, deleting."""

import csv
import hashlib
import io
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.webapp.served import Served
from webapp.accounts.models import Lab, Membership, Person
from webapp.core import storage
from webapp.core.errors import ConflictError, InvalidError
from webapp.core.leases import LeaseLostError
from webapp.core.removal import mark
from webapp.datasets import selectors, services
from webapp.datasets.models import Dataset, DatasetImage, DatasetVersion, IngestFile, Upload
from webapp.upkeep.services.sweep import sweep

pytestmark = pytest.mark.django_db
Client = Callable[[Person], APIClient]


def uploaded(lab: Lab, person: Person, **values: Any) -> Upload:
    return Upload.objects.create(
        lab=lab, person=person, file_name="a.zip", **{"size_bytes": 10, "offset": 10, "state": "complete", **values}
    )


def claimed(version: DatasetVersion, owner: str = "worker 1") -> DatasetVersion:
    found = DatasetVersion.claim(version.pk, owner, DatasetVersion.State.INGESTING)
    assert found is not None
    return found


def accepted(index: int, label: str = "cat", split: str = "train", **values: Any) -> dict[str, Any]:
    return {
        "name": f"{label}/{index}.png",
        "outcome": "accepted",
        "reason": "",
        "index": index,
        "label": label,
        "split": split,
        "sha256": hashlib.sha256(str(index).encode()).hexdigest(),
        "suffix": ".png",
        "width": 28,
        "height": 28,
        "is_grey": True,
        "size_bytes": 100,
        "fingerprint": bytes(264).hex(),
        "look": None,
        "near": None,
        "issues": [],
        **values,
    }


RESULT: dict[str, Any] = {
    "kind": "labelled_images",
    "recognised": "2 classes, each a folder of images.",
    "attributes": [],
    "classes": ["cat", "dog"],
    "counts": {"train": {"cat": 2, "dog": 1}, "val": {"dog": 1}},
    "content_hash": "a" * 64,
    "num_images": 4,
    "size_bytes": 400,
    "near_duplicates": {"groups": 1, "images": 2, "left_out": 0},
    "health": {"measured": 1, "issues": {"dark": 1}, "usual": [], "leaks": 0},
}
FILES = [
    accepted(0),
    accepted(
        1, look={"brightness": 9.5, "darkest": 1, "lightest": 40, "sharpness": 1.5, "entropy": 4.0}, issues=["dark"]
    ),
    accepted(2, "dog"),
    accepted(3, "dog", "val"),
    {"name": "notes.txt", "outcome": "skipped", "reason": "not an image"},
    {"name": "cat/broken.png", "outcome": "failed", "reason": "=the file ends too early"},
]


@pytest.fixture
def version(lab: Lab, researcher: Person) -> DatasetVersion:
    """A version that waits for its ingest."""
    dataset = services.create_dataset(lab, "Pets", researcher, upload=uploaded(lab, researcher))
    return dataset.versions.get()


@pytest.fixture
def ready(version: DatasetVersion, data_folder: Path) -> DatasetVersion:
    """A version with four images, whose files are there."""
    held = claimed(version)
    services.begin_ingest(held)
    services.save_ingested_files(held, FILES)
    services.finish_ingest(held, RESULT)
    lab_id = version.dataset.lab_id
    for image in DatasetImage.objects.all():
        for path in (storage.object_file(lab_id, image.sha256, ".png"), storage.thumbnail_file(lab_id, image.sha256)):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(f"{path.suffix} {image.index}".encode())
    return DatasetVersion.objects.get()


# --- making -----------------------------------------------------------------------------------------------------
def test_what_was_measured_is_kept_with_the_image_and_the_version(ready: DatasetVersion) -> None:
    measured = DatasetImage.objects.get(index=1)
    assert (measured.brightness, measured.lightest, measured.issues) == (9.5, 40, " dark ")
    assert DatasetImage.objects.get(index=0).brightness is None
    assert ready.health == RESULT["health"]


def test_a_complete_upload_becomes_version_1_and_a_worker_is_called(
    lab: Lab,
    researcher: Person,
    client_of: Client,
    django_capture_on_commit_callbacks: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rung: list[tuple[str, Any]] = []

    def ring(task: str, pk: Any) -> bool:
        rung.append((task, pk))
        return True

    monkeypatch.setattr("webapp.core.queue.ring", ring)
    upload = uploaded(lab, researcher)
    body = {"lab": str(lab.pk), "name": "  Pets\u200b  and\tmore ", "upload": str(upload.pk)}
    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(researcher).post("/api/v1/datasets/", body, format="json")
    assert answer.status_code == 202, answer.content
    shown = answer.json()
    assert (shown["name"], shown["created_by"], shown["versions"][0]["number"]) == ("Pets and more", researcher.name, 1)
    version = DatasetVersion.objects.get()
    assert rung == [("datasets.ingest", version.pk)]
    assert version.rung_at is not None


def test_no_worker_called_leaves_the_request_successful(
    lab: Lab, researcher: Person, client_of: Client, django_capture_on_commit_callbacks: Any, settings: Any
) -> None:
    body = {"lab": str(lab.pk), "name": "Pets", "upload": str(uploaded(lab, researcher).pk)}
    with django_capture_on_commit_callbacks(execute=True):  # nothing listens at the tests' REDIS_URL
        assert client_of(researcher).post("/api/v1/datasets/", body, format="json").status_code == 202


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"state": "receiving", "offset": 3}, "upload_incomplete"),
        ({"state": "expired"}, "upload_incomplete"),
    ],
)
def test_incomplete_uploads_become_nothing(lab: Lab, researcher: Person, values: dict[str, Any], code: str) -> None:
    with pytest.raises(ConflictError) as caught:
        services.create_dataset(lab, "Pets", researcher, upload=uploaded(lab, researcher, **values))
    assert caught.value.error_code == code
    assert not Dataset.objects.exists()


def test_an_upload_is_used_once(version: DatasetVersion, lab: Lab, researcher: Person) -> None:
    with pytest.raises(ConflictError) as caught:
        services.create_dataset(lab, "Again", researcher, upload=version.upload)
    assert caught.value.error_code == "upload_used"


def test_other_peoples_uploads_and_labs_are_not_there(
    lab: Lab, researcher: Person, owner: Person, outsider: Person, client_of: Client
) -> None:
    other_lab = outsider.labs.get()
    mine = uploaded(lab, researcher)
    for person, lab_id, upload, status in (
        (owner, lab.pk, mine, 400),
        (outsider, lab.pk, mine, 404),
        (researcher, other_lab.pk, mine, 404),
    ):
        body = {"lab": str(lab_id), "name": "Pets", "upload": str(upload.pk)}
        assert client_of(person).post("/api/v1/datasets/", body, format="json").status_code == status
    Membership.objects.create(lab=other_lab, person=researcher, role="researcher")
    body = {"lab": str(other_lab.pk), "name": "Pets", "upload": str(mine.pk)}
    answer = client_of(researcher).post("/api/v1/datasets/", body, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["upload"])


def test_names_are_unique_in_a_lab_only(
    version: DatasetVersion, lab: Lab, researcher: Person, outsider: Person
) -> None:
    with pytest.raises(ConflictError) as caught:
        services.create_dataset(lab, "Pets ", researcher, upload=uploaded(lab, researcher))
    assert (caught.value.error_code, list(caught.value.fields)) == ("name_taken", ["name"])
    other = outsider.labs.get()
    services.create_dataset(other, "Pets", outsider, upload=uploaded(other, outsider))


@pytest.mark.parametrize("name", ["", "  ", "\u200b\u202e", "x" * 121])
def test_names_that_nobody_can_read_are_refused(lab: Lab, researcher: Person, name: str) -> None:
    with pytest.raises(InvalidError):
        services.create_dataset(lab, name, researcher, upload=uploaded(lab, researcher))


def test_versions_are_numbered_and_leave_each_other_alone(
    ready: DatasetVersion, lab: Lab, researcher: Person, client_of: Client
) -> None:
    client, upload = client_of(researcher), uploaded(lab, researcher)
    before = client.get(f"/api/v1/versions/{ready.pk}/").json()
    address = f"/api/v1/datasets/{ready.dataset_id}/versions/"
    made = client.post(address, {"upload": str(upload.pk)}, format="json")
    assert (made.status_code, made.json()["number"], made.json()["state"]) == (202, 2, "queued")
    assert client.get(f"/api/v1/versions/{ready.pk}/").json() == before


def test_a_path_of_the_server_is_for_the_command_line_only(lab: Lab, researcher: Person, client_of: Client) -> None:
    body = {"lab": str(lab.pk), "name": "Pets", "source_path": "/etc", "upload": str(uploaded(lab, researcher).pk)}
    assert client_of(researcher).post("/api/v1/datasets/", body, format="json").status_code == 202
    assert DatasetVersion.objects.get().source_path == ""
    made = services.create_dataset(lab, "From here", None, source_path=Path(__file__).parent)
    assert made.versions.get().source_path == str(Path(__file__).parent)


# --- ingest -----------------------------------------------------------------------------------------------------
def test_a_finished_ingest_fills_the_version_and_frees_the_upload(
    version: DatasetVersion, data_folder: Path, django_capture_on_commit_callbacks: Any
) -> None:
    path = storage.upload_file(version.upload_id)  # type: ignore[arg-type]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"zip")
    held = claimed(version)
    services.begin_ingest(held)
    services.report_ingest_progress(held, 3, 6)
    assert DatasetVersion.objects.get().progress == {"current": 3, "max": 6}
    services.save_ingested_files(held, FILES)
    with django_capture_on_commit_callbacks(execute=True):
        services.finish_ingest(held, RESULT)
    done = DatasetVersion.objects.get()
    assert (done.state, done.num_images, done.lease_owner) == ("ready", 4, None)
    assert done.outcomes == {"accepted": 4, "skipped": 1, "failed": 1}
    assert selectors.train_counts(done) == {"cat": 2, "dog": 1}
    assert not path.exists()


def test_a_worker_that_lost_the_version_writes_nothing(version: DatasetVersion) -> None:
    zombie = claimed(version)
    services.save_ingested_files(zombie, FILES[:2])
    DatasetVersion.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
    successor = claimed(version, "worker 2")
    services.begin_ingest(successor)
    assert not DatasetImage.objects.exists()
    writes: list[Callable[[], None]] = [
        lambda: services.save_ingested_files(zombie, FILES),
        lambda: services.report_ingest_progress(zombie, 1, 2),
        lambda: services.finish_ingest(zombie, {**RESULT, "num_images": 0}),
        lambda: services.reject_version(zombie, "x", "y"),
        lambda: services.begin_ingest(zombie),
    ]
    for write in writes:
        with pytest.raises(LeaseLostError):
            write()
    assert not IngestFile.objects.exists()
    services.save_ingested_files(successor, FILES)
    services.finish_ingest(successor, RESULT)
    assert DatasetVersion.objects.get().state == "ready"


def test_an_ingest_that_begins_again_starts_clean(version: DatasetVersion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("webapp.datasets.services.ingest.DELETE_AT_ONCE", 2)
    services.save_ingested_files(claimed(version), FILES)
    DatasetVersion.objects.update(lease_expires_at=Now() - timedelta(seconds=1))
    held = claimed(version)
    services.begin_ingest(held)
    services.save_ingested_files(held, FILES)
    services.finish_ingest(held, RESULT)
    assert (DatasetImage.objects.count(), IngestFile.objects.count()) == (4, 6)


def test_a_count_that_does_not_match_what_was_saved_does_not_become_ready(version: DatasetVersion) -> None:
    held = claimed(version)
    services.save_ingested_files(held, FILES[:2])
    with pytest.raises(ValueError, match="2 images were saved and 4 counted"):
        services.finish_ingest(held, RESULT)
    assert DatasetVersion.objects.get().state == "ingesting"


def test_a_rejected_version_says_why_and_keeps_its_report(
    version: DatasetVersion, viewer: Person, client_of: Client
) -> None:
    held = claimed(version)
    services.save_ingested_files(held, FILES[4:])
    services.reject_version(held, "bad_dataset", "No images were found; expected class folders.")
    client = client_of(viewer)
    shown = client.get(f"/api/v1/versions/{version.pk}/").json()
    assert shown["state"] == "rejected"
    assert shown["error"] == {"code": "bad_dataset", "message": "No images were found; expected class folders."}
    assert len(client.get(f"/api/v1/versions/{version.pk}/report/").json()["results"]) == 2


def test_names_that_a_database_cannot_hold_are_shown_with_replacements(version: DatasetVersion) -> None:
    held = claimed(version)
    bad = {"name": "a\0b\udcff" + "x" * 2000, "outcome": "failed", "reason": "r\0"}
    services.save_ingested_files(held, [bad])
    row = IngestFile.objects.get()
    assert row.name.startswith("a\ufffdb?")
    assert len(row.name) == 1024


# --- reading ----------------------------------------------------------------------------------------------------
def test_images_are_paged_and_filtered(ready: DatasetVersion, viewer: Person, client_of: Client) -> None:
    client, address = client_of(viewer), f"/api/v1/versions/{ready.pk}/images/"
    first = client.get(address + "?limit=3").json()
    assert [image["index"] for image in first["results"]] == [0, 1, 2]
    second = client.get(first["next"]).json()
    assert ([image["index"] for image in second["results"]], second["next"]) == ([3], None)
    assert client.get(second["previous"]).json()["results"] == first["results"]
    dogs = client.get(address + "?label=dog&split=val").json()["results"]
    assert [image["index"] for image in dogs] == [3]
    assert client.get(address + "?split=everything").status_code == 400


def test_a_list_costs_as_many_queries_for_many_versions_as_for_one(
    lab: Lab, researcher: Person, client_of: Client
) -> None:
    def num_queries() -> int:
        with CaptureQueriesContext(connection) as queries:
            answer = client_of(researcher).get("/api/v1/datasets/")
        assert all(version["source_name"] == "a.zip" for row in answer.json()["results"] for version in row["versions"])
        return len(queries)

    first = services.create_dataset(lab, "First", researcher, upload=uploaded(lab, researcher))
    num_queries()
    before = num_queries()
    for number in range(4):
        services.add_version(first, upload=uploaded(lab, researcher))
        services.create_dataset(lab, f"Dataset {number}", researcher, upload=uploaded(lab, researcher))
    assert num_queries() == before


def test_report_filters_by_outcome_and_by_part_of_a_name_or_reason(
    ready: DatasetVersion, viewer: Person, client_of: Client
) -> None:
    client, address = client_of(viewer), f"/api/v1/versions/{ready.pk}/report/"

    def names(query: str) -> list[str]:
        return [file["name"] for file in client.get(address + query).json()["results"]]

    assert len(names("?outcome=accepted")) == 4
    assert names("?text=BROKEN") == names("?text=ends too early") == ["cat/broken.png"]
    assert names("?text=broken&outcome=accepted") == []
    assert client.get(f"{address}?outcome=liked").status_code == 400
    assert client.get(f"{address}?text={'x' * 256}").status_code == 400


@pytest.mark.django_db(transaction=True)
def test_the_reports_csv_is_whole_or_filtered_and_computes_nothing(
    transactional_db: None,
    ready: DatasetVersion,
    viewer: Person,
    token_of: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(selectors, "BATCH", 2)
    address, headers = f"/api/v1/versions/{ready.pk}/report.csv", {"Authorization": token_of(viewer)}
    with Served() as server:
        answer = server.ask("GET", address, headers)
        failed = server.ask("GET", f"{address}?outcome=failed&text=cat", headers)
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert answer.headers["Content-Disposition"].startswith("attachment;")
    rows = list(csv.reader(io.StringIO(answer.body.decode())))
    assert len(rows) == 7
    assert rows[-1] == ["cat/broken.png", "failed", "'=the file ends too early"]
    assert list(csv.reader(io.StringIO(failed.body.decode()))) == [rows[0], rows[-1]]


def test_pictures_are_served_as_what_the_server_says_and_never_run(
    ready: DatasetVersion, viewer: Person, client_of: Client
) -> None:
    client, address = client_of(viewer), f"/api/v1/versions/{ready.pk}/images/2"
    thumbnail, original = client.get(f"{address}/thumbnail/"), client.get(f"{address}/original/")
    assert (thumbnail.content, thumbnail["Content-Type"]) == (b".jpg 2", "image/jpeg")
    assert (original.content, original["Content-Type"]) == (b".png 2", "image/png")
    assert original["Content-Disposition"] == 'attachment; filename="000002.png"'
    for answer in (thumbnail, original):
        assert answer["Content-Security-Policy"] == "sandbox; default-src 'none'"
        assert answer["X-Content-Type-Options"] == "nosniff"
        assert answer["Cache-Control"] == "private, max-age=31536000, immutable"
    again = client.get(f"{address}/thumbnail/", HTTP_IF_NONE_MATCH=thumbnail["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    path = storage.thumbnail_file(ready.dataset.lab_id, ready.images.get(index=2).sha256)
    path.rename(path.with_suffix(".webp"))
    assert client.get(f"{address}/thumbnail/")["Content-Type"] == "image/webp"
    assert client.get(f"/api/v1/versions/{ready.pk}/images/99/thumbnail/").status_code == 404
    assert client.get(f"/api/v1/versions/{ready.pk}/images/{2**70}/thumbnail/").status_code == 404


def test_outsiders_and_the_anonymous_see_nothing(
    ready: DatasetVersion, outsider: Person, viewer: Person, client_of: Client
) -> None:
    version, dataset = f"/api/v1/versions/{ready.pk}/", f"/api/v1/datasets/{ready.dataset_id}/"
    addresses = [
        dataset,
        version,
        f"{version}report/",
        f"{version}report.csv",
        f"{version}images/",
        f"{version}images/0/thumbnail/",
        f"{version}images/0/original/",
    ]
    for address in addresses:
        assert APIClient().get(address).status_code == 401, address
        refused = client_of(outsider).get(address)
        missing = client_of(outsider).get(address.replace(str(ready.pk)[:8], "00000000"))
        assert (refused.status_code, refused.content) == (404, missing.content), address
        assert client_of(viewer).get(address).status_code == 200, address
    assert client_of(outsider).get("/api/v1/datasets/").json()["results"] == []
    assert client_of(outsider).get(f"/api/v1/datasets/?lab={ready.dataset.lab_id}").json()["results"] == []


# --- deleting ---------------------------------------------------------------------------------------------------
def test_deleting_removes_rows_and_the_files_nobody_else_holds(
    ready: DatasetVersion, lab: Lab, researcher: Person, client_of: Client
) -> None:
    kept = services.create_dataset(lab, "Kept", researcher, upload=uploaded(lab, researcher)).versions.get()
    held = claimed(kept)
    services.save_ingested_files(held, [accepted(0)])
    services.finish_ingest(held, {**RESULT, "num_images": 1})
    assert client_of(researcher).delete(f"/api/v1/datasets/{ready.dataset_id}/").status_code == 204
    assert sweep()
    assert not DatasetVersion.objects.filter(pk=ready.pk).exists()
    files = sorted(path.read_bytes() for path in storage.lab_folder(lab.pk).rglob("*") if path.is_file())
    assert files == [b".jpg 0", b".png 0"]
    assert client_of(researcher).get(f"/api/v1/versions/{ready.pk}/images/1/thumbnail/").status_code == 404


def test_no_file_is_removed_while_the_lab_reads_something_in(
    ready: DatasetVersion, lab: Lab, researcher: Person
) -> None:
    services.create_dataset(lab, "Reading", researcher, upload=uploaded(lab, researcher))
    mark(ready.dataset)
    assert sweep()
    assert len([path for path in storage.lab_folder(lab.pk).rglob("*") if path.is_file()]) == 8


def test_researchers_delete_their_own_and_admins_everything(
    ready: DatasetVersion, lab: Lab, reviewer: Person, member: Callable[..., Person], client_of: Client
) -> None:
    address = f"/api/v1/datasets/{ready.dataset_id}/"
    assert client_of(reviewer).delete(address).status_code == 403
    assert client_of(member(lab, "researcher")).delete(address).status_code == 403
    assert client_of(member(lab, "admin")).delete(address).status_code == 204


def test_a_dataset_with_runs_stays(ready: DatasetVersion, researcher: Person, client_of: Client) -> None:
    from webapp.recipes.models import Recipe
    from webapp.runs.models import Run

    recipe = Recipe.objects.create(lab=ready.dataset.lab, number=1, model="gan", sampler="random", budget={})
    Run.objects.create(version=ready, recipe=recipe)
    answer = client_of(researcher).delete(f"/api/v1/datasets/{ready.dataset_id}/")
    assert (answer.status_code, answer.json()["code"]) == (409, "dataset_in_use")
    assert DatasetImage.objects.count() == 4
