"""Studies: what may be asked, their moves, and who sees them."""

import json
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from ml import catalog
from tests.worlds import QUICK_STUDY, STUDY_RESULT, make_dataset, make_pool, make_study, make_version, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.errors import ConflictError, TooManyError
from webapp.core.leases import MAX_ATTEMPTS, new_owner
from webapp.core.quota import QuotaError
from webapp.datasets.models import DatasetVersion
from webapp.gallery.models import Pool
from webapp.runs.models import Run
from webapp.studies.events import StudyProgress
from webapp.studies.models import Study
from webapp.studies.services import attempt, control
from webapp.upkeep.selectors.storage import usage_of
from webapp.upkeep.services.measuring import measure
from webapp.upkeep.services.quotas import set_quota
from webapp.upkeep.services.sweep import sweep
from webapp.webhooks.models import Delivery
from webapp.webhooks.services.webhooks import set_webhook

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
State = Study.State


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    return make_dataset(lab)


@pytest.fixture
def api(client_of: ClientOf, researcher: Person) -> APIClient:
    return client_of(researcher)


def problems(api: APIClient, version: DatasetVersion, **other: Any) -> dict[str, str]:
    """Field -> what is wrong with it."""
    body = {"version": str(version.pk), **QUICK_STUDY, **other}
    answer = api.post("/api/v1/studies/validate/", body, format="json")
    assert answer.status_code == 200, answer.json()
    return {problem["field"]: problem["message"] for problem in answer.json()["problems"]}


def held(study: Study) -> Study:
    """As a worker holds it."""
    mine = Study.claim(study.pk, new_owner(), State.RUNNING)
    assert mine is not None
    return mine


# --- asking -----------------------------------------------------------------------------------------------------
def test_a_study_is_started_with_every_setting_written_out(api: APIClient, version: DatasetVersion) -> None:
    body = {"version": str(version.pk), "name": " First ", **QUICK_STUDY}
    answer = api.post("/api/v1/studies/", body, format="json")
    assert answer.status_code == 201, answer.json()
    told = answer.json()
    assert (told["name"], told["state"], told["arms"]) == ("First", "queued", QUICK_STUDY["arms"])
    assert told["settings"] == catalog.StudySettings(**QUICK_STUDY["settings"]).model_dump(mode="json")
    assert set(QUICK_STUDY["model_settings"]) < set(told["model_settings"])  # with defaults that nobody gave
    assert (told["result"], told["error"], told["actions"]) == (None, None, ["stop", "cancel"])
    assert [row["id"] for row in api.get("/api/v1/studies/").json()["results"]] == [told["id"]]


def test_it_is_said_how_many_networks_would_be_trained(api: APIClient, version: DatasetVersion) -> None:
    answer = api.post("/api/v1/studies/validate/", {"version": str(version.pk), **QUICK_STUDY}, format="json").json()
    # none and two shares of it once, the synthetic arm for each of three generators; three child seeds each
    assert answer == {"problems": [], "num_generators": 3, "num_children": (1 + 2 + 3) * 3}


@pytest.mark.parametrize(
    ("other", "field", "words"),
    [
        ({"arms": ["none", "guess:1x"]}, "arms", "no sampler 'guess'"),
        ({"arms": ["none", "rotate"]}, "arms", "'rotate'"),
        ({"arms": ["random:1x"]}, "arms", "nothing to compare"),
        ({"arms": ["none", "none"]}, "arms", "twice"),
        ({"arms": ["none", "random:100000000"]}, "arms", "100"),
        ({"model": "unknown"}, "model", "no model 'unknown'"),
        ({"model_settings": {"num_steps": 0}}, "model_settings.num_steps", "at least 1"),
        ({"settings": {"num_child_seeds": 0}}, "settings.num_child_seeds", "at least 1"),
        ({"settings": {"colour": 1}}, "settings.colour", "no setting 'colour'"),
        ({"model_settings": {"class_head_weight": 0.0}, "arms": ["none", "class_confidence:1x"]}, "arms", "above 0"),
    ],
)
def test_what_a_worker_would_refuse_is_refused_at_its_field(
    api: APIClient, version: DatasetVersion, other: dict[str, Any], field: str, words: str
) -> None:
    found = problems(api, version, **other)
    assert set(found) == {field}, found
    assert words in found[field]
    answer = api.post("/api/v1/studies/", {"version": str(version.pk), **QUICK_STUDY, **other}, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {field}
    assert not Study.objects.exists()


def test_what_keeps_pools_from_standing_for_generators_is_said(
    api: APIClient, version: DatasetVersion, lab: Lab, researcher: Person
) -> None:
    pool = make_pool(queue_run(version, researcher))  # 12 of each class
    Pool.objects.update(score_names=["class_confidence"])
    few = {"pools": [str(pool.pk)], "arms": ["none", "random:12@0.25"]}
    assert problems(api, version, **few) == {}
    asks = "asks for 13 images of 'bar', and the pool of dcgan on "
    assert asks in problems(api, version, **{**few, "arms": ["none", "random:13"]})["arms"]
    lacks = problems(api, version, **{**few, "arms": ["none", "realism:2"]})["arms"]
    assert "ranks by realism, which the pool of dcgan on " in lacks
    assert "There is no sampler 'rainbow'." in problems(api, version, **{**few, "arms": ["none", "rainbow:2"]})["arms"]
    twice = problems(api, version, **{**few, "pools": [str(pool.pk)] * 2})["pools"]
    assert "2 pools are named, and 1 of them" in twice
    assert "0 of them" in problems(api, make_dataset(lab), **few)["pools"], "of another version"
    same = make_pool(queue_run(version, researcher))
    found = problems(api, version, **{**few, "pools": [str(pool.pk), str(same.pk)]})["pools"]
    assert "come from the same training" in found
    Pool.objects.filter(pk=same.pk).update(checkpoint_sha256="b" * 64)
    assert "pools" not in problems(api, version, **{**few, "pools": [str(pool.pk), str(same.pk)]})
    Run.objects.filter(pk=same.run_id).update(parent=pool.run)
    found = problems(api, version, **{**few, "pools": [str(pool.pk), str(same.pk)]})["pools"]
    assert "come from the same training" in found, "a later checkpoint of it"
    other = queue_run(make_dataset(lab), researcher)
    Run.objects.filter(pk=pool.run_id).update(parent=other)
    assert "maybe from test images of this one" in problems(api, version, **few)["pools"]
    Run.objects.filter(pk=pool.run_id).update(parent=None)
    nothing = problems(api, version, **{**few, "arms": ["none", "random:fill"]})["arms"]
    assert "The arm random:fill" in nothing


def test_a_study_that_would_fill_the_disk_or_the_quota_is_not_begun(
    api: APIClient, lab: Lab, version: DatasetVersion, researcher: Person
) -> None:
    large = {"settings": {**QUICK_STUDY["settings"], "pool_factor": 100}, "arms": ["none", "random:9000"]}
    assert "The pool of each generator" in problems(api, version, **large)["arms"]
    set_quota(lab, None, 1000)
    with pytest.raises(QuotaError):
        make_study(version, researcher)


def test_transforms_of_a_class_that_there_is_not_are_refused(api: APIClient, version: DatasetVersion) -> None:
    found = problems(api, version, settings={**QUICK_STUDY["settings"], "transforms": {"6": ["shift"]}})
    assert "The transforms name the class '6'" in found["settings.transforms"]


@pytest.mark.parametrize("split", ["val", "test"])
def test_classes_without_images_to_judge_by_are_named(api: APIClient, lab: Lab, split: str) -> None:
    version = make_dataset(lab)
    version.counts[split]["dot"] = 0
    version.save()
    assert "dot" in problems(api, version)["version"]


def test_a_version_that_is_not_ready_cannot_be_studied(api: APIClient, lab: Lab) -> None:
    version = make_version(lab, state=DatasetVersion.State.INGESTING)
    assert "when it is ready" in problems(api, version)["version"]


def test_one_person_cannot_fill_the_queue(version: DatasetVersion, researcher: Person, settings: Any) -> None:
    settings.RUNS_WAITING_PER_PERSON = 1
    make_study(version, researcher)
    with pytest.raises(TooManyError, match="1 of your studies"):
        make_study(version, researcher)


def test_the_catalogue_tells_what_a_study_is_made_of(api: APIClient) -> None:
    told = api.get("/api/v1/catalogue/").json()["study"]
    assert told["schema"]["properties"]["num_generator_seeds"]["minimum"] == 1
    for preset in told["presets"]:
        assert catalog.read_arms(preset["arms"])
    assert {part.split("+")[0] for part in told["parts"]} == set(told["parts"])


# --- moves ------------------------------------------------------------------------------------------------------
def test_a_waiting_study_stops_at_once_and_is_resumed(version: DatasetVersion, researcher: Person) -> None:
    study = control.stop_study(make_study(version, researcher))
    assert (study.state, control.actions_of(study)) == (State.STOPPED, ["resume", "cancel"])
    assert control.resume_study(study).state == State.QUEUED
    with pytest.raises(ConflictError, match="this one is queued"):
        control.resume_study(study)


def test_a_study_at_work_is_asked_to_stop_and_the_worker_says_when(version: DatasetVersion, researcher: Person) -> None:
    mine = held(make_study(version, researcher))
    study = control.stop_study(mine)
    assert (study.state, study.stop_requested, control.actions_of(study)) == (State.RUNNING, True, ["cancel"])
    attempt.stopped_study(mine)
    study.refresh_from_db()
    assert (study.state, study.stop_requested) == (State.STOPPED, False)


def test_a_cancelled_study_leaves_no_files(
    version: DatasetVersion, researcher: Person, django_capture_on_commit_callbacks: Any
) -> None:
    study = make_study(version, researcher)
    file = storage.study_files(study.pk) / "children" / "one.npz"
    file.parent.mkdir(parents=True)
    file.write_bytes(b"probabilities")
    with django_capture_on_commit_callbacks(execute=True):
        study = control.cancel_study(study)
    assert (study.state, control.actions_of(study)) == (State.CANCELLED, [])
    assert not storage.all_attempts("studies", study.pk).exists()
    with pytest.raises(ConflictError):
        control.stop_study(study)


@pytest.mark.parametrize(
    ("asked", "attempts", "state"),
    [
        ({}, 1, State.INTERRUPTED),
        ({}, MAX_ATTEMPTS, State.FAILED),
        ({"stop_requested": True}, 1, State.STOPPED),
        ({"cancel_requested": True}, 1, State.CANCELLED),
    ],
)
def test_a_study_whose_worker_vanished_is_settled(
    version: DatasetVersion, researcher: Person, asked: dict[str, bool], attempts: int, state: str
) -> None:
    mine = held(make_study(version, researcher))
    Study.objects.filter(pk=mine.pk).update(lease_expires_at="2020-01-01T00:00Z", attempts=attempts, **asked)
    mine.refresh_from_db()
    settled = control.settle_abandoned_study(mine)
    assert settled is not None
    assert settled.state == state
    assert control.settle_abandoned_study(mine) is None


# --- life -------------------------------------------------------------------------------------------------------
def test_a_study_is_renamed_put_away_and_deleted(
    api: APIClient, version: DatasetVersion, researcher: Person, django_capture_on_commit_callbacks: Any
) -> None:
    study = make_study(version, researcher)
    address = f"/api/v1/studies/{study.pk}/"
    assert api.patch(address, {"name": "Second", "archived": True}, format="json").json()["name"] == "Second"
    assert api.get("/api/v1/studies/").json()["results"] == []
    assert len(api.get("/api/v1/studies/?archived=only").json()["results"]) == 1
    assert api.delete(address).status_code == 204
    assert api.get(address).status_code == 404
    with django_capture_on_commit_callbacks(execute=True):
        assert sweep()
    assert not Study.objects.exists()


def test_a_dataset_with_a_study_is_not_deleted_unasked(
    client_of: ClientOf, owner: Person, version: DatasetVersion, researcher: Person
) -> None:
    make_study(version, researcher)
    refused = client_of(owner).delete(f"/api/v1/datasets/{version.dataset_id}/")
    assert refused.status_code == 409
    assert "1 study" in refused.json()["message"]


def test_what_a_study_stores_counts_for_the_lab(lab: Lab, version: DatasetVersion, researcher: Person) -> None:
    study = make_study(version, researcher)
    file = storage.study_files(study.pk) / "children" / "one.npz"
    file.parent.mkdir(parents=True)
    file.write_bytes(bytes(1000))
    measure()
    assert usage_of(lab.pk).studies == 1000


def test_results_are_told_as_they_were_found(api: APIClient, version: DatasetVersion, researcher: Person) -> None:
    mine = held(make_study(version, researcher))
    attempt.finish_study(mine, STUDY_RESULT)
    told = api.get(f"/api/v1/studies/{mine.pk}/").json()
    assert told["result"] == STUDY_RESULT
    assert (told["state"], told["actions"], told["answer"]) == ("finished", [], "helped")
    assert told["sentence"] == STUDY_RESULT["sentence"]


def test_the_lab_is_told_of_an_end_with_the_answer(
    lab: Lab, version: DatasetVersion, owner: Person, researcher: Person, settings: Any
) -> None:
    settings.WEBHOOK_HOSTS, settings.PUBLIC_URL = ("hooks.example",), "https://atelier.example"
    set_webhook(lab, owner, "https://hooks.example/in")
    mine, other = (held(make_study(version, researcher)) for _ in range(2))
    attempt.note_progress(mine, StudyProgress(part="children"), "")
    assert not Delivery.objects.exists(), "only an end is news"
    attempt.finish_study(mine, STUDY_RESULT)
    attempt.fail_study(other, "no_space", "The disk is full.")
    first, second = (json.loads(row.body) for row in Delivery.objects.order_by("created_at"))
    assert {first["event"], second["event"]} == {"study.ended"}
    assert (first["study"]["answer"], first["study"]["sentence"]) == ("helped", STUDY_RESULT["sentence"])
    assert first["study"]["url"] == f"https://atelier.example/studies/{mine.pk}"
    assert (second["study"]["state"], second["study"]["error_message"]) == ("failed", "The disk is full.")
    waiting = make_study(version, researcher)
    control.stop_study(waiting)
    control.cancel_study(waiting)
    told = [json.loads(row.body)["study"]["state"] for row in Delivery.objects.order_by("created_at")[2:]]
    assert told == ["stopped", "cancelled"], "also of one that no worker had"
