"""From a pack's rows to a batch on the device."""

import torch

from ml.draw import Draw
from ml.images import to_model
from ml.model import Batch
from ml.pack import Pack, Rows

ON_DEVICE_SHARE = 0.25
"""A training split that takes up to this share of the GPU's free memory is kept there whole, as uint8, so that a step
copies no pixels; the rest is for the networks."""


class Feed:
    """Step -> the batch that `draw` says, in the model's range. Whole batches are read by ascending row."""

    def __init__(
        self, pack: Pack, rows: Rows, draw: Draw, image_range: tuple[float, float], device: torch.device
    ) -> None:
        self.pack, self.rows, self.draw, self.image_range, self.device = pack, rows, draw, image_range, device
        self.resident: tuple[torch.Tensor, torch.Tensor] | None = None
        if belongs_on_device(device, pack.images[:1].nbytes * len(rows)):
            pixels, label = pack.read(rows)
            self.resident = (torch.from_numpy(pixels).to(device), torch.from_numpy(label).to(device))

    def batch(self, step: int, part: int = 0, num_parts: int = 1) -> Batch:
        """A step's batch, or one of its equal parts; neighbours go to different parts, so that each has all classes."""
        places = self.draw.at(step)[part::num_parts]
        if self.resident is not None:
            chosen = torch.from_numpy(places).to(self.device)
            pixels, label = (part.index_select(0, chosen) for part in self.resident)
            return Batch(to_model(pixels, self.image_range), label)
        read, names = self.pack.read(self.rows[places])
        pixels, label = (self._moved(torch.from_numpy(part)) for part in (read, names))
        return Batch(to_model(pixels, self.image_range), label)

    def _moved(self, part: torch.Tensor) -> torch.Tensor:
        """On the device; to a GPU from pinned memory, so that the copy runs beside the step before."""
        if self.device.type != "cuda":
            return part.to(self.device)
        return part.pin_memory().to(self.device, non_blocking=True)


def belongs_on_device(device: torch.device, num_bytes: int) -> bool:
    """Whether so many bytes of images should lie on the device for the whole training; on a CPU they are mapped."""
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return num_bytes <= ON_DEVICE_SHARE * free
