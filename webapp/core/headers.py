"""Security headers on every answer: pages, API, pictures, errors, redirects.

A view that needs another value of a header sets it itself; the middleware adds only what is missing.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Final

from django.http import HttpRequest
from django.http.response import HttpResponseBase

API_PREFIX: Final = "/api/"
_FEATURES = (
    "accelerometer",
    "autoplay",
    "camera",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "hid",
    "identity-credentials-get",
    "idle-detection",
    "local-fonts",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "publickey-credentials-get",
    "screen-wake-lock",
    "serial",
    "usb",
    "window-management",
    "xr-spatial-tracking",
)


def content_policy(style: str = "'self'", image: str = "'self' blob:", script: str = "'self'") -> str:
    """The Content-Security-Policy of a page: everything from this origin only, no inline script, never in a frame."""
    return (
        f"default-src 'none'; script-src {script}; style-src {style}; img-src {image}; connect-src 'self'; "
        "font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'; "
        "object-src 'none'"
    )


SANDBOX: Final = "sandbox; default-src 'none'"
"""The policy of bytes that a person uploaded: even opened by themselves they run nothing and load nothing."""

ALWAYS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": content_policy(),
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": ", ".join(f"{feature}=()" for feature in _FEATURES),
    }
)


class SecurityHeaders:
    """The outermost middleware, so that answers of the others carry the headers too."""

    sync_capable = True
    async_capable = False

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        for name, value in ALWAYS.items():
            response.headers.setdefault(name, value)
        if request.path_info.startswith(API_PREFIX):
            response.headers.setdefault("Cache-Control", "no-store")
        return response
