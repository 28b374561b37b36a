"""Links that open one thing: made, found again by their key, and where they lead.

The key stands behind the `#` of a link, which no browser sends to a server: it is in no log and no Referer.
"""

from datetime import datetime
from typing import Any, Final, TypeVar

from django.conf import settings
from django.utils import timezone

from webapp.accounts.models import Link
from webapp.accounts.services.keys import is_secret, new_key, read_key
from webapp.core.addresses import on_the_network
from webapp.core.errors import GoneError, NotFoundError
from webapp.core.machine import ANY_ADDRESS, address

L = TypeVar("L", bound=Link)
UNKNOWN: Final = "This link is not known here. Copy it whole, or ask for a new one."


def site() -> str:
    """The address under which people reach the service, as it is configured and never as a request says."""
    if settings.PUBLIC_URL:
        return str(settings.PUBLIC_URL).rstrip("/")
    host = on_the_network() if settings.HOST in ANY_ADDRESS else settings.HOST
    return address(host, settings.PORT)


def make_link(kind: type[L], page: str, expires_at: datetime, **values: Any) -> tuple[L, str]:
    """A link to a page of the front end, and its address, which is shown this once."""
    key = new_key()
    link = kind._default_manager.create(key_id=key.key_id, secret_hash=key.secret_hash, expires_at=expires_at, **values)
    return link, f"{site()}/{page}#{key.text}"


def find_link(kind: type[L], text: str, *related: str) -> L:
    """The link with this key, as long as it is neither revoked nor expired.

    Raises: NotFoundError, GoneError.
    """
    key = read_key(text.strip())
    link = kind._default_manager.select_related(*related).filter(key_id=key[0]).first() if key else None
    same = is_secret(key[1] if key else "", link.secret_hash if link else None)
    if link is None or not same:
        raise NotFoundError(UNKNOWN, code="link_unknown")
    if link.revoked_at is not None:
        raise GoneError("This link was revoked. Ask for a new one.", code="link_revoked")
    if link.expires_at <= timezone.now():
        raise GoneError(f"This link expired on {link.expires_at:%Y-%m-%d}. Ask for a new one.", code="link_expired")
    return link
