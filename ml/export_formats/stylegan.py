"""The zip that NVIDIA's StyleGAN2-ADA and StyleGAN3 train on: square PNG files of one size, and dataset.json.

`00000/img00000000.png` and so on; dataset.json holds `{"labels": [["00000/img00000000.png", 6], …]}`. The layout of
https://github.com/NVlabs/stylegan3.
"""

import hashlib
import io
import json
from collections.abc import Iterable, Iterator

from PIL import Image

from ml.errors import BadDatasetError
from ml.export_format import ExportFormat, ExportImage, Ground, Member
from ml.fit import fit_image
from ml.image_file import read_image
from ml.image_limits import INGESTED
from ml.plugin import Card

PER_FOLDER = 1000


class Stylegan(ExportFormat):
    """The training split alone, real images made as large as the synthetic ones."""

    name = "stylegan"
    card = Card(
        title="StyleGAN zip",
        summary="Square PNG files of one size with their class numbers in dataset.json: the training split alone.",
        url="https://github.com/NVlabs/stylegan3",
        strengths="`train.py --data` of StyleGAN2-ADA and StyleGAN3 takes it as it is, with --cond for classes.",
        limits="Real images are cut and scaled to the size of the synthetic ones, which must be a power of two; "
        "validation and test images are left out.",
    )
    splits = ("train",)
    layout = ("*/img*.png", "dataset.json")

    def members(self, images: Iterable[ExportImage], ground: Ground) -> Iterator[Member]:
        side = ground.resolution
        if side & (side - 1):
            below = 1 << side.bit_length() - 1
            raise BadDatasetError(
                f"StyleGAN takes images whose side is a power of two; those of this run have {side} pixels. Choose "
                f"another format, or a run with a resolution of {below} or {2 * below}."
            )
        numbers = {label: number for number, label in enumerate(ground.classes)}
        file = ground.scratch / "dataset.json"
        with file.open("w", encoding="utf-8") as labels:
            labels.write('{"labels": [')
            for count, image in enumerate(images):
                path = f"{count // PER_FOLDER:05d}/img{count:08d}.png"
                labels.write((",\n" if count else "\n") + json.dumps([path, numbers[image.label]]))
                if image.synthetic:
                    data, row = image.data, image.row
                else:
                    data = _square(image.data, ground)
                    row = {**image.row, "sha256": hashlib.sha256(data).hexdigest()}
                ground.note({**row, "path": path})
                yield Member(path, data)
            labels.write("\n]}\n")
        yield Member("dataset.json", file)


def _square(data: bytes, ground: Ground) -> bytes:
    """A real image as the model saw it."""
    pixels = fit_image(read_image(data, INGESTED), ground.resolution, ground.fit, ground.channels)
    buffer = io.BytesIO()
    Image.fromarray(pixels[..., 0] if ground.channels == 1 else pixels).save(buffer, "PNG")
    return buffer.getvalue()
