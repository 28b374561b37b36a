"""The processes that train one model together, one per device. Rank 0 speaks, saves and decides; the others follow.

Lightning Fabric starts them and gives each its device; gradients are summed here and not by its wrapper, which knows
nothing of two networks that learn in turns, nor of slopes of slopes.
"""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from torch import Tensor

from ml.compute import SMALLEST
from ml.errors import BadSettingsError, DeviceLostError

if TYPE_CHECKING:
    from lightning_fabric import Fabric


class Ranks:
    """A process by itself: rank 0 of 1, which waits for nobody."""

    rank = 0
    size = 1
    device: torch.device | None = None
    """This rank's own device, where there are several."""

    @property
    def speaks(self) -> bool:
        """Whether this process tells, shows, measures and saves."""
        return self.rank == 0

    def sum(self, tensors: Sequence[Tensor]) -> None:
        """Replace each tensor by its sum over all ranks, which is the same on each of them."""

    def gather(self, values: Tensor) -> Tensor:
        """Rows [n, ...] of this rank -> those of all ranks, in their order."""
        return values

    def agree(self, flag: bool) -> bool:
        """What rank 0 says."""
        return flag

    def share(self, value: Any) -> Any:
        """What rank 0 gives: plain values."""
        return value


class SeveralRanks(Ranks):
    """One of the processes that Fabric has started."""

    def __init__(self, fabric: "Fabric") -> None:
        self.fabric = fabric
        self.rank, self.size, self.device = fabric.global_rank, fabric.world_size, fabric.device
        # small words go by the CPU, so that no step waits for a GPU because of them
        self.words = torch.distributed.new_group(backend="gloo")

    def sum(self, tensors: Sequence[Tensor]) -> None:
        if not tensors:
            return
        flat = torch.cat([tensor.reshape(-1) for tensor in tensors])
        self._together(lambda: self.fabric.all_reduce(flat, reduce_op="sum"))
        parts = torch.split(flat, [tensor.numel() for tensor in tensors])
        for tensor, part in zip(tensors, parts, strict=True):
            tensor.data.copy_(part.view(tensor.shape))

    def gather(self, values: Tensor) -> Tensor:
        gathered: Tensor = self._together(lambda: self.fabric.all_gather(values))
        return gathered.flatten(0, 1)

    def agree(self, flag: bool) -> bool:
        word = torch.tensor([int(flag)])
        self._together(lambda: torch.distributed.broadcast(word, 0, group=self.words))
        return bool(word)

    def share(self, value: Any) -> Any:
        box = [value]
        self._together(lambda: torch.distributed.broadcast_object_list(box, 0, group=self.words))
        return box[0]

    def _together(self, act: Any) -> Any:
        """Raises: DeviceLostError when another rank has ended."""
        try:
            return act()
        except RuntimeError as error:
            raise DeviceLostError(
                f"The process of another of the {self.size} devices ended, so training cannot go on; the log says why. "
                f"Resume on one device (devices 1), or with a smaller micro-batch if the memory was not enough."
            ) from error


def own_rank() -> int:
    """Which of the ranks this process was started as; 0 for one that nobody started so."""
    return int(os.environ.get("LOCAL_RANK", "0"))


def num_devices(wish: int | None, batch_size: int, device: torch.device) -> int:
    """Devices that will share each batch: as many as asked for, or all that can share it equally.

    Raises: BadSettingsError when there are not so many.
    """
    present = torch.cuda.device_count() if device.type == "cuda" else 1
    if wish is None:
        return max(number for number in range(1, present + 1) if _is_shared_equally(batch_size, number))
    if wish > present:
        raise BadSettingsError(f"{wish} devices were asked for, and this worker has {present}; lower devices.")
    return wish


def _is_shared_equally(batch_size: int, number: int) -> bool:
    return number == 1 or (batch_size % number == 0 and batch_size // number >= SMALLEST)


def launch(number: int, device: torch.device) -> Ranks:
    """Start the other ranks, by this process's own command line, or join those that started this one."""
    if number == 1:
        return Ranks()
    from lightning_fabric import Fabric

    fabric = Fabric(accelerator=device.type, devices=number, strategy="ddp")
    fabric.launch()
    return SeveralRanks(fabric)
