"""What passes between a worker and its child process `python -m ml work PLAN.json`.

The worker writes a plan (`ml/plans.py`); the child answers with events, one JSON object per line on stdout, and an exit
code. Nothing else reaches stdout: `claim_stdout` sends every other writer to stderr. Importing this module never
imports torch. All paths are absolute.
"""

import json
import os
import sys
from collections.abc import Callable
from typing import Any, Final, Literal, NotRequired, TextIO, cast

from typing_extensions import TypedDict

from ml.attribute_told import ArtBegun, ArtMeasured, AttributeStudyDone
from ml.judgement import HealthJudged
from ml.look import Look
from ml.plans import Artefacts, Stage
from ml.study_told import StudyResult

EXIT_DONE: Final = 0
EXIT_FAULT: Final = 1
EXIT_STOPPED: Final = 75
"""Stopped on request (SIGTERM) with a checkpoint saved; the same plan with `resume_from` goes on."""


# --- events -----------------------------------------------------------------------------------------------------
class StageStarted(TypedDict):
    event: Literal["stage_started"]
    stage: Stage


class StageFinished(TypedDict):
    """The stage's outputs are whole on disk; a later attempt gets `artefact` back in `done`."""

    event: Literal["stage_finished"]
    stage: Stage
    artefact: Artefacts


class StageProgress(TypedDict):
    """Where a stage of a run is. `device` says device and precision, as shown to people."""

    event: Literal["progress"]
    stage: Stage
    step: int
    num_steps: int
    images_per_s: float | None
    eta_s: float | None
    device: str


class FileProgress(TypedDict):
    """Where an ingest or export is, in files."""

    event: Literal["progress"]
    current: int
    max: int


class ScalarsLogged(TypedDict):
    """Finite values by path (`loss/G`, `metric/kid`)."""

    event: Literal["scalars"]
    step: int
    values: dict[str, float]


PreviewColumn = TypedDict("PreviewColumn", {"class": str, "seed": int})
"""One column of the sample wall: the same class and noise at every step. Written so because `class` is a keyword."""


class Preview(TypedDict):
    """One row of the sample wall, a PNG: `num_columns` square tiles of `tile` pixels, side by side."""

    event: Literal["preview"]
    step: int
    file: str
    tile: int
    columns: list[PreviewColumn]
    num_columns: int


class SweepMade(TypedDict):
    """One code's sheet, a PNG: a row of square tiles for each of `values`, in the columns of the sample wall."""

    event: Literal["sweep"]
    name: str
    values: list[float]
    file: str
    tile: int
    columns: list[PreviewColumn]


class CheckpointSaved(TypedDict):
    event: Literal["checkpoint"]
    step: int
    file: str
    sha256: str
    size_bytes: int
    is_best: bool


class CheckpointRemoved(TypedDict):
    event: Literal["checkpoint_removed"]
    file: str


class Alive(TypedDict):
    """Work goes on that has nothing to tell yet, so that nobody takes it for stuck."""

    event: Literal["alive"]


class Warned(TypedDict):
    """Something a person should know that does not stop the work."""

    event: Literal["warning"]
    code: str
    message: str


class MeasurementPart(TypedDict):
    """A number that a metric's value is made of or read beside."""

    value: float
    low: float
    high: float


class MeasurementRow(TypedDict):
    """One metric. `value` is None when it refused, and `caution` then says why."""

    value: float | None
    low: float | None
    high: float | None
    num_real: int
    num_synthetic: int
    parts: dict[str, MeasurementPart]
    per_class: dict[str, float]
    details: dict[str, Any]
    caution: str


class Measured(TypedDict):
    event: Literal["metrics"]
    values: dict[str, MeasurementRow]


class PoolScored(TypedDict):
    """The pool is whole and scored; `path` is its folder, its scores lie in the artefact of the stage `score`."""

    event: Literal["pool"]
    path: str
    classes: list[str]
    resolution: int
    channels: int
    num_samples: int
    checkpoint_sha256: str
    score_names: list[str]
    views: list[str]


class Yield(TypedDict):
    """What became of one class; `dropped` counts by reason code."""

    asked: int
    generated: int
    kept: int
    dropped: dict[str, int]


class Failed(TypedDict):
    """A fault with a sentence for a person; the exit code is 1."""

    event: Literal["error"]
    code: str
    message: str


class IngestedFile(TypedDict):
    """What became of one file of a source; from `index` on only when it was accepted.

    fingerprint: hexadecimal, see `ml.image_file.fingerprint`; look: None where it was not taken; near: the index of the
    first of its near duplicates, None when it has none; issues: see `ml.issues`; pair_name to pair_size_bytes: of a
    pair, its half A, with the hash of the image itself where one file holds both; attributes: see `ml.records`.
    """

    name: str
    outcome: Literal["accepted", "duplicate", "skipped", "failed"]
    reason: str
    index: NotRequired[int]
    label: NotRequired[str]
    split: NotRequired[str]
    sha256: NotRequired[str]
    suffix: NotRequired[str]
    width: NotRequired[int]
    height: NotRequired[int]
    is_grey: NotRequired[bool]
    size_bytes: NotRequired[int]
    fingerprint: NotRequired[str]
    look: NotRequired[Look | None]
    near: NotRequired[int | None]
    issues: NotRequired[list[str]]
    pair_name: NotRequired[str]
    pair_sha256: NotRequired[str]
    pair_suffix: NotRequired[str]
    pair_size_bytes: NotRequired[int]
    attributes: NotRequired[str]


class NearDuplicates(TypedDict):
    """How many groups a version holds, how many images lie in them, and how many were left out for them."""

    groups: int
    images: int
    left_out: int


class VersionHealth(TypedDict):
    """What there is to know of a version's images, see `ml.issues`.

    measured: images whose look was taken; issues: issue -> images; usual: what holds for most; leaks: images that
    have a copy, or a near duplicate, in another split.
    """

    measured: int
    issues: dict[str, int]
    usual: list[str]
    leaks: int


class IngestedFiles(TypedDict):
    """Up to 200 rows of the report."""

    event: Literal["ingest_files"]
    files: list[IngestedFile]


class IngestResult(TypedDict):
    """kind: of the source, empty where an earlier version alone was read; recognised: why it is of that kind, as one
    sentence, empty where a person chose it; counts: split -> class -> images."""

    event: Literal["result"]
    kind: str
    recognised: str
    attributes: list[str]
    classes: list[str]
    counts: dict[str, dict[str, int]]
    content_hash: str
    num_images: int
    size_bytes: int
    near_duplicates: NearDuplicates
    health: VersionHealth


class Report(TypedDict):
    """What a sampler says of itself. values: name -> number; curves: name -> points [x, y]."""

    values: dict[str, float]
    curves: dict[str, list[list[float]]]


class RunResult(TypedDict):
    event: Literal["result"]
    yields: dict[str, Yield]
    report: Report


class SelectResult(TypedDict):
    event: Literal["result"]
    yields: dict[str, Yield]
    report: Report
    selection: str


class EditChances(TypedDict):
    """Probabilities [tiles][attributes], the image last: by the model's classifier, empty where it has none, and by
    the run's encoder, None for an attribute that this does not know."""

    model: list[list[float]]
    encoder: list[list[float | None]]


class EditResult(TypedDict):
    """A sheet of edits.

    combinations: [tiles][attributes] of 0 and 1, row by row; after them one more tile shows the image as the model sees
    it. are_classes: an image has one of `attributes`. current: what it has, None where nobody said. excludes: of each
    attribute, those that never came with it in training. tile: its side in pixels; columns: tiles in a row.
    """

    event: Literal["result"]
    sheet: str
    attributes: list[str]
    are_classes: bool
    combinations: list[list[int]]
    current: list[int | None]
    excludes: list[list[int]]
    tile: int
    columns: int
    chances: EditChances


class GeneratorBegun(TypedDict):
    """A study goes on to its next generator, from 1; what a run would say of it follows."""

    event: Literal["generator"]
    number: int
    num_generators: int


class ChildTrained(TypedDict):
    """A child network of a study is there.

    num_done of num_children, both with those of the learning curve when the comparison's are there.
    """

    event: Literal["child"]
    name: str
    arm: str
    val_balanced_accuracy: float
    num_done: int
    num_children: int


class StudyDone(TypedDict):
    event: Literal["result"]
    result: StudyResult


class ExportResult(TypedDict):
    event: Literal["result"]
    file: str
    sha256: str
    size_bytes: int
    num_real: int
    num_synthetic: int


Event = (
    StageStarted
    | Alive
    | StageFinished
    | StageProgress
    | FileProgress
    | ScalarsLogged
    | Preview
    | SweepMade
    | CheckpointSaved
    | CheckpointRemoved
    | Warned
    | HealthJudged
    | Measured
    | PoolScored
    | Failed
    | IngestedFiles
    | IngestResult
    | RunResult
    | SelectResult
    | EditResult
    | GeneratorBegun
    | ChildTrained
    | StudyDone
    | ArtBegun
    | ArtMeasured
    | AttributeStudyDone
    | ExportResult
)
Emit = Callable[[Event], None]

_events: TextIO | None = None


def claim_stdout() -> None:
    """Keep stdout for events: what libraries or native code print there goes to stderr from now on."""
    global _events
    sys.stdout.flush()
    _events = os.fdopen(os.dup(1), "w", encoding="utf-8", newline="\n")
    os.dup2(2, 1)


def emit(event: Event) -> None:
    """Write one event as one line, at once.

    Raises: ValueError when a number is not finite: JSON has no word for it.
    """
    stream = _events or sys.stdout
    stream.write(json.dumps(event, ensure_ascii=True, allow_nan=False, separators=(",", ":")) + "\n")
    stream.flush()


def read_event(line: str) -> Event | None:
    """The event in a line of the child's stdout, or None when the line is none (torn by a kill)."""
    try:
        value = json.loads(line)
    except ValueError:
        return None
    return cast(Event, value) if isinstance(value, dict) and isinstance(value.get("event"), str) else None
