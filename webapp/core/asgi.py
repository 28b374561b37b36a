"""What stands between the server and Django: bare requests, JSON answers, and a limit on bodies.

Django's ASGI handler reads a whole body to a temporary file before any view decides who is asking; here a body that no
view would take is refused before a byte of it is read.
"""

import io
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from django.conf import settings
from django.core.handlers.asgi import ASGIRequest

from webapp.core.errors import AtelierError, body
from webapp.core.headers import ALWAYS

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
_HTTP: Final = {"ws": "http", "wss": "https"}


def bare_request(scope: Scope) -> ASGIRequest:
    """A request with headers, cookies and host but no body, from an HTTP or socket scope."""
    scheme = scope.get("scheme", "http")
    plain = {**scope, "scheme": _HTTP.get(scheme, scheme), "method": scope.get("method", "GET")}
    return ASGIRequest(plain, io.BytesIO())


async def answer(send: Send, status: int, content: Any = None, headers: Mapping[str, str] | None = None) -> None:
    """A whole answer with the headers that every answer carries; `content` becomes JSON."""
    payload = b"" if content is None else json.dumps(content).encode()
    named = {**ALWAYS, "Cache-Control": "no-store", "Content-Length": str(len(payload)), **(headers or {})}
    if payload:
        named["Content-Type"] = "application/json"
    if status in (204, 304):
        del named["Content-Length"]
    pairs = [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in named.items()]
    await send({"type": "http.response.start", "status": status, "headers": pairs})
    await send({"type": "http.response.body", "body": payload})


async def answer_fault(send: Send, error: AtelierError, headers: Mapping[str, str] | None = None) -> None:
    """An error in the one shape."""
    await answer(
        send, error.status, body(error.error_code, error.message, error.fields), {**error.headers, **(headers or {})}
    )


class BodyLimit:
    """Refuses bodies above DATA_UPLOAD_MAX_MEMORY_SIZE: by their declared length, or as soon as they grow past it."""

    def __init__(self, app: App) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            await self._refuse(send, limit)
            return
        received, too_large = 0, False

        async def counted() -> Message:
            nonlocal received, too_large
            message = await receive()
            received += len(message.get("body", b""))
            if received > limit:
                too_large = True
                return {"type": "http.disconnect"}  # Django gives the request up without an answer
            return message

        await self.app(scope, counted, send)
        if too_large:
            await self._refuse(send, limit)

    async def _refuse(self, send: Send, limit: int) -> None:
        message = f"The body is larger than {limit} bytes; files are sent by the resumable upload at /api/v1/uploads/."
        await answer(send, 413, body("too_large", message), {"Connection": "close"})
