"""An `update` that changes no weight and keeps what was to be minimised."""

from collections.abc import Iterator
from contextlib import contextmanager

from torch import Tensor

from ml.model import Minimise


class RecordedUpdate:
    """losses: name of an update -> its losses, with their way back."""

    def __init__(self) -> None:
        self.losses: dict[str, list[Tensor]] = {}

    @contextmanager
    def __call__(self, name: str, /) -> Iterator[Minimise]:
        yield self.losses.setdefault(name, []).append

    def whole(self, values: Tensor) -> Tensor:
        return values.detach()

    def only(self, name: str) -> Tensor:
        """The one loss of an update."""
        (loss,) = self.losses[name]
        return loss
