"""Sending a mail, where a mail server is configured."""

import logging
import threading

from django.conf import settings
from django.core.mail import send_mail

log = logging.getLogger(__name__)


def can_mail() -> bool:
    """Whether a mail server is configured."""
    return bool(settings.EMAIL_HOST)


def post_mail(to: str, subject: str, text: str) -> None:
    """Send it from a thread of its own, so that how long it takes tells nobody whether there was one."""
    threading.Thread(target=send_now, args=(to, subject, text), daemon=True).start()


def send_now(to: str, subject: str, text: str) -> bool:
    """Send it now; whether the mail server took it."""
    try:
        send_mail(subject, text, None, [to])
    except OSError as error:  # every fault of SMTP is one
        log.error("a mail could not be sent by %s: %s", settings.EMAIL_HOST, error)
        return False
    return True
