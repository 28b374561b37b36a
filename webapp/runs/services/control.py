"""What people ask of a run that exists (stop, finish, preview, resume, cancel), and what becomes of one whose worker
vanished."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now

from webapp.accounts.models import Person
from webapp.core.errors import ConflictError
from webapp.core.leases import MAX_ATTEMPTS
from webapp.core.queue import call_worker
from webapp.core.removal import rename, set_archived
from webapp.runs.models import Run, RunState
from webapp.runs.services.files import discard_files
from webapp.runs.services.history import append, changed
from webapp.runs.states import FINISHABLE, RESUMABLE, ForbiddenMoveError, check_move
from webapp.runs.turns import refuse_too_many

TASK = "runs.execute"
WAITING = (RunState.QUEUED, RunState.INTERRUPTED)


@transaction.atomic
def stop_run(run: Run) -> Run:
    """Save and leave: a waiting run stops at once, a working one after its next step. Asking twice is asking once."""
    run = _locked(run)
    if run.state in WAITING:
        return _move(run, RunState.STOPPED, finished_at=Now())
    if run.state in (RunState.STOPPING, RunState.STOPPED):
        return run
    return _move(run, RunState.STOPPING, stop_requested=True)


@transaction.atomic
def resume_run(run: Run, compute: Mapping[str, Any] | None = None) -> Run:
    """Queue a stopped or failed run again; it continues from its last checkpoint, computed otherwise where asked.

    `compute`: all the options that are to hold from now on, already checked.

    Raises: ConflictError; TooManyError.
    """
    run = _locked(run)
    if run.state not in RESUMABLE:
        raise ConflictError(f"Only a run that is stopped or failed can be resumed; this one is {run.state}.")
    refuse_too_many(Run, run.created_by_id)
    return _queue_again(run, finish_requested=False, compute=run.compute if compute is None else dict(compute))


@transaction.atomic
def finish_run_early(run: Run) -> Run:
    """End training after the next step, and make the images with the best checkpoint there is (the newest where none
    was measured); a run that is stopped or failed is queued again for that. Asking twice is asking once.

    Raises: ConflictError.
    """
    run = _locked(run)
    if run.state not in FINISHABLE or run.is_trained:
        raise ConflictError(f"Only a run whose training is not over can be finished early; this one is {run.state}.")
    if not run.checkpoints.exists():
        raise ConflictError("The run has no checkpoint yet that could make images; wait for the first one.")
    if run.state in RESUMABLE:
        return _queue_again(run, finish_requested=True)
    return run if run.finish_requested else _update(run, finish_requested=True)


@transaction.atomic
def preview_run(run: Run) -> Run:
    """Have the training show its samples after its next step, beside the planned previews. Asking again before they are
    there is asking once.

    Raises: ConflictError.
    """
    run = _locked(run)
    if run.state != RunState.TRAINING or run.cancel_requested:
        raise ConflictError(f"Only a run in training can show its samples; this one is {run.state}.")
    return run if run.preview_requested else _update(run, preview_wish=F("preview_wish") + 1)


@transaction.atomic
def cancel_run(run: Run) -> Run:
    """Give the run up: its process is killed, its checkpoints and files are removed. Asking twice is asking once."""
    run = _locked(run)
    if run.state == RunState.CANCELLED:
        return run
    if run.state in Run.ACTIVE:
        # Whoever holds it kills its process and writes the end; when nobody does any more, the reconciler writes it.
        return _update(run, cancel_requested=True)
    run = _move(run, RunState.CANCELLED, cancel_requested=True, finished_at=Now())
    discard_files(run)
    return run


def change_run(run: Run, person: Person, *, name: str | None = None, archived: bool | None = None) -> None:
    """Give it another name, put it away or bring it back; None leaves that as it is."""
    lab_id = run.version.dataset.lab_id
    if archived is not None:
        set_archived(run, archived, person, lab_id)
    if name is not None:
        rename(run, name.strip(), person, lab_id)


@transaction.atomic
def settle_abandoned_run(run: Run) -> Run | None:
    """What becomes of a run whose worker vanished; None when somebody settled or took it in the meantime."""
    run = _locked(run)
    state, values = _verdict(run)
    if not run.take_back(state, last_seq=F("last_seq") + 1, **values):
        return None
    run.refresh_from_db()
    append(run, [changed(run)])
    if state == RunState.CANCELLED:
        discard_files(run)
    return run


def _queue_again(run: Run, **values: Any) -> Run:
    run = _move(
        run,
        RunState.QUEUED,
        attempts=0,
        stop_requested=False,
        cancel_requested=False,
        error_code="",
        error_message="",
        finished_at=None,
        rung_at=None,
        lease_owner=None,  # a pause that was not over when it was stopped
        lease_expires_at=None,
        **values,
    )
    call_worker(TASK, run)
    return run


def _verdict(run: Run) -> tuple[RunState, dict[str, Any]]:
    if run.cancel_requested:
        return RunState.CANCELLED, {"finished_at": Now()}
    if run.stop_requested:
        return RunState.STOPPED, {"finished_at": Now(), "stop_requested": False}
    if run.attempts >= MAX_ATTEMPTS:
        sentence = (
            f"The worker vanished {MAX_ATTEMPTS} times without reaching a new checkpoint; likely the machine's memory "
            "is not enough. Lower the batch size or the resolution and start again."
        )
        return RunState.FAILED, {"finished_at": Now(), "error_code": "ended_too_often", "error_message": sentence}
    return RunState.INTERRUPTED, {"rung_at": None}


def _locked(run: Run) -> Run:
    """The run as it is now, and nobody else changes it before this transaction ends."""
    return Run.objects.select_for_update(of=("self",)).get(pk=run.pk)


def _move(run: Run, after: RunState, **values: Any) -> Run:
    try:
        check_move(RunState(run.state), after)
    except ForbiddenMoveError as error:
        raise ConflictError(str(error)) from error
    return _update(run, state=after, **values)


def _update(run: Run, **values: Any) -> Run:
    Run.objects.filter(pk=run.pk).update(last_seq=F("last_seq") + 1, **values)
    run.refresh_from_db()
    append(run, [changed(run)])
    return run
