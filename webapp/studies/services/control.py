"""What people ask of a study that exists, and what becomes of one whose worker vanished."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models.functions import Now

from webapp.accounts.models import Person
from webapp.core import storage
from webapp.core.errors import ConflictError
from webapp.core.queue import call_worker
from webapp.core.removal import rename, set_archived
from webapp.studies.events import publish_study
from webapp.studies.models import Study
from webapp.studies.services.endings import tell_of_end
from webapp.studies.services.launch import TASK

S = Study.State
MOVES: Mapping[str, frozenset[str]] = {
    S.QUEUED: frozenset({S.RUNNING, S.STOPPED, S.CANCELLED}),
    S.INTERRUPTED: frozenset({S.RUNNING, S.STOPPED, S.FAILED, S.CANCELLED}),
    S.RUNNING: frozenset({S.QUEUED, S.INTERRUPTED, S.FINISHED, S.STOPPED, S.FAILED, S.CANCELLED}),
    S.STOPPED: frozenset({S.QUEUED, S.CANCELLED}),
    S.FAILED: frozenset({S.QUEUED, S.CANCELLED}),
    S.FINISHED: frozenset(),
    S.CANCELLED: frozenset(),
}

ENDED = frozenset({S.FINISHED, S.STOPPED, S.FAILED, S.CANCELLED})


def actions_of(study: Study) -> list[str]:
    """What a person may ask of it now: stop, resume, cancel."""
    if study.cancel_requested:
        return []
    allowed = {
        "stop": S.STOPPED in MOVES[study.state] and not study.stop_requested,
        "resume": S.QUEUED in MOVES[study.state] and study.state not in Study.ACTIVE,
        "cancel": S.CANCELLED in MOVES[study.state],
    }
    return [action for action, is_allowed in allowed.items() if is_allowed]


@transaction.atomic
def stop_study(study: Study) -> Study:
    """Keep what is trained and leave; it can be resumed. Asking twice is asking once. Raises: ConflictError."""
    study = _locked(study)
    if study.state == S.STOPPED:
        return study
    if study.state in Study.ACTIVE:
        return _update(study, stop_requested=True)
    study = _move(study, S.STOPPED, finished_at=Now())
    tell_of_end(study)
    return study


@transaction.atomic
def resume_study(study: Study) -> Study:
    """Queue a stopped or failed study again; networks that are trained stay. Raises: ConflictError."""
    study = _locked(study)
    if "resume" not in actions_of(study):
        raise ConflictError(f"Only a study that is stopped or failed can be resumed; this one is {study.state}.")
    study = _move(
        study,
        S.QUEUED,
        attempts=0,
        stop_requested=False,
        error_code="",
        error_message="",
        finished_at=None,
        rung_at=None,
        lease_owner=None,
        lease_expires_at=None,
    )
    call_worker(TASK, study)
    return study


@transaction.atomic
def cancel_study(study: Study) -> Study:
    """Give it up: its networks go. Asking twice is asking once. Raises: ConflictError."""
    study = _locked(study)
    if study.state == S.CANCELLED:
        return study
    if study.state in Study.ACTIVE:
        return _update(study, cancel_requested=True)
    study = _move(study, S.CANCELLED, cancel_requested=True, finished_at=Now())
    discard_files(study)
    tell_of_end(study)
    return study


def change_study(study: Study, person: Person, *, name: str | None = None, archived: bool | None = None) -> None:
    """Give it another name, put it away or bring it back; None leaves that as it is."""
    lab_id = study.version.dataset.lab_id
    if archived is not None:
        set_archived(study, archived, person, lab_id)
    if name is not None:
        rename(study, name.strip(), person, lab_id)


@transaction.atomic
def settle_abandoned_study(study: Study) -> Study | None:
    """What becomes of a study whose worker vanished; None when somebody settled or took it in the meantime."""
    if study.cancel_requested or study.stop_requested:
        state = S.CANCELLED if study.cancel_requested else S.STOPPED
        if not study.take_back(state, finished_at=Now(), stop_requested=False):
            return None
        study.refresh_from_db()
        if state == S.CANCELLED:
            discard_files(study)
    elif not study.settle():
        return None
    publish_study(study)
    if study.state in ENDED:
        tell_of_end(study)
    return study


def discard_files(study: Study) -> None:
    """Once the transaction has committed."""
    folder = storage.all_attempts("studies", study.pk)
    transaction.on_commit(lambda: storage.remove_tree(folder))


def _locked(study: Study) -> Study:
    """As it is now, and nobody else changes it before this transaction ends."""
    return Study.objects.select_for_update(of=("self",)).get(pk=study.pk)


def _move(study: Study, after: str, **values: Any) -> Study:
    if after not in MOVES[study.state]:
        raise ConflictError(f"A study that is {study.state} cannot become {after}.")
    return _update(study, state=after, **values)


def _update(study: Study, **values: Any) -> Study:
    Study.objects.filter(pk=study.pk).update(**values)
    study.refresh_from_db()
    publish_study(study)
    return study
