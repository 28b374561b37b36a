"""Which addresses a webhook may have: hosts that the service's configuration names, reached at public addresses only.

Asked when a webhook is set, and again at each attempt: by then the configuration or the name service may say otherwise.
"""

import ipaddress
import socket
from dataclasses import dataclass
from typing import Final
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from webapp.webhooks.models import MAX_URL_SIGNS

PORTS: Final = {"https": 443, "http": 80}
# What leads to other addresses than it shows: translation between IPv4 and IPv6, and tunnels.
TUNNELS: Final = tuple(
    ipaddress.ip_network(block)
    for block in ("64:ff9b::/96", "64:ff9b:1::/48", "2001::/32", "2002::/16", "::ffff:0:0/96", "192.88.99.0/24")
)


class RefusedError(Exception):
    """Nothing may be sent there; the sentence says why."""


@dataclass(frozen=True)
class Target:
    """A webhook's address, taken apart."""

    scheme: str
    host: str
    port: int
    path: str
    """With the query."""


def read_target(url: str) -> Target:
    """Raises: RefusedError."""
    if len(url) > MAX_URL_SIGNS or not url.isascii() or not url.isprintable() or " " in url or "\\" in url:
        raise RefusedError(f"An address has at most {MAX_URL_SIGNS} printable ASCII signs and no spaces.")
    parts, port = _taken_apart(url)
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in PORTS or not host:
        raise RefusedError("An address begins with https:// (or http://) and a host.")
    if parts.username is not None or parts.password is not None or parts.fragment:
        raise RefusedError("An address holds no user, password or #fragment.")
    if not _is_named(host):
        raise RefusedError(f"This service sends nothing to the host {host}. {_what_is_allowed()}")
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return Target(parts.scheme, host, port or PORTS[parts.scheme], path)


def _what_is_allowed() -> str:
    """The hosts that the configuration names, in words."""
    if not settings.WEBHOOK_HOSTS:
        return "Who runs the service names the hosts that it may send to in WEBHOOK_HOSTS; now there is none."
    return f"It may send to {', '.join(settings.WEBHOOK_HOSTS)}; who runs it sets that by WEBHOOK_HOSTS."


def addresses_of(host: str, port: int) -> list[str]:
    """What the name service says now, each address once; an OSError where it says nothing."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(where[0]) for *_, where in found))


def is_public(address: str) -> bool:
    """Whether it lies in the open internet: no private, local, reserved or multicast one, nor a way to such."""
    try:
        ip = ipaddress.ip_address(address)
    except ValueError:
        return False
    if not ip.is_global or ip.is_multicast or ip.is_reserved or getattr(ip, "scope_id", None):
        return False
    return not any(ip in block for block in TUNNELS if block.version == ip.version)


def _taken_apart(url: str) -> tuple[SplitResult, int | None]:
    try:
        parts = urlsplit(url)
        return parts, parts.port
    except ValueError as error:
        raise RefusedError(f"This is no address: {error}.") from error


def _is_named(host: str) -> bool:
    """As in ALLOWED_HOSTS, a name that begins with a dot stands for itself and all below it."""
    return any(
        host == name.removeprefix(".") or (name.startswith(".") and host.endswith(name))
        for name in settings.WEBHOOK_HOSTS
    )
