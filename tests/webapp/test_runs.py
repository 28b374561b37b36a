"""Starting, stopping, resuming, cancelling and watching runs by the API; and who may."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db.models.functions import Now
from rest_framework.test import APIClient

from ml.catalog import ForetellError, Foretold
from tests.worlds import CLASSES, QUICK, make_dataset, make_pool, make_version, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.leases import LeaseLostError, new_owner
from webapp.datasets.models import DatasetVersion
from webapp.recipes.models import Recipe
from webapp.recipes.services import create_recipe
from webapp.runs import consumers, selectors
from webapp.runs.events import (
    ActionData,
    CheckpointedData,
    JudgedData,
    JudgementData,
    Point,
    PreviewedData,
    ProgressedData,
    SweptData,
    WarnedData,
)
from webapp.runs.models import Run, RunEvent, RunState
from webapp.runs.services import attempt, control

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
ClientOf = Callable[[Person], APIClient]
S = RunState


@pytest.fixture
def version(lab: Lab) -> DatasetVersion:
    return make_dataset(lab)


@pytest.fixture
def run(version: DatasetVersion, researcher: Person) -> Run:
    return queue_run(version, researcher)


@pytest.fixture
def api(client_of: ClientOf, researcher: Person) -> APIClient:
    return client_of(researcher)


def post(client: APIClient, path: str, body: Any = None, **headers: str) -> Any:
    return client.post(f"/api/v1/{path}", body, format="json", headers=headers)


def held(run: Run) -> Run:
    """The run as a worker holds it."""
    mine = Run.claim(run.pk, new_owner(), S.PREPARING)
    assert mine is not None
    return mine


def expire(run: Run) -> Run:
    Run.objects.filter(pk=run.pk).update(lease_expires_at=Now() - timedelta(seconds=1))
    return Run.objects.get(pk=run.pk)


def progress(step: int, *points: int) -> ProgressedData:
    return ProgressedData(
        stage="train",
        step=step,
        num_steps=100,
        images_per_s=5.0,
        eta_s=2.0,
        device="CPU",
        points=[Point(step=point, values={"loss/G": float(point)}) for point in points],
    )


def save(run: Run, step: int, is_best: bool = False) -> None:
    """A checkpoint on disk and in the table."""
    path = storage.run_folder(run.pk, run.fence) / "checkpoints" / f"step-{step:08d}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(str(step).encode())
    data = CheckpointedData(step=step, sha256=f"{step:064d}", size_bytes=3, is_best=is_best)
    attempt.add_checkpoint(run, data, storage.relative(path))


# --- starting ---------------------------------------------------------------------------------------------------
def test_a_run_is_queued_with_its_recipe_saved_under_a_number(api: APIClient, version: DatasetVersion) -> None:
    answer = post(api, "runs/", {"version": str(version.pk), "recipe": QUICK, "name": "First try"})
    assert answer.status_code == 201, answer.json()
    told = answer.json()
    assert (told["state"], told["name"], told["queue_position"]) == ("queued", "First try", 0)
    assert (told["recipe"]["number"], told["recipe"]["model"]) == (1, "dcgan")
    assert (told["recipe_number"], told["num_classes"]) == (1, len(version.classes))
    assert told["recipe"]["model_settings"]["num_steps"] == 40
    assert told["actions"] == ["stop", "cancel"]
    assert Run.objects.get().recipe.seed == 7


def test_a_saved_recipe_can_be_run_again(api: APIClient, version: DatasetVersion, run: Run) -> None:
    answer = post(api, "runs/", {"version": str(version.pk), "recipe_id": str(run.recipe_id)})
    assert (answer.status_code, answer.json()["recipe"]["id"]) == (201, str(run.recipe_id))
    assert Recipe.objects.count() == 1
    post(api, "runs/", {"version": str(version.pk), "recipe": {**QUICK, "seed": 8}})
    made = api.get(f"/api/v1/runs/?recipe={run.recipe_id}").json()["results"]
    assert {one["id"] for one in made} == {str(run.pk), answer.json()["id"]}
    assert api.get(f"/api/v1/recipes/{run.recipe_id}/").json()["num_runs"] == 2


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"model": "magic"}, "recipe.model"),
        ({"sampler": "magic"}, "recipe.sampler"),
        ({"model_settings": {"batch_size": 0}}, "recipe.model_settings.batch_size"),
        ({"model_settings": {"colour_of_the_bike_shed": 1}}, "recipe.model_settings.colour_of_the_bike_shed"),
        ({"budget": {"kind": "per_class", "count": 0}}, "recipe.budget.count"),
        ({"budget": {"kind": "wish"}}, "recipe.budget.kind"),
        ({"budget": {"kind": "counts", "counts": {"unicorn": 5}}}, "recipe.budget"),
        ({"budget": {"kind": "fill_to_largest"}}, "recipe.budget"),
        ({"model_settings": {"class_head_weight": 0}}, "recipe.sampler"),
        ({"pool_factor": 0.5}, "recipe.pool_factor"),
        ({"seed": -1}, "recipe.seed"),
    ],
)
def test_what_the_worker_would_refuse_is_refused_at_once_at_its_field(
    api: APIClient, version: DatasetVersion, change: dict[str, Any], field: str
) -> None:
    body = {"version": str(version.pk), "recipe": {**QUICK, **change}}
    answer = post(api, "runs/", body)
    assert answer.status_code == 400
    assert field in answer.json()["fields"], answer.json()
    assert (Run.objects.count(), Recipe.objects.count()) == (0, 0)


@pytest.mark.parametrize(
    ("compute", "code", "field"),
    [
        ({"micro_batch": 3}, "batch_not_divisible", "compute.micro_batch"),
        ({"micro_batch": 1}, "bad_setting", "compute.micro_batch"),
        ({"cuda_graphs": True}, "settings_conflict", "compute.cuda_graphs"),
        ({"compile": True}, "no_gpu", "compute.compile"),
        ({"devices": 2}, "no_gpu", "compute.devices"),
        ({"speed": 9}, "unknown_setting", "compute.speed"),
        ("fast", "bad_setting", "compute"),
    ],
)
def test_compute_options_that_cannot_be_are_refused_at_their_field(
    api: APIClient, version: DatasetVersion, compute: Any, code: str, field: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "_gpus_here", lambda: False)
    body = {"version": str(version.pk), "recipe": QUICK, "compute": compute}
    answer = post(api, "runs/", body)
    assert (answer.status_code, list(answer.json()["fields"])) == (400, [field])
    told = post(api, "runs/validate/", body).json()
    assert [(problem["code"], problem["field"]) for problem in told["problems"]] == [(code, field)]
    assert Run.objects.count() == 0


def test_how_a_run_is_computed_belongs_to_the_run_and_not_to_its_recipe(
    api: APIClient, version: DatasetVersion
) -> None:
    body = {"version": str(version.pk), "recipe": QUICK, "compute": {"micro_batch": 4}}
    told = post(api, "runs/", body, **{"Idempotency-Key": "abc"}).json()
    asked = {"micro_batch": 4, "devices": None, "compile": False, "cuda_graphs": False}
    assert (told["compute"], "compute" in told["recipe"]) == (asked, False)
    again = post(api, "runs/", body, **{"Idempotency-Key": "abc"})
    assert (again.status_code, again.json()["id"]) == (200, told["id"])
    other = post(api, "runs/", {**body, "compute": {}}, **{"Idempotency-Key": "abc"})
    assert (other.status_code, other.json()["code"]) == (409, "key_used")
    post(api, f"runs/{told['id']}/stop/")
    assert post(api, f"runs/{told['id']}/resume/").json()["compute"] == asked
    post(api, f"runs/{told['id']}/stop/")
    assert post(api, f"runs/{told['id']}/retry/").json()["compute"] == asked


def test_a_gpu_that_a_worker_elsewhere_told_of_counts(
    api: APIClient, version: DatasetVersion, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(selectors, "_gpus_here", lambda: False)
    body = {"version": str(version.pk), "recipe": QUICK, "compute": {"compile": True}}
    Run.objects.filter(pk=run.pk).update(device="CPU with 1 thread, fp32")
    assert post(api, "runs/", body).status_code == 400
    Run.objects.filter(pk=run.pk).update(device="NVIDIA H200, bf16")
    assert post(api, "runs/", body).status_code == 201


def test_validating_tells_the_same_problems_without_starting_anything(api: APIClient, version: DatasetVersion) -> None:
    recipe = {**QUICK, "model": "magic", "budget": {"kind": "per_class", "count": 0}}
    told = post(api, "runs/validate/", {"version": str(version.pk), "recipe": recipe}).json()
    assert {problem["field"] for problem in told["problems"]} == {"recipe.model", "recipe.budget.count"}
    assert all(problem["code"] and problem["message"] for problem in told["problems"])
    assert told["estimate"] is None
    told = post(api, "runs/validate/", {"version": str(version.pk), "recipe": QUICK}).json()
    assert told["problems"] == []
    assert (told["estimate"]["num_candidates"], told["estimate"]["budget"]) == (36, dict.fromkeys(CLASSES, 6))
    assert Run.objects.count() == 0


def test_the_memory_of_a_run_is_told_beside_what_is_free(
    api: APIClient, version: DatasetVersion, client_of: ClientOf, outsider: Person
) -> None:
    body = {"version": str(version.pk), "recipe": QUICK}
    answer = post(api, "runs/memory/", body)
    assert answer.status_code == 200, answer.json()
    told = answer.json()
    assert told["needed_bytes"] > 100 * 2**20
    assert told["fits"] is (told["needed_bytes"] <= told["available_bytes"])
    assert told["sentence"].startswith("About ")
    assert Run.objects.count() == 0
    assert post(client_of(outsider), "runs/memory/", body).status_code == 404


def test_a_check_names_too_little_memory_by_a_code_where_it_is_asked_for(
    api: APIClient, version: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = Foretold(2**40, 2**30, "cpu", False, 8, "About 1 TiB, of which 1 GiB is free.")
    monkeypatch.setattr("ml.catalog.foretell_memory", lambda *_: told)
    body = {"version": str(version.pk), "recipe": QUICK}
    assert post(api, "runs/validate/", body).json()["problems"] == []
    found = post(api, "runs/validate/?memory=true", body).json()
    assert found["problems"] == [
        {"code": "memory", "message": told.sentence, "field": "recipe.model_settings.batch_size"}
    ]
    assert found["estimate"] is None
    assert post(api, "runs/", body).status_code == 201, "what is free changes until a worker takes it"


def test_no_memory_is_told_of_a_recipe_with_problems(api: APIClient, version: DatasetVersion) -> None:
    answer = post(api, "runs/memory/", {"version": str(version.pk), "recipe": {**QUICK, "model": "magic"}})
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["recipe.model"])


def test_an_estimate_that_cannot_be_made_is_said_in_a_sentence(
    api: APIClient, version: DatasetVersion, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise ForetellError("Too many ask.")

    monkeypatch.setattr("ml.catalog.foretell_memory", refuse)
    answer = post(api, "runs/memory/", {"version": str(version.pk), "recipe": QUICK})
    assert (answer.status_code, answer.json()["message"]) == (503, "Too many ask.")


@pytest.mark.parametrize(
    ("values", "code"),
    [({"state": "queued"}, "version_not_ready"), ({"counts": {"train": {"bar": 5, "dot": 1}}}, "too_few_images")],
)
def test_a_version_that_cannot_be_learnt_from_is_refused(
    api: APIClient, lab: Lab, values: dict[str, Any], code: str
) -> None:
    version = make_version(lab, **values)
    answer = post(api, "runs/", {"version": str(version.pk), "recipe": QUICK})
    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert "version" in answer.json()["fields"]


@pytest.mark.parametrize("body", [{"recipe": QUICK, "recipe_id": "7" * 32}, {}, {"recipe": "dcgan"}, {"recipe": {}}])
def test_a_request_that_cannot_be_meant_is_refused(
    api: APIClient, version: DatasetVersion, body: dict[str, Any]
) -> None:
    assert post(api, "runs/", {"version": str(version.pk), **body}).status_code == 400
    assert Run.objects.count() == 0


def test_the_same_request_with_the_same_key_makes_one_run(api: APIClient, version: DatasetVersion) -> None:
    body = {"version": str(version.pk), "recipe": QUICK}
    first, second = (post(api, "runs/", body, **{"Idempotency-Key": "abc"}) for _ in range(2))
    assert (first.status_code, second.status_code) == (201, 200)
    assert first.json()["id"] == second.json()["id"]
    other = post(api, "runs/", {**body, "recipe": {**QUICK, "seed": 8}}, **{"Idempotency-Key": "abc"})
    assert (other.status_code, other.json()["code"]) == (409, "key_used")
    assert post(api, "runs/", body, **{"Idempotency-Key": "def"}).status_code == 201
    assert (Run.objects.count(), Recipe.objects.count()) == (2, 2)


def test_a_key_is_its_persons_own(
    api: APIClient, client_of: ClientOf, lab: Lab, version: DatasetVersion, member: Callable[..., Person]
) -> None:
    body = {"version": str(version.pk), "recipe": QUICK}
    for client in (api, client_of(member(lab, "researcher"))):
        assert post(client, "runs/", body, **{"Idempotency-Key": "abc"}).status_code == 201


@pytest.mark.parametrize("key", ["x" * 81, "a\tb"])
def test_a_key_that_cannot_be_stored_is_refused(api: APIClient, version: DatasetVersion, key: str) -> None:
    answer = post(api, "runs/", {"version": str(version.pk), "recipe": QUICK}, **{"Idempotency-Key": key})
    assert answer.status_code == 400


# --- stop, resume, cancel, retry --------------------------------------------------------------------------------
def test_a_run_that_waits_is_stopped_at_once_and_resumed(api: APIClient, run: Run) -> None:
    assert post(api, f"runs/{run.pk}/stop/").json()["state"] == "stopped"
    assert post(api, f"runs/{run.pk}/stop/").json()["state"] == "stopped"
    told = post(api, f"runs/{run.pk}/resume/").json()
    assert (told["state"], told["attempts"], told["finished_at"]) == ("queued", 0, None)


def test_a_run_that_works_is_asked_to_stop_and_its_worker_learns_it_with_the_renewal(api: APIClient, run: Run) -> None:
    mine = held(run)
    told = post(api, f"runs/{run.pk}/stop/").json()
    assert (told["state"], told["stop_requested"], told["actions"]) == ("stopping", True, ["cancel"])
    assert mine.renew().stop_requested
    attempt.stopped_run(mine)
    told = api.get(f"/api/v1/runs/{run.pk}/").json()
    assert (told["state"], told["stop_requested"], told["actions"]) == ("stopped", False, ["resume", "cancel", "retry"])


def test_a_run_in_training_is_asked_to_finish_once_it_has_a_checkpoint(api: APIClient, run: Run) -> None:
    mine = held(run)
    attempt.enter_stage(mine, "train")
    refused = post(api, f"runs/{run.pk}/finish/")
    assert (refused.status_code, "no checkpoint yet" in refused.json()["message"]) == (409, True)
    assert "finish" not in api.get(f"/api/v1/runs/{run.pk}/").json()["actions"]
    save(mine, 10)
    assert "finish" in api.get(f"/api/v1/runs/{run.pk}/").json()["actions"]
    told = [post(api, f"runs/{run.pk}/finish/").json() for _ in range(2)]
    assert [(one["state"], one["finish_requested"], one["actions"]) for one in told] == [
        ("training", True, ["stop", "preview", "cancel"])
    ] * 2
    assert told[0]["last_seq"] == told[1]["last_seq"], "asking twice is asking once"
    assert mine.renew().finish_requested
    mine.refresh_from_db()
    attempt.leave_stage(mine, "train", {"checkpoint": "x", "sha256": "0"})
    assert post(api, f"runs/{run.pk}/finish/").status_code == 409


def test_a_run_in_training_is_asked_to_show_its_samples_now(api: APIClient, run: Run) -> None:
    mine = held(run)
    assert post(api, f"runs/{run.pk}/preview/").status_code == 409
    attempt.enter_stage(mine, "train")
    assert "preview" in api.get(f"/api/v1/runs/{run.pk}/").json()["actions"]
    told = [post(api, f"runs/{run.pk}/preview/").json() for _ in range(2)]
    assert [(one["preview_requested"], "preview" in one["actions"]) for one in told] == [(True, False)] * 2
    assert told[0]["last_seq"] == told[1]["last_seq"], "asking twice is asking once"
    data = PreviewedData(step=7, url="x", tile=16, columns=[], num_columns=0)
    attempt.add_preview(mine, data, "a.png", wish=mine.renew().preview_wish)
    told = api.get(f"/api/v1/runs/{run.pk}/").json()
    assert (told["preview_requested"], "preview" in told["actions"]) == (False, True)


@pytest.mark.parametrize("end", ["stopped", "failed"])
def test_a_run_that_ended_early_is_queued_to_finish_and_resuming_it_takes_that_back(
    api: APIClient, run: Run, end: str
) -> None:
    mine = held(run)
    save(mine, 10)
    if end == "stopped":
        attempt.stopped_run(mine)
    else:
        attempt.failed_run(mine, "non_finite_loss", "At step 12 loss/G became nan.")
    told = post(api, f"runs/{run.pk}/finish/").json()
    assert (told["state"], told["finish_requested"], told["error"]) == ("queued", True, None)
    post(api, f"runs/{run.pk}/stop/")
    told = api.get(f"/api/v1/runs/{run.pk}/").json()
    assert {"finish", "resume"} <= set(told["actions"])
    told = post(api, f"runs/{run.pk}/resume/").json()
    assert (told["state"], told["finish_requested"]) == ("queued", False)


def test_what_was_judged_last_is_the_runs_health_and_its_history_keeps_all(api: APIClient, run: Run) -> None:
    mine = held(run)
    assert api.get(f"/api/v1/runs/{run.pk}/").json()["health"] is None
    change = ActionData(kind="change", setting="learning_rate_D", value=1e-4)
    judgement = JudgementData(code="collapse", message="m", since=20, until=None, actions=[change])
    attempt.judge(mine, JudgedData(step=20, best_step=10, judgements=[judgement]))
    attempt.judge(mine, JudgedData(step=30, best_step=10, judgements=[]))
    told = api.get(f"/api/v1/runs/{run.pk}/").json()
    assert told["health"] == {"step": 30, "best_step": 10, "judgements": []}
    history = api.get(f"/api/v1/runs/{run.pk}/events/").json()["results"]
    said = [one["data"] for one in history if one["type"] == "run.judged"]
    assert [one["step"] for one in said] == [20, 30]
    (action,) = said[0]["judgements"][0]["actions"]
    assert action == {"kind": "change", "setting": "learning_rate_D", "value": 1e-4}


def test_a_stage_that_begins_does_not_hide_that_the_run_is_stopping(api: APIClient, run: Run) -> None:
    mine = held(run)
    post(api, f"runs/{run.pk}/stop/")
    attempt.enter_stage(mine, "train")
    assert Run.objects.get(pk=run.pk).state == S.STOPPING


def test_a_run_that_works_is_cancelled_by_its_worker_and_a_waiting_one_at_once(api: APIClient, run: Run) -> None:
    mine = held(run)
    save(mine, 10)
    told = post(api, f"runs/{run.pk}/cancel/").json()
    assert (told["state"], told["cancel_requested"], told["actions"]) == ("preparing", True, [])
    attempt.cancelled_run(mine)
    told = api.get(f"/api/v1/runs/{run.pk}/").json()
    assert (told["state"], told["actions"]) == ("cancelled", ["retry"])
    assert run.checkpoints.count() == 0
    other = queue_run(run.version, None)
    assert post(api, f"runs/{other.pk}/cancel/").json()["state"] == "cancelled"
    assert post(api, f"runs/{other.pk}/cancel/").json()["state"] == "cancelled"


def test_finishing_and_cancelling_at_once_leave_one_end(run: Run) -> None:
    from webapp.runs.events import PoolCreated, PoolCreatedData

    mine = held(run)
    control.cancel_run(run)
    created = PoolCreated(run=run.pk, data=PoolCreatedData(pool=run.pk, selection=run.pk, num_samples=1))
    assert not attempt.finish_run(mine, created)
    attempt.cancelled_run(mine)
    assert Run.objects.get(pk=run.pk).state == S.CANCELLED
    assert not RunEvent.objects.filter(type="pool.created").exists()


@pytest.mark.parametrize(
    ("state", "verb", "status"),
    [
        ("finished", "stop", 409),
        ("finished", "resume", 409),
        ("finished", "cancel", 409),
        ("finished", "retry", 409),
        ("cancelled", "stop", 409),
        ("cancelled", "resume", 409),
        ("cancelled", "cancel", 200),
        ("cancelled", "retry", 201),
        ("failed", "stop", 409),
        ("failed", "resume", 200),
        ("failed", "cancel", 409),
        ("failed", "retry", 201),
        ("stopped", "resume", 200),
        ("stopped", "cancel", 200),
        ("stopped", "retry", 201),
        ("interrupted", "stop", 200),
        ("interrupted", "cancel", 200),
        ("interrupted", "resume", 409),
        ("training", "resume", 409),
        ("training", "retry", 409),
        ("queued", "resume", 409),
        ("queued", "retry", 409),
    ],
)
def test_what_can_be_asked_of_a_run_depends_on_its_state(
    api: APIClient, run: Run, state: str, verb: str, status: int
) -> None:
    Run.objects.filter(pk=run.pk).update(state=state)
    offered = api.get(f"/api/v1/runs/{run.pk}/").json()["actions"]
    answer = post(api, f"runs/{run.pk}/{verb}/")
    assert answer.status_code == status, answer.json()
    assert status < 300 or answer.json()["code"] == "conflict"
    assert (verb in offered) == (status < 300) or (state, verb) == ("cancelled", "cancel")


def test_a_retry_is_a_run_of_its_own_and_the_old_one_stays(api: APIClient, run: Run) -> None:
    control.stop_run(run)
    told = post(api, f"runs/{run.pk}/retry/").json()
    assert told["id"] != str(run.pk)
    assert (told["state"], told["recipe"]["id"]) == ("queued", str(run.recipe_id))
    assert Run.objects.get(pk=run.pk).state == S.STOPPED


def test_a_run_tells_which_stages_a_later_attempt_will_not_repeat(api: APIClient, run: Run) -> None:
    mine = held(run)
    for stage in ("prepare", "train"):
        attempt.enter_stage(mine, stage)
        attempt.leave_stage(mine, stage, {})
    assert api.get(f"/api/v1/runs/{run.pk}/").json()["stages_done"] == ["prepare", "train"]


# --- what a worker writes ---------------------------------------------------------------------------------------
def test_a_new_checkpoint_forgives_earlier_attempts_and_one_that_is_carried_over_does_not(run: Run) -> None:
    mine = held(run)
    save(mine, 10)
    assert Run.objects.get(pk=run.pk).attempts == 0
    attempt.interrupted_run(mine, "interrupted", "It broke.")
    again = held(run)
    assert again.attempts == 1
    save(again, 10)  # the same step, carried into the new attempt's folder
    assert Run.objects.get(pk=run.pk).attempts == 1
    save(again, 20)
    assert Run.objects.get(pk=run.pk).attempts == 0
    assert list(run.checkpoints.order_by("step").values_list("step", "fence")) == [(10, 2), (20, 2)]


def test_checkpoints_of_earlier_attempts_go_when_a_later_one_is_further_but_the_best_stays(run: Run) -> None:
    mine = held(run)
    for step, is_best in [(10, True), (20, False), (30, False)]:
        save(mine, step, is_best)
    attempt.interrupted_run(mine, "interrupted", "It broke.")
    again = held(run)
    save(again, 40)
    assert list(run.checkpoints.order_by("step").values_list("step", "is_best")) == [(10, True), (40, False)]
    save(again, 50, is_best=True)
    assert list(run.checkpoints.filter(is_best=True).values_list("step", flat=True)) == [50]


def test_who_lost_the_run_writes_nothing_of_any_kind(run: Run) -> None:
    late = held(run)
    control.settle_abandoned_run(expire(run))
    now = held(run)
    before = (RunEvent.objects.count(), Run.objects.values().get(pk=run.pk))
    writes: list[Callable[[], object]] = [
        lambda: attempt.begin_attempt(late),
        lambda: attempt.enter_stage(late, "train"),
        lambda: attempt.leave_stage(late, "train", {}),
        lambda: attempt.note_progress(late, progress(5)),
        lambda: attempt.note_progress(late, progress(5, 5)),
        lambda: save(late, 10),
        lambda: attempt.remove_checkpoint(late, "x"),
        lambda: attempt.warn(late, WarnedData(code="x", message="y")),
        lambda: attempt.stopped_run(late),
        lambda: attempt.cancelled_run(late),
        lambda: attempt.failed_run(late, "x", "y"),
        lambda: attempt.interrupted_run(late, "interrupted", "x"),
        lambda: attempt.given_back_run(late),
    ]
    for write in writes:
        with pytest.raises(LeaseLostError):
            write()
    assert (RunEvent.objects.count(), Run.objects.values().get(pk=run.pk)) == before
    assert now.fence == 2


@pytest.mark.parametrize(
    ("asked", "expected", "code"),
    [
        ({}, "interrupted", ""),
        ({"stop_requested": True, "state": "stopping"}, "stopped", ""),
        ({"cancel_requested": True}, "cancelled", ""),
        ({"attempts": 3}, "failed", "ended_too_often"),
    ],
)
def test_a_run_whose_worker_vanished_becomes_what_was_asked_of_it(
    run: Run, asked: dict[str, Any], expected: str, code: str
) -> None:
    held(run)
    Run.objects.filter(pk=run.pk).update(**asked)
    settled = control.settle_abandoned_run(expire(run))
    assert settled is not None
    assert (settled.state, settled.error_code, settled.lease_owner) == (expected, code, None)
    assert control.settle_abandoned_run(settled) is None
    assert run.events.order_by("-seq")[0].data["state"] == expected


# --- history ----------------------------------------------------------------------------------------------------
def test_events_are_numbered_without_gaps_and_read_in_order(api: APIClient, run: Run) -> None:
    mine = held(run)
    attempt.begin_attempt(mine)
    for step in range(1, 4):
        attempt.note_progress(mine, progress(step, step))
        attempt.note_progress(mine, progress(step))
    control.stop_run(run)
    attempt.stopped_run(mine)
    told = api.get(f"/api/v1/runs/{run.pk}/events/").json()
    assert [event["seq"] for event in told["results"]] == list(range(1, told["last_seq"] + 1))
    kinds = [event["type"] for event in told["results"]]
    assert kinds == ["run.changed"] + 3 * ["run.progressed"] + 2 * ["run.changed"]
    since = api.get(f"/api/v1/runs/{run.pk}/events/?since=4").json()
    assert since["results"] == told["results"][4:]
    assert set(told["results"][0]) == {"type", "seq", "run", "ts", "data"}


@pytest.mark.parametrize("since", ["-1", "x", "9" * 30, ""])
def test_a_since_that_is_no_number_is_refused(api: APIClient, run: Run, since: str) -> None:
    assert api.get(f"/api/v1/runs/{run.pk}/events/?since={since}").status_code == 400


def test_curves_hold_every_point_once_even_when_a_later_attempt_computed_it_again(api: APIClient, run: Run) -> None:
    mine = held(run)
    attempt.note_progress(mine, progress(3, 1, 2, 3))
    attempt.interrupted_run(mine, "interrupted", "It broke.")
    attempt.note_progress(held(run), progress(4, 3, 4))
    told = api.get(f"/api/v1/runs/{run.pk}/scalars/").json()
    assert told == {"steps": [1, 2, 3, 4], "values": {"loss/G": [1.0, 2.0, 3.0, 4.0]}}


def test_the_sample_wall_is_listed_and_its_rows_are_pictures(api: APIClient, run: Run) -> None:
    mine = held(run)
    for step in (20, 10, 20):
        path = storage.run_folder(run.pk, 1) / "previews" / f"{step}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"picture %d" % step)
        url = f"/api/v1/runs/{run.pk}/previews/{step}/"
        data = {"step": step, "url": url, "tile": 16, "columns": [{"class": "bar", "seed": 1}], "num_columns": 1}
        attempt.add_preview(mine, PreviewedData.model_validate(data), storage.relative(path))
    told = api.get(f"/api/v1/runs/{run.pk}/previews/").json()
    assert [row["step"] for row in told] == [10, 20]
    assert told[0]["columns"] == [{"class": "bar", "seed": 1}]
    answer = api.get(told[1]["url"])
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "image/png", b"picture 20")
    assert api.get(f"/api/v1/runs/{run.pk}/previews/30/").status_code == 404


def test_the_sheets_of_codes_are_listed_in_order_and_are_pictures(api: APIClient, run: Run) -> None:
    mine = held(run)
    for name, values in (("category", [0, 1]), ("code_1", [-1, 1]), ("category", [0, 1, 2])):
        path = storage.run_folder(run.pk, 1) / "sweeps" / f"{name}-{len(values)}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"sheet of {len(values)}".encode())
        url = f"/api/v1/runs/{run.pk}/sweeps/{name}/"
        data = {"name": name, "url": url, "values": values, "tile": 16, "columns": [{"class": "bar", "seed": 1}]}
        attempt.add_sweep(mine, SweptData.model_validate(data), storage.relative(path))
    told = api.get(f"/api/v1/runs/{run.pk}/sweeps/").json()
    assert [(sheet["name"], sheet["values"]) for sheet in told] == [("category", [0, 1, 2]), ("code_1", [-1, 1])]
    assert told[0]["columns"] == [{"class": "bar", "seed": 1}]
    answer = api.get(told[0]["url"])
    assert (answer.status_code, answer["Content-Type"], answer.content) == (200, "image/png", b"sheet of 3")
    assert api.get(f"/api/v1/runs/{run.pk}/sweeps/code_2/").status_code == 404
    Run.objects.filter(pk=run.pk).update(state=S.CANCELLED)
    assert api.get(told[0]["url"]).status_code == 410


def test_checkpoints_are_listed(api: APIClient, run: Run) -> None:
    mine = held(run)
    save(mine, 10, is_best=True)
    told = api.get(f"/api/v1/runs/{run.pk}/checkpoints/").json()
    assert [(row["step"], row["is_best"], row["size_bytes"]) for row in told] == [(10, True, 3)]


def test_a_page_that_subscribes_gets_the_run_and_then_what_it_missed(run: Run) -> None:
    mine = held(run)
    attempt.begin_attempt(mine)
    attempt.note_progress(mine, progress(1, 1))
    (fresh,) = consumers.snapshot(run.pk, None)
    assert (fresh.type, fresh.seq) == ("run.snapshot", 2)
    assert fresh.model_dump(mode="json")["data"]["id"] == str(run.pk)
    told = [event.model_dump(mode="json") for event in consumers.snapshot(run.pk, 1)]
    assert [(event["type"], event["seq"]) for event in told] == [("run.snapshot", 1), ("run.progressed", 2)]
    assert told[1]["data"]["points"] == [{"step": 1, "values": {"loss/G": 1.0}}]
    json.dumps(told)


# --- lists ------------------------------------------------------------------------------------------------------
def test_runs_are_listed_newest_first_and_narrowed(api: APIClient, version: DatasetVersion, researcher: Person) -> None:
    runs = [queue_run(version, researcher) for _ in range(5)]
    control.stop_run(runs[1])
    first = api.get("/api/v1/runs/?limit=3").json()
    second = api.get(first["next"]).json()
    found = [row["id"] for row in first["results"] + second["results"]]
    assert found == [str(run.pk) for run in reversed(runs)]
    assert [row["id"] for row in api.get("/api/v1/runs/?state=stopped").json()["results"]] == [str(runs[1].pk)]
    assert len(api.get(f"/api/v1/runs/?lab={version.dataset.lab_id}").json()["results"]) == 5
    assert api.get(f"/api/v1/runs/?lab={version.pk}").json()["results"] == []
    assert api.get("/api/v1/runs/?state=happy").status_code == 400


def test_the_order_of_the_queue_is_told(api: APIClient, version: DatasetVersion, researcher: Person) -> None:
    runs = [queue_run(version, researcher) for _ in range(3)]
    held(runs[0])
    places = [api.get(f"/api/v1/runs/{run.pk}/").json()["queue_position"] for run in runs]
    assert places == [None, 0, 1]


def test_how_long_a_worker_has_been_silent_is_told_by_the_databases_clock(api: APIClient, run: Run) -> None:
    assert api.get(f"/api/v1/runs/{run.pk}/").json()["last_heard_s"] is None
    held(run)
    Run.objects.filter(pk=run.pk).update(heartbeat_at=Now() - timedelta(seconds=22))
    assert 22 <= api.get(f"/api/v1/runs/{run.pk}/").json()["last_heard_s"] < 25
    assert selectors.last_heard_s(Run.objects.get(pk=run.pk)) is None  # not asked of the database


def test_a_finished_run_names_its_pool(api: APIClient, run: Run) -> None:
    pool = make_pool(run)
    told = api.get(f"/api/v1/runs/{run.pk}/").json()
    assert (told["state"], told["pool"], told["actions"]) == ("finished", str(pool.pk), [])


# --- who may ----------------------------------------------------------------------------------------------------
VERBS = ("stop", "finish", "resume", "cancel", "retry")


def everything_of(run: Run) -> list[tuple[str, str, Any, str]]:
    """(method, path, body, role it needs) of every operation on runs."""
    body = {"version": str(run.version_id), "recipe": QUICK}
    further = {**body, "start": {"run": str(run.pk), "way": "reuse"}}
    reads = ["", "events/", "scalars/", "previews/", "sweeps/", "checkpoints/"]
    return [
        *(("get", f"runs/{run.pk}/{read}", None, "viewer") for read in reads),
        ("post", "runs/validate/", body, "viewer"),
        ("post", "runs/validate/", further, "viewer"),
        ("post", "runs/", body, "researcher"),
        ("post", "runs/", further, "researcher"),
        *(("post", f"runs/{run.pk}/{verb}/", None, "researcher") for verb in VERBS),
    ]


def test_another_lab_sees_none_of_it(client_of: ClientOf, outsider: Person, run: Run) -> None:
    client = client_of(outsider)
    for method, path, body, _ in everything_of(run):
        assert getattr(client, method)(f"/api/v1/{path}", body, format="json").status_code == 404, path
    assert client.get("/api/v1/runs/").json()["results"] == []


def test_nobody_sees_it_without_logging_in(run: Run) -> None:
    for method, path, body, _ in [*everything_of(run), ("get", "runs/", None, "")]:
        assert getattr(APIClient(), method)(f"/api/v1/{path}", body, format="json").status_code == 401, path


@pytest.mark.parametrize("role", ["viewer", "reviewer", "researcher"])
def test_each_role_may_do_what_it_is_for_and_no_more(
    client_of: ClientOf, member: Callable[..., Person], lab: Lab, run: Run, role: str
) -> None:
    client = client_of(member(lab, role))
    for method, path, body, needed in everything_of(run):
        answer = getattr(client, method)(f"/api/v1/{path}", body, format="json")
        allowed = needed == "viewer" or role == "researcher"
        assert (answer.status_code != 403) == allowed, (path, answer.status_code)


def test_a_recipe_of_another_lab_cannot_be_run_here(
    client_of: ClientOf, run: Run, member: Callable[..., Person], lab: Lab
) -> None:
    other = Lab.objects.create(name="Second lab")
    person = member(lab, "researcher")
    foreign = create_recipe(other, None, QUICK)
    body = {"version": str(run.version_id), "recipe_id": str(foreign.pk)}
    assert post(client_of(person), "runs/", body).status_code == 404
    other.memberships.create(person=person, role="researcher")
    assert post(client_of(person), "runs/", body).status_code == 400
    assert Run.objects.count() == 1


def test_a_token_that_may_not_run_starts_nothing(token_of: Callable[..., str], researcher: Person, run: Run) -> None:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=token_of(researcher, ["upload", "review", "export"]))
    assert client.get(f"/api/v1/runs/{run.pk}/").status_code == 200
    for verb in ("stop", "cancel"):
        assert client.post(f"/api/v1/runs/{run.pk}/{verb}/").status_code == 403
    assert Run.objects.get(pk=run.pk).state == S.QUEUED


def test_no_answer_holds_a_path_of_the_server(api: APIClient, run: Run, data_folder: Path) -> None:
    make_pool(run)
    for method, path, _, needed in everything_of(run):
        if method == "get":
            text = json.dumps(api.get(f"/api/v1/{path}").json())
            assert str(data_folder) not in text
            assert f"runs/{run.pk}/f1" not in text, needed
