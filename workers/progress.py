"""The many words of a child become few writes: at most two a second, every point kept, the last word never lost."""

import time
from collections.abc import Callable
from typing import Any

from ml.protocol import StageProgress
from webapp.runs.events import Point, ProgressedData

EVERY_S = 0.5
MAX_POINTS = 500
"""Points of one write; a burst is spread over several."""

Write = Callable[[ProgressedData], None]


class Progress:
    """Collects where a stage is and the values it logs. Nothing is forgotten before it was written."""

    def __init__(self, write: Write, every_s: float = EVERY_S) -> None:
        self._write = write
        self._every_s = every_s
        self._latest: StageProgress | None = None
        self._points: dict[int, dict[str, float]] = {}
        self._dirty = False
        self._written_at = -every_s

    def note(self, event: StageProgress) -> None:
        """Where the stage is; only the newest counts."""
        self._latest = event
        self._dirty = True

    def add(self, step: int, values: dict[str, float]) -> None:
        """Values of one step; what is logged twice for a step is merged."""
        self._points.setdefault(step, {}).update(values)
        self._dirty = True

    def flush_if_due(self) -> None:
        """Write, unless something was written less than `every_s` ago."""
        if self._dirty and time.monotonic() - self._written_at >= self._every_s:
            self._flush_some()

    def flush(self) -> None:
        """Write all that is left: before a stage ends, a checkpoint counts, or the run does."""
        while self._dirty:
            self._flush_some()

    def _flush_some(self) -> None:
        steps = list(self._points)[:MAX_POINTS]
        points = [Point(step=step, values=self._points[step]) for step in steps]
        self._write(self._data(points))
        for step in steps:  # only now: a write that failed is tried again with the same points
            del self._points[step]
        self._dirty = bool(self._points)
        self._written_at = time.monotonic()

    def _data(self, points: list[Point]) -> ProgressedData:
        latest = self._latest
        if latest is None:
            step = points[-1].step if points else 0
            return ProgressedData(
                stage="train", step=step, num_steps=0, images_per_s=None, eta_s=None, device="", points=points
            )
        return ProgressedData(
            stage=latest["stage"],
            step=latest["step"],
            num_steps=latest["num_steps"],
            images_per_s=latest["images_per_s"],
            eta_s=latest["eta_s"],
            device=latest["device"],
            points=points,
        )


class Stopwatch:
    """How long a stage takes for how many steps, from its first word about where it is."""

    def __init__(self) -> None:
        self._first: tuple[float, StageProgress] | None = None
        self._latest: StageProgress | None = None

    def note(self, event: StageProgress) -> None:
        """Where the stage is."""
        if self._first is None or self._first[1]["stage"] != event["stage"]:
            self._first = time.monotonic(), event
        self._latest = event

    def timing_of(self, stage: str) -> dict[str, Any] | None:
        """{"seconds", "units", "device"} of the stage that ends now; None when it took no step, as one carried over."""
        if self._first is None or self._latest is None or self._latest["stage"] != stage:
            return None
        began, first = self._first
        units = self._latest["step"] - first["step"]
        if units <= 0 and stage != "select":  # it measures and does not count
            return None
        seconds = round(time.monotonic() - began, 3)
        return {"seconds": max(seconds, 0.001), "units": max(units, 1), "device": self._latest["device"]}
