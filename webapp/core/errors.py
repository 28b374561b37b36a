"""Every error of the service in one shape: {"code", "message", "fields"}.

Raise an `AtelierError` anywhere below a view; `answer_error` (the exception handler of the API) turns it, and all that
Django and the REST framework raise, into that shape. A fault nobody foresaw is logged with a reference number.
"""

import logging
import secrets
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import PermissionDenied
from django.core.exceptions import ValidationError as ModelValidationError
from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions
from rest_framework.response import Response

log = logging.getLogger(__name__)
Fields = dict[str, list[str]]
_DISK_FULL = ("database or disk is full", "No space left on device")
"""How SQLite and PostgreSQL say it."""


class AtelierError(Exception):
    """A fault with a sentence for a person.

    `fields` maps the dotted path of an input (`recipe.model_settings.batch_size`) to what is wrong with it.
    """

    code: ClassVar[str] = "bad_request"
    status: ClassVar[int] = 400

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        fields: Mapping[str, Sequence[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.error_code = code or self.code
        self.fields: Fields = {path: list(faults) for path, faults in (fields or {}).items()}
        self.headers = dict(headers or {})


class InvalidError(AtelierError):
    """What was sent does not fit; `fields` says where."""

    code = "invalid"


class NotFoundError(AtelierError):
    """There is no such thing, or it belongs to a lab that the person is not in: the answer is the same."""

    code = "not_found"
    status = 404

    def __init__(self, message: str = "There is nothing at this address.", **rest: Any) -> None:
        super().__init__(message, **rest)


class ForbiddenError(AtelierError):
    """The person sees it but may not do this to it."""

    code = "forbidden"
    status = 403


class ConflictError(AtelierError):
    """It is not in a state in which this can be done."""

    code = "conflict"
    status = 409


class GoneError(AtelierError):
    """It was here and is not any more."""

    code = "gone"
    status = 410


class TooLargeError(AtelierError):
    """More was sent, or asked for, than the stated limit."""

    code = "too_large"
    status = 413


class LockedError(AtelierError):
    """Somebody else is at it; trying again a little later helps."""

    code = "locked"
    status = 423


class TooManyError(AtelierError):
    """A limit on how many or how often; `Retry-After` says when to come back."""

    code = "too_many"
    status = 429


class UnavailableError(AtelierError):
    """A part of the service does not answer at the moment."""

    code = "unavailable"
    status = 503


class DiskFullError(AtelierError):
    """There is not enough free space in the data folder."""

    code = "disk_full"
    status = 507


def body(code: str, message: str, fields: Mapping[str, Sequence[str]] | None = None) -> dict[str, Any]:
    """The one shape of an error."""
    return {"code": code, "message": message, "fields": {path: list(faults) for path, faults in (fields or {}).items()}}


def answer_error(exc: Exception, context: Mapping[str, Any]) -> Response:
    """The REST framework's exception handler."""
    if isinstance(exc, AtelierError):
        return Response(body(exc.error_code, exc.message, exc.fields), status=exc.status, headers=exc.headers)
    if isinstance(exc, Http404):
        return Response(body("not_found", "There is nothing at this address."), status=404)
    if isinstance(exc, PermissionDenied):
        return Response(body("forbidden", "You may not do this."), status=403)
    if isinstance(exc, ModelValidationError):
        exc = exceptions.ValidationError(exc.message_dict if hasattr(exc, "error_dict") else exc.messages)
    if isinstance(exc, exceptions.APIException):
        return _api_answer(exc)
    if isinstance(exc, OperationalError) and any(words in str(exc) for words in _DISK_FULL):
        log.error("the database could not write: %s", exc)
        message = "The server's disk is full; nothing was changed. Ask who runs the service to make room."
        return Response(body(DiskFullError.code, message), status=DiskFullError.status)
    if isinstance(exc, OperationalError | InterfaceError):
        log.error("the database did not answer: %s", exc)
        return Response(
            body("database_busy", "The database did not answer in time; nothing was changed. Try again in a moment."),
            status=503,
            headers={"Retry-After": "5"},
        )
    request = context.get("request")
    where = f"{request.method} {request.path}" if request is not None else "a view"
    return Response(unforeseen(exc, where), status=500)


def unforeseen(exc: BaseException, where: str) -> dict[str, Any]:
    """Log a fault that nobody foresaw under a reference number, and the answer that names only the number."""
    reference = secrets.token_hex(4)
    log.error("reference %s: %s failed", reference, where, exc_info=exc)
    return body(
        "internal_error",
        f"Something failed inside the service; this is a defect. The log has it under reference {reference}.",
    )


def _api_answer(exc: exceptions.APIException) -> Response:
    headers: dict[str, str] = {}
    if authenticate := getattr(exc, "auth_header", None):
        headers["WWW-Authenticate"] = authenticate
    if wait := getattr(exc, "wait", None):
        headers["Retry-After"] = str(max(1, int(wait + 0.999)))
    if isinstance(exc, exceptions.ValidationError):
        fields = flatten(exc.detail)
        return Response(body("invalid", _sentence(fields), fields), status=exc.status_code, headers=headers)
    code = exc.get_codes()
    message = exc.detail if isinstance(exc.detail, str) else _sentence(flatten(exc.detail))
    return Response(
        body(code if isinstance(code, str) else exc.default_code, str(message)), status=exc.status_code, headers=headers
    )


def flatten(detail: Any, path: str = "") -> Fields:
    """Nested faults of serializers as dotted path -> sentences; faults of no single field stand under ""."""
    if isinstance(detail, Mapping):
        nested = detail.items()
    elif isinstance(detail, list | tuple) and any(isinstance(part, Mapping | list | tuple) for part in detail):
        nested = [(str(index), part) for index, part in enumerate(detail) if part]  # type: ignore[assignment]
    else:
        parts = detail if isinstance(detail, list | tuple) else [detail]
        return {path: [str(part) for part in parts]}
    found: Fields = {}
    for key, part in nested:
        own = path if key == "non_field_errors" else f"{path}.{key}" if path else str(key)
        for where, faults in flatten(part, own).items():
            found.setdefault(where, []).extend(faults)
    return found


def _sentence(fields: Fields) -> str:
    """All faults in one line, at most five of them."""
    parts = [f"{path}: {fault}" if path else fault for path, faults in fields.items() for fault in faults]
    more = f" (and {len(parts) - 5} more)" if len(parts) > 5 else ""
    return " ".join(parts[:5]) + more


# --- outside the REST framework ---------------------------------------------------------------------------------
def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler400: a host that is not served, a request that cannot be parsed."""
    return JsonResponse(body("bad_request", "The request cannot be understood."), status=400)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Django's handler403."""
    return JsonResponse(body("forbidden", "You may not do this."), status=403)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Django's handler404."""
    return JsonResponse(body("not_found", "There is nothing at this address."), status=404)


def server_error(request: HttpRequest) -> HttpResponse:
    """Django's handler500; Django has logged the traceback already."""
    return JsonResponse(
        body("internal_error", "Something failed inside the service; this is a defect. The log has the details."),
        status=500,
    )


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """CSRF_FAILURE_VIEW."""
    return JsonResponse(
        body("csrf_failed", f"The request does not prove that it comes from this site's page; reload it. {reason}"),
        status=403,
    )
