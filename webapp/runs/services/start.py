"""Starting a run from a checkpoint of an earlier one: which checkpoint, and what must be as it was."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db.models import Q

from webapp.core import storage
from webapp.core.errors import ConflictError
from webapp.datasets.models import DatasetVersion
from webapp.recipes.catalogue import catalogue
from webapp.recipes.validation import Problem, with_defaults
from webapp.runs.models import Run, RunState, Way
from webapp.runs.services import files

SETTLED = (RunState.FINISHED, RunState.STOPPED, RunState.FAILED)
"""States in which a run's checkpoints stay as they are."""
PREPARED_BY = ("resolution", "fit", "channels", "pairs", "direction")
"""Settings that the packed images hang on."""
SHOWN = 10


@dataclass(frozen=True)
class Start:
    """The wish to start from a checkpoint of `parent`: of this step, or its best one when None.

    again: an earlier run with the same wish, whose held checkpoint is taken when it still has it.
    """

    parent: Run
    way: str
    step: int | None = None
    again: Run | None = None


@dataclass(frozen=True)
class Kept:
    """A checkpoint that is there."""

    step: int
    sha256: str
    file: Path


def start_again(run: Run) -> Start | None:
    """The same start as this run's. Raises: ConflictError when the run that it started from was deleted."""
    if not run.start_way:
        return None
    if run.parent is None or run.parent.deleted_at is not None:
        raise ConflictError("The run that this one started from was deleted; start from another, or from nothing.")
    return Start(run.parent, run.start_way, run.start_step, run)


def kept(start: Start) -> Kept | None:
    """The checkpoint that is meant, or None when it is not kept any more."""
    if start.again is not None and storage.is_kept(held := files.start_file(start.again)):
        return Kept(start.again.start_step or 0, start.again.start_sha256, held)
    rows = start.parent.checkpoints.order_by("-is_best", "-step")
    row = (rows if start.step is None else rows.filter(step=start.step)).first()
    if row is None or not storage.is_kept(file := storage.stored(row.path)):
        return None
    return Kept(row.step, row.sha256, file)


def problems_of_start(version: DatasetVersion, recipe: Mapping[str, Any], start: Start) -> list[Problem]:
    """All that keeps a recipe without problems of its own from being started so; fields as in the request."""
    if start.parent.version.dataset.lab_id != version.dataset.lab_id:
        message = "That run belongs to another lab than the dataset; start from a run of this lab."
        return [Problem("foreign_run", message, "start.run")]
    checkpoint = kept(start)
    if checkpoint is None or (start.parent.state not in SETTLED and start.again is None):
        return [_not_there(start)]
    if recipe["model"] != start.parent.recipe.model:
        model = start.parent.recipe.model
        message = f"The checkpoint is one of {model}, the recipe names {recipe['model']}; choose {model}."
        return [Problem("other_model", message, "recipe.model")]
    before, after = start.parent.recipe.model_settings, with_defaults(recipe)["model_settings"]
    return [
        *_of_version(version, before, after, start),
        *_of_settings(recipe["model"], before, after, start.way, checkpoint.step),
        *(_of_seed(recipe.get("seed", 0), checkpoint, start) if start.way == Way.GENERATE else ()),
    ]


def _not_there(start: Start) -> Problem:
    run = start.parent
    if run.state not in SETTLED and run.state != RunState.CANCELLED:
        message = f"That run is {run.state}; start from it when it is finished, or stop it first."
        return Problem("run_not_settled", message, "start.run")
    steps = ", ".join(str(step) for step in run.checkpoints.order_by("step").values_list("step", flat=True)[:SHOWN])
    if not steps:
        return Problem("no_checkpoint", "That run keeps no checkpoint; start from another run.", "start.run")
    which = "its best checkpoint" if start.step is None else f"a checkpoint of step {start.step}"
    return Problem("no_checkpoint", f"That run does not keep {which}; it keeps those of step {steps}.", "start.step")


def _of_version(
    version: DatasetVersion, before: Mapping[str, Any], after: Mapping[str, Any], start: Start
) -> Iterator[Problem]:
    trained = start.parent.version
    if start.way != Way.REUSE:
        if version.pk != trained.pk:
            verb = "makes more samples for" if start.way == Way.GENERATE else "goes on with"
            message = (
                f"The checkpoint was trained on {_named(trained)} and {verb} that one only; choose it, or reuse the "
                f"checkpoint, which trains on another version."
            )
            yield Problem("other_version", message, "version")
        return
    if version.classes != trained.classes:
        message = (
            f"{_named(version)} has the classes {_listed(version.classes)}, the checkpoint knows "
            f"{_listed(trained.classes)}; they must be the same in the same order, so choose another version or train "
            f"from the beginning."
        )
        yield Problem("other_classes", message, "version")
    if version.attributes != trained.attributes:
        message = (
            f"{_named(version)} has the attributes {_listed(version.attributes)}, the checkpoint knows "
            f"{_listed(trained.attributes)}; they must be the same in the same order, so choose another version or "
            f"train from the beginning."
        )
        yield Problem("other_attributes", message, "version")
    found, expected = _channels(version, after), _channels(trained, before)
    if found != expected:
        words = {1: "grey", 3: "colour"}
        message = (
            f"The images would be learnt in {words[found]}, and the checkpoint was trained in {words[expected]}; set "
            f"channels to {words[expected]}."
        )
        yield Problem("other_channels", message, "recipe.model_settings.channels")


def _of_settings(
    model: str, before: Mapping[str, Any], after: Mapping[str, Any], way: str, step: int
) -> Iterator[Problem]:
    changed = [name for name in after if before.get(name) != after[name]]
    fixed = set(catalogue().models[model].reshaped({**after, **before}, after))
    if way == Way.CONTINUE:
        fixed |= {*PREPARED_BY, *catalogue().models[model].domains}
    why = {
        Way.GENERATE: "more samples are made with the settings of the training",
        Way.CONTINUE: "the checkpoint's networks and images depend on it",
        Way.REUSE: "the checkpoint's networks depend on it",
    }[Way(way)]
    for name in changed:
        if way == Way.GENERATE or name in fixed:
            message = f"{name}: found {after[name]}, expected {before.get(name)} as in the checkpoint; {why}."
            yield Problem("setting_fixed", message, f"recipe.model_settings.{name}")
    # 0 stands for a number of steps that follows from the data; the worker knows it
    if way == Way.CONTINUE and 0 < after.get("num_steps", 0) <= step:
        message = f"num_steps: found {after['num_steps']}, and the checkpoint has learnt {step} steps; ask for more."
        yield Problem("too_few_steps", message, "recipe.model_settings.num_steps")


def next_seed(start: Start) -> int:
    """A seed that has made no images from the checkpoint yet; 0 where there is no checkpoint."""
    checkpoint = kept(start)
    return 0 if checkpoint is None else max(_taken_seeds(checkpoint, start), default=-1) + 1


def _of_seed(seed: int, checkpoint: Kept, start: Start) -> Iterator[Problem]:
    taken = _taken_seeds(checkpoint, start)
    if seed in taken:
        message = (
            f"seed: {seed} has made images from this checkpoint before and would make them again; take another, for "
            f"example {max(taken) + 1}."
        )
        yield Problem("seed_taken", message, "recipe.seed")


def _taken_seeds(checkpoint: Kept, start: Start) -> set[int]:
    """Every run that holds the same checkpoint may have made its images from its seed."""
    sha256 = checkpoint.sha256
    others = Run.objects.filter(Q(start_sha256=sha256) | Q(checkpoints__sha256=sha256))
    others = others.exclude(state=RunState.CANCELLED)
    if start.again is not None:
        others = others.exclude(pk=start.again.pk)
    return set(others.values_list("recipe__seed", flat=True))


def _channels(version: DatasetVersion, settings: Mapping[str, Any]) -> int:
    """1 or 3, as the stage `prepare` will find."""
    if settings["channels"] != "auto":
        return 1 if settings["channels"] == "grey" else 3
    return 3 if version.images.filter(split="train", is_grey=False).exists() else 1


def _named(version: DatasetVersion) -> str:
    return f"{version.dataset.name}, version {version.number}"


def _listed(classes: list[str]) -> str:
    return ", ".join(classes[:SHOWN]) + (f" and {len(classes) - SHOWN} more" if len(classes) > SHOWN else "")
