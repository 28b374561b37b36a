"""Runs that start from a checkpoint of an earlier one: what is refused at which field, and what is kept of it."""

import hashlib
from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.worlds import CLASSES, QUICK, make_dataset, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.datasets.models import DatasetImage, DatasetVersion
from webapp.runs.models import Checkpoint, Run, RunState
from webapp.runs.services import control, files

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_folder")]
LONGER = {"model_settings": {**QUICK["model_settings"], "num_steps": 60}}
OTHER_SEED = {"seed": 8}


def keep(run: Run, step: int, is_best: bool = False) -> Checkpoint:
    path = storage.run_folder(run.pk, 1) / "checkpoints" / f"step-{step:08d}.safetensors"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(f"{run.pk} {step}".encode())
    return Checkpoint.objects.create(
        run=run,
        step=step,
        fence=1,
        path=storage.relative(path),
        sha256=hashlib.sha256(path.read_bytes()).hexdigest(),
        size_bytes=path.stat().st_size,
        is_best=is_best,
    )


@pytest.fixture
def parent(lab: Lab, researcher: Person) -> Run:
    """A finished run with checkpoints of step 30, the best, and 40."""
    run = queue_run(make_dataset(lab), researcher)
    keep(run, 30, is_best=True)
    keep(run, 40)
    Run.objects.filter(pk=run.pk).update(state=RunState.FINISHED)
    return Run.objects.get(pk=run.pk)


@pytest.fixture
def api(client_of: Callable[[Person], APIClient], researcher: Person) -> APIClient:
    return client_of(researcher)


def ask(
    api: APIClient,
    parent: Run,
    way: str,
    change: dict[str, Any],
    version: DatasetVersion | None = None,
    key: str | None = None,
    **start: Any,
) -> Any:
    body = {
        "version": str((version or parent.version).pk),
        "recipe": {**QUICK, **change},
        "start": {"run": str(parent.pk), "way": way, **start},
    }
    return api.post("/api/v1/runs/", body, format="json", headers={"Idempotency-Key": key} if key else {})


@pytest.mark.parametrize(
    ("way", "change", "wish", "step"),
    [("generate", OTHER_SEED, {}, 30), ("continue", LONGER, {"step": 40}, 40), ("reuse", {}, {}, 30)],
)
def test_a_run_starts_from_the_best_checkpoint_or_the_one_named_and_both_runs_say_so(
    api: APIClient, parent: Run, way: str, change: dict[str, Any], wish: dict[str, Any], step: int
) -> None:
    answer = ask(api, parent, way, change, **wish)
    assert answer.status_code == 201, answer.json()
    told = answer.json()
    checkpoint = parent.checkpoints.get(step=step)
    start = told["start"]
    assert (start["run"]["id"], start["way"], start["step"]) == (str(parent.pk), way, step)
    assert start["sha256"] == checkpoint.sha256
    (child,) = api.get(f"/api/v1/runs/{parent.pk}/").json()["children"]
    assert (child["id"], child["way"], child["step"]) == (told["id"], way, step)
    run = Run.objects.get(pk=told["id"])
    assert files.start_file(run).read_bytes() == storage.stored(checkpoint.path).read_bytes()


def test_what_a_run_starts_from_stays_when_the_other_run_and_its_files_go(
    api: APIClient, parent: Run, django_capture_on_commit_callbacks: Any
) -> None:
    Run.objects.filter(pk=parent.pk).update(state=RunState.STOPPED)
    run = Run.objects.get(pk=ask(api, parent, "continue", LONGER).json()["id"])
    with django_capture_on_commit_callbacks(execute=True):
        control.cancel_run(parent)
    assert not storage.run_folder(parent.pk, 1).exists()
    assert files.start_file(run).read_bytes() == f"{parent.pk} 30".encode()
    control.stop_run(run)
    again = api.post(f"/api/v1/runs/{run.pk}/retry/").json()
    assert again["start"]["sha256"] == run.start_sha256
    assert files.start_file(Run.objects.get(pk=again["id"])).is_file()
    with django_capture_on_commit_callbacks(execute=True):
        control.cancel_run(run)
    assert not files.start_file(run).exists()


@pytest.mark.parametrize(
    ("way", "change", "wish", "field", "says"),
    [
        ("generate", {}, {}, "recipe.seed", "for example 8"),
        ("generate", {"seed": 8, **LONGER}, {}, "recipe.model_settings.num_steps", "found 60, expected 40"),
        ("continue", {}, {"step": 40}, "recipe.model_settings.num_steps", "ask for more"),
        (
            "continue",
            {"model_settings": {**LONGER["model_settings"], "width": 16}},
            {},
            "recipe.model_settings.width",
            "found 16, expected 8",
        ),
        (
            "continue",
            {"model_settings": {**LONGER["model_settings"], "fit": "pad"}},
            {},
            "recipe.model_settings.fit",
            "found pad, expected crop",
        ),
        (
            "reuse",
            {"sampler": "random", "model_settings": {**QUICK["model_settings"], "class_head_weight": 0}},
            {},
            "recipe.model_settings.class_head_weight",
            "found 0, expected 1",
        ),
        (
            "reuse",
            {"model_settings": {**QUICK["model_settings"], "channels": "colour"}},
            {},
            "recipe.model_settings.channels",
            "set channels to grey",
        ),
        ("reuse", {"model": "gan", "sampler": "random", "model_settings": {}}, {}, "recipe.model", "choose dcgan"),
        ("reuse", {}, {"step": 7}, "start.step", "keeps those of step 30, 40"),
    ],
)
def test_what_does_not_fit_the_checkpoint_is_refused_at_its_field_before_the_queue(
    api: APIClient, parent: Run, way: str, change: dict[str, Any], wish: dict[str, Any], field: str, says: str
) -> None:
    answer = ask(api, parent, way, change, **wish)
    assert answer.status_code == 400
    assert says in " ".join(answer.json()["fields"].get(field, [])), answer.json()
    assert Run.objects.count() == 1
    body = {"version": str(parent.version_id), "recipe": {**QUICK, **change}, "start": {"run": str(parent.pk)}}
    body["start"] |= {"way": way, **wish}
    told = api.post("/api/v1/runs/validate/", body, format="json").json()
    assert field in {problem["field"] for problem in told["problems"]}


def test_loss_weights_and_rates_may_change(api: APIClient, parent: Run) -> None:
    settings = {**LONGER["model_settings"], "class_head_weight": 0.5, "learning_rate_G": 1e-4, "batch_size": 16}
    assert ask(api, parent, "continue", {"model_settings": settings}).status_code == 201


def test_only_reuse_takes_another_version_and_only_one_with_the_same_classes(
    api: APIClient, parent: Run, lab: Lab
) -> None:
    other = make_dataset(lab, train=10)
    for way, change in (("generate", OTHER_SEED), ("continue", LONGER)):
        answer = ask(api, parent, way, change, other)
        assert "reuse the checkpoint" in answer.json()["fields"]["version"][0]
    assert ask(api, parent, "reuse", {}, other).status_code == 201
    DatasetVersion.objects.filter(pk=other.pk).update(classes=CLASSES[::-1])
    answer = ask(api, parent, "reuse", {}, other)
    assert "has the classes dot, bar, the checkpoint knows bar, dot" in answer.json()["fields"]["version"][0]


def test_images_in_colour_do_not_meet_a_checkpoint_in_grey(api: APIClient, parent: Run, lab: Lab) -> None:
    other = make_dataset(lab, train=10)
    DatasetImage.objects.filter(version=other, index=0).update(is_grey=False)
    assert "recipe.model_settings.channels" in ask(api, parent, "reuse", {}, other).json()["fields"]
    grey = {"model_settings": {**QUICK["model_settings"], "channels": "grey"}}
    assert ask(api, parent, "reuse", grey, other).status_code == 201


def test_a_seed_makes_images_from_one_checkpoint_once(api: APIClient, parent: Run) -> None:
    child = ask(api, parent, "generate", OTHER_SEED).json()
    assert "recipe.seed" in ask(api, parent, "generate", OTHER_SEED).json()["fields"]
    run = Run.objects.get(pk=child["id"])
    Checkpoint.objects.create(
        run=run, step=30, fence=1, path=parent.checkpoints.get(step=30).path, sha256=run.start_sha256, size_bytes=1
    )
    Run.objects.filter(pk=run.pk).update(state=RunState.FINISHED)
    assert "for example 9" in ask(api, run, "generate", {}).json()["fields"]["recipe.seed"][0]
    assert ask(api, run, "generate", {"seed": 9}).status_code == 201


@pytest.mark.parametrize(
    ("state", "field", "says"),
    [("training", "start.run", "is training"), ("queued", "start.run", "is queued"), ("cancelled", "start.run", "no")],
)
def test_a_run_that_still_moves_or_kept_nothing_is_no_start(
    api: APIClient, parent: Run, state: str, field: str, says: str
) -> None:
    Run.objects.filter(pk=parent.pk).update(state=state)
    if state == "cancelled":
        parent.checkpoints.all().delete()
    assert says in ask(api, parent, "reuse", {}).json()["fields"][field][0]


def test_a_checkpoint_whose_file_is_gone_is_no_start(api: APIClient, parent: Run) -> None:
    storage.stored(parent.checkpoints.get(step=30).path).unlink()
    assert "start.step" in ask(api, parent, "reuse", {}).json()["fields"]
    assert ask(api, parent, "reuse", {}, step=40).status_code == 201


def test_the_key_of_a_request_covers_what_it_starts_from(api: APIClient, parent: Run) -> None:
    first = ask(api, parent, "reuse", {}, key="abc")
    assert (first.status_code, ask(api, parent, "reuse", {}, key="abc").status_code) == (201, 200)
    for other in (ask(api, parent, "reuse", {}, key="abc", step=40), ask(api, parent, "continue", {}, key="abc")):
        assert (other.status_code, other.json()["code"]) == (409, "key_used")
    body = {"version": str(parent.version_id), "recipe": QUICK}
    answer = api.post("/api/v1/runs/", body, format="json", headers={"Idempotency-Key": "abc"})
    assert answer.json()["code"] == "key_used"


def test_a_run_of_another_lab_is_no_start(
    api: APIClient, researcher: Person, outsider: Person, parent: Run, lab: Lab
) -> None:
    foreign = Lab.objects.create(name="Second lab")
    theirs = queue_run(make_dataset(foreign), outsider)
    keep(theirs, 40, is_best=True)
    Run.objects.filter(pk=theirs.pk).update(state=RunState.FINISHED)
    theirs.refresh_from_db()
    assert ask(api, theirs, "reuse", {}, parent.version).status_code == 404
    foreign.memberships.create(person=researcher, role="researcher")
    answer = ask(api, theirs, "reuse", {}, parent.version)
    assert "another lab" in answer.json()["fields"]["start.run"][0]
