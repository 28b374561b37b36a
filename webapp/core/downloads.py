"""Sending a file from the data folder: conditional, by range, without holding more than a piece of it in memory."""

import asyncio
import logging
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header, parse_etags, quote_etag

from webapp.core import bucket
from webapp.core.errors import NotFoundError
from webapp.core.headers import SANDBOX

log = logging.getLogger(__name__)

PIECE_BYTES: Final = 256 * 1024
WHOLE_BYTES: Final = 2**20
"""Up to here an answer is one piece; above it is read while it is sent."""
FOREVER: Final = "private, max-age=31536000, immutable"
"""For bytes that are named by their content or by an immutable row."""
_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_UNSAFE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069/\\\ud800-\udfff]")


def send_file(
    request: HttpRequest, path: Path, *, content_type: str, etag: str, cache: str = FOREVER, download_name: str = ""
) -> HttpResponseBase:
    """The file, or the one range that the request asks for; `download_name` makes it an attachment.

    The type is the server's word and never sniffed, and nothing in the file runs: it is what a person uploaded.
    Raises: NotFoundError when the file is gone, BucketError when it has to be fetched and cannot be.
    """
    if bucket.is_on():
        bucket.pull(path)
    try:
        size = path.stat().st_size
    except OSError:
        log.error("a file that a row names is not there: %s", path)
        raise NotFoundError("The file is not on the server any more.") from None
    tag = quote_etag(etag)
    response: HttpResponseBase
    if tag in (wanted := parse_etags(request.headers.get("If-None-Match", ""))) or wanted == ["*"]:
        response = HttpResponse(status=304)
        del response["Content-Type"]
    else:
        response = _content(request, path, size, tag)
        response["Content-Type"] = content_type
        response["Accept-Ranges"] = "bytes"
        name = _UNSAFE.sub("_", download_name)
        response["Content-Disposition"] = content_disposition_header(bool(name), name) or "inline"
    response["ETag"] = tag
    response["Cache-Control"] = cache
    response["Vary"] = "Cookie, Authorization"
    response["Content-Security-Policy"] = SANDBOX
    response["X-Content-Type-Options"] = "nosniff"
    return response


def has_first_byte(answer: HttpResponseBase) -> bool:
    """Whether a download begins with this answer, and does not go on or end with it."""
    whole = answer.status_code == 200
    return whole or (answer.status_code == 206 and answer["Content-Range"].startswith("bytes 0-"))


def _content(request: HttpRequest, path: Path, size: int, tag: str) -> HttpResponseBase:
    """200 with all of it, 206 with one range, or 416; a range list or a changed file gets all of it."""
    header = request.headers.get("Range", "")
    if header and request.headers.get("If-Range", tag) == tag and (match := _RANGE.fullmatch(header.strip())):
        first, last = _bounds(match, size)
        if first > last:
            return HttpResponse(status=416, headers={"Content-Range": f"bytes */{size}"})
        response = _piece(request, path, first, last - first + 1)
        response.status_code = 206
        response["Content-Range"] = f"bytes {first}-{last}/{size}"
        return response
    return _piece(request, path, 0, size)


def _bounds(match: "re.Match[str]", size: int) -> tuple[int, int]:
    """First and last byte; first > last when nothing of the file is asked for."""
    start, end = match.groups()
    if not start:
        return (max(0, size - int(end)), size - 1) if end and int(end) else (1, 0)
    return int(start), min(int(end), size - 1) if end else size - 1


def _piece(request: HttpRequest, path: Path, start: int, length: int) -> HttpResponseBase:
    response: HttpResponseBase
    if request.method == "HEAD":
        response = HttpResponse()
    elif length <= WHOLE_BYTES:
        with path.open("rb") as file:
            file.seek(start)
            response = HttpResponse(file.read(length))
    else:
        response = StreamingHttpResponse(_read(path, start, length))
    response["Content-Length"] = str(length)
    return response


async def _read(path: Path, start: int, length: int) -> AsyncIterator[bytes]:
    file = await asyncio.to_thread(path.open, "rb")
    try:
        file.seek(start)
        while length > 0 and (piece := await asyncio.to_thread(file.read, min(PIECE_BYTES, length))):
            length -= len(piece)
            yield piece
    finally:
        file.close()
