"""News of a lab on their way to its webhook: noted with what they tell of, sent by a worker, told once.

A piece of news is a row in the transaction of what it tells. A worker takes it by one UPDATE that counts the attempt
and puts the next one off, so that two workers never send the same attempt, and one that is killed meanwhile leaves
nothing to settle. What was answered with success is never sent again. Where no answer came nobody knows whether it
arrived: the next attempt carries the same id, by which the other side knows it again.
"""

import hashlib
import hmac
import json
import time
import uuid
from datetime import timedelta
from typing import Any, Final

from django.conf import settings
from django.db import transaction
from django.db.models import Case, F, Value, When
from django.db.models.functions import Now

from webapp.accounts.models import Lab
from webapp.webhooks.models import MAX_ANSWER_SIGNS, Delivery, Webhook
from webapp.webhooks.services.addresses import RefusedError, read_target
from webapp.webhooks.services.sending import Line, UnansweredError, post

PAUSES: Final = (timedelta(minutes=1), timedelta(minutes=10), timedelta(hours=1))
"""From one attempt to the next."""
MAX_ATTEMPTS: Final = len(PAUSES) + 1
LAST_WORD_AFTER: Final = timedelta(minutes=5)
"""After the last attempt, when whoever made it has not said what became of it."""
KEPT_FOR: Final = timedelta(days=30)
FORGOTTEN_AT_ONCE: Final = 500
LINE: Final = Line()
TEST_EVENT: Final = "webhook.tested"
WAITING = Delivery.State.WAITING


@transaction.atomic
def announce(lab_id: Any, event: str, subject: str, facts: dict[str, Any]) -> Delivery | None:
    """Have this told to the lab's webhook; None where it has none. Whether it may be sent is asked when it is.

    event: `<noun>.<past participle>`; facts: JSON values, beside those that every piece of news has.
    """
    webhook = Webhook.objects.select_related("lab").filter(lab=lab_id).first()
    return None if webhook is None else _note(webhook, event, subject, facts)


def deliver_next(line: Line = LINE) -> bool:
    """Send what is due first, and write what became of it; False when nothing was due."""
    due = Delivery.objects.filter(state=WAITING, due_at__lte=Now()).order_by("due_at").first()
    if due is None:
        return False
    if due.attempts >= MAX_ATTEMPTS:
        _write(due, state=Delivery.State.FAILED, answer="The worker ended while it sent this for the last time.")
    elif _claim(due):
        _attempt(due, line)
    return True


def forget_old() -> None:
    """Remove some of those that nobody needs to see any more."""
    old = Delivery.objects.filter(created_at__lt=Now() - KEPT_FOR).order_by("created_at")
    Delivery.objects.filter(pk__in=list(old.values_list("pk", flat=True)[:FORGOTTEN_AT_ONCE])).delete()


def signature(secret: str, timestamp: int, body: bytes) -> str:
    """HMAC-SHA256, in hexadecimal, of the seconds since 1970, a dot, and the body as it is sent."""
    return hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def _note(webhook: Webhook, event: str, subject: str, facts: dict[str, Any]) -> Delivery:
    pk = uuid.uuid4()
    lab: Lab = webhook.lab
    told = {"id": str(pk), "event": event, "lab": {"id": str(lab.pk), "name": lab.name}, **facts}
    Delivery.objects.create(
        pk=pk, webhook=webhook, event=event, subject=subject[:255], body=json.dumps(told), due_at=Now()
    )
    return Delivery.objects.get(pk=pk)  # with the database's time


def _claim(due: Delivery) -> bool:
    """Whether this attempt is ours; it counts from now on, and the next one is put off."""
    later = [When(attempts=made, then=Now() + pause) for made, pause in enumerate(PAUSES)]
    rows = Delivery.objects.filter(pk=due.pk, state=WAITING, attempts=due.attempts, due_at__lte=Now())
    if not rows.update(due_at=Case(*later, default=Now() + LAST_WORD_AFTER), attempts=F("attempts") + 1):
        return False
    due.attempts += 1
    return True


def _attempt(delivery: Delivery, line: Line) -> None:
    webhook: Webhook = delivery.webhook
    body = delivery.body.encode()
    try:
        status = post(read_target(webhook.url), body, _headers(delivery, webhook.secret, body), line)
    except RefusedError as error:
        _write(delivery, state=Delivery.State.FAILED, answer=str(error), status=None)
    except UnansweredError as error:
        _missed(delivery, None, str(error))
    else:
        if 200 <= status < 300:
            _write(delivery, state=Delivery.State.DELIVERED, answer=f"Answered {status}.", status=status)
        else:
            _missed(delivery, status, _said_of(status))


def _headers(delivery: Delivery, secret: str, body: bytes) -> dict[str, str]:
    now = int(time.time())
    return {
        "Content-Type": "application/json",
        "User-Agent": f"Atelier/{settings.VERSION}",
        "Atelier-Event": delivery.event,
        "Atelier-Delivery": str(delivery.pk),
        "Atelier-Timestamp": str(now),
        "Atelier-Signature": f"sha256={signature(secret, now, body)}",
    }


def _said_of(status: int) -> str:
    if 300 <= status < 400:
        return f"Answered {status}, a redirect; those are not followed. Set the address that it leads to."
    return f"Answered {status}; 200 to 299 would say that it arrived."


def _missed(delivery: Delivery, status: int | None, answer: str) -> None:
    is_last = delivery.attempts >= MAX_ATTEMPTS or delivery.event == TEST_EVENT  # somebody waits for that answer
    _write(delivery, state=Delivery.State.FAILED if is_last else WAITING, answer=answer, status=status)


def _write(delivery: Delivery, *, state: str, answer: str, **values: Any) -> None:
    """Under the fence: an attempt that took too long does not speak for the one after it."""
    held = Delivery.objects.filter(pk=delivery.pk, state=WAITING, attempts=delivery.attempts)
    ended = Value(None) if state == WAITING else Now()
    held.update(state=state, answer=answer[:MAX_ANSWER_SIGNS], ended_at=ended, **values)
