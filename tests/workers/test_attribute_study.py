"""An attribute study under the supervisor, with the real child: its table, what it sees, and what a kill does."""

import json
import shutil
from pathlib import Path
from typing import cast

import pytest

from ml.protocol import Event
from tests.object_store import Line
from tests.workers.test_study import interrupt
from tests.worlds import QUICK_ARTS, make_attribute_dataset, make_dataset, make_study
from webapp.accounts.models import Lab, Person
from webapp.core import bucket, storage
from webapp.core.leases import new_owner
from webapp.studies.models import Study
from webapp.studies.services.control import cancel_study, resume_study, stop_study
from workers import supervisor
from workers.study import StudyWork
from workers.supervisor import supervise

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_folder")]
State = Study.State
LONG = {**QUICK_ARTS, "model_settings": {**QUICK_ARTS["model_settings"], "num_steps": 400}}


def finished(study: Study) -> dict[str, object]:
    assert supervise(StudyWork, study.pk)
    study.refresh_from_db()
    assert study.state == State.FINISHED, (study.state, study.error_message)
    assert study.result is not None
    return study.result


def measured(study: Study) -> dict[str, int]:
    """Training -> when it was measured."""
    made = storage.study_files(study.pk)
    return {str(file.parent): file.stat().st_mtime_ns for file in made.glob("arts/*/*/edits.json")}


def test_it_ends_in_a_table_and_leaves_only_measures(lab: Lab, researcher: Person) -> None:
    study = make_study(make_attribute_dataset(lab), researcher, **QUICK_ARTS)
    result = finished(study)
    assert result["names"] == ["red", "green", "blue", "large", "outlined", "bright"]
    assert [(art["name"], art["num_seeds"]) for art in result["arts"]] == [  # type: ignore[attr-defined]
        ("stargan:condition_mode=diff", 2),
        ("fader", 2),
    ]
    assert result["sentence"]
    progress = study.progress
    assert (progress["generator"], progress["num_generators"], progress["num_done"]) == (4, 4, 4)
    assert (progress["part"], progress["arm"], progress["seed"]) == ("arts", "fader", 2)
    assert study.device
    made = storage.study_files(study.pk)
    assert not list(made.rglob("*.safetensors"))
    assert {file.name for file in made.glob("arts/0/0/*")} == {"edits.json"}


def test_class_folders_are_compared_and_no_test_image_is_seen(lab: Lab, researcher: Person) -> None:
    version = make_dataset(lab)
    study = make_study(version, researcher, **{**QUICK_ARTS, "arms": ["fader"], "settings": {"num_seeds": 1}})
    seen: list[str] = []

    def look() -> None:
        lists = list(storage.all_attempts("studies", study.pk).rglob("images.jsonl"))
        seen.extend(line for file in lists for line in file.read_text().splitlines())

    class Looking(StudyWork):
        """Sees what the child was given once a training begins, when all lists are written."""

        def heard(self, event: Event) -> None:
            if event["event"] == "art":
                look()
            super().heard(event)

    assert supervise(Looking, study.pk)
    study.refresh_from_db()
    assert study.state == State.FINISHED, study.error_message
    assert study.result is not None
    assert study.result["names"] == ["bar", "dot"]
    shown = [json.loads(line) for line in seen]
    assert {row["split"] for row in shown} == {"train", "val"}
    of_test = version.images.filter(split="test").values_list("sha256", flat=True)
    assert not {Path(row["file"]).stem for row in shown} & set(of_test)


def test_a_killed_one_goes_on_by_itself_to_the_same_table(lab: Lab, researcher: Person) -> None:
    version = make_attribute_dataset(lab)
    study = make_study(version, researcher, **LONG)
    work: list[supervisor.Child] = []
    made = supervisor.Child

    def start(*args: object) -> supervisor.Child:
        work.append(made(*args))  # type: ignore[arg-type]
        return work[-1]

    class Killing(StudyWork):
        """Its child dies amid the second training, at the first thing that is kept of it."""

        def heard(self, event: Event) -> None:
            super().heard(event)
            if event["event"] == "checkpoint" and len(measured(study)) == 1:
                work[0].kill()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(supervisor, "Child", start)
        assert supervise(Killing, study.pk)
    study.refresh_from_db()
    assert (study.state, study.error_code) == (State.INTERRUPTED, "interrupted")
    assert study.result is not None
    assert [art["num_seeds"] for art in study.result["arts"]] == [1], "what is measured is in the table at once"
    before = measured(study)
    result = finished(study)
    after = measured(study)
    assert {name: after[name] for name in before} == before, "what was measured is not measured again"
    assert len(after) == 4
    assert result == finished(make_study(version, researcher, **LONG)), "as one that was never interrupted"


def test_a_stopped_one_is_resumed_and_a_cancelled_one_leaves_nothing(lab: Lab, researcher: Person) -> None:
    study = make_study(make_attribute_dataset(lab), researcher, **LONG)
    interrupt(study, lambda: len(measured(study)) >= 1, lambda: stop_study(study))
    assert study.state == State.STOPPED
    assert 1 <= len(measured(study)) < 4
    resume_study(study)
    interrupt(study, lambda: Study.objects.get(pk=study.pk).state == State.RUNNING, lambda: cancel_study(study))
    assert study.state == State.CANCELLED
    assert not storage.all_attempts("studies", study.pk).exists()


def test_one_whose_folder_was_cut_short_begins_anew(lab: Lab, researcher: Person) -> None:
    study = make_study(make_attribute_dataset(lab), researcher, **{**QUICK_ARTS, "settings": {"num_seeds": 1}})
    made = storage.study_files(study.pk)
    made.mkdir(parents=True)
    (made / "plan.json").write_text("{")
    assert finished(study)["sentence"]
    shutil.rmtree(made)


def test_what_was_measured_before_a_kill_and_what_measures_it_reach_the_bucket(
    line: Line, lab: Lab, researcher: Person
) -> None:
    row = make_study(make_attribute_dataset(lab), researcher, **QUICK_ARTS)
    made = storage.study_files(row.pk)
    rulers = [
        made / "classifier.safetensors",
        made / "encoder" / "encoder.json",
        made / "encoder" / "encoder.safetensors",
    ]
    first, second = (made / "arts" / "0" / seed for seed in ("0", "1"))
    rest = first / "checkpoints" / "step-00000008.safetensors"
    for file in (*rulers, first / "edits.json", rest):
        write(file)
    mine = Study.claim(row.pk, new_owner(), State.RUNNING)
    assert mine is not None
    work = StudyWork(mine)
    work.folder.mkdir(parents=True)
    work.plan()
    assert all(bucket.has(file) for file in (*rulers, first / "edits.json")), "also what was not put before"
    assert not rest.exists(), "nothing but its measures is left of a training that is measured"
    shutil.rmtree(made)
    again = StudyWork(mine)
    again.plan()
    assert all(file.is_file() for file in (*rulers, first / "edits.json")), "on another machine, too"
    write(second / "edits.json")
    told = {"folder": str(second), "num_done": 2, "num_trainings": 4, "result": {"sentence": ""}}
    again.heard(cast(Event, {"event": "art_measured", **told}))
    assert bucket.has(second / "edits.json")


def write(file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(file.name)
