"""The page of the front end at every address that is not the API's, and whether the service is well."""

import logging
import secrets
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings
from django.db import DatabaseError, connection
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.views.decorators.http import require_safe

from webapp.core import storage
from webapp.core.headers import content_policy

log = logging.getLogger(__name__)

NONCE_MARK: Final = "__CSP_NONCE__"
"""Where the built page wants the nonce of its inline styles (Vite's `html.cspNonce`)."""
BASE_MARK: Final = "__BASE_PATH__"
"""Where the built page wants the path that the service's addresses begin with (vite.config.ts)."""
NOT_BUILT: Final = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Atelier</title></head>
<body><h1>Atelier</h1>
<p>The service runs, but its front end is not built. Run <code>make start</code>, or build it with
<code>npm ci &amp;&amp; npm run build</code> in the folder <code>frontend</code>, and start the service again.</p>
<p>The <a href="__BASE_PATH__/api/schema/view/">API</a> is described.</p></body></html>
"""


@require_safe
def front_end(request: HttpRequest, path: str = "") -> HttpResponse:
    """index.html: the browser's router decides what the address means. Sets the CSRF cookie."""
    if ".." in path or "\\" in path or path.startswith("/"):
        raise Http404
    get_token(request)
    page = settings.FRONTEND_DIST / "index.html"
    html = _read(page, page.stat().st_mtime_ns) if page.is_file() else NOT_BUILT
    # Mantine writes its theme's variables and responsive props into <style> elements at run time; they carry the
    # nonce. Style attributes are set through the DOM (CSSOM), which no policy forbids. So nothing inline is allowed.
    nonce = secrets.token_urlsafe(16)
    response = HttpResponse(html.replace(NONCE_MARK, nonce).replace(BASE_MARK, settings.BASE_PATH))
    response["Content-Security-Policy"] = content_policy(style=f"'self' 'nonce-{nonce}'")
    response["Cache-Control"] = "no-cache"
    return response


@lru_cache(maxsize=2)
def _read(page: Path, changed: int) -> str:
    return page.read_text(encoding="utf-8")


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """The process answers."""
    return JsonResponse({"status": "ok"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """Whether requests can be answered: 503 when the database or the data folder fails. Redis is only a bell, so it is
    not asked; on a disk that is almost full everything can still be read and deleted."""
    faults, notes = {}, {}
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError as error:
        log.error("the database does not answer: %s", error)
        faults["database"] = "does not answer"
    try:
        if storage.free_bytes() < settings.DISK_FLOOR_BYTES:
            notes["disk"] = "is almost full"
    except OSError as error:
        log.error("the data folder cannot be read: %s", error)
        faults["disk"] = "cannot be read"
    return JsonResponse({"status": "failing" if faults else "ok", **notes, **faults}, status=503 if faults else 200)
