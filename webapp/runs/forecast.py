"""How long runs take, from what finished runs took on this service's machines; None where nothing was measured yet.

Each finished stage leaves its measured seconds and units in `Run.timings`. Of the finished runs of the same model at
the same resolution, those with the same settings count before the others, and only those of one kind of device: that of
the newest. Training is scaled by images, the rest by images read or candidates made.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from ml import catalog
from webapp.datasets.models import DatasetVersion
from webapp.datasets.selectors import train_counts
from webapp.recipes.catalogue import catalogue
from webapp.runs.models import Run, RunState, Way
from webapp.runs.states import STAGES

LOOKED_AT: Final = 40
"""So many of the newest finished runs of a model are looked at."""
COUNTED: Final = 10
"""Of those that are like the wished one, so many of the newest."""
OF_LENGTH: Final = frozenset({"num_steps", "num_epochs", "num_checkpoints", "num_previews"})
"""Settings that say how long to train, not how fast."""


@dataclass(frozen=True)
class Task:
    """What decides how long a run takes. num_steps: 0 where the model finds it from the data."""

    model: str
    settings: Mapping[str, Any]
    compute: Mapping[str, Any]
    num_images: int
    num_candidates: int
    version: Any
    first_step: int = 0
    trains: bool = True


@dataclass(frozen=True)
class Forecast:
    """Seconds by stage, from so many runs on `device`."""

    stages: Mapping[str, float]
    num_runs: int
    device: str

    @property
    def seconds(self) -> float:
        return sum(self.stages.values())


@dataclass(frozen=True)
class _Past:
    settings: Mapping[str, Any]
    compute: Mapping[str, Any]
    timings: Mapping[str, Mapping[str, Any]]
    num_steps: int
    num_images: int
    version: Any

    def device(self) -> str:
        """What it was trained on."""
        return str(self.timings["train"]["device"])

    def seconds(self, stage: str) -> float:
        """NaN where the stage was taken over from another run."""
        return float(self.timings.get(stage, {}).get("seconds", math.nan))

    def per_unit(self, stage: str) -> float:
        return self.seconds(stage) / float(self.timings.get(stage, {}).get("units", 1))

    def images_seen(self) -> float:
        """By the attempt that was measured."""
        return float(self.timings["train"]["units"] * self.settings["batch_size"])


class Forecaster:
    """Reads the past once for each model it is asked about."""

    def __init__(self) -> None:
        self._past: dict[str, list[_Past]] = {}

    def foretell(self, task: Task) -> Forecast | None:
        """None where no run like this one has finished here, or the number of its steps cannot be known before; and for
        an import, which no model makes."""
        if task.model not in catalogue().models:
            return None
        wished = {**catalogue().models[task.model].defaults(), **task.settings}
        alike = self._alike(task, wished)
        num_steps = wished.get("num_steps") or _steps_before(alike, wished, task.version)
        if not alike or not num_steps:
            return None
        images = max(0, num_steps - task.first_step) * wished["batch_size"]
        stages = {
            "prepare": task.num_images * _typical(past.seconds("prepare") / past.num_images for past in alike),
            "train": images * _typical(past.seconds("train") / past.images_seen() for past in alike),
            "generate": task.num_candidates * _typical(past.per_unit("generate") for past in alike),
            "score": task.num_candidates * _typical(past.per_unit("score") for past in alike),
            "select": _typical(past.seconds("select") for past in alike),
        }
        if not task.trains:
            stages["prepare"] = stages["train"] = 0.0
        return Forecast(stages, len(alike), alike[0].device())

    def _alike(self, task: Task, wished: Mapping[str, Any]) -> list[_Past]:
        past = [one for one in self._of(task.model) if one.settings.get("resolution") == wished.get("resolution")]
        wish = _how_fast(wished), dict(task.compute)
        same = [one for one in past if (_how_fast(one.settings), dict(one.compute)) == wish]
        chosen = same or past
        return [one for one in chosen if one.timings["train"]["device"] == chosen[0].timings["train"]["device"]][
            :COUNTED
        ]

    def _of(self, model: str) -> list[_Past]:
        if model not in self._past:
            runs = Run.objects.filter(recipe__model=model, state=RunState.FINISHED, timings__has_key="train")
            newest = runs.select_related("recipe", "version").order_by("-finished_at")[:LOOKED_AT]
            self._past[model] = [
                _Past(
                    run.recipe.model_settings,
                    run.compute,
                    run.timings,
                    run.num_steps,
                    num_images(run.version),
                    run.version_id,
                )
                for run in newest
            ]
        return self._past[model]


def num_images(version: DatasetVersion) -> int:
    """Images that a run on the version reads: all but the test split."""
    return sum(sum(version.counts.get(split, {}).values()) for split in ("train", "val"))


def learnt_counts(version: DatasetVersion, model: str, settings: Mapping[str, Any]) -> dict[str, int]:
    """Class -> training images, of the classes that a model, so set, learns and makes; all for one that is on no
    shelf."""
    counts, entry = train_counts(version), catalogue().models.get(model)
    return counts if entry is None else {name: counts[name] for name in entry.learns(settings, list(counts))}


def num_candidates(counts: Mapping[str, int], budget: Mapping[str, Any], pool_factor: float) -> int:
    """counts: class -> training images, of those that are learnt. Raises: BadBudgetError."""
    return sum(catalog.pool_sizes(catalog.resolve(budget, counts), pool_factor).values())


def task_of(run: Run) -> Task:
    """What a run that is there has to do from its beginning."""
    recipe = run.recipe
    return Task(
        recipe.model,
        recipe.model_settings,
        run.compute,
        num_images(run.version),
        num_candidates(
            learnt_counts(run.version, recipe.model, recipe.model_settings), recipe.budget, recipe.pool_factor
        ),
        run.version_id,
        first_step=(run.start_step or 0) if run.start_way == Way.CONTINUE else 0,
        trains=run.start_way != Way.GENERATE,
    )


def left(run: Run, forecast: Forecast | None) -> float | None:
    """Seconds until the run ends once it is at work, or goes on; None where that is not known."""
    if run.state == RunState.STOPPING:
        return 0.0
    if forecast is None:
        return None
    names = list(STAGES)
    open_stages = [name for name in names if name not in run.artefacts]
    now = next((name for name in names if STAGES[name] == run.state), None)
    total = 0.0
    for name in open_stages:
        seconds = forecast.stages.get(name, 0.0)
        if name == now and run.eta_s is not None:
            seconds = run.eta_s
        elif name == now:
            seconds *= 1.0 - run.stage_progress
        total += seconds
    return total


def sentence_of(task: Task, forecast: Forecast | None) -> str:
    """The forecast for a person; the duration itself stands beside it."""
    resolution = {**catalogue().models[task.model].defaults(), **task.settings}.get("resolution")
    what = f"{task.model} at {resolution} pixels"
    if forecast is None:
        return f"How long it takes is not known yet: no run of {what} has finished here."
    runs = "one run" if forecast.num_runs == 1 else f"{forecast.num_runs} runs"
    return f"As measured on {runs} of {what} on {forecast.device}."


def _how_fast(settings: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in settings.items() if name not in OF_LENGTH}


def _typical(values: Iterable[float]) -> float:
    """The median of what was measured; 0 where none of them had this to do."""
    measured = [value for value in values if not math.isnan(value)]
    return median(measured) if measured else 0.0


def _steps_before(alike: Iterable[_Past], wished: Mapping[str, Any], version: Any) -> int:
    """The steps of a run with the very same settings on the same images; 0 where there was none."""
    same = (past.num_steps for past in alike if past.version == version and dict(past.settings) == dict(wished))
    return next(same, 0)
