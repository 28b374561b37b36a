"""What the socket may say of a study."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict

from webapp.core.events import Event, component, group_of, publish
from webapp.studies.models import Study

CHANNEL = "study"


class ArmProgress(BaseModel):
    """Children of an arm that are trained, and how well they do on validation images."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    arm: str
    num_done: int
    val_balanced_accuracy: float
    """Their mean, 0..1. Test images are read when all are trained."""


class StudyProgress(BaseModel):
    """Where a study is: first its generators, one after the other, then its children; of attributes, its arts.

    stage, step of num_steps: of the generator that is at work. num_done of num_children: with those of the learning
    curve once the comparison's are there. eta_s: of this part alone, None while nobody knows. Of arts, generator is the
    training that is at work, `seed` (from 1) of `arm`, and num_done are measured.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: Literal["", "generators", "children", "arts"] = ""
    generator: int = 0
    num_generators: int = 0
    stage: str = ""
    step: int = 0
    num_steps: int = 0
    num_done: int = 0
    num_children: int = 0
    eta_s: float | None = None
    arms: list[ArmProgress] = []
    arm: str = ""
    seed: int = 0


class StudyChangedData(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    state: Annotated[Study.State, component("StudyState")]
    is_stopping: bool
    progress: Annotated[dict[str, Any], component("StudyProgress")]
    has_result: bool
    error_code: str
    error_message: str


class StudyChanged(Event):
    """A study was queued, went on, or has its answer."""

    type: Literal["study.changed"] = "study.changed"
    study: uuid.UUID
    data: StudyChangedData


def progress_of(study: Study) -> StudyProgress:
    """What the row says, an empty one included."""
    told: dict[str, Any] = study.progress
    return StudyProgress.model_validate(told)


def study_changed(study: Study) -> StudyChanged:
    """The event that tells what the row says."""
    return StudyChanged(
        study=study.pk,
        data=StudyChangedData(
            state=Study.State(study.state),
            is_stopping=is_stopping(study),
            progress=progress_of(study).model_dump(mode="json"),
            has_result=study.state == Study.State.FINISHED,
            error_code=study.error_code,
            error_message=study.error_message,
        ),
    )


def is_stopping(study: Study) -> bool:
    """Asked to stop or to end, and still at work."""
    return study.state in Study.ACTIVE and (study.stop_requested or study.cancel_requested)


def publish_study(study: Study) -> None:
    """Tell everybody who watches the study, after commit."""
    publish(group_of(CHANNEL, study.pk), study_changed(study))
