"""How a request says who it is: a session's cookie in the browser, a token for programs.

The same two ways hold for what Django never sees (uploads, sockets): `identify` reads them from a bare request.
"""

from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends.db import SessionStore
from django.http import HttpRequest, HttpResponse
from django.middleware.csrf import CsrfViewMiddleware
from rest_framework import authentication, exceptions
from rest_framework.request import Request

from webapp.accounts.models import ApiToken, Person
from webapp.accounts.services import note_use, verify_token
from webapp.core.errors import AtelierError, ForbiddenError

KEYWORD = "Token"
REFUSAL = "This token is not valid: it is unknown, expired or revoked. Make a new one under your name in the browser."


class NotLoggedInError(AtelierError):
    """Neither a session nor a token."""

    code = "not_authenticated"
    status = 401

    def __init__(self, message: str = "Log in, or send a token as `Authorization: Token …`.") -> None:
        super().__init__(message, headers={"WWW-Authenticate": KEYWORD})


@dataclass(frozen=True)
class Identity:
    """Who asks; `token` is None when a session's cookie said so."""

    person: Person
    token: ApiToken | None


class TokenAuthentication(authentication.BaseAuthentication):
    """`Authorization: Token atl_<8 id>_<43 secret>`."""

    def authenticate(self, request: Request) -> tuple[Person, ApiToken] | None:
        token = _token_of(request.META.get("HTTP_AUTHORIZATION"))
        return None if token is None else (token.person, token)

    def authenticate_header(self, request: Request) -> str:
        return KEYWORD


class SessionAuthentication(authentication.SessionAuthentication):
    """A session's cookie; what changes something also needs the CSRF token of the page."""

    def enforce_csrf(self, request: HttpRequest) -> None:
        _check_csrf(request)


def person_of(request: Request) -> Person:
    """The person who asks; for views that only somebody logged in reaches."""
    if not isinstance(request.user, Person):
        raise exceptions.NotAuthenticated
    return request.user


def identify(request: HttpRequest) -> Identity:
    """Who sent a request that Django's middleware has not seen. Whoever asks for a change also calls `check_origin`.

    Raises: NotLoggedInError.
    """
    try:
        token = _token_of(request.META.get("HTTP_AUTHORIZATION"))
    except exceptions.AuthenticationFailed as error:
        raise NotLoggedInError(str(error.detail)) from None
    if token is not None:
        return Identity(token.person, token)
    request.session = SessionStore(request.COOKIES.get(settings.SESSION_COOKIE_NAME))
    person = get_user(request)
    if not isinstance(person, Person) or not person.is_active:
        raise NotLoggedInError
    return Identity(person, None)


def check_origin(request: HttpRequest, identity: Identity) -> None:
    """A change by cookie must come from this site's own page; a token is proof enough by itself.

    Raises: ForbiddenError.
    """
    if identity.token is None:
        _check_csrf(request)


def _token_of(header: str | None) -> ApiToken | None:
    """None without an Authorization header of this kind.

    Raises: AuthenticationFailed.
    """
    keyword, _, text = (header or "").partition(" ")
    if keyword != KEYWORD:
        return None
    token = verify_token(text.strip())
    if token is None:
        raise exceptions.AuthenticationFailed(REFUSAL, code="bad_token")
    note_use(token)
    return token


class _CsrfCheck(CsrfViewMiddleware):
    def _reject(self, request: HttpRequest, reason: str) -> Any:
        return reason


def _unused(request: HttpRequest) -> HttpResponse:
    return HttpResponse()


def _check_csrf(request: HttpRequest) -> None:
    check = _CsrfCheck(_unused)
    check.process_request(request)
    if reason := check.process_view(request, _unused, (), {}):
        raise ForbiddenError(
            f"The request does not prove that it comes from this site's own page; reload the page. {reason}",
            code="csrf_failed",
        )
