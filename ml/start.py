"""A run that starts from a checkpoint of an earlier one: what must fit, and what it takes over.

generate  no training: the checkpoint makes other candidates, from another seed
continue  training goes on from the checkpoint's step to a larger number of steps
reuse     weights and averages begin a training of their own, at step 0 and with fresh optimizers, on other data
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from ml.checkpoint import read_facts
from ml.errors import BadSettingsError, CheckpointError
from ml.generation import data_of
from ml.model import DataSpec, Model, ModelSettings
from ml.plans import Artefacts
from ml.plugin import read_settings
from ml.shaping import shapes_of, shaping_settings
from ml.start_plan import Start
from ml.whole import whole_folder


def check_start(start: Start, model: type[Model], settings: ModelSettings, classes: Sequence[str], seed: int) -> None:
    """Refuse, before any data is prepared, what the checkpoint cannot be started from for.

    Raises: CheckpointError, BadSettingsError.
    """
    facts = read_facts(Path(start["file"]))
    if facts["model"] != model.name:
        raise CheckpointError(
            f"The checkpoint is one of {facts['model']}, the recipe names {model.name}; choose {facts['model']}."
        )
    if facts["data"]["classes"] != list(classes):
        raise CheckpointError(
            f"The checkpoint knows the classes {_named(facts['data']['classes'])}, the dataset has {_named(classes)}; "
            f"use a dataset with the same classes in the same order."
        )
    if start["way"] == "generate":
        _check_generate(facts, settings, seed)
        return
    _check_shapes(facts, model, settings)
    if start["way"] == "continue":
        _check_longer(facts, model, settings)


def check_data(start: Start, facts: Mapping[str, Any], data: DataSpec, data_hash: str) -> None:
    """Whether the prepared images are such that the checkpoint fits them. Raises: CheckpointError."""
    if start["way"] == "continue" and facts["data_hash"] != data_hash:
        raise CheckpointError(
            "The checkpoint was trained on other images, so its training cannot go on here; reuse it instead, which "
            "begins at step 0."
        )
    trained = data_of(facts)
    if data.attributes != trained.attributes:
        raise CheckpointError(
            f"The images have the attributes {_named(data.attributes)}, the checkpoint knows "
            f"{_named(trained.attributes)}; use a dataset with the same attributes in the same order."
        )
    if data.source_channels != trained.source_channels:
        raise CheckpointError(
            f"The given halves of the pairs have {data.source_channels} colour channels, the checkpoint expects "
            f"{trained.source_channels}; start without it."
        )
    for name, unit in (("resolution", "pixels"), ("channels", "colour channels")):
        found, expected = getattr(data, name), facts["data"][name]
        if found != expected:
            raise CheckpointError(
                f"The images have {found} {unit}, the checkpoint expects {expected}; set {name} to what it was trained "
                f"with, or start without it."
            )


def carry_prepared(start: Start, out: Path) -> Artefacts | None:
    """The earlier run's packed images and encoder as this run's own, without copying where the disk allows.

    None where they are no longer on disk.
    """
    prepared = start["prepared"]
    if not prepared or not (Path(prepared["data"]).is_dir() and Path(prepared["encoder"]).is_dir()):
        return None
    for source, name in ((prepared["data"], "data"), (prepared["encoder"], "encoder")):
        with whole_folder(out / name) as folder:
            shutil.copytree(source, folder, copy_function=_linked, dirs_exist_ok=True)
    return {"data": str(out / "data"), "encoder": str(out / "encoder")}


def _linked(source: str, target: str) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _check_generate(facts: Mapping[str, Any], settings: ModelSettings, seed: int) -> None:
    if changed := _changed(facts, settings):
        raise BadSettingsError(
            f"The settings {', '.join(changed)} differ from those that the checkpoint was trained with; leave them as "
            f"they were, or continue the training."
        )
    if facts["seed"] == seed:
        raise BadSettingsError(
            f"The seed {seed} is the one that the checkpoint was trained with and would make images that it made "
            f"before; choose another."
        )


def _check_shapes(facts: Mapping[str, Any], model: type[Model], settings: ModelSettings) -> None:
    spec = data_of(facts)
    before = read_settings(model, facts["settings"])
    if shapes_of(model, spec, before) == shapes_of(model, spec, settings):
        return
    changed = _changed(facts, settings)
    names = [name for name in changed if name in shaping_settings(model)] or changed
    found = ", ".join(f"{name} {getattr(settings, name)} (it has {getattr(before, name)})" for name in names)
    raise BadSettingsError(
        f"The checkpoint's networks are of another shape than the settings ask for: {found}; leave these as they were."
    )


def _check_longer(facts: Mapping[str, Any], model: type[Model], settings: ModelSettings) -> None:
    spec = data_of(facts)
    total = model.total_steps(settings, spec)
    if total <= facts["step"]:
        raise BadSettingsError(
            f"The settings ask for {total} steps in all, and the checkpoint has learnt {facts['step']}; ask for more."
        )


def _changed(facts: Mapping[str, Any], settings: ModelSettings) -> list[str]:
    return [name for name, value in settings.model_dump(mode="json").items() if facts["settings"].get(name) != value]


def _named(classes: Sequence[str]) -> str:
    if not classes:
        return "(none)"
    return ", ".join(classes[:10]) + (f" and {len(classes) - 10} more" if len(classes) > 10 else "")
