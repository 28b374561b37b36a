"""Requests to one service: with the token, patient with a service that restarts, and never to another address."""

from __future__ import annotations

import copy
import http.client
import json
import os
import random
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import IO, Any
from urllib.parse import quote, urlencode, urlsplit

from atelier.errors import AtelierError, DefectError, InvalidError, UnreachableError, error_of

REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
"""Methods that do no harm when a request whose answer was lost is sent again."""
NOT_NOW = frozenset({429, 502, 503, 504})
"""Answers that say that nothing was done, and that a later time is better."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 8.0
LONG_PATIENCE_S = 120.0
LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})


@dataclass(frozen=True)
class Answer:
    """An answer whose body is read by `stream`, which must be closed."""

    status: int
    headers: Mapping[str, str]
    stream: IO[bytes]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token to an address that nobody named."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


class Connection:
    """One service and who speaks to it.

    timeout_s: silence after which a connection counts as broken; patience_s: for how long a service that does not
    answer is asked again before that is an error.
    """

    def __init__(self, url: str, token: str = "", timeout_s: float = 60.0, patience_s: float = 2.0) -> None:
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.username:
            raise InvalidError(f"{url!r} is no address of a service; expected for example https://atelier.lab.")
        self.url = url.rstrip("/")
        self.token = token
        self.timeout_s = timeout_s
        self.patience_s = patience_s
        self.is_private = parts.scheme == "https" or parts.hostname in LOOPBACK
        """Whether nobody on the way can read the token."""
        handlers: list[urllib.request.BaseHandler] = [_NoRedirect()]
        if parts.hostname in LOOPBACK:
            handlers.append(urllib.request.ProxyHandler({}))
        self._opener = urllib.request.build_opener(*handlers)

    def patient(self, patience_s: float = LONG_PATIENCE_S) -> Connection:
        """The same for work that takes long: it outlives a restart of the service."""
        other = copy.copy(self)
        other.patience_s = max(self.patience_s, patience_s)
        return other

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **parts: Any,
    ) -> Any:
        """The decoded JSON of an answer; None where it has none. `parts` fill the {places} of the path.

        Raises: AtelierError.
        """
        answer = self.open(method, path, body, query, headers, **parts)
        with answer.stream as stream:
            try:
                text = stream.read()
            except (OSError, http.client.HTTPException) as error:
                raise self._broken(error) from error
        try:
            return None if answer.status == 204 else json.loads(text)
        except ValueError:
            raise DefectError(f"{self.url}{path} answered something that is no JSON; is it Atelier?") from None

    def each(self, path: str, query: Mapping[str, Any] | None = None, **parts: Any) -> Iterator[Any]:
        """Every row of a list, page by page as they are wanted.

        Raises: AtelierError.
        """
        page = self.ask("GET", path, query=query, **parts)
        yield from page["results"]
        while page["next"]:
            page = self.ask("GET", page["next"].removeprefix(urlsplit(self.url).path))
            yield from page["results"]

    def open(
        self,
        method: str,
        path: str,
        body: Any = None,
        query: Mapping[str, Any] | None = None,
        headers: Mapping[str, str] | None = None,
        **parts: Any,
    ) -> Answer:
        """The answer with its body still to be read. A body that is not bytes is sent as JSON.

        Raises: AtelierError, also for every answer of 300 and above.
        """
        request = self._request(method, path, body, query, headers, parts)
        may_repeat = method in REPEATABLE or "Idempotency-key" in request.headers
        give_up_at, pause_s = time.monotonic() + self.patience_s, FIRST_PAUSE_S
        while True:
            wait_s = 0.0
            try:
                response = self._opener.open(request, timeout=self.timeout_s)
                return Answer(response.status, response.headers, response)
            except urllib.error.HTTPError as error:
                fault = self._refusal(error)
                if error.code not in NOT_NOW:
                    raise fault from None
                wait_s = _seconds(error.headers.get("Retry-After"))
            except (OSError, http.client.HTTPException) as error:
                fault = self._broken(error)
                if not may_repeat and not _never_sent(error):
                    raise fault from error
            wait_s = max(wait_s, pause_s * random.uniform(0.5, 1.0))
            if time.monotonic() + wait_s > give_up_at:
                raise fault
            time.sleep(wait_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)

    def _request(
        self,
        method: str,
        path: str,
        body: Any,
        query: Mapping[str, Any] | None,
        headers: Mapping[str, str] | None,
        parts: Mapping[str, Any],
    ) -> urllib.request.Request:
        if parts:
            path = path.format(**{name: quote(str(part), safe="") for name, part in parts.items()})
        if asked := {name: _as_text(value) for name, value in (query or {}).items() if value is not None}:
            path += f"?{urlencode(asked)}"
        sent = {"Accept": "application/json", "User-Agent": "atelier-client"}
        if body is not None and not isinstance(body, bytes):
            body = json.dumps(body).encode()
            sent["Content-Type"] = "application/json"
        if self.token:
            sent["Authorization"] = f"Token {self.token}"
        return urllib.request.Request(self.url + path, body, {**sent, **(headers or {})}, method=method)

    def _refusal(self, error: urllib.error.HTTPError) -> AtelierError:
        """The error in the service's own words, or in ours where something else answered."""
        with error:
            if 300 <= error.code < 400:
                where = error.headers.get("Location", "another address")
                return InvalidError(f"{self.url} leads on to {where}; give that address itself.", "redirected")
            try:
                told = json.loads(error.read(2**20))
                return error_of(error.code, told["code"], told["message"], told.get("fields", {}))
            except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
                return error_of(
                    error.code, f"http_{error.code}", f"{self.url} answered {error.code} {error.reason}.", {}
                )

    def _broken(self, error: Exception) -> UnreachableError:
        reason = error.reason if isinstance(error, urllib.error.URLError) else error
        why = getattr(reason, "strerror", None) or str(reason) or type(reason).__name__
        return UnreachableError(f"No answer from {self.url}: {why}.", hint="Is the address right, and the service up?")


def environment_url() -> str:
    """ATELIER_URL, or where `make start` serves."""
    return os.environ.get("ATELIER_URL") or "http://127.0.0.1:8000"


def _never_sent(error: Exception) -> bool:
    """Whether nothing of the request can have reached the service."""
    return isinstance(error, urllib.error.URLError) and isinstance(error.reason, ConnectionRefusedError)


def _seconds(text: str | None) -> float:
    return float(text) if text and text.isdigit() else 0.0


def _as_text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
