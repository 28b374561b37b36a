"""What the training loop tells and asks."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ml.judgement import Judgement


class Callbacks:
    """What the loop tells and asks; every method may be left as it is. Calls come from the training thread."""

    def on_progress(
        self, step: int, num_steps: int, images_per_s: float | None, eta_s: float | None, device: str
    ) -> None:
        """At the start, about twice a second, and at the end. `device` names device and precision."""

    def on_scalars(self, step: int, values: dict[str, float]) -> None:
        """Finite values of one step, in rising steps; the values of `evaluate` come in a call of their own."""

    def on_preview(self, step: int, file: Path, tile: int, columns: list[dict[str, Any]], num_columns: int) -> None:
        """A row of the sample wall lies in `file`: square tiles side by side; columns: {"class": name, "seed": int}."""

    def on_checkpoint(self, step: int, file: Path, sha256: str, size_bytes: int, is_best: bool) -> None:
        """A whole, verified checkpoint lies in `file`. `is_best`: it takes over from any best one before."""

    def on_checkpoint_removed(self, file: Path) -> None:
        """An older checkpoint was deleted."""

    def on_warning(self, code: str, message: str) -> None:
        """Something a person should know that does not stop the run."""

    def on_health(self, step: int, best_step: int | None, judgements: Sequence[Judgement]) -> None:
        """How the training fares at a measured checkpoint; it replaces what was judged before."""

    def should_show(self) -> bool:
        """Asked after each step; true shows samples now, beside the planned previews. A wish is told once."""
        return False

    def should_finish(self) -> bool:
        """Asked before each step; true ends the loop as if it were over, once there is a checkpoint."""
        return False

    def should_stop(self) -> bool:
        """Asked before each step; true saves a checkpoint and ends the loop."""
        return False
