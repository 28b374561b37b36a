"""A batch in equal parts: one after another, in less memory; beside each other, on several devices; or both.

All parts of a batch go through a training step in lock-step. Where a model calls `minimise`, a part goes back through
its loss, which adds its share to the gradients, and waits until every part has done so; then the optimizer steps once,
and all go on. So G meets a D that has learnt from the whole batch, as it does where there is one part. Each part is a
greenlet, so that a model's training step is written as if there were no parts.

Each part draws random numbers of its own and has buffers of its own within a step (batch norm: its statistics are
those of a part); at the end of the step the parts' buffers are averaged. So how many processes share the parts changes
nothing.
"""

import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, nullcontext
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch
from greenlet import getcurrent, greenlet
from torch import Tensor, nn
from torch.optim import Optimizer
from torch.utils.checkpoint import checkpoint

from ml.model import Model, Scalars
from ml.ranks import Ranks
from ml.update import Updates


@dataclass(frozen=True)
class _Wish:
    """What a part waits for: `minimise` with an optimizer's name, or `whole` with its values."""

    verb: str
    name: str = ""
    values: Tensor | None = None


@dataclass(frozen=True)
class _State:
    """What parts must not share while they take turns."""

    randomness: tuple[Any, ...]
    flags: list[bool]
    buffers: list[Tensor]


class _Part:
    """One part of a batch on its way through the training step."""

    def __init__(self, run: Callable[[int], Scalars], number: int, state: _State) -> None:
        self.greenlet = greenlet(run)
        self.state = state
        self.answer: Any = number

    @property
    def has_ended(self) -> bool:
        return bool(self.greenlet.dead)


class Parts(Updates):
    """The `update` of a training step on `number` parts, of which this rank computes every `ranks.size`-th.

    Where a rank has several parts, G's way back is computed anew instead of kept while a part waits, for otherwise
    every part would keep one; that costs one more pass forwards.
    """

    def __init__(
        self,
        model: Model,
        optimizers: Mapping[str, Optimizer],
        number: int,
        ranks: Ranks,
        device: torch.device,
    ) -> None:
        super().__init__(model, optimizers)
        self.number, self.ranks, self.device = number, ranks, device
        self.mine = range(ranks.rank, number, ranks.size)
        self.buffers = list(model.buffers())
        self.recomputed = [model.get_submodule(name) for name in model.ema_networks] if len(self.mine) > 1 else []
        self.is_first = True

    def together(self, run: Callable[[int], Scalars]) -> Scalars:
        """`run(part)`, a training step, for all parts of this rank; the mean of their scalars over all ranks.

        Raises: RuntimeError when the parts do not call the same things in the same order.
        """
        start = self._state()
        parts = [_Part(run, number, start) for number in self.mine]
        self.is_first = True
        with ExitStack() as stack:
            for network in self.recomputed:
                stack.enter_context(_recomputing(network))
            self.context = self._context()
            while True:
                told = [self._go_on(part) for part in parts]
                if all(part.has_ended for part in parts):
                    return self._end(told, [part.state.buffers for part in parts])
                if any(part.has_ended for part in parts):
                    raise RuntimeError("some parts of a batch ended their training step while others asked for more")
                for part, answer in zip(parts, self._grant(told), strict=True):
                    part.answer = answer

    # --- called by a part -----------------------------------------------------------------------------------------
    def whole(self, values: Tensor) -> Tensor:
        answer: Tensor = self._wait(_Wish("whole", values=values.detach()))
        return answer

    def _minimise(self, name: str, loss: Tensor) -> None:
        if self.is_first:
            self.optimizers[name].zero_grad(set_to_none=True)
            self.is_first = False
        (loss / self.number).backward()  # type: ignore[no-untyped-call]
        torch.clear_autocast_cache()
        self._wait(_Wish("minimise", name))

    def _wait(self, wish: _Wish) -> Any:
        if self._context() != self.context:
            raise RuntimeError(f"{wish.verb} was called within a context of the model's own; leave that context first")
        parent = getcurrent().parent
        if parent is None:
            raise RuntimeError(f"{wish.verb} was called outside a training step")
        return parent.switch(wish)

    # --- between the parts ----------------------------------------------------------------------------------------
    def _go_on(self, part: _Part) -> Any:
        """Let one part run until it waits or ends; returns its wish or its scalars."""
        if len(self.mine) == 1:
            told = part.greenlet.switch(part.answer)
            part.state = _State((), [], self.buffers)
            return told
        self._enter(part.state)
        told = part.greenlet.switch(part.answer)
        part.state = self._state()
        return told

    def _grant(self, wishes: Sequence[_Wish]) -> list[Any]:
        """All parts wait: do what they wait for, once; returns the answer to each."""
        first = wishes[0]
        if any((wish.verb, wish.name) != (first.verb, first.name) for wish in wishes):
            raise RuntimeError(f"the parts of a batch ask for different things: {[wish.name for wish in wishes]}")
        if first.verb == "whole":
            values = self.ranks.gather(torch.cat([wish.values for wish in wishes if wish.values is not None]))
            return [values] * len(wishes)
        optimizer = self.optimizers[first.name]
        own = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        self.ranks.sum([parameter.grad for parameter in own if parameter.grad is not None])
        optimizer.step()
        self.is_first = True
        return [None] * len(wishes)

    def _end(self, told: Sequence[Scalars], buffers: Sequence[Sequence[Tensor]]) -> Scalars:
        """Leave the mean of the parts' buffers, whole numbers as they are; returns the mean of their scalars."""
        if any(scalars.keys() != told[0].keys() for scalars in told):
            raise RuntimeError("the parts of a batch gave different scalars")
        values = torch.stack([torch.stack([value.float() for value in scalars.values()]) for scalars in told]).sum(0)
        floats = [place for place, buffer in enumerate(self.buffers) if buffer.is_floating_point()]
        sums = [sum((own[place] for own in buffers[1:]), buffers[0][place].clone()) for place in floats]
        self.ranks.sum([values, *sums])
        for place, total in zip(floats, sums, strict=True):
            self.buffers[place].data.copy_(total / self.number)
        return dict(zip(told[0], values / self.number, strict=True))

    def _state(self) -> _State:
        flags = [parameter.requires_grad for parameter in self.parameters]
        return _State(_randomness(self.device), flags, [buffer.clone() for buffer in self.buffers])

    def _enter(self, state: _State) -> None:
        _set_randomness(self.device, state.randomness)
        for parameter, flag in zip(self.parameters, state.flags, strict=True):
            parameter.requires_grad_(flag)
        _fill(self.buffers, state.buffers)

    def _context(self) -> tuple[bool, bool]:
        """What torch keeps per thread, and so would leak from a part that waits into another."""
        return torch.is_grad_enabled(), torch.is_autocast_enabled(self.device.type)


def _fill(buffers: Sequence[Tensor], values: Sequence[Tensor]) -> None:
    """Through `data`: a way back that another part has yet to go does not read what running statistics were."""
    for buffer, value in zip(buffers, values, strict=True):
        buffer.data.copy_(value)


def _randomness(device: torch.device) -> tuple[Any, ...]:
    on_device = torch.cuda.get_rng_state(device) if device.type == "cuda" else None
    return torch.get_rng_state(), on_device, random.getstate(), np.random.get_state()


def _set_randomness(device: torch.device, randomness: tuple[Any, ...]) -> None:
    on_cpu, on_device, plain, arrays = randomness
    torch.set_rng_state(on_cpu)
    if on_device is not None:
        torch.cuda.set_rng_state(on_device, device)
    random.setstate(plain)
    np.random.set_state(arrays)


@contextmanager
def _recomputing(network: nn.Module) -> Iterator[None]:
    """Within this context the network's layers keep nothing for the way back, and are computed once more there."""
    forward = network.forward
    parameters = list(network.parameters())

    def anew(*inputs: Any, **named: Any) -> Any:
        if not torch.is_grad_enabled() or not any(parameter.requires_grad for parameter in parameters):
            return forward(*inputs, **named)
        contexts = lambda: (nullcontext(), _still(network))  # noqa: E731
        return checkpoint(partial(forward, **named), *inputs, use_reentrant=False, context_fn=contexts)

    network.forward = anew
    try:
        yield
    finally:
        del network.forward


@contextmanager
def _still(network: nn.Module) -> Iterator[None]:
    """Running statistics count a batch once, although it passes twice."""
    buffers = list(network.buffers())
    before = [buffer.clone() for buffer in buffers]
    try:
        yield
    finally:
        _fill(buffers, before)
