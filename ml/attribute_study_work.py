"""An attribute study as a worker's child process carries it out: what `ml.attribute_study_folder` does, as events."""

from pathlib import Path

from ml.attribute_study_folder import AttributeStudy
from ml.attribute_told import AttributeResult
from ml.plans import AttributeStudyPlan
from ml.protocol import Emit, Event
from ml.records import read_records
from ml.study_settings import AttributeStudySettings
from ml.study_work import Pulse
from ml.told import ShouldStop

TOLD = ("progress", "checkpoint", "warning")
"""What is handed on of all that is said while an art is trained."""


def run(plan: AttributeStudyPlan, emit: Emit, should_stop: ShouldStop) -> None:
    """Train and measure what is not there yet, and tell the table. Raises: StopRequested, MlError."""
    study, pulse = _opened(plan), Pulse(emit, should_stop)
    places = [(art.name, number) for art in study.arts for number in range(study.settings.num_seeds)]

    def heard(event: Event) -> None:
        if event["event"] in TOLD:
            emit(event)

    def on_art(name: str, seed: int) -> None:
        number = places.index((name, seed)) + 1
        emit({"event": "art", "name": name, "seed": seed + 1, "number": number, "num_trainings": len(places)})

    def on_measured(folder: Path, result: AttributeResult) -> None:
        done = sum(art["num_seeds"] for art in result["arts"])
        emit(
            {
                "event": "art_measured",
                "folder": str(folder),
                "num_done": done,
                "num_trainings": len(places),
                "result": result,
            }
        )

    emit({"event": "result", "result": study.carry_out(heard, pulse.should_stop, on_art, on_measured)})


def _opened(plan: AttributeStudyPlan) -> AttributeStudy:
    folder = Path(plan["out"])
    if (folder / "done.json").exists():
        return AttributeStudy.open(folder)
    (folder / "plan.json").unlink(missing_ok=True)  # of a beginning that was cut short
    records = list(read_records(Path(plan["dataset"]["images"])))
    settings, attributes = AttributeStudySettings(**plan["settings"]), plan["dataset"].get("attributes", [])
    return AttributeStudy.create(folder, records, plan["arts"], plan["shared"], settings, attributes)
