"""Telling when a run ends: the lab's webhook, and by mail who wished it, where a mail server is configured.

The wish for a mail is a row, and so is that it was fulfilled: it is marked before the mail is sent, so that no mail is
sent twice, and unmarked when the mail server did not take it. Whoever ends a run sends at once; the reconciler's leader
sends what was left over. What the webhook is told is sent by a worker (`webapp.webhooks`).
"""

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import connections, transaction
from django.db.models import QuerySet
from django.db.models.functions import Now

from webapp.accounts.models import Person
from webapp.accounts.services.mail import can_mail, send_now
from webapp.core.permissions import visible
from webapp.core.removal import alive
from webapp.runs.models import Run, RunNotice
from webapp.runs.states import ENDED
from webapp.webhooks.services.deliveries import announce

ENDED_EVENT: Final = "run.ended"
TOO_LATE: Final = timedelta(days=1)
"""News older than this is none, and is not sent any more."""
_mailers = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")


def wish_notice(run: Run, person: Person) -> None:
    """Mail the person when the run ends next."""
    RunNotice.objects.update_or_create(run=run, person=person, defaults={"sent_at": None})


def drop_notice(run: Run, person: Person) -> None:
    """No mail after all."""
    RunNotice.objects.filter(run=run, person=person).delete()


def is_wished(run: Run, person: Person) -> bool:
    """Whether a mail is still to come."""
    return RunNotice.objects.filter(run=run, person=person, sent_at=None).exists()


def tell_of_end(run: Run) -> None:
    """Tell what is to be told of this run, after the commit and without letting anybody wait."""
    if Run.objects.filter(alive(Run), pk=run.pk).exists():
        announce(run.version.dataset.lab_id, ENDED_EVENT, str(run), {"run": _facts_of(run)})
    if can_mail():
        transaction.on_commit(lambda: _mailers.submit(_send_for, run.pk), robust=True)


def send_left_over() -> None:
    """The notices of runs that have ended and of which nobody was told, as when a worker was killed meanwhile."""
    if can_mail():
        _send_all(RunNotice.objects.all())


def _facts_of(run: Run) -> dict[str, Any]:
    return {
        "id": str(run.pk),
        "name": str(run),
        "state": str(run.state),
        "error_code": run.error_code,
        "error_message": run.error_message,
        "dataset": {"id": str(run.version.dataset_id), "name": run.version.dataset.name, "version": run.version.number},
        "url": _address_of(run),
    }


def _address_of(run: Run) -> str | None:
    """Of its page; None where the service does not know by which address people reach it."""
    return f"{settings.PUBLIC_URL.rstrip('/')}/runs/{run.pk}" if settings.PUBLIC_URL else None


def _send_for(run: uuid.UUID) -> None:
    try:
        _send_all(RunNotice.objects.filter(run=run))
    finally:
        connections.close_all()


def _send_all(notices: "QuerySet[RunNotice]") -> None:
    due = notices.filter(sent_at=None, run__state__in=ENDED, run__finished_at__gt=Now() - TOO_LATE)
    for notice in due.select_related("run__version__dataset", "run__recipe", "person"):
        if RunNotice.objects.filter(pk=notice.pk, sent_at=None).update(sent_at=Now()):
            _send(notice)


def _send(notice: RunNotice) -> None:
    run = notice.run
    if not visible(Run.objects.filter(pk=run.pk), notice.person, "version__dataset__lab").exists():
        return  # no longer in the lab
    title = run.name or f"{run.recipe.model} on {run.version.dataset.name}, version {run.version.number}"
    lines = [f"The run {title} is {run.state}.", run.error_message, _address_of(run)]
    text = "\n\n".join(line for line in lines if line)
    if not send_now(notice.person.email, f"Run {run.state}: {' '.join(title.split())}", text):
        RunNotice.objects.filter(pk=notice.pk).update(sent_at=None)
