"""What the client's objects share: the row as the service last told it, looking again, and waiting for work."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar

from atelier.errors import StillWorkingError, WorkFailedError

if TYPE_CHECKING:
    from typing_extensions import Self

    from atelier.client import Client

Shape = TypeVar("Shape", bound=Mapping[str, Any])
LOOK_EVERY_S = 1.0


class Resource(Generic[Shape]):
    """One thing of the service. `data` is its row, typed as in `atelier.shapes`."""

    noun: ClassVar[str]
    path: ClassVar[str]

    def __init__(self, client: Client, data: Shape) -> None:
        self._client = client
        self.data = data

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.name} {self.status}>".replace(" >", ">")

    @property
    def id(self) -> Any:
        """What addresses it."""
        return self.data["id"]

    @property
    def name(self) -> str:
        """For people."""
        return str(self.data.get("name") or self.id)

    @property
    def status(self) -> str:
        """Its `state`; empty for what has none."""
        return str(self.data.get("state", ""))

    def refresh(self) -> Self:
        """Ask the service how it is now."""
        self.data = self._client.ask("GET", self.path, id=self.id)
        return self


class Work(Resource[Shape]):
    """Something the service works on until it is in one of the states `settled`."""

    good: ClassVar[frozenset[str]]
    settled: ClassVar[frozenset[str]]

    @property
    def is_settled(self) -> bool:
        """Whether nothing more happens by itself."""
        return self.status in self.settled

    def wait(self, timeout_s: float | None = None, show: Callable[[Any], None] = lambda work: None) -> Self:
        """Return when it is settled, well. `show` gets this object after each look.

        Raises: WorkFailedError when it ended otherwise; StillWorkingError after `timeout_s`.
        """
        patient = self._client.connection.patient()
        deadline = None if timeout_s is None else time.monotonic() + timeout_s
        while True:
            self.data = patient.ask("GET", self.path, id=self.id)
            show(self)
            if self.is_settled:
                break
            if deadline is not None and time.monotonic() >= deadline:
                raise StillWorkingError(
                    f"The {self.noun} {self.name} is {self.status} after {timeout_s:g} s; the service goes on with it."
                )
            time.sleep(LOOK_EVERY_S if deadline is None else min(LOOK_EVERY_S, max(0.0, deadline - time.monotonic())))
        if self.status not in self.good:
            fault = self.data.get("error") or {}
            raise WorkFailedError(
                f"The {self.noun} {self.name} is {self.status}. {fault.get('message', '')}".strip(),
                fault.get("code", ""),
            )
        return self
