"""Scalars of a training: logged sparingly, checked all, fetched from the device in bundles."""

import math
from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from ml.errors import NonFiniteLossError
from ml.model import Scalars

MAX_POINTS = 2000
"""Scalars are logged at most this often over a run."""


class ScalarLog:
    """Takes every step's scalars; hands on every `every`-th step's, and faults at the first that is not finite.

    `flush` waits for the device once for all steps since the last flush, so that no step does. A scalar that a step did
    not give keeps its last value since the last logged step.
    """

    def __init__(
        self,
        num_steps: int,
        on_scalars: Callable[[int, dict[str, float]], None],
        on_step: Callable[[Mapping[str, float]], None] = lambda values: None,
    ) -> None:
        """on_step hears what each step gave, on_scalars what is logged."""
        self.every = max(1, math.ceil(num_steps / MAX_POINTS))
        self.num_steps = num_steps
        self.on_scalars, self.on_step = on_scalars, on_step
        self.pending: list[tuple[int, list[str], Tensor]] = []
        self.latest: dict[str, float] = {}

    def add(self, step: int, scalars: Scalars) -> None:
        values = torch.stack([value.detach().float() for value in scalars.values()])
        self.pending.append((step, list(scalars), values))

    def flush(self) -> None:
        """Raises: NonFiniteLossError naming the first step and scalar that is not finite."""
        if not self.pending:
            return
        pending, self.pending = self.pending, []
        fetched = iter(torch.cat([values for _, _, values in pending]).tolist())
        for step, paths, _ in pending:
            given = {path: check_finite(step, path, next(fetched)) for path in paths}
            self.on_step(given)
            self.latest |= given
            if step % self.every == 0 or step in (1, self.num_steps):
                self.on_scalars(step, self.latest)
                self.latest = {}


def check_finite(step: int, name: str, value: float) -> float:
    """Raises: NonFiniteLossError."""
    if not math.isfinite(value):
        raise NonFiniteLossError(
            f"At step {step} {name} became {value}, so training stopped; the checkpoints before it are whole. "
            f"Lower the learning rate, or choose another loss, and start again."
        )
    return value
