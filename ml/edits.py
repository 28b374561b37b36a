"""A sheet of edits: one real image, and what a model makes of it with every combination of some attributes.

Nothing is made again while a person moves switches: all combinations lie on one PNG, and a switch shows another tile.
"""

import argparse
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ml.attribute_model import AttributeModel
from ml.attributes import AttributeSpace
from ml.device import choose_device
from ml.errors import BadDatasetError, BadSettingsError
from ml.features import load_encoder
from ml.feed import batch_of
from ml.generation import load_for_generation
from ml.images import Pixels, strip, to_model, to_pixels, write_png
from ml.pack import Pack, open_pack
from ml.plans import MAX_EDITED, EditPlan
from ml.protocol import EXIT_DONE, EditChances, Emit
from ml.run_folder import RunFolder

CHUNK = 8
"""Images per pass: a sheet is made beside a run, and takes little of its memory."""


@dataclass(frozen=True)
class Wish:
    """What is to be made of one image. combinations: [T, k] of 0 and 1, values of the attributes at `columns`."""

    columns: tuple[int, ...]
    combinations: NDArray[np.int64]


def edit(plan: EditPlan, emit: Emit) -> None:
    """Write the sheet and tell what is on it.

    Raises: CheckpointError, BadDatasetError, BadSettingsError.
    """
    device = choose_device()
    model = load_for_generation(Path(plan["checkpoint"]), device, plan["sha256"])
    if not isinstance(model, AttributeModel):
        raise BadSettingsError(f"The model {model.name} cannot edit attributes; choose a run of one that does.")
    pack = open_pack(Path(plan["data"]))
    wish = wish_for(model.space, plan["attributes"])
    row = row_of(pack, plan["image"])
    tiles, own = edited(model, pack, row, wish)
    names = [model.space.names[column] for column in wish.columns]
    columns = columns_for(len(names), model.space.are_classes)
    write_png(Path(plan["out"]), strip(tiles, columns))
    emit(
        {
            "event": "result",
            "sheet": plan["out"],
            "attributes": names,
            "are_classes": model.space.are_classes,
            "combinations": wish.combinations.tolist(),
            "current": [None if np.isnan(own[column]) else int(own[column] > 0.5) for column in wish.columns],
            "excludes": excluded(model.space, wish.columns),
            "tile": pack.resolution,
            "columns": columns,
            "chances": chances_of(model, tiles, wish, Path(plan["encoder"])),
        }
    )


def wish_for(space: AttributeSpace, attributes: Sequence[str]) -> Wish:
    """All combinations of these attributes, the first one moving slowest; or each of these classes, of which an image
    has one. Nothing named: the first MAX_EDITED, or the first classes.

    Raises: BadSettingsError.
    """
    most = 2**MAX_EDITED if space.are_classes else MAX_EDITED
    names = tuple(attributes) or space.names[:most]
    if unknown := [name for name in names if name not in space.names]:
        raise BadSettingsError(f"The model knows no {', '.join(unknown)}; choose some of: {', '.join(space.names)}.")
    if len(names) > most or len(set(names)) < len(names):
        what = "classes" if space.are_classes else "attributes"
        raise BadSettingsError(f"Found {len(names)} {what}, expected at most {most}, each once; leave some out.")
    columns = tuple(space.names.index(name) for name in names)
    if space.are_classes:
        return Wish(columns, np.eye(len(names), dtype=np.int64))
    return Wish(columns, np.array(list(itertools.product((0, 1), repeat=len(names))), np.int64))


def excluded(space: AttributeSpace, columns: Sequence[int]) -> list[list[int]]:
    """For each of these attributes the places, among them, of those that never come together with it."""
    return [[place for place, other in enumerate(columns) if space.excludes[column, other]] for column in columns]


def row_of(pack: Pack, image: int) -> int:
    """The row of the image at this place of the dataset version. Raises: BadDatasetError."""
    found = np.flatnonzero(pack.index == image)
    if not len(found):
        raise BadDatasetError(
            f"Image {image} is none of the {len(pack)} that the run learnt from or was validated with; choose one of "
            "its training or validation images."
        )
    return int(found[0])


def targets_of(space: AttributeSpace, own: Tensor, wish: Wish) -> Tensor:
    """[T, A]: an image's vector `own` [A] with each combination in it. What excludes an attribute that comes goes,
    unless it is chosen itself; all else stays, also what nobody said."""
    wanted = torch.from_numpy(wish.combinations).to(own)
    targets = (torch.zeros_like(own) if space.are_classes else own).repeat(len(wanted), 1)
    for place, column in enumerate(wish.columns):
        comes = (wanted[:, place] == 1) & (own[column] != 1)
        targets[comes] = targets[comes].masked_fill(space.excludes[column], 0.0)
    targets[:, list(wish.columns)] = wanted
    return targets


@torch.inference_mode()
def edited(model: AttributeModel, pack: Pack, row: int, wish: Wish) -> tuple[Pixels, NDArray[np.float32]]:
    """uint8 [T + 1, H, W, C]: each combination, then the image as the model sees it; and its own vector [A]."""
    batch = batch_of(pack.read_whole(np.array([row])), model.image_range).to(next(model.parameters()).device)
    own = model.space.vectors(batch)
    targets = targets_of(model.space, own[0], wish)
    made = []
    for start in range(0, len(targets), CHUNK):
        some = targets[start : start + CHUNK]
        image = batch.image.expand(len(some), -1, -1, -1)
        made.append(model.translate(image, own.expand(len(some), -1), some))
    return to_pixels(torch.cat([*made, batch.image]), model.image_range).cpu().numpy(), own[0].cpu().numpy()


def chances_of(model: AttributeModel, tiles: Pixels, wish: Wish, encoder: Path) -> EditChances:
    """How probable the chosen attributes are in each tile: by the model's own classifier, and by the run's in-domain
    encoder, which no generator has ever learnt to please; None for what that does not know."""
    columns = list(wish.columns)
    judge = load_encoder(encoder, next(model.parameters()).device)
    seen = judge.encode(tiles)[1]
    names = [model.space.names[column] for column in columns]
    places = [judge.facts.classes.index(name) if name in judge.facts.classes else None for name in names]
    return {
        "model": [[round(float(tile[column]), 4) for column in columns] for tile in _own_view(model, tiles)],
        "encoder": [[None if place is None else round(float(tile[place]), 4) for place in places] for tile in seen],
    }


@torch.inference_mode()
def _own_view(model: AttributeModel, tiles: Pixels) -> NDArray[np.float32]:
    """[tiles, A]: probabilities by the method's own classifier; no tiles where it has none."""
    if "class_confidence" not in model.available_scores(model.settings):
        return np.empty((0, len(model.space)), np.float32)
    images = to_model(torch.from_numpy(tiles).to(next(model.parameters()).device), model.image_range)
    logits = [model.attribute_logits(images[start : start + CHUNK]) for start in range(0, len(images), CHUNK)]
    return model.space.probabilities(torch.cat(logits)).cpu().numpy()


def columns_for(number: int, are_classes: bool) -> int:
    """Tiles in a row of the sheet: the later half of the attributes changes along it, the earlier half down."""
    return min(8, number) if are_classes else 2 ** ((number + 1) // 2)


def command(options: argparse.Namespace) -> int:
    """Make the sheet of an image of a run folder, and print what is on it as JSON; returns the exit code."""
    run = RunFolder.open(options.run_folder)
    trained, prepared = run.artefact("train"), run.artefact("prepare")
    plan: EditPlan = {
        "verb": "edit",
        "checkpoint": trained["checkpoint"],
        "sha256": trained["sha256"],
        "data": prepared["data"],
        "encoder": prepared["encoder"],
        "image": options.image,
        "attributes": options.attributes,
        "out": str(options.out),
    }
    edit(plan, lambda event: print(json.dumps(event)))
    return EXIT_DONE
