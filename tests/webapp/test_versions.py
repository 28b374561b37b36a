"""Next versions: who may make them, of what, and how they differ."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.worlds import make_dataset
from webapp.accounts.models import Lab, Person
from webapp.datasets import services
from webapp.datasets.models import DatasetVersion
from webapp.datasets.services import interruptions, uploads
from webapp.datasets.services.versions import earlier_images

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
Client = Callable[[Person], APIClient]


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    return make_dataset(lab, 4, 2, 1)


@pytest.fixture
def ask(version: DatasetVersion, researcher: Person, client_of: Client) -> Callable[..., Any]:
    """ask(**body) -> the answer to asking for a version made from `version`."""

    def post(**body: Any) -> Any:
        address = f"/api/v1/datasets/{version.dataset_id}/versions/"
        return client_of(researcher).post(address, {"base": str(version.pk), **body}, format="json")

    return post


def test_a_next_version_waits_for_a_worker_with_its_edits(ask: Callable[..., Any], version: DatasetVersion) -> None:
    answer = ask(exclude={"images": [0, 2]}, relabel=[{"label": "line", "classes": ["bar"], "images": [7]}])
    assert answer.status_code == 202, answer.content
    assert (answer.json()["number"], answer.json()["base"], answer.json()["state"]) == (2, 1, "queued")
    images = list(earlier_images(DatasetVersion.objects.get(number=2)))
    assert [at for at, image in enumerate(images) if image["excluded"]] == [0, 2]
    before = list(version.images.order_by("index"))
    for row, image in zip(before, images, strict=True):
        relabelled = row.label == "bar" or row.index == 7
        assert (image["label"], image["was"]) == (("line", row.label) if relabelled else (row.label, None))
        assert (image["split"], image["sha256"]) == (row.split, row.sha256)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, None),
        ({"exclude": {"images": []}}, None),
        ({"exclude": {"images": [14]}}, "exclude"),
        ({"exclude": {"classes": ["cow"]}}, "exclude"),
        ({"relabel": [{"label": "x", "images": [99]}]}, "relabel"),
        ({"relabel": [{"label": " ", "images": [1]}]}, "relabel"),
        ({"relabel": [{"label": "x", "images": [1]}, {"label": "x", "images": [2]}]}, "relabel"),
        ({"resplit": {"fractions": [0.5, 0.5, 0.5]}}, "resplit"),
        ({"resplit": {"fractions": [0.0, 0.5, 0.5]}}, "resplit"),
        ({"base": str(uuid.uuid4()), "resplit": {}}, "base"),
        ({"upload": str(uuid.uuid4())}, "upload"),
    ],
)
def test_what_makes_no_sense_is_said_at_its_field(ask: Callable[..., Any], body: dict[str, Any], field: str) -> None:
    answer = ask(**body)
    assert answer.status_code == 400, answer.content
    assert field is None or any(name.startswith(field) for name in answer.json()["fields"])
    assert not DatasetVersion.objects.filter(number=2).exists()


def test_a_version_that_is_not_ready_is_no_base(ask: Callable[..., Any], version: DatasetVersion) -> None:
    DatasetVersion.objects.filter(pk=version.pk).update(state="rejected")
    answer = ask(resplit={})
    assert (answer.status_code, answer.json()["code"]) == (409, "not_ready")


def test_edits_without_a_base_and_another_datasets_version_are_refused(
    lab: Lab, version: DatasetVersion, researcher: Person, client_of: Client
) -> None:
    address = f"/api/v1/datasets/{version.dataset_id}/versions/"
    assert client_of(researcher).post(address, {"resplit": {}}, format="json").status_code == 400
    other = make_dataset(lab, 4, 2, 1)
    answer = client_of(researcher).post(address, {"base": str(other.pk), "resplit": {}}, format="json")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["base"])


def test_viewers_and_outsiders_make_no_version(
    version: DatasetVersion, viewer: Person, outsider: Person, client_of: Client
) -> None:
    address, body = f"/api/v1/datasets/{version.dataset_id}/versions/", {"base": str(version.pk), "resplit": {}}
    assert client_of(viewer).post(address, body, format="json").status_code == 403
    assert client_of(outsider).post(address, body, format="json").status_code == 404


def test_the_difference_counts_by_content(
    lab: Lab, version: DatasetVersion, viewer: Person, outsider: Person, client_of: Client
) -> None:
    second = make_dataset(lab, 5, 2, 1)
    DatasetVersion.objects.filter(pk=second.pk).update(dataset=version.dataset, number=2, base=version)
    rows = list(second.images.order_by("index"))
    second.images.filter(pk=rows[0].pk).update(label="line")
    second.images.filter(pk=rows[1].pk).update(split="val")
    shared = set(version.images.values_list("sha256", flat=True)) & {row.sha256 for row in rows}
    answer = client_of(viewer).get(f"/api/v1/versions/{second.pk}/difference/")
    assert answer.status_code == 200, answer.content
    found = answer.json()
    assert (found["other"], found["relabelled"]) == (1, 1)
    assert found["added"] == len(rows) - len(shared)
    assert found["removed"] == version.num_images - len(shared)
    assert found["relabelled"] + found["moved"] + found["unchanged"] == len(shared)
    assert found["moved"] >= 1
    assert client_of(viewer).get(f"/api/v1/versions/{version.pk}/difference/").status_code == 404
    assert client_of(outsider).get(f"/api/v1/versions/{second.pk}/difference/").status_code == 404


# --- cancel and retry -------------------------------------------------------------------------------------------
@pytest.fixture
def uploaded(lab: Lab, researcher: Person) -> DatasetVersion:
    """A version whose upload is there and waits for a worker."""
    upload = uploads.receive_upload(researcher, lab, "a.zip", [b"abc", b"def"], 6)
    return services.create_dataset(lab, "Pets", researcher, upload=upload).versions.get()


def test_a_waiting_ingest_is_cancelled_at_once_and_can_be_tried_again(
    uploaded: DatasetVersion, researcher: Person, client_of: Client
) -> None:
    address = f"/api/v1/versions/{uploaded.pk}"
    answer = client_of(researcher).post(f"{address}/cancel/")
    assert (answer.status_code, answer.json()["state"], answer.json()["error"]["code"]) == (
        202,
        "rejected",
        "cancelled",
    )
    assert client_of(researcher).post(f"{address}/cancel/").status_code == 409
    assert DatasetVersion.claim(uploaded.pk, "a", "ingesting") is None
    answer = client_of(researcher).post(f"{address}/retry/")
    assert (answer.status_code, answer.json()["state"], answer.json()["error"]) == (202, "queued", None)
    assert DatasetVersion.claim(uploaded.pk, "a", "ingesting") is not None
    assert client_of(researcher).post(f"{address}/retry/").status_code == 409


def test_a_running_ingest_is_cancelled_by_its_worker_and_keeps_the_upload(
    uploaded: DatasetVersion, researcher: Person, client_of: Client, django_capture_on_commit_callbacks: Any
) -> None:
    held = DatasetVersion.claim(uploaded.pk, "worker", "ingesting")
    assert held is not None
    answer = client_of(researcher).post(f"/api/v1/versions/{uploaded.pk}/cancel/")
    assert (answer.status_code, answer.json()["state"]) == (202, "ingesting")
    assert held.renew().cancel_requested
    with django_capture_on_commit_callbacks(execute=True):
        interruptions.cancelled_ingest(held)
    uploaded.refresh_from_db()
    assert (uploaded.state, uploaded.error_code) == ("rejected", "cancelled")
    assert interruptions.source_is_there(uploaded)


def test_a_cancelled_ingest_whose_worker_vanished_is_not_read_again(uploaded: DatasetVersion) -> None:
    held = DatasetVersion.claim(uploaded.pk, "worker", "ingesting")
    assert held is not None
    interruptions.cancel_ingest(held)
    DatasetVersion.objects.filter(pk=held.pk).update(lease_expires_at=timezone.now() - timedelta(minutes=1))
    settled = interruptions.settle_abandoned_version(DatasetVersion.objects.get(pk=held.pk))
    assert settled is not None
    assert (settled.state, settled.error_code) == ("rejected", "cancelled")


def test_what_was_taken_in_or_is_gone_is_not_tried_again(
    uploaded: DatasetVersion, version: DatasetVersion, researcher: Person, viewer: Person, client_of: Client
) -> None:
    assert client_of(researcher).post(f"/api/v1/versions/{version.pk}/retry/").json()["code"] == "not_rejected"
    interruptions.cancel_ingest(uploaded)
    for verb in ("cancel", "retry"):
        assert client_of(viewer).post(f"/api/v1/versions/{uploaded.pk}/{verb}/").status_code == 403
    assert uploaded.upload_id is not None
    uploads.remove_bytes(uploaded.upload_id)
    assert client_of(researcher).post(f"/api/v1/versions/{uploaded.pk}/retry/").json()["code"] == "source_gone"
