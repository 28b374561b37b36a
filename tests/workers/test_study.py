"""A study under the supervisor, with the real child: its answer, what it sees, and what interruptions do (nothing)."""

import json
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from django.db.models.functions import Now

from tests.worlds import CLASSES, QUICK_STUDY, make_dataset, make_pool, make_study, queue_run
from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.gallery.models import Pool
from webapp.runs.models import Run
from webapp.studies.models import Study
from webapp.studies.services.control import cancel_study, resume_study, stop_study
from workers import supervisor
from workers.run import RunWork
from workers.study import StudyWork
from workers.supervisor import supervise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]
State = Study.State


@pytest.fixture(autouse=True)
def worker_goes_on() -> Iterator[None]:
    yield
    supervisor.shutting_down.clear()


@pytest.fixture
def study(lab: Lab, researcher: Person) -> Study:
    """Queued; the same on the same images every time."""
    return make_study(make_dataset(lab), researcher)


@pytest.fixture
def make_long(lab: Lab, researcher: Person) -> Callable[[], Study]:
    """One whose children take long enough to be stopped amid them."""
    settings = {**QUICK_STUDY["settings"], "child_steps": 100}
    return lambda: make_study(make_dataset(lab), researcher, settings=settings)


def finish(study: Study) -> dict[str, Any]:
    """Its answer, without what differs by the clock."""
    assert supervise(StudyWork, study.pk)
    study.refresh_from_db()
    assert study.state == State.FINISHED, (study.state, study.error_message)
    assert study.result is not None
    return {**study.result, "arms": [{**arm, "duration_s": 0} for arm in study.result["arms"]]}


def interrupt(study: Study, when: Callable[[], bool], act: Callable[[], object]) -> Study:
    """Work on the study in a thread, and act once `when` is true."""
    thread = threading.Thread(target=supervise, args=(StudyWork, study.pk))
    thread.start()
    deadline = time.monotonic() + 120
    while not when():
        assert thread.is_alive(), Study.objects.get(pk=study.pk).error_message
        assert time.monotonic() < deadline
        time.sleep(0.02)
    act()
    thread.join(60)
    assert not thread.is_alive()
    study.refresh_from_db()
    return study


def children_of(study: Study) -> dict[str, tuple[int, float]]:
    """Child -> when its file was written, and what it holds."""
    found = {}
    for file in (storage.study_files(study.pk) / "children").glob("[!.]*.npz"):
        with np.load(file) as arrays:
            found[file.stem] = file.stat().st_mtime_ns, float(arrays["test"].sum())
    return found


def test_a_study_ends_in_an_answer_and_leaves_only_what_its_children_said(study: Study) -> None:
    result = finish(study)
    assert [arm["name"] for arm in result["arms"]] == ["none", "random:1x@0.25"]
    assert [(arm["num_generators"], arm["num_children"]) for arm in result["arms"]] == [(0, 3), (3, 9)]
    assert (result["baseline"], result["num_test"], result["num_val"]) == ("none", 8, 16)
    assert result["answer"] in ("helped", "no_evidence", "hurt")
    assert [point["num_real"] for point in result["curve"]] == [12, 24, 48]
    progress = study.progress
    assert (progress["num_done"], progress["num_children"]) == (18, 18)
    assert {arm["arm"]: arm["num_done"] for arm in progress["arms"]}["random:1x@0.25"] == 9
    assert study.device
    left = {path.name for path in storage.study_files(study.pk).iterdir()}
    assert left == {"children", "result.json", "study.json"}


def test_generators_never_get_an_image_of_the_test_split(study: Study) -> None:
    seen: list[str] = []

    def look() -> bool:
        plans = list((storage.study_files(study.pk) / "generators").glob("*/images.jsonl"))
        seen.extend(plans[0].read_text().splitlines() if plans else [])
        return bool(seen)

    interrupt(study, look, lambda: cancel_study(study))
    shown = [json.loads(line) for line in seen]
    assert {row["split"] for row in shown} == {"train", "val"}
    of_test = study.version.images.filter(split="test").values_list("sha256", flat=True)
    assert not {Path(row["file"]).stem for row in shown} & set(of_test)


def test_a_stopped_study_goes_on_with_what_is_trained(make_long: Callable[[], Study]) -> None:
    study = make_long()
    interrupt(study, lambda: len(children_of(study)) >= 3, lambda: stop_study(study))
    assert (study.state, study.result) == (State.STOPPED, None)
    before = children_of(study)
    assert 3 <= len(before) < 18
    resume_study(study)
    result = finish(study)
    after = children_of(study)
    assert {name: after[name] for name in before} == before
    assert result == finish(make_long())


def test_a_study_whose_process_is_killed_goes_on_by_itself(make_long: Callable[[], Study]) -> None:
    study = make_long()
    work: list[supervisor.Child] = []
    made = supervisor.Child

    def kill() -> None:
        work[0].kill()

    def start(*args: Any) -> supervisor.Child:
        work.append(made(*args))
        return work[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervisor, "Child", start)
        interrupt(study, lambda: len(children_of(study)) >= 2, kill)
    assert (study.state, study.error_code) == (State.INTERRUPTED, "interrupted")
    before = children_of(study)
    finish(study)
    assert {name: children_of(study)[name] for name in before} == before


def test_a_worker_that_ends_gives_the_study_back(make_long: Callable[[], Study]) -> None:
    study = make_long()
    interrupt(study, lambda: len(children_of(study)) >= 1, supervisor.shutting_down.set)
    assert (study.state, study.attempts) == (State.QUEUED, 0)


def test_a_study_that_cannot_be_carried_out_says_why(study: Study) -> None:
    image = study.version.images.filter(split="train", label=CLASSES[0]).first()
    assert image is not None
    storage.object_file(study.version.dataset.lab_id, image.sha256, image.suffix).write_bytes(b"no picture")
    assert supervise(StudyWork, study.pk)
    study.refresh_from_db()
    assert study.state == State.FAILED
    assert study.error_message


def test_a_pool_that_exists_is_judged_without_training_a_generator(lab: Lab, researcher: Person) -> None:
    version = make_dataset(lab)
    run = queue_run(version, researcher)
    assert supervise(RunWork, run.pk)
    pool = Pool.objects.get(run=run)
    arms = ["none", "random:2@0.25", "class_confidence:2@0.25"]
    study = make_study(version, researcher, pools=[pool.pk], arms=arms)
    result = finish(study)
    assert (study.model, study.pools) == ("dcgan", [str(pool.pk)])
    assert study.settings["num_generator_seeds"] == 1
    assert [(arm["num_generators"], arm["num_children"]) for arm in result["arms"]] == [(0, 3), (1, 3), (1, 3)]
    assert result["scope"] == "pools"
    assert result["answer"] in ("helped", "no_evidence", "hurt")
    left = {path.name for path in storage.study_files(study.pk).iterdir()}
    assert left == {"children", "result.json", "study.json"}


def test_a_study_whose_pool_is_gone_says_so(lab: Lab, researcher: Person) -> None:
    version = make_dataset(lab)
    pool = make_pool(queue_run(version, researcher))
    study = make_study(version, researcher, pools=[pool.pk], arms=["none", "random:2@0.25"])
    Run.objects.filter(pk=pool.run_id).update(deleted_at=Now())
    assert supervise(StudyWork, study.pk)
    study.refresh_from_db()
    assert study.state == State.FAILED
    assert "1 of the 1 pools of this study are not there any more" in study.error_message
