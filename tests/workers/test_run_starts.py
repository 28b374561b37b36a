"""Runs that start from a checkpoint of an earlier one, with the real child: more samples, and more training."""

import json
import os
import signal
from typing import Any

import pytest

from tests.outcomes import tensors_of
from tests.workers.test_run import child_of, finish, interrupt
from tests.worlds import QUICK, make_dataset, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.gallery.models import Sample
from webapp.runs.models import Run
from webapp.runs.services import files
from webapp.runs.services.launch import start_run
from webapp.runs.services.start import Start

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]
STEPS = 240


@pytest.fixture
def parent(lab: Lab, researcher: Person) -> Run:
    return finish(queue_run(make_dataset(lab), researcher))


def start_from(parent: Run, way: str, step: int | None = None, **changed: Any) -> Run:
    settings = {**QUICK["model_settings"], **changed.pop("model_settings", {})}
    recipe = {**QUICK, **changed, "model_settings": settings}
    return start_run(parent.version, recipe, None, start=Start(parent, way, step))


def test_more_samples_are_made_without_training_and_outlive_the_files_of_the_run_they_came_from(parent: Run) -> None:
    budget = {"kind": "counts", "counts": {"dot": 5}}
    run = start_from(parent, "generate", seed=8, budget=budget, sampler="random")
    storage.remove_tree(storage.all_attempts("runs", parent.pk))
    run = finish(run)
    assert run.artefacts["train"]["sha256"] == run.start_sha256 == parent.artefacts["train"]["sha256"]
    assert (run.step, run.pool.class_counts) == (run.start_step, {"bar": 0, "dot": 15})
    (checkpoint,) = run.checkpoints.all()
    assert (checkpoint.is_best, checkpoint.sha256) == (True, run.start_sha256)
    assert storage.stored(checkpoint.path).is_file()
    assert not files.start_file(run).exists()
    seeds = [set(Sample.objects.filter(pool=one.pool).values_list("seed", flat=True)) for one in (parent, run)]
    assert not seeds[0] & seeds[1]
    assert set(run.metrics) >= {"kid", "tarr"}


def test_a_continued_run_that_is_killed_ends_as_one_of_so_many_steps_from_the_start(
    parent: Run, researcher: Person
) -> None:
    run = start_from(parent, "continue", 40, model_settings={"num_steps": STEPS, "num_checkpoints": 12})

    def has_own() -> bool:
        return run.checkpoints.filter(step__gt=40).exists()

    run = interrupt(run, has_own, lambda: os.kill(child_of(run), signal.SIGKILL))
    assert run.state == "interrupted"
    run = finish(run)
    plan = json.loads((storage.run_folder(run.pk, 2) / "plan.json").read_text())
    assert plan["start"]["way"] == "continue"
    assert not plan["resume_from"].endswith("step-00000040.safetensors")
    prepared = storage.stored(run.artefacts["prepare"]["data"])
    assert prepared.is_relative_to(storage.all_attempts("runs", run.pk).resolve())
    assert (prepared / "images.npy").samefile(storage.stored(parent.artefacts["prepare"]["data"]) / "images.npy")
    whole = finish(queue_run(parent.version, researcher, num_steps=STEPS, num_checkpoints=12))
    assert tensors_of(run) == tensors_of(whole)


def test_weights_are_reused_on_another_version(parent: Run, lab: Lab) -> None:
    other = make_dataset(lab, train=10)
    run = finish(start_run(other, QUICK, None, start=Start(parent, "reuse")))
    assert run.step == QUICK["model_settings"]["num_steps"]
    assert run.pool.num_samples == 36
    assert run.events.filter(type="run.previewed", data__step=0).exists()
