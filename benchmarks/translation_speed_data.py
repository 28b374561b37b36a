"""The rendered images of benchmarks/translation_speed.py: as a pack, and as a DataLoader over PNG files.

The loader gives two tensors a batch, in contiguous order: the images of both domains; source and image of pairs, moved
and mirrored as pix2pix has it; the reduction and the image; or images and their attributes.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, Literal

import numpy as np
import torch
from PIL import Image, ImageOps
from torch import Tensor
from torch.utils.data import DataLoader, Dataset

from ml.pack import Pack, write_pack
from ml.records import ImageRecord
from tests.ml.rendered_attributes import NAMES, factors, write_attribute_images

Kind = Literal["domains", "pairs", "small", "attributes"]
KINDS: Final[dict[str, Kind]] = {
    **dict.fromkeys(("cyclegan", "discogan", "simgan"), "domains"),
    "pix2pix": "pairs",
    "srgan": "small",
    **dict.fromkeys(("stargan", "attgan", "stgan", "fader", "icgan"), "attributes"),
}
"""Model -> what it learns from."""
NUM_IMAGES, SCALE, ENLARGED = 256, 4, 286 / 256
DOMAINS = ("dark", "bright")


def write_records(kind: Kind, folder: Path, resolution: int) -> list[ImageRecord]:
    """Discs and squares; a domain is the ground that they lie on, the other half of a pair is the negative."""
    records = write_attribute_images(folder, NUM_IMAGES, size=resolution)
    if kind == "attributes":
        return records
    if kind == "domains":
        return [replace(row, label=DOMAINS[factors(row.index)[-1]], attributes="") for row in records]
    records = [replace(row, label="all", attributes="") for row in records]
    return [replace(row, pair=_negative(row.file)) for row in records] if kind == "pairs" else records


def _negative(file: Path) -> Path:
    other = file.with_name(f"{file.stem}-negative.png")
    with Image.open(file) as image:
        ImageOps.invert(image).save(other)
    return other


def packed(kind: Kind, records: Sequence[ImageRecord], folder: Path, resolution: int) -> Pack:
    """As ours is fed."""
    named = NAMES if kind == "attributes" else ()
    classes = DOMAINS if kind == "domains" else sorted({row.label for row in records})
    return write_pack(list(records), list(classes), folder, resolution, attributes=named)


def batches(kind: Kind, records: Sequence[ImageRecord], batch_size: int) -> Iterator[tuple[Tensor, Tensor]]:
    """As a plain loop is fed, without end; of both domains together `batch_size` images."""
    items = batch_size // 2 if kind == "domains" else batch_size
    while True:
        yield from DataLoader(LOADED[kind](records), items, shuffle=True, drop_last=True)


# --- from PNG files -----------------------------------------------------------------------------------------------
def _tensor(image: Image.Image) -> Tensor:
    return torch.from_numpy(np.array(image, dtype=np.float32) / 127.5 - 1).permute(2, 0, 1).contiguous()


class _Files(Dataset[tuple[Tensor, Tensor]]):
    def __init__(self, records: Sequence[ImageRecord]) -> None:
        self.records = records

    def __len__(self) -> int:
        return len(self.records)

    def read(self, file: Path | None) -> Image.Image:
        if file is None:
            raise ValueError("every image of a pair has its other half")
        with Image.open(file) as image:
            return image.convert("RGB")


class _Domains(_Files):
    """An image of A, and any of B."""

    def __init__(self, records: Sequence[ImageRecord]) -> None:
        super().__init__(records)
        self.files_A, self.files_B = ([row.file for row in records if row.label == name] for name in DOMAINS)

    def __len__(self) -> int:
        return len(self.files_A)

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        return _tensor(self.read(self.files_A[place])), _tensor(self.read(random.choice(self.files_B)))


class _Pairs(_Files):
    """Both halves enlarged, cut at one place and mirrored alike."""

    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        row = self.records[place]
        halves = (self.read(row.pair), self.read(row.file))
        side = halves[0].width
        large = round(side * ENLARGED)
        left, top = random.randint(0, large - side), random.randint(0, large - side)
        mirrored = random.random() < 0.5
        cut = []
        for half in halves:
            half = half.resize((large, large), Image.Resampling.BICUBIC).crop((left, top, left + side, top + side))
            cut.append(_tensor(ImageOps.mirror(half) if mirrored else half))
        return cut[0], cut[1]


class _Reduced(_Files):
    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        image = self.read(self.records[place].file)
        small = image.resize((image.width // SCALE, image.height // SCALE), Image.Resampling.BICUBIC)
        return _tensor(small), _tensor(image)


class _Attributes(_Files):
    def __getitem__(self, place: int) -> tuple[Tensor, Tensor]:
        row = self.records[place]
        return _tensor(self.read(row.file)), torch.tensor([float(one) for one in row.attributes])


LOADED: dict[Kind, type[_Files]] = {
    "domains": _Domains,
    "pairs": _Pairs,
    "small": _Reduced,
    "attributes": _Attributes,
}
