"""Where and in which arithmetic a run computes: decided from the machine at run time, never from a file."""

import ctypes
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Literal, TypeVar

import torch
from torch import nn

from ml.compute import smaller_micro_batch
from ml.errors import OutOfMemoryError
from ml.share import this_machine, wished_threads

Precision = Literal["fp32", "bf16"]
M = TypeVar("M", bound=nn.Module)
_M_TRIM_THRESHOLD, _M_MMAP_THRESHOLD = -1, -3
"""glibc's numbers for mallopt."""


def choose_device(name: str = "auto") -> torch.device:
    """The GPU when there is one, else the CPU; or the device that `name` says."""
    if name != "auto":
        return torch.device(name)
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def choose_precision(wish: Literal["auto", "fp32", "bf16"], device: torch.device) -> Precision:
    """bf16 only where the device computes it faster; on a CPU without AMX it is emulated, and slow."""
    if wish != "auto":
        return wish
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    return "bf16" if device.type == "cpu" and cpu_has_amx_bf16() else "fp32"


def cpu_has_amx_bf16(cpuinfo: Path = Path("/proc/cpuinfo")) -> bool:
    """Whether this CPU multiplies bf16 matrices in hardware (flag amx_bf16); no where the system does not say."""
    try:
        lines = cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return False
    return any(line.startswith("flags") and "amx_bf16" in line.split() for line in lines)


def prepare(device: torch.device) -> None:
    """Set this process's threads and the GPU's fast fp32 paths, once, before the first network is built.

    The threads are those that `ml.share.claim_threads` settled before torch was imported; one where nobody did, because
    waiting threads then spin.
    """
    torch.set_num_threads(wished_threads(this_machine()) or 1)
    keep_freed_memory()
    if device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = True
        torch.backends.cudnn.allow_tf32 = True
        torch.backends.cudnn.benchmark = True


def keep_freed_memory() -> None:
    """Let this process keep the memory that its tensors give back, up to its end.

    glibc returns it to the system and takes it again, page by page, hundreds of times in a training step; on a virtual
    machine a page costs microseconds. Other C libraries are left as they are.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_M_MMAP_THRESHOLD, 32 << 20)
        mallopt(_M_TRIM_THRESHOLD, 2**31 - 1)


def describe(device: torch.device, precision: Precision) -> str:
    """Device and precision for people: `NVIDIA H200, bf16`."""
    return f"{device_name(device)}, {precision}"


def device_name(device: torch.device) -> str:
    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    threads = torch.get_num_threads()
    return f"CPU with {threads} thread{'s' if threads > 1 else ''}"


def autocast(device: torch.device, precision: Precision) -> AbstractContextManager[object]:
    """Within this context convolutions and products run in `precision`; weights stay fp32."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")


def channels_last(model: M, device: torch.device) -> M:
    """The model on the device, convolution weights in the memory order that convolutions are fastest in."""
    moved: M = model.to(device, memory_format=torch.channels_last)  # type: ignore[call-overload]
    return moved


def compile_networks(model: nn.Module, cuda_graphs: bool, backend: str = "inductor") -> None:
    """Have torch.compile fuse the networks in capitals, each when it is first called; `cuda_graphs` replays them.

    Only where a network is called as a whole; penalties go through the plain one (`ml/losses.py`).
    """
    for name, network in model.named_children():
        if name.isupper():
            network.compile(backend=backend, mode="reduce-overhead" if cuda_graphs else None)


@contextmanager
def memory_advice(
    device: torch.device, batch_size: int, resolution: int, micro_batch: int | None = None
) -> Iterator[None]:
    """Turn any out-of-memory fault inside into one sentence with what to lower.

    Raises: OutOfMemoryError.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not _is_memory_fault(error):
            raise
        raise OutOfMemoryError(
            f"The memory of {device_name(device)} was not enough for {micro_batch or batch_size} images at once at "
            f"resolution {resolution}; {_lower(batch_size, micro_batch)}."
        ) from error


def _lower(batch_size: int, micro_batch: int | None) -> str:
    smaller = smaller_micro_batch(batch_size, micro_batch)
    if smaller is None:
        return f"lower batch_size ({batch_size}) or the resolution, and start again"
    return (
        f"resume with a micro-batch of {smaller} (on the command line: --resume --micro-batch {smaller}), or start "
        f"again with a lower batch_size or resolution"
    )


def _is_memory_fault(error: Exception) -> bool:
    if isinstance(error, MemoryError | torch.OutOfMemoryError):
        return True
    text = str(error)
    return "out of memory" in text or "can't allocate memory" in text or "could not allocate" in text.lower()
