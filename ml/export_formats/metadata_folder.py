"""Class folders, and in each split a metadata.jsonl with what is known of every image.

The layout that Hugging Face's `datasets` calls ImageFolder with metadata. Its loader takes labels from the metadata
alone where there is any, so the class stands there too, as `label`.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from typing import IO

from ml.export_format import ExportFormat, ExportImage, Ground, Member
from ml.export_images import in_order
from ml.folder_names import FolderNames
from ml.plugin import Card


class MetadataFolder(ExportFormat):
    """Class folders in split folders, and beside them a row per image."""

    name = "metadata_folder"
    card = Card(
        title="ImageFolder with metadata.jsonl",
        summary="Folders train, val and test, each with class folders and a metadata.jsonl that says label, "
        "attributes, origin, scores and verdict of every image.",
        strengths="`datasets.load_dataset` reads it with every column; an ImageFolder reader ignores the metadata.",
        limits="Class names that a file system cannot hold get a changed folder name; the metadata has the true one.",
    )
    layout = ("{split}/{class}/*", "{split}/metadata.jsonl")

    def members(self, images: Iterable[ExportImage], ground: Ground) -> Iterator[Member]:
        folders, opened = FolderNames(), {}
        with ExitStack() as files:
            for image in images:
                if image.split not in opened:
                    file = ground.scratch / f"{image.split}.jsonl"
                    opened[image.split] = files.enter_context(file.open("w", encoding="utf-8", newline="\n"))
                name = f"{folders.of(image.label)}/{image.id}{image.suffix}"
                path = f"{image.split}/{name}"
                ground.note({**image.row, "path": path})
                _write_row(opened[image.split], name, image)
                yield Member(path, image.data)
        for split in opened:
            yield Member(f"{split}/metadata.jsonl", ground.scratch / f"{split}.jsonl")


def _write_row(file: IO[str], name: str, image: ExportImage) -> None:
    row = {key: value for key, value in in_order(image.row).items() if key not in ("path", "class", "attributes")}
    row = {"file_name": name, "label": image.label, **row}
    # a column each, as `ml/attribute_files.py` reads them; one that is called as another column is renamed
    for attribute, has in (image.row.get("attributes") or {}).items():
        row[f"attribute {attribute}" if attribute in row else attribute] = has
    file.write(json.dumps(row, ensure_ascii=False, allow_nan=False) + "\n")
