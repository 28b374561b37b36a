"""A study as a worker's child process carries it out: what `ml.study` does, told as events."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final

from ml.errors import ProcessLostError
from ml.plans import RunPlan, StudyPlan
from ml.protocol import Emit, Event
from ml.records import read_all_records
from ml.run_folder import RunFolder
from ml.study import Work, usual_processes
from ml.study_folder import StudyFolder
from ml.study_settings import read_study_settings
from ml.study_told import ChildDone
from ml.told import ShouldStop

EVERY_S: Final = 10.0
TOLD: Final = ("generator", "progress", "checkpoint", "warning")
"""What is handed on of all that is said while a generator is trained."""


class Pulse:
    """Asked again and again whether to stop, it tells now and then that work goes on: one child may take an hour."""

    def __init__(self, emit: Emit, should_stop: ShouldStop) -> None:
        self._emit, self._should_stop, self._told_at = emit, should_stop, time.monotonic()

    def should_stop(self) -> bool:
        self.beat()
        return self._should_stop()

    def beat(self) -> None:
        now = time.monotonic()
        if now - self._told_at >= EVERY_S:
            self._told_at = now
            self._emit({"event": "alive"})


def run(plan: StudyPlan, emit: Emit, should_stop: ShouldStop) -> None:
    """Make what is not there yet, and tell the answer. Raises: StopRequested, MlError."""
    pulse = Pulse(emit, should_stop)
    study, number = _opened(plan, pulse), usual_processes()

    def heard(event: Event) -> None:
        if event["event"] in TOLD:
            emit(event)

    while True:
        try:
            result = Work(study, heard, _teller(emit), pulse.should_stop, num_processes=number).run()
        except ProcessLostError:
            if number == 1:
                raise
            number //= 2  # the memory was not enough for so many at once; what is trained stays
        else:
            return emit({"event": "result", "result": result})


def _opened(plan: StudyPlan, pulse: Pulse) -> StudyFolder:
    folder = Path(plan["out"])
    if (folder / "study.json").exists():
        return StudyFolder.open(folder)
    records = list(read_all_records(Path(plan["dataset"]["images"])))
    settings, pools = read_study_settings(plan["settings"]), list(_given(plan))
    asked = plan["model"], plan["model_settings"], plan["arms"], settings, pools
    attributes = plan["dataset"].get("attributes", [])
    return StudyFolder.create(
        folder, records, *asked, on_packed=lambda done, number: pulse.beat(), attributes=attributes
    )


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
