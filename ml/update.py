"""`with update("D") as minimise`: one network learns while the others stand still."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.model import Minimise, Scalars


class Updates:
    """The `update` that a training step is given.

    Only the weights of the named optimizer ask for gradients inside, which spares the others' weight gradients.
    Contexts may be nested: an image made inside `update("G")` keeps its way back to G while `update("D")` runs within.
    """

    number = 1
    """Parts of each batch."""

    def __init__(self, model: nn.Module, optimizers: Mapping[str, Optimizer]) -> None:
        self.parameters = list(model.parameters())
        self.optimizers = optimizers
        self.own = {
            name: {id(parameter) for group in optimizer.param_groups for parameter in group["params"]}
            for name, optimizer in optimizers.items()
        }

    @contextmanager
    def __call__(self, name: str) -> Iterator[Minimise]:
        before = [parameter.requires_grad for parameter in self.parameters]
        own = self.own[name]
        for parameter in self.parameters:
            parameter.requires_grad_(id(parameter) in own)
        try:
            yield lambda loss: self._minimise(name, loss)
        finally:
            for parameter, flag in zip(self.parameters, before, strict=True):
                parameter.requires_grad_(flag)

    def together(self, run: Callable[[int], Scalars]) -> Scalars:
        """The training step `run(part)` on every part of the batch: here on the only one, part 0."""
        return run(0)

    def whole(self, values: Tensor) -> Tensor:
        return values.detach()

    def _minimise(self, name: str, loss: Tensor) -> None:
        optimizer = self.optimizers[name]
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        # autocast keeps bf16 copies of weights within a step; after this one they are old
        torch.clear_autocast_cache()
