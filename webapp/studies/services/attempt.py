"""What a worker writes while it holds a study."""

from typing import Any

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from webapp.core.queue import call_worker
from webapp.studies.events import StudyProgress, publish_study
from webapp.studies.models import Study
from webapp.studies.services.control import discard_files
from webapp.studies.services.endings import tell_of_end
from webapp.studies.services.launch import TASK

State = Study.State


def begin_study(study: Study) -> None:
    """Tell that a worker took it."""
    study.write(error_code="", error_message="", progress={})
    study.refresh_from_db()
    publish_study(study)


def note_progress(study: Study, progress: StudyProgress, device: str) -> None:
    """Where it is now."""
    study.progress, study.device = progress.model_dump(mode="json"), device or study.device
    study.write(progress=study.progress, device=study.device)
    publish_study(study)


def note_table(study: Study, table: dict[str, Any]) -> None:
    """What an attribute study has measured so far; who watches sees by the progress that there is more."""
    study.write(result=table)


def advance_study(study: Study) -> None:
    """A network more is kept: an attempt that ends now has not been for nothing."""
    study.attempts = 0
    study.write(attempts=0)


@transaction.atomic
def finish_study(study: Study, result: dict[str, Any]) -> None:
    """It has its answer."""
    study.release(
        State.FINISHED,
        Q(state__in=Study.ACTIVE),
        finished_at=Now(),
        result=result,
        stop_requested=False,
        error_code="",
        error_message="",
    )
    study.refresh_from_db()
    publish_study(study)
    tell_of_end(study)


@transaction.atomic
def stopped_study(study: Study) -> None:
    """Its process kept what is trained and left, because people asked for it."""
    study.release(State.STOPPED, Q(state__in=Study.ACTIVE), finished_at=Now(), stop_requested=False)
    study.refresh_from_db()
    publish_study(study)
    tell_of_end(study)


@transaction.atomic
def cancelled_study(study: Study) -> None:
    """Its process was killed because people asked for it."""
    study.release(State.CANCELLED, Q(state__in=Study.ACTIVE), finished_at=Now())
    study.refresh_from_db()
    discard_files(study)
    publish_study(study)
    tell_of_end(study)


@transaction.atomic
def fail_study(study: Study, code: str, sentence: str) -> None:
    """It cannot be done, and `sentence` says why."""
    study.fail(code, sentence)
    publish_study(study)
    tell_of_end(study)


def interrupt_study(study: Study, code: str, sentence: str) -> None:
    """Its process ended in a way nobody foresaw; another attempt goes on with what is kept."""
    study.interrupt(code, sentence)
    publish_study(study)
    call_worker(TASK, study)


def pause_study(study: Study, code: str, sentence: str) -> None:
    """It cannot go on for now, and `sentence` says why; it is tried again by itself."""
    study.pause(code, sentence)
    publish_study(study)


def give_back_study(study: Study) -> None:
    """The worker ends; another one goes on."""
    study.give_back()
    publish_study(study)
    call_worker(TASK, study)
