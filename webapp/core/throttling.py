"""How often one person, or one address without a login, may ask: an allowance that refills steadily.

Kept in the memory of the server process: it protects the service from a loop gone wild, it guards no secret (wrong
logins are counted in the database).
"""

import threading
import time
from typing import TYPE_CHECKING, ClassVar, Final

from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

if TYPE_CHECKING:
    from rest_framework.views import APIView

MAX_KEYS: Final = 10_000


class _Allowance(BaseThrottle):
    """`burst` requests at once, `per_s` refilled each second."""

    burst: ClassVar[float]
    per_s: ClassVar[float]
    _left: ClassVar[dict[str, tuple[float, float]]]
    _lock: ClassVar[threading.Lock] = threading.Lock()
    _wait_s: float = 0.0

    def __init_subclass__(cls) -> None:
        cls._left = {}

    def counts(self, request: Request) -> bool:
        """Whether this throttle looks at the request at all."""
        raise NotImplementedError

    def allow_request(self, request: Request, view: "APIView") -> bool:
        if not self.counts(request):
            return True
        key = str(request.user.pk or self.get_ident(request))
        now = time.monotonic()
        with self._lock:
            if len(self._left) > MAX_KEYS:
                self._left.clear()
            left, since = self._left.get(key, (self.burst, now))
            left = min(self.burst, left + (now - since) * self.per_s)
            self._wait_s = max(0.0, (1.0 - left) / self.per_s)
            self._left[key] = (left - 1.0 if left >= 1.0 else left, now)
        return left >= 1.0

    def wait(self) -> float:
        return self._wait_s


class ReadAllowance(_Allowance):
    """Reading: thumbnails of a fast gallery need about 200 a second."""

    burst = 2000.0
    per_s = 200.0

    def counts(self, request: Request) -> bool:
        return request.method in SAFE_METHODS


class EstimateAllowance(_Allowance):
    """Questions that a child process answers, in seconds of computing; the form asks once for each pause in typing."""

    burst = 20.0
    per_s = 0.5

    def counts(self, request: Request) -> bool:
        return True


class WriteAllowance(_Allowance):
    """Writing; verdicts by key come at up to ten a second."""

    burst = 600.0
    per_s = 20.0

    def counts(self, request: Request) -> bool:
        return request.method not in SAFE_METHODS
