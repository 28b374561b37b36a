"""A study as a worker's child process carries it out: what `ml.study` does, told as events."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ml.plans import RunPlan, StudyPlan
from ml.protocol import Emit, Event
from ml.records import read_all_records
from ml.run_folder import RunFolder
from ml.study import Work, usual_processes
from ml.study_folder import StudyFolder
from ml.study_settings import read_study_settings
from ml.study_told import ChildDone
from ml.told import ShouldStop

TOLD: Final = ("generator", "progress", "checkpoint", "warning")
"""What is handed on of all that is said while a generator is trained."""


def run(plan: StudyPlan, emit: Emit, should_stop: ShouldStop) -> None:
    """Make what is not there yet, and tell the answer. Raises: StopRequested, MlError."""
    study = _opened(plan)

    def heard(event: Event) -> None:
        if event["event"] in TOLD:
            emit(event)

    result = Work(study, heard, _teller(emit), should_stop, num_processes=usual_processes()).run()
    emit({"event": "result", "result": result})


def _opened(plan: StudyPlan) -> StudyFolder:
    folder = Path(plan["out"])
    if (folder / "study.json").exists():
        return StudyFolder.open(folder)
    records = list(read_all_records(Path(plan["dataset"]["images"])))
    settings, pools = read_study_settings(plan["settings"]), list(_given(plan))
    return StudyFolder.create(folder, records, plan["model"], plan["model_settings"], plan["arms"], settings, pools)


def _given(plan: StudyPlan) -> Iterator[Path]:
    """Run folders around the plan's pools, which stay where they are."""
    for place, part in enumerate(plan["pools"]):
        folder = Path(plan["out"]) / "given" / str(place)
        folder.mkdir(parents=True, exist_ok=True)
        run: RunPlan = {
            "verb": "run",
            "recipe": part["recipe"],
            "dataset": plan["dataset"],
            "out": str(folder),
            "done": part["done"],
            "resume_from": None,
            "start": None,
            "compute": {},
        }
        RunFolder(folder, run).save()
        yield folder


def _teller(emit: Emit) -> Callable[[ChildDone], None]:
    def tell(done: ChildDone) -> None:
        emit(
            {
                "event": "child",
                "name": done.name,
                "arm": done.arm,
                "val_balanced_accuracy": done.val_balanced_accuracy,
                "num_done": done.num_done,
                "num_children": done.num_children,
            }
        )

    return tell
