"""Ringing a worker. The row is already committed when the bell rings; the message carries its id and nothing else.

A bell that does not ring (Redis is down) harms nobody: the reconciler rings again for every row that is due.
"""

import logging
import uuid
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from django.db import transaction
from django.db.models.functions import Now
from kombu.exceptions import OperationalError as BrokerError

from webapp.core.leases import Leased

log = logging.getLogger(__name__)

MESSAGE_EXPIRES_S: Final = 120
"""A message older than this is dropped unread; by then the reconciler has rung again."""
RETRY_POLICY: Final = {"max_retries": 2, "interval_start": 0.1, "interval_step": 0.2, "interval_max": 0.5}
PATIENCE_S: Final = 2.0

# A Redis that accepts and then says nothing holds a socket longer than a person should wait: somebody else waits.
_ringers = ThreadPoolExecutor(max_workers=2, thread_name_prefix="ring")


def call_worker(task_name: str, row: Leased) -> None:
    """Call a worker for `row` once the current transaction has committed; never raises when Redis does not answer."""
    model, pk = type(row), row.pk
    transaction.on_commit(lambda: _ring_and_note(task_name, model, pk), robust=True)


def ring(task_name: str, pk: uuid.UUID) -> bool:
    """Send the message now; False, within two seconds, when Redis does not take it."""
    sent: Future[None] = _ringers.submit(_send, task_name, pk)
    try:
        sent.result(timeout=PATIENCE_S)
    except (BrokerError, OSError, TimeoutError) as error:
        sent.cancel()
        reason = str(error) or "no answer"
        log.warning("no worker was called for %s %s (%s); the reconciler will", task_name, pk, reason)
        return False
    return True


def _send(task_name: str, pk: uuid.UUID) -> None:
    from webapp.celery import app  # only here, so that everything else imports without Celery

    app.send_task(
        task_name, args=[str(pk)], expires=MESSAGE_EXPIRES_S, retry=True, retry_policy=RETRY_POLICY, ignore_result=True
    )


def _ring_and_note(task_name: str, model: type[Leased], pk: uuid.UUID) -> None:
    if ring(task_name, pk):
        model._default_manager.filter(pk=pk).update(rung_at=Now())
