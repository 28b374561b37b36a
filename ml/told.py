"""How a run speaks while it works: progress at most twice a second, the loop's callbacks as events, and stopping."""

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ml.callbacks import Callbacks
from ml.judgement import Judgement
from ml.plans import Stage
from ml.protocol import Emit, PreviewColumn

REPORT_EVERY_S = 0.5

ShouldStop = Callable[[], bool]


class StopRequested(BaseException):
    """Somebody asked to stop; everything finished so far is saved. No error, hence no `Exception`."""


class Meter:
    """Where a stage is; `to` is called as often as one likes."""

    def __init__(self, emit: Emit, should_stop: ShouldStop, stage: Stage, num_steps: int, device: str) -> None:
        self._emit, self._should_stop = emit, should_stop
        self._stage, self._num_steps, self._device = stage, num_steps, device
        self._began = time.monotonic()
        self._told = float("-inf")

    def to(self, step: int, counts_images: bool = True) -> None:
        """Raises: StopRequested."""
        if self._should_stop():
            raise StopRequested
        now = time.monotonic()
        if now - self._told < REPORT_EVERY_S and step < self._num_steps:
            return
        self._told = now
        rate = step / (now - self._began) if step and now > self._began else None
        self._emit(
            {
                "event": "progress",
                "stage": self._stage,
                "step": step,
                "num_steps": self._num_steps,
                "images_per_s": round(rate, 1) if rate and counts_images else None,
                "eta_s": round((self._num_steps - step) / rate, 1) if rate else None,
                "device": self._device,
            }
        )


class Told(Callbacks):
    """The training loop's callbacks as events."""

    def __init__(
        self,
        emit: Emit,
        should_stop: ShouldStop,
        finish_when: Path | None = None,
        preview_when: Path | None = None,
    ) -> None:
        """Files whose being there asks to end training early, and to show samples now."""
        self._emit, self._should_stop, self._finish_when = emit, should_stop, finish_when
        self._preview_when = preview_when

    def on_progress(
        self, step: int, num_steps: int, images_per_s: float | None, eta_s: float | None, device: str
    ) -> None:
        self._emit(
            {
                "event": "progress",
                "stage": "train",
                "step": step,
                "num_steps": num_steps,
                "images_per_s": images_per_s,
                "eta_s": eta_s,
                "device": device,
            }
        )

    def on_scalars(self, step: int, values: dict[str, float]) -> None:
        self._emit({"event": "scalars", "step": step, "values": values})

    def on_preview(self, step: int, file: Path, tile: int, columns: list[dict[str, Any]], num_columns: int) -> None:
        named: list[PreviewColumn] = [{"class": column["class"], "seed": column["seed"]} for column in columns]
        self._emit(
            {
                "event": "preview",
                "step": step,
                "file": str(file.absolute()),
                "tile": tile,
                "columns": named,
                "num_columns": num_columns,
            }
        )

    def on_checkpoint(self, step: int, file: Path, sha256: str, size_bytes: int, is_best: bool) -> None:
        self._emit(
            {
                "event": "checkpoint",
                "step": step,
                "file": str(file.absolute()),
                "sha256": sha256,
                "size_bytes": size_bytes,
                "is_best": is_best,
            }
        )

    def on_checkpoint_removed(self, file: Path) -> None:
        self._emit({"event": "checkpoint_removed", "file": str(file.absolute())})

    def on_warning(self, code: str, message: str) -> None:
        self._emit({"event": "warning", "code": code, "message": message})

    def on_health(self, step: int, best_step: int | None, judgements: Sequence[Judgement]) -> None:
        told = [judgement.told() for judgement in judgements]
        self._emit({"event": "health", "step": step, "best_step": best_step, "judgements": told})

    def should_show(self) -> bool:
        if self._preview_when is None or not self._preview_when.exists():
            return False
        self._preview_when.unlink(missing_ok=True)
        return True

    def should_finish(self) -> bool:
        return self._finish_when is not None and self._finish_when.exists()

    def should_stop(self) -> bool:
        return self._should_stop()
