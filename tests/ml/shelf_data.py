"""Which tiny data each model on the shelf is tried on: data that have what it asks for."""

from dataclasses import replace
from pathlib import Path

from PIL import ImageOps

from ml.images import open_image
from ml.model import DataSpec, Model, ModelSettings
from ml.pack import Pack, write_pack
from ml.records import ImageRecord
from tests.ml.tiny_data import SHAPES, write_images


def asks_for(model: type[Model], settings: ModelSettings, field: str) -> bool:
    """Whether the model, so set, learns from a field ("source", "attributes") that not every dataset has."""
    setting, value = model.also_consumes.get(field, ("", ""))
    return field in model.consumes or (bool(setting) and getattr(settings, setting) == value)


def pack_for(
    model: type[Model],
    settings: ModelSettings,
    folder: Path,
    resolution: int = 16,
    counts: dict[str, int] | None = None,
    colour: bool = False,
) -> Pack:
    """Rendered shapes: those classes that the model learns; as pairs, or with attributes, where it asks for them.

    The other half of a pair is the image's negative; an image has one attribute, the shape that it shows.
    """
    shapes = tuple(counts or SHAPES)
    classes = model.classes_learnt(settings, shapes)
    records = [row for row in write_images(folder / "source", counts, colour=colour) if row.label in classes]
    if asks_for(model, settings, "source"):
        records = [replace(row, pair=_negative(row)) for row in records]
    attributes: tuple[str, ...] = ()
    if asks_for(model, settings, "attributes"):
        attributes = classes
        records = [replace(row, attributes="".join(str(int(row.label == one)) for one in classes)) for row in records]
    makes_A = bool(getattr(model, "makes_other_half", lambda settings: False)(settings))
    return write_pack(records, classes, folder / "pack", resolution, attributes=attributes, makes_A=makes_A)


def spec_for(model: type[Model], settings: ModelSettings, count: int = 9) -> DataSpec:
    """Grey data as `pack_for` makes it, with `count` images of each class."""
    classes = model.classes_learnt(settings, SHAPES)
    attributes = classes if asks_for(model, settings, "attributes") else ()
    together = tuple(tuple(count * (one == other) for one in attributes) for other in attributes)
    source_channels = 1 if asks_for(model, settings, "source") else 0
    counts = (count,) * len(classes)
    return DataSpec(settings.resolution, 1, classes, counts, attributes, together, source_channels)


def _negative(record: ImageRecord) -> Path:
    file = record.file.with_name(f"{record.file.stem}-negative.png")
    ImageOps.invert(open_image(record.file)).save(file)
    return file
