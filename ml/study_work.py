"""A study as a worker's child process carries it out: what `ml.study` does, told as events."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from ml.plans import StudyPlan
from ml.protocol import Emit, Event
from ml.records import read_all_records
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
    settings = read_study_settings(plan["settings"])
    return StudyFolder.create(folder, records, plan["model"], plan["model_settings"], plan["arms"], settings)


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
