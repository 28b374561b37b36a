"""From a pack's rows to a batch on the device."""

import torch

from ml.draw import Draw
from ml.images import to_model
from ml.model import Batch
from ml.pack import Pack, Read, Rows

ON_DEVICE_SHARE = 0.25
"""A training split that takes up to this share of the GPU's free memory is kept there whole, as uint8, so that a step
copies no pixels; the rest is for the networks."""

Parts = list[torch.Tensor | None]
"""Image, label, source and attributes, as they lie in the pack."""


class Feed:
    """Step -> the batch that `draw` says, in the model's range. Whole batches are read by ascending row."""

    def __init__(
        self, pack: Pack, rows: Rows, draw: Draw, image_range: tuple[float, float], device: torch.device
    ) -> None:
        self.pack, self.rows, self.draw, self.image_range, self.device = pack, rows, draw, image_range, device
        self.resident: Parts | None = None
        if belongs_on_device(device, pack.bytes_per_image() * len(rows)):
            self.resident = [part if part is None else part.to(device) for part in _tensors(pack.read_whole(rows))]

    def batch(self, step: int, part: int = 0, num_parts: int = 1) -> Batch:
        """A step's batch, or one of its equal parts; neighbours go to different parts, so that each has all classes."""
        places = self.draw.at(step)[part::num_parts]
        if self.resident is not None:
            chosen = torch.from_numpy(places).to(self.device)
            parts = [part if part is None else part.index_select(0, chosen) for part in self.resident]
        else:
            parts = [self._moved(part) for part in _tensors(self.pack.read_whole(self.rows[places]))]
        return _batch(parts, self.image_range)

    def _moved(self, part: torch.Tensor | None) -> torch.Tensor | None:
        """On the device; to a GPU from pinned memory, so that the copy runs beside the step before."""
        if part is None or self.device.type != "cuda":
            return part if part is None else part.to(self.device)
        return part.pin_memory().to(self.device, non_blocking=True)


def batch_of(read: Read, image_range: tuple[float, float]) -> Batch:
    """What was read of a pack, on the CPU, in a model's range."""
    return _batch(_tensors(read), image_range)


def _tensors(read: Read) -> Parts:
    return [None if part is None else torch.from_numpy(part) for part in read]


def _batch(parts: Parts, image_range: tuple[float, float]) -> Batch:
    image, label, source, attributes = parts
    if image is None or label is None:
        raise ValueError("every image of a pack has pixels and a label")
    return Batch(
        to_model(image, image_range),
        label,
        None if source is None else to_model(source, image_range),
        None if attributes is None else attributes.float().masked_fill(attributes < 0, torch.nan),
    )


def belongs_on_device(device: torch.device, num_bytes: int) -> bool:
    """Whether so many bytes of images should lie on the device for the whole training; on a CPU they are mapped."""
    if device.type != "cuda":
        return False
    free, _ = torch.cuda.mem_get_info(device)
    return num_bytes <= ON_DEVICE_SHARE * free
