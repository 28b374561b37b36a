"""How long a run takes and when it starts, told from what runs took here; and the queue as people see it."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from tests.worlds import QUICK, make_dataset, queue_run
from webapp.accounts.models import Lab, Membership, Person
from webapp.core.leases import new_owner
from webapp.core.models import Leadership
from webapp.core.reconciler import DUTY
from webapp.datasets.models import DatasetVersion
from webapp.recipes.catalogue import catalogue
from webapp.runs.models import Run, RunState
from webapp.runs.services import attempt
from workers.progress import Stopwatch

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
STAGES = {"prepare": 4.0, "train": 32.0, "generate": 18.0, "score": 3.6, "select": 2.0}
"""Seconds of a run of 40 steps of 8 images on 64 images, with 36 candidates."""


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    return make_dataset(lab)


@pytest.fixture
def api(client_of: ClientOf, researcher: Person) -> APIClient:
    return client_of(researcher)


def past(version: DatasetVersion, factor: float = 1.0, device: str = "CPU, fp32", **settings: Any) -> Run:
    """A run that finished here, `factor` times as slow as STAGES."""
    run = queue_run(version, None, **settings)
    units = {"prepare": 64, "train": 40, "generate": 36, "score": 36, "select": 1}
    timings = {
        stage: {"seconds": factor * seconds, "units": units[stage], "device": device}
        for stage, seconds in STAGES.items()
    }
    values = {"state": RunState.FINISHED, "finished_at": Now(), "timings": timings, "num_steps": 40}
    Run.objects.filter(pk=run.pk).update(**values)
    return run


def estimate(api: APIClient, version: DatasetVersion, **settings: Any) -> Any:
    recipe = {**QUICK, "model_settings": {**QUICK["model_settings"], **settings}}
    told = api.post("/api/v1/runs/validate/", {"version": str(version.pk), "recipe": recipe}, format="json").json()
    assert told["problems"] == []
    return told["estimate"]


def work_on(run: Run, **values: Any) -> Run:
    held = Run.claim(run.pk, new_owner(), RunState.TRAINING)
    assert held is not None
    if values:
        held.write(**values)
    return held


def a_worker_is_there() -> None:
    Leadership.objects.create(duty=DUTY, holder="a worker", expires_at=Now() + timedelta(seconds=30))


# --- how long ---------------------------------------------------------------------------------------------------
def test_without_a_finished_run_of_the_kind_the_time_is_said_to_be_unknown(
    api: APIClient, version: DatasetVersion
) -> None:
    past(version, resolution=32)
    told = estimate(api, version)
    assert (told["duration_s"], told["stages_s"]) == (None, None)
    assert told["duration_from"].startswith("How long it takes is not known yet: no run of dcgan at 16 pixels")


def test_the_same_again_takes_as_long_and_twice_the_steps_twice_the_training(
    api: APIClient, version: DatasetVersion
) -> None:
    past(version)
    told = estimate(api, version)
    assert told["stages_s"] == pytest.approx(STAGES)
    assert told["duration_s"] == pytest.approx(sum(STAGES.values()), abs=0.1)
    assert told["duration_from"] == "As measured on one run of dcgan at 16 pixels on CPU, fp32."
    assert estimate(api, version, num_steps=80)["stages_s"] == pytest.approx({**STAGES, "train": 64.0})
    assert estimate(api, version, batch_size=16)["stages_s"]["train"] == pytest.approx(64.0)


def test_each_model_is_told_with_its_defaults_and_the_recipes_own_with_its_settings(
    api: APIClient, version: DatasetVersion
) -> None:
    past(version)
    resolution = catalogue().models["gan"].defaults()["resolution"]
    body = {"version": str(version.pk), "recipe": QUICK}
    told = api.post("/api/v1/runs/validate/", body, format="json").json()
    assert set(told["models"]) == set(catalogue().models)
    assert told["models"]["dcgan"]["duration_s"] == told["estimate"]["duration_s"] == pytest.approx(59.6, abs=0.1)
    assert told["models"]["gan"]["duration_s"] is None
    assert f"no run of gan at {resolution} pixels" in told["models"]["gan"]["duration_from"]
    body["recipe"] = {**QUICK, "model": "gan", "model_settings": {}, "sampler": "random"}
    # at its defaults dcgan has never run
    assert api.post("/api/v1/runs/validate/", body, format="json").json()["models"]["dcgan"]["duration_s"] is None


def test_a_model_is_not_told_from_settings_that_are_wrong(api: APIClient, version: DatasetVersion) -> None:
    def models(**parts: Any) -> set[str]:
        body = {"version": str(version.pk), "recipe": {**QUICK, **parts}}
        return set(api.post("/api/v1/runs/validate/", body, format="json").json()["models"])

    assert models(model_settings={"batch_size": "many"}) == set(catalogue().models) - {"dcgan"}
    assert models(budget={"kind": "counts", "counts": {}}) == set()


def test_runs_with_the_same_settings_and_on_the_newest_device_count_first(
    api: APIClient, version: DatasetVersion
) -> None:
    past(version, factor=9.0, device="an older GPU")
    past(version, factor=2.0)
    past(version, factor=4.0)
    past(version, factor=50.0, width=16)
    assert estimate(api, version)["stages_s"]["train"] == pytest.approx(3.0 * 32.0)
    assert estimate(api, version, width=32)["stages_s"]["train"] == pytest.approx(4.0 * 32.0)


def test_a_stage_is_timed_by_the_steps_of_this_attempt_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 100.0
    monkeypatch.setattr("workers.progress.time.monotonic", lambda: now)
    watch = Stopwatch()
    note = {"event": "progress", "num_steps": 40, "images_per_s": None, "eta_s": None, "device": "CPU"}
    watch.note({**note, "stage": "prepare", "step": 5})  # type: ignore[typeddict-item]
    watch.note({**note, "stage": "train", "step": 10})  # type: ignore[typeddict-item]
    now = 106.0
    watch.note({**note, "stage": "train", "step": 40})  # type: ignore[typeddict-item]
    assert watch.timing_of("train") == {"seconds": 6.0, "units": 30, "device": "CPU"}
    assert watch.timing_of("generate") is None


# --- when -------------------------------------------------------------------------------------------------------
def test_a_waiting_run_starts_when_those_before_it_are_through(
    api: APIClient, version: DatasetVersion, researcher: Person
) -> None:
    past(version)
    runs = [queue_run(version, researcher) for _ in range(3)]
    work_on(runs[0], eta_s=20.0, artefacts={"prepare": {}})
    after = STAGES["generate"] + STAGES["score"] + STAGES["select"]
    told = [api.get(f"/api/v1/runs/{run.pk}/").json() for run in runs]
    assert [one["queue_position"] for one in told] == [None, 0, 1]
    assert [one["starts_in_s"] for one in told] == [
        None,
        pytest.approx(20.0 + after, abs=0.1),
        pytest.approx(20.0 + after + sum(STAGES.values()), abs=0.1),
    ]
    listed = {one["id"]: one["starts_in_s"] for one in api.get("/api/v1/runs/").json()["results"]}
    assert listed[str(runs[2].pk)] == told[2]["starts_in_s"]


def test_a_start_is_promised_only_where_a_worker_is_and_the_runs_before_are_known(
    api: APIClient, version: DatasetVersion, researcher: Person
) -> None:
    runs = [queue_run(version, researcher) for _ in range(2)]
    starts = [api.get(f"/api/v1/runs/{run.pk}/").json()["starts_in_s"] for run in runs]
    assert starts == [None, None]
    a_worker_is_there()
    starts = [api.get(f"/api/v1/runs/{run.pk}/").json()["starts_in_s"] for run in runs]
    assert starts == [0.0, None]


def test_who_waits_for_the_limit_is_told_so(
    api: APIClient, version: DatasetVersion, researcher: Person, settings: Any
) -> None:
    settings.RUNS_AT_WORK_PER_PERSON = 1
    runs = [queue_run(version, researcher) for _ in range(2)]
    work_on(runs[0])
    told = api.get(f"/api/v1/runs/{runs[1].pk}/").json()
    assert (told["over_limit"], told["starts_in_s"], told["queue_position"]) == (True, None, 0)


# --- the queue --------------------------------------------------------------------------------------------------
def test_everybody_sees_the_whole_queue_and_of_other_labs_only_that_something_waits(
    client_of: ClientOf, version: DatasetVersion, researcher: Person, viewer: Person, outsider: Person
) -> None:
    own = queue_run(version, researcher)
    theirs = make_dataset(Lab.objects.get(memberships__person=outsider))
    foreign = queue_run(theirs, outsider)
    work_on(foreign)
    told = client_of(researcher).get("/api/v1/runs/queue/").json()
    assert [(one["state"], one["position"], one["is_own"]) for one in told["results"]] == [
        ("training", None, False),
        ("queued", 0, True),
    ]
    assert told["results"][0]["run"] is None
    assert told["results"][1]["run"]["id"] == str(own.pk)
    answer = client_of(viewer).get("/api/v1/runs/queue/")
    for secret in (str(foreign.pk), str(theirs.pk), theirs.dataset.name, outsider.name):
        assert secret not in answer.content.decode()
    Membership.objects.create(lab=theirs.dataset.lab, person=viewer, role="viewer")
    seen = client_of(viewer).get("/api/v1/runs/queue/").json()["results"]
    assert [one["run"]["id"] for one in seen] == [str(foreign.pk), str(own.pk)]


def test_what_ended_stands_in_no_queue(api: APIClient, version: DatasetVersion, researcher: Person) -> None:
    held = work_on(queue_run(version, researcher))
    attempt.failed_run(held, "x", "It ended.")
    assert api.get("/api/v1/runs/queue/").json()["results"] == []
