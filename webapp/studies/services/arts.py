"""What an attribute study asks for: the arts, what they share, and what would keep a worker from training them."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from ml import catalog
from webapp.datasets.models import DatasetVersion
from webapp.recipes.catalogue import Catalogue, catalogue
from webapp.recipes.validation import Problem, problems_of_schema

MAX_TRAININGS: Final = 100
"""Arts times seeds; a study with more is several."""
Given = Mapping[str, Any]


def check_arts(version: DatasetVersion, arts: Sequence[str], shared: Given, settings: Given) -> list[Problem]:
    """All that is wrong with them on this version; at the request's fields arms, model_settings, settings, version."""
    shelves = catalogue()
    problems = [*_of_version(version), *_of_settings(arts, settings)]
    try:
        lines = catalog.read_lines(arts)
    except catalog.BadSettingsError as error:
        return [*problems, Problem("bad_arm", error.message, "arms")]
    editing = [name for name, entry in shelves.models.items() if entry.edits]
    for line in lines:
        if line.model not in editing:
            expected = f"expected one of the models that edit attributes: {', '.join(editing)}."
            message = f"{catalog.shortened(line.name)}: {expected}"
            problems.append(Problem("unknown_model", message, "arms"))
    known = [line for line in lines if line.model in editing]
    problems += _of_shared(shelves, known, shared)
    for line in known:
        problems += _of_art(shelves, version, line, shared)
    return list(dict.fromkeys(problems))


def settings_of_arts(settings: Given) -> catalog.AttributeStudySettings:
    """Every setting, with its default where it was left out."""
    return catalog.AttributeStudySettings(**settings)


def shared_of(shared: Given) -> dict[str, Any]:
    """What all arts share, written out, so that a later default does not change what was asked."""
    fields = catalogue().shared_schema()["properties"]
    return {name: field["default"] for name, field in fields.items()} | dict(shared)


def num_trainings(arts: Sequence[str], settings: Given) -> int:
    """For settings in which `check_arts` found no problem."""
    return len(arts) * settings_of_arts(settings).num_seeds


# --- parts ------------------------------------------------------------------------------------------------------
def _of_version(version: DatasetVersion) -> Iterator[Problem]:
    if version.state != DatasetVersion.State.READY:
        message = f"The dataset version is {version.state}; a study can start when it is ready."
        yield Problem("version_not_ready", message, "version")
        return
    names, what = (version.attributes, "attributes") if version.attributes else (version.classes, "classes")
    if len(names) < 2:
        message = f"This version has {len(names)} {what}, and a study of edits needs two at least; choose another one."
        yield Problem("too_few_attributes", message, "version")
    for split, words in (("train", "training"), ("val", "validation")):
        if not sum(version.counts.get(split, {}).values()):
            message = (
                f"This version has no {words} images: arts learn from training images, and validation images are "
                f"edited; make a version that is split anew."
            )
            yield Problem("too_few_images", message, "version")


def _of_settings(arts: Sequence[str], settings: Given) -> list[Problem]:
    faults = list(problems_of_schema(dict(settings), catalog.AttributeStudySettings.model_json_schema(), "settings"))
    if not faults and (number := num_trainings(arts, settings)) > MAX_TRAININGS:
        seeds = settings_of_arts(settings).num_seeds
        message = (
            f"{len(arts)} arts from {seeds} seeds each are {number} trainings, and a study does {MAX_TRAININGS} at "
            f"most; name fewer arts, or fewer seeds."
        )
        faults.append(Problem("too_many_trainings", message, "settings.num_seeds"))
    return faults


def _of_shared(shelves: Catalogue, lines: Sequence[catalog.ArtLine], shared: Given) -> Iterator[Problem]:
    """Settings that no art has, and such as do not fit one that has them."""
    schemas = [shelves.models[line.model].schema for line in lines]
    for name, value in shared.items():
        having = [schema for schema in schemas if name in schema["properties"]]
        if lines and not having:
            message = f"None of the arts has a setting {catalog.shortened(name)!r}; leave it out."
            yield Problem("unknown_setting", message, f"model_settings.{name}")
        for schema in having:
            yield from problems_of_schema({name: value}, schema, "model_settings")


def _of_art(shelves: Catalogue, version: DatasetVersion, line: catalog.ArtLine, shared: Given) -> Iterator[Problem]:
    """Its own settings, what the server lacks for it, and what the dataset lacks."""
    entry = shelves.models[line.model]
    fields = entry.schema["properties"]
    own = {name: _as_read(value, fields.get(name, {})) for name, value in line.settings.items()}
    for fault in problems_of_schema(own, entry.schema, "arms"):
        yield Problem(fault.code, f"{catalog.shortened(line.name)}: {fault.message}", "arms")
    values = {**{name: value for name, value in shared.items() if name in fields}, **own}
    if any(problems_of_schema(values, entry.schema, "arms")):
        return
    said = [conflict.sentence for conflict in entry.conflicts_in(values)]
    if refused := catalog.why_not_supplied(catalog.shortened(line.name), values):
        said.append(refused)
    if version.state == DatasetVersion.State.READY:
        kind = version.dataset.kind
        if reason := shelves.fits(line.model, kind):
            said.append(reason)
        misfits = entry.misfits(values, version.classes, version.attributes, shelves.dataset_kinds[kind].yields)
        said += [sentence for _, _, sentence in misfits]
    for sentence in said:
        yield Problem("unsuitable_art", sentence, "arms")


def _as_read(value: Any, field: Given) -> Any:
    """As the model's settings read it: of a text, what looks like JSON, such as a matrix, stays a text."""
    return json.dumps(value) if field.get("type") == "string" and not isinstance(value, str) else value
