"""Tar shards per split, `train-000000.tar` and so on: read front to back, from a disk or over a network.

Every image is two more files beside itself, with the same name up to the first dot: `00000000.png`, `00000000.cls` (the
number of its class) and `00000000.json` (its manifest row). The layout of https://github.com/webdataset/webdataset.
"""

import io
import json
import tarfile
from collections.abc import Iterable, Iterator
from pathlib import Path

from ml.export_format import ExportFormat, ExportImage, Ground, Member
from ml.export_images import in_order
from ml.plugin import Card

SHARD_BYTES = 10**9
"""Payload after which a shard is closed."""


class Webdataset(ExportFormat):
    """Tar shards; the class numbers are those of provenance.json's `classes`."""

    name = "webdataset"
    card = Card(
        title="WebDataset",
        summary="Tar shards of about 1 GB per split, each image with its class number and everything known of it.",
        url="https://github.com/webdataset/webdataset",
        strengths="Streams at full disk or network speed into training on one machine or many.",
        limits="Single images cannot be looked up; the shards must be unpacked from the zip first.",
    )
    layout = ("{split}-*.tar",)

    def members(self, images: Iterable[ExportImage], ground: Ground) -> Iterator[Member]:
        shards: dict[str, _Shards] = {}
        for image in images:
            if image.split not in shards:
                shards[image.split] = _Shards(image.split, ground)
            yield from shards[image.split].add(image)
        for split in shards.values():
            yield split.close()


class _Shards:
    """The shards of one split, one of them open."""

    def __init__(self, split: str, ground: Ground) -> None:
        self.split, self.ground = split, ground
        self.numbers = {label: number for number, label in enumerate(ground.classes)}
        self.count = self.shard = 0
        self._open()

    def add(self, image: ExportImage) -> Iterator[Member]:
        """Put an image in; the shard before it comes out when it is full."""
        if self.size >= SHARD_BYTES:
            yield self.close()
            self.shard += 1
            self._open()
        key = f"{self.count:08d}"
        self.count += 1
        self.ground.note({**image.row, "path": f"{self.name}/{key}{image.suffix}"})
        row = json.dumps({**in_order(image.row), "path": f"{key}{image.suffix}"}, ensure_ascii=False, allow_nan=False)
        self._put(f"{key}{image.suffix}", image.data)
        self._put(f"{key}.cls", str(self.numbers[image.label]).encode())
        self._put(f"{key}.json", row.encode())

    def close(self) -> Member:
        """The shard as a member; its file goes when the next one is opened."""
        self.tar.close()
        return Member(self.name, self.file)

    def _open(self) -> None:
        for older in self.ground.scratch.glob(f"{self.split}-*.tar"):
            older.unlink()
        self.name, self.size = f"{self.split}-{self.shard:06d}.tar", 0
        self.file: Path = self.ground.scratch / self.name
        self.tar = tarfile.open(self.file, "w", format=tarfile.USTAR_FORMAT)  # noqa: SIM115  # closed by close()

    def _put(self, name: str, data: bytes) -> None:
        facts = tarfile.TarInfo(name)
        facts.size = len(data)
        self.tar.addfile(facts, io.BytesIO(data))
        self.size += len(data)
