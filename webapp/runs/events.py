"""What the socket may say of a run. The same classes are stored as the run's history and answered by the API."""

import uuid
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from webapp.core.events import Event, component
from webapp.runs.models import RunState

CHANNEL = "run"


class Data(BaseModel):
    """What one event tells; written out under the names that the API uses."""

    model_config = ConfigDict(frozen=True, extra="forbid", serialize_by_alias=True, validate_by_name=True)


class RunEventBase(Event):
    """An event of one run; with a `seq` it is part of the run's stored history."""

    run: uuid.UUID


class ChangedData(Data):
    state: Annotated[RunState, component("RunState")]
    stop_requested: bool
    cancel_requested: bool
    finish_requested: bool
    attempts: int = Field(description="Attempts since the last new checkpoint.")
    error_code: str
    error_message: str


class RunChanged(RunEventBase):
    """The run entered another state, or somebody asked for it."""

    type: Literal["run.changed"] = "run.changed"
    data: ChangedData


class Point(Data):
    """The values logged at one step."""

    step: int
    values: dict[str, float]


class ProgressedData(Data):
    stage: str
    step: int
    num_steps: int
    images_per_s: float | None
    eta_s: float | None
    device: str
    points: list[Point]


class RunProgressed(RunEventBase):
    """Where the stage is, at most twice a second. Stored when it carries points; none of them is ever lost."""

    type: Literal["run.progressed"] = "run.progressed"
    data: ProgressedData


class Column(Data):
    """One column of the sample wall: the same class and the same noise at every step."""

    class_: str = Field(alias="class")
    seed: int


class PreviewedData(Data):
    step: int
    url: str = Field(description="The row of the sample wall, a PNG.")
    tile: int = Field(description="Side of one tile, in pixels.")
    columns: list[Column]
    num_columns: int


class RunPreviewed(RunEventBase):
    """A new row of the sample wall."""

    type: Literal["run.previewed"] = "run.previewed"
    data: PreviewedData


class SweptData(Data):
    name: str
    url: str = Field(description="The sheet, a PNG: a row of square tiles for each of `values`.")
    values: list[float] = Field(description="What the code is set to, row by row.")
    tile: int = Field(description="Side of one tile, in pixels.")
    columns: list[Column]


class RunSwept(RunEventBase):
    """The sheet of one code of the trained model: the code moves, everything else stands still."""

    type: Literal["run.swept"] = "run.swept"
    data: SweptData


class CheckpointedData(Data):
    step: int
    sha256: str
    size_bytes: int
    is_best: bool


class RunCheckpointed(RunEventBase):
    """Training was saved; whatever happens from here on, it continues from this step."""

    type: Literal["run.checkpointed"] = "run.checkpointed"
    data: CheckpointedData


class WarnedData(Data):
    code: str
    message: str


class RunWarned(RunEventBase):
    """Something a person should know that does not stop the run."""

    type: Literal["run.warned"] = "run.warned"
    data: WarnedData


class ActionData(Data):
    """What to do about a judgement: stop, finish with the best checkpoint, or run again with one setting changed."""

    kind: Literal["stop", "finish", "change"]
    setting: str | None = Field(None, description="With change: which setting of the model.")
    value: bool | int | float | str | None = Field(None, description="With change: what to set it to.")


class JudgementData(Data):
    """Something that goes wrong in training, or did. `until` is the step at which it no longer held."""

    code: str
    message: str
    since: int = Field(description="The step at which it began.")
    until: int | None
    actions: list[ActionData]


class JudgedData(Data):
    step: int
    best_step: int | None = Field(description="The step of the best checkpoint.")
    judgements: list[JudgementData]


class RunJudged(RunEventBase):
    """The health of the training at a measured checkpoint; it replaces what was judged before."""

    type: Literal["run.judged"] = "run.judged"
    data: JudgedData


class MeasuredPart(Data):
    """A number that a metric's value is made of or read beside, with its 95 % interval."""

    value: float
    low: float
    high: float


class Measured(Data):
    """One metric. `value` is null when it refused, and `caution` then says why."""

    value: float | None
    low: float | None
    high: float | None
    num_real: int
    num_synthetic: int
    parts: dict[str, MeasuredPart] = Field(default_factory=dict)
    per_class: dict[str, float]
    details: dict[str, Any]
    caution: str


class MeasuredData(Data):
    values: dict[str, Measured]


class RunMeasured(RunEventBase):
    """The metrics of the synthetic images."""

    type: Literal["run.measured"] = "run.measured"
    data: MeasuredData


class PoolCreatedData(Data):
    pool: uuid.UUID
    selection: uuid.UUID = Field(description="The run's own selection.")
    num_samples: int


class PoolCreated(RunEventBase):
    """The pool can be reviewed."""

    type: Literal["pool.created"] = "pool.created"
    data: PoolCreatedData


class RunSnapshot(RunEventBase):
    """The answer to a subscription: everything up to `seq`; the events that follow continue from there."""

    type: Literal["run.snapshot"] = "run.snapshot"
    data: Annotated[dict[str, Any], component("Run")]
