"""What a worker writes while it holds a run, all of it under the fence: one that lost the run writes nothing."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q
from django.db.models.functions import Greatest, Now

from webapp.core.queue import call_worker
from webapp.runs.events import (
    CheckpointedData,
    JudgedData,
    MeasuredData,
    PoolCreated,
    PreviewedData,
    ProgressedData,
    RunCheckpointed,
    RunEventBase,
    RunJudged,
    RunMeasured,
    RunPreviewed,
    RunProgressed,
    RunSwept,
    RunWarned,
    SweptData,
    WarnedData,
)
from webapp.runs.models import Checkpoint, Run, RunState
from webapp.runs.services.control import TASK
from webapp.runs.services.files import discard_files
from webapp.runs.services.history import append, changed, send
from webapp.runs.states import STAGES, sources


@transaction.atomic
def begin_attempt(run: Run) -> None:
    """Tell that a worker took the run; what ended the attempt before is history."""
    run.error_code = run.error_message = ""
    run.write(error_code="", error_message="", finished_at=None, last_seq=F("last_seq") + 1)
    append(run, [changed(run)])


@transaction.atomic
def enter_stage(run: Run, stage: str) -> None:
    """The run's state follows the stage, unless people asked it to stop meanwhile."""
    after = STAGES[stage]
    values = {"step": 0, "num_steps": 0, "stage_progress": 0.0, "images_per_s": None, "eta_s": None}
    moved = run.try_write(Q(state__in=sources(after)), state=after, last_seq=F("last_seq") + 1, **values)
    if moved:
        run.state = after
        append(run, [changed(run)])
    else:
        run.write(heartbeat_at=Now())  # it is stopping, or was in this stage already; raises when it is not ours


def leave_stage(run: Run, stage: str, artefact: Mapping[str, Any], timing: Mapping[str, Any] | None = None) -> None:
    """Note what the stage left behind (paths relative to the data folder); a later attempt does not repeat it.

    timing: {"seconds", "units", "device"} as measured in this attempt, from which later runs are foretold.
    """
    note_artefact(run, stage, artefact)
    run.attempts = 0
    if timing is not None:
        run.timings = {**run.timings, stage: dict(timing)}
    run.write(attempts=0, timings=run.timings)


def note_artefact(run: Run, name: str, artefact: Mapping[str, Any]) -> None:
    """Keep facts that a later attempt needs to finish the run."""
    run.artefacts = {**run.artefacts, name: dict(artefact)}
    run.write(artefacts=run.artefacts)


@transaction.atomic
def note_progress(run: Run, data: ProgressedData) -> None:
    """Where the stage is. Stored in the history when there are points, else only told and kept in the row."""
    columns: dict[str, Any] = {
        "step": data.step,
        "num_steps": data.num_steps,
        "images_per_s": data.images_per_s,
        "eta_s": data.eta_s,
        "stage_progress": min(1.0, data.step / data.num_steps) if data.num_steps else 0.0,
        "device": data.device,
    }
    event = RunProgressed(run=run.pk, data=data)
    if data.points:
        _write(run, [event], **columns)
    else:
        run.write(**columns)
        send(run, event)


@transaction.atomic
def add_preview(run: Run, data: PreviewedData, path: str, wish: int | None = None) -> None:
    """A new row of the sample wall; `path` is its PNG, relative to the data folder.

    wish: the newest wish for a preview that the child was told of, which this one fulfils.
    """
    fulfilled = {} if wish is None else {"preview_made": wish}
    _write(run, [RunPreviewed(run=run.pk, data=data)], path=path, **fulfilled)


@transaction.atomic
def add_sweep(run: Run, data: SweptData, path: str) -> None:
    """The sheet of one code of the trained model; `path` is its PNG, relative to the data folder."""
    _write(run, [RunSwept(run=run.pk, data=data)], path=path)


@transaction.atomic
def add_checkpoint(run: Run, data: CheckpointedData, path: str) -> list[str]:
    """Make a checkpoint visible: from now on the run continues from the newest one.

    A step beyond all earlier ones is an advance, after which earlier failures no longer count; a checkpoint that an
    attempt only carried over is none. Answers the paths of earlier attempts' checkpoints that are no longer needed.
    """
    newest = run.checkpoints.aggregate(step=Max("step"))["step"]
    columns: dict[str, Any] = {}
    if newest is None or data.step > newest:
        run.attempts = columns["attempts"] = 0
    _write(run, [RunCheckpointed(run=run.pk, data=data)], **columns)
    if data.is_best:
        run.checkpoints.update(is_best=False)
    outlived = run.checkpoints.filter(Q(step=data.step) | Q(fence__lt=run.fence, step__lt=data.step, is_best=False))
    paths = [row.path for row in outlived if row.path != path]
    outlived.delete()
    Checkpoint.objects.create(
        run=run,
        step=data.step,
        fence=run.fence,
        path=path,
        sha256=data.sha256,
        size_bytes=data.size_bytes,
        is_best=data.is_best,
    )
    return paths


@transaction.atomic
def remove_checkpoint(run: Run, path: str) -> None:
    """The child removed this file to make room."""
    run.write(heartbeat_at=Now())
    run.checkpoints.filter(path=path).delete()


@transaction.atomic
def forget_checkpoints(run: Run, damaged: Sequence[Checkpoint]) -> None:
    """These files are missing or altered; the run never continues from them."""
    run.write(heartbeat_at=Now())
    run.checkpoints.filter(pk__in=[checkpoint.pk for checkpoint in damaged]).delete()


@transaction.atomic
def warn(run: Run, data: WarnedData) -> None:
    """Something a person should know; the same warning is kept once."""
    warning = data.model_dump()
    if warning in run.warnings:
        return
    run.warnings = [*run.warnings, warning]
    _write(run, [RunWarned(run=run.pk, data=data)], warnings=run.warnings)


@transaction.atomic
def judge(run: Run, data: JudgedData) -> None:
    """The health of the training, as it is at a measured checkpoint."""
    _write(run, [RunJudged(run=run.pk, data=data)], health=data.model_dump(mode="json"))


@transaction.atomic
def measure(run: Run, data: MeasuredData) -> None:
    """The metrics of the run's synthetic images."""
    run.metrics = {**run.metrics, **data.model_dump(mode="json")["values"]}
    _write(run, [RunMeasured(run=run.pk, data=data)], metrics=run.metrics)


# --- how it ended -----------------------------------------------------------------------------------------------
@transaction.atomic
def finish_run(run: Run, pool_created: PoolCreated) -> bool:
    """Everything is there. False when somebody asked to cancel first: then nothing is written.

    Raises: LeaseLostError.
    """
    if not run.try_write(Q(cancel_requested=False), heartbeat_at=Now()):
        run.write(heartbeat_at=Now())
        return False
    steps = run.checkpoints.aggregate(last=Max("step"))["last"] or 0
    # while it works, the step is that of its stage; what people want to know of a finished run is how long it trained
    columns = {"step": steps, "num_steps": steps, "stage_progress": 1.0, "eta_s": None}
    _end(run, RunState.FINISHED, [pool_created], stop_requested=False, **columns)
    return True


@transaction.atomic
def stopped_run(run: Run) -> None:
    """It saved and left because people asked for it."""
    _end(run, RunState.STOPPED, stop_requested=False)


@transaction.atomic
def cancelled_run(run: Run) -> None:
    """It was killed because people asked for it; its files go."""
    _end(run, RunState.CANCELLED)
    discard_files(run)


@transaction.atomic
def failed_run(run: Run, code: str, sentence: str) -> None:
    """It cannot go on, and `sentence` says why."""
    _end(run, RunState.FAILED, error_code=code, error_message=sentence)


@transaction.atomic
def interrupted_run(run: Run, code: str, sentence: str) -> None:
    """Its process ended in a way nobody foresaw; another attempt continues from the last checkpoint."""
    _end(run, RunState.INTERRUPTED, error_code=code, error_message=sentence, finished_at=None, rung_at=None)
    call_worker(TASK, run)


@transaction.atomic
def paused_run(run: Run, code: str, sentence: str) -> None:
    """It cannot go on for now, and `sentence` says why; it is tried again by itself, from its last checkpoint."""
    columns = Run.paused_columns()
    _end(run, RunState.INTERRUPTED, error_code=code, error_message=sentence, finished_at=None, **columns)


@transaction.atomic
def given_back_run(run: Run) -> None:
    """The worker ends; another one continues, and this attempt does not count."""
    _end(run, RunState.QUEUED, attempts=Greatest(F("attempts") - 1, 0), finished_at=None, rung_at=None)
    call_worker(TASK, run)


def _write(run: Run, events: Sequence[RunEventBase], path: str = "", **values: Any) -> None:
    run.write(last_seq=F("last_seq") + len(events), **values)
    append(run, events, path)


def _end(run: Run, state: RunState, events: Sequence[RunEventBase] = (), **values: Any) -> None:
    columns = {"finished_at": Now(), "error_code": "", "error_message": "", **values}
    run.release(state, Q(state__in=sources(state)), last_seq=F("last_seq") + len(events) + 1, **columns)
    run.refresh_from_db()
    append(run, [*events, changed(run)])
