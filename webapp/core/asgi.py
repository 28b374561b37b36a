"""What stands between the server and Django: bare requests, JSON answers, and limits on the size and time of bodies.

Django's ASGI handler reads a whole body to a temporary file before any view decides who is asking; here a body that no
view would take is refused before a byte of it is read.
"""

import asyncio
import io
import json
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from typing import Any, Final

from django.conf import settings
from django.core import signals
from django.core.exceptions import RequestAborted
from django.core.handlers.asgi import ASGIHandler, ASGIRequest, get_script_prefix
from django.urls import set_script_prefix

from webapp.core.errors import AtelierError, body
from webapp.core.headers import ALWAYS
from webapp.core.threads import in_thread

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
SLOWEST_BYTES_PER_S: Final = 16 * 1024
GRACE_S: Final = 30.0
TOO_SLOW: Final = "The body came too slowly and was given up; send it over a faster line, or in smaller parts."
_HTTP: Final = {"ws": "http", "wss": "https"}


def seconds_for(num_bytes: int) -> float:
    """How long a body of so many bytes may take, from its first byte to its last."""
    return GRACE_S + num_bytes / SLOWEST_BYTES_PER_S


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


class Django(ASGIHandler):
    """Django's handler with signals, middlewares, resolver and view in one call of a thread.

    By itself it goes back and forth between the event loop and the thread, six times or more per request.
    """

    def __init__(self) -> None:
        self.load_middleware(is_async=False)

    async def handle(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        try:
            content = await self.read_body(receive)
        except RequestAborted:
            return
        response = await in_thread(self._answer)(scope, content)
        if not response.streaming:
            await self.send_response(response, send)
            return
        gone = asyncio.create_task(self.listen_for_disconnect(receive))
        sending = asyncio.create_task(self.send_response(response, send))
        try:
            await asyncio.wait([gone, sending], return_when=asyncio.FIRST_COMPLETED)
            for task in (gone, sending):
                task.cancel()
            await asyncio.gather(gone, sending, return_exceptions=True)
        finally:
            await in_thread(response.close)()
        if not sending.cancelled():
            sending.result()

    def _answer(self, scope: dict[str, Any], content: Any) -> Any:
        """The whole answer; closed already, unless it is still to be streamed."""
        set_script_prefix(get_script_prefix(scope))
        signals.request_started.send(sender=type(self), scope=scope)
        request, refusal = self.create_request({**scope, "path": settings.BASE_PATH + scope["path"]}, content)
        response: Any = refusal if request is None else self.get_response(request)
        response._handler_class = type(self)
        if not response.streaming:
            response.close()
        content.close()
        return response


class UnderPath:
    """The application at a path of a host that it shares: what is behind, up to Django, sees addresses without it.

    A proxy that takes the path away itself is served as well.
    """

    def __init__(self, app: App, path: str) -> None:
        self.app = app
        self.path = path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.path and f"{scope.get('path')}/".startswith(f"{self.path}/"):
            scope = {**scope, "path": scope["path"].removeprefix(self.path) or "/"}
        await self.app(scope, receive, send)


class BodyLimit:
    """Refuses bodies that are too large, by their declared length or as soon as they grow past it, and too slow.

    `larger` answers how many bytes a request may have beyond DATA_UPLOAD_MAX_MEMORY_SIZE, after it has looked who asks;
    it raises AtelierError to refuse the request unread.
    """

    def __init__(self, app: App, larger: "Callable[[Scope], Awaitable[int | None]] | None" = None) -> None:
        self.app = app
        self.larger = larger

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            limit = await self.larger(scope) if self.larger else None
        except AtelierError as error:
            await answer_fault(send, error, {"Connection": "close"})
            return
        limit = settings.DATA_UPLOAD_MAX_MEMORY_SIZE or 0 if limit is None else limit
        declared = dict(scope["headers"]).get(b"content-length", b"0")
        if not declared.isdigit() or int(declared) > limit:
            await self._refuse(send, limit)
            return
        received, fault, ended = 0, 0, False
        deadline = asyncio.get_running_loop().time() + seconds_for(int(declared) or limit)

        async def counted() -> Message:
            nonlocal received, fault, ended
            if ended:
                return await receive()  # the rest is waiting for the sender to go
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                fault = 408
                return {"type": "http.disconnect"}
            ended = not message.get("more_body")
            received += len(message.get("body", b""))
            if received > limit:
                fault = 413
                return {"type": "http.disconnect"}  # Django gives the request up without an answer
            return message

        await self.app(scope, counted, send)
        if fault == 413:
            await self._refuse(send, limit)
        elif fault == 408:
            await answer(send, 408, body("request_timeout", TOO_SLOW), {"Connection": "close"})

    async def _refuse(self, send: Send, limit: int) -> None:
        message = f"The body is larger than {limit} bytes; files are sent by the resumable upload at /api/v1/uploads/."
        await answer(send, 413, body("too_large", message), {"Connection": "close"})
