"""Logging in, and slowing down whoever guesses.

An attempt is written down before the password is looked at and removed when it was right, so that a hundred guesses at
the same moment are counted like a hundred guesses one after the other.
"""

import hashlib
from datetime import timedelta
from typing import Final

from django.contrib.auth import authenticate
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from webapp.accounts.models import LoginAttempt, Person
from webapp.core.errors import AtelierError, TooManyError

WINDOW: Final = timedelta(minutes=1)
KEPT: Final = timedelta(hours=1)
PER_ACCOUNT_AND_ADDRESS: Final = 5
PER_ACCOUNT: Final = 20
PER_ADDRESS: Final = 20


class WrongLoginError(AtelierError):
    """No such e-mail address, or not its password: the answer is the same."""

    code = "wrong_login"
    status = 403


def check_login(request: HttpRequest, email: str, password: str) -> Person:
    """The person with this e-mail address and password.

    Raises: WrongLoginError; TooManyError, with Retry-After, after five wrong attempts within a minute.
    """
    attempt = begin_attempt(email.strip().lower(), request.META.get("REMOTE_ADDR", ""))
    person = authenticate(request, username=email.strip().lower(), password=password)
    if not isinstance(person, Person):
        raise WrongLoginError("The e-mail address or the password is wrong.")
    forgive(attempt)
    return person


def begin_attempt(account: str, address: str) -> LoginAttempt:
    """Write an attempt down.

    Raises: TooManyError when there were too many; the refused one does not count, so that waiting always helps.
    """
    LoginAttempt.objects.filter(at__lt=timezone.now() - KEPT).delete()
    digest = hashlib.sha256(account.encode("utf-8", "surrogatepass")).hexdigest()
    attempt = LoginAttempt.objects.create(account=digest, address=address[:45])
    lately = LoginAttempt.objects.filter(at__gt=timezone.now() - WINDOW).exclude(pk=attempt.pk)
    for rows, limit in (
        (lately.filter(account=digest, address=attempt.address), PER_ACCOUNT_AND_ADDRESS),
        (lately.filter(account=digest), PER_ACCOUNT),
        (lately.filter(address=attempt.address), PER_ADDRESS),
    ):
        if (wait_s := _wait_s(rows, limit)) > 0:
            attempt.delete()
            raise TooManyError(
                f"There were too many wrong logins; wait {wait_s} seconds.",
                code="too_many_logins",
                headers={"Retry-After": str(wait_s)},
            )
    return attempt


def forgive(attempt: LoginAttempt) -> None:
    """The attempt was right: it and the wrong ones before it, of this account from this address, are forgotten."""
    LoginAttempt.objects.filter(account=attempt.account, address=attempt.address).delete()


def _wait_s(rows: "QuerySet[LoginAttempt]", limit: int) -> int:
    """Seconds until one more is allowed; 0 when it is allowed now."""
    times = list(rows.order_by("-at").values_list("at", flat=True)[:limit])
    if len(times) < limit:
        return 0
    return max(1, int((times[-1] + WINDOW - timezone.now()).total_seconds() + 0.999))
