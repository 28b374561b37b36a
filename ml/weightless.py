"""Tensors without bytes: what a computation would hold in memory, counted while nothing is held.

    with Weightless() as tensors:
        model = build()                # as usual; layers, gradients and optimizers included
        print(tensors.now, tensors.peak)

Inside, every tensor has a shape and a type and no data. Each operation's results are counted until the last reference
to their storage is gone, autograd's included, so that the peak is that of the real computation on any device, but for
what kernels take within themselves.
"""

import weakref
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from typing import Any, Self

import torch
from torch import Tensor
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

aten = torch.ops.aten


class Weightless:
    """now, peak: bytes of living storages, and the most there ever were since the start or `forget_peak`."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._count = _Count()

    def __enter__(self) -> Self:
        for mode in (FakeTensorMode(), self._count, _Copies()):
            self._stack.enter_context(mode)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def now(self) -> int:
        return self._count.now

    @property
    def peak(self) -> int:
        return self._count.peak

    def forget_peak(self) -> None:
        """Count the peak anew from here."""
        self._count.peak = self._count.now


class _Count(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch leaves it untyped
    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.now = self.peak = 0
        self._known: set[int] = set()
        self._filled: dict[int, float] = {}

    def __torch_dispatch__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is aten._local_scalar_dense.default:
            return self._read(args[0])
        if func is aten._unique2.default:  # all labels are the same one
            return args[0].new_zeros(1), args[0].new_empty(0), args[0].new_empty(0)
        if func is aten.index.Tensor and len(args[1]) == 1 and args[1][0].dtype == torch.bool:
            return args[0].clone()  # a mask lets everything through
        if func is aten.fill_.Scalar and args[0].numel() == 1:
            self._filled[_storage(args[0])] = args[1]
        result = func(*args, **(kwargs or {}))
        for tensor in tree_leaves(result):
            if isinstance(tensor, Tensor):
                self._note(tensor)
        return result

    def _read(self, tensor: Tensor) -> float | int:
        """A number that the computation reads from a tensor: what it was last filled with, else 1.0, or 0 as index."""
        fallback = 1.0 if tensor.is_floating_point() else 0
        return type(fallback)(self._filled.get(_storage(tensor), fallback))

    def _note(self, tensor: Tensor) -> None:
        key, size = _storage(tensor), tensor.untyped_storage().nbytes()
        if key in self._known:
            return
        self._known.add(key)
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(tensor.untyped_storage(), self._gone, key, size)

    def _gone(self, key: int, size: int) -> None:
        self._known.discard(key)
        self._filled.pop(key, None)
        self.now -= size


class _Copies(TorchFunctionMode):
    """`copy.deepcopy` of a tensor copies its storage byte by byte, and there are no bytes."""

    def __torch_function__(
        self,
        func: Callable[..., Any],
        types: Sequence[type],
        args: Sequence[Any] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        if func is Tensor.__deepcopy__:
            return args[0].detach().clone()
        return func(*args, **(kwargs or {}))


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
