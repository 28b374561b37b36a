"""From a pack's rows to a batch on the device."""

import torch

from ml.draw import Draw
from ml.images import to_model
from ml.model import Batch
from ml.pack import Pack, Rows

ON_DEVICE_BYTES = 4 * 2**30
"""A training split up to this size is kept on the GPU whole, so that a step copies no pixels."""


class Feed:
    """Step -> the batch that `draw` says, in the model's range. Whole batches are read by ascending row."""

    def __init__(
        self, pack: Pack, rows: Rows, draw: Draw, image_range: tuple[float, float], device: torch.device
    ) -> None:
        self.pack, self.rows, self.draw, self.image_range, self.device = pack, rows, draw, image_range, device
        self.resident: tuple[torch.Tensor, torch.Tensor] | None = None
        if device.type == "cuda" and pack.images[:1].nbytes * len(rows) <= ON_DEVICE_BYTES:
            pixels, label = pack.read(rows)
            self.resident = (torch.from_numpy(pixels).to(device), torch.from_numpy(label).to(device))

    def batch(self, step: int) -> Batch:
        places = self.draw.at(step)
        if self.resident is not None:
            chosen = torch.from_numpy(places).to(self.device)
            pixels, label = (part.index_select(0, chosen) for part in self.resident)
            return Batch(to_model(pixels, self.image_range), label)
        read, names = self.pack.read(self.rows[places])
        pixels, label = torch.from_numpy(read).to(self.device), torch.from_numpy(names).to(self.device)
        return Batch(to_model(pixels, self.image_range), label)
