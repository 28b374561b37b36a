"""The candidates of a run: planned by class and seed, made by its trained model, written as a pool."""

from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from ml.device import Precision
from ml.generation import generate_with_views
from ml.model import Model, TranslationModel
from ml.pack import Pack
from ml.pool import CHUNK, OnMade, Pool, PoolFacts, Rows, plan_candidates, shard_size, write_pool
from ml.seeds import step_seed
from ml.sources import Sources


def write_candidates(
    folder: Path,
    model: Model,
    sha256: str,
    pack: Pack,
    sizes: Mapping[str, int],
    seed: int,
    device: torch.device,
    precision: Precision,
    on_made: OnMade,
    warn: Callable[[str, str], None],
) -> Pool:
    """`sizes[class]` images of each class; sha256: of the model's checkpoint; seed: the run's.

    Those of a model that translates start from the pack's training images, each of them once for a class at most, for a
    second time would give the same image; `warn` gets a code and a sentence where that is fewer than asked for.
    """
    source, member = None, None
    if isinstance(model, TranslationModel):
        sources = Sources.of(type(model), model.settings, pack)
        number = {name: len(rows) for name, rows in zip(pack.classes, sources.rows, strict=True)}
        if few := [name for name, size in sizes.items() if size > max(1, number[name])]:
            named = ", ".join(f"{name} ({number[name]} instead of {sizes[name]})" for name in few[:10])
            warn("fewer_sources", f"Each training image is translated once, so there are fewer candidates: {named}.")
        sizes = {name: min(size, max(1, number[name])) for name, size in sizes.items()}
    label, seeds = plan_candidates(sizes, step_seed(seed, "pool"))
    if isinstance(model, TranslationModel):
        seeds = sources.evenly(label, seeds, step_seed(seed, "sources"))
        source = pack.index[sources.at(label, seeds)]
        member = _members(model, label, seeds)
    data = model.data
    facts = PoolFacts(
        data.classes,
        data.resolution,
        data.channels,
        len(label),
        sha256,
        model.name,
        shard_size(data.resolution, data.channels),
        model.views if isinstance(model, TranslationModel) else (),
    )
    return write_pool(
        folder,
        label,
        seeds,
        facts,
        make=lambda labels, chosen: generate_with_views(model, labels, chosen, device, precision),
        on_made=on_made,
        source=source,
        member=member,
    )


def _members(model: TranslationModel, label: Rows, seeds: Rows) -> NDArray[np.float32] | None:
    """See `TranslationModel.members`; a few at a time, for the sources are read with their pixels."""
    parts = []
    for at in range(0, len(label), CHUNK):
        some = label[at : at + CHUNK]
        device = next(model.parameters()).device
        member = model.members(model.inputs(some, seeds[at : at + CHUNK]).to(device), torch.from_numpy(some).to(device))
        if member is None:
            return None
        parts.append(member.float().cpu().numpy())
    return np.concatenate(parts) if parts else None
