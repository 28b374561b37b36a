"""Starting a study: everything that a worker would refuse is refused here, with the field that has to change."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction

from ml import catalog
from webapp.accounts.models import Person
from webapp.core.errors import TooManyError
from webapp.core.queue import call_worker
from webapp.datasets.models import DatasetVersion
from webapp.recipes.catalogue import catalogue
from webapp.recipes.validation import Problem, problems_of_schema, refuse
from webapp.runs.models import Run
from webapp.runs.services import launch
from webapp.studies.events import publish_study
from webapp.studies.models import Study

TASK = "studies.execute"
SPLITS = (("train", "training"), ("val", "validation"), ("test", "test"))
CURVE_TRAININGS = 2
"""Shares of the real images on which the best arm is trained again for the learning curve."""


@dataclass(frozen=True)
class Asked:
    """What a study shall do. arms: as `ml/arms.py` reads them; settings: those left out count with their defaults."""

    model: str
    model_settings: Mapping[str, Any]
    arms: Sequence[str]
    settings: Mapping[str, Any]


@dataclass(frozen=True)
class Trainings:
    """How many networks a study trains."""

    num_generators: int
    num_children: int


def check(version: DatasetVersion, asked: Asked) -> list[Problem]:
    """All that is wrong with it on this version."""
    problems = list(problems_of_schema(dict(asked.settings), catalog.StudySettings.model_json_schema(), "settings"))
    try:
        arms = catalog.read_arms(asked.arms)
    except catalog.BadSettingsError as error:
        return [*problems, Problem("bad_arm", error.message, "arms")]
    for problem in _of_images(version, asked, arms):
        if problem not in problems:
            problems.append(problem)
    return problems


def trainings(asked: Asked) -> Trainings:
    """For what `check` found no problem in; the learning curve's children included."""
    settings = settings_of(asked)
    arms = catalog.read_arms(asked.arms)
    synthetic = sum(arm.synthetic is not None for arm in arms)
    pools = settings.num_generator_seeds if synthetic else 0
    per_seed = len(arms) - synthetic + synthetic * pools + CURVE_TRAININGS
    return Trainings(pools, per_seed * settings.num_child_seeds)


def settings_of(asked: Asked) -> catalog.StudySettings:
    """Every setting, with its default where it was left out."""
    return catalog.StudySettings(**asked.settings)


@transaction.atomic
def start_study(
    version: DatasetVersion, asked: Asked, person: Person | None, name: str = "", run: Run | None = None
) -> Study:
    """Queue it. Raises: InvalidError, each fault at its field; TooManyError."""
    refuse(check(version, asked))
    _refuse_too_many(person)
    study = Study.objects.create(
        version=version,
        run=run,
        name=name.strip(),
        model=asked.model,
        model_settings=catalogue().models[asked.model].defaults() | dict(asked.model_settings),
        arms=[arm.name for arm in catalog.read_arms(asked.arms)],
        settings=settings_of(asked).model_dump(mode="json"),
        created_by=person,
    )
    publish_study(study)
    call_worker(TASK, study)
    return study


def _of_images(version: DatasetVersion, asked: Asked, arms: Sequence[catalog.Arm]) -> list[Problem]:
    """What a run of each arm with synthetic images would be refused for, and classes without images to judge by."""
    problems = []
    wanted = [(arm.synthetic.sampler, arm.synthetic.amount) for arm in arms if arm.synthetic]
    for sampler, amount in wanted or [("random", "1x")]:
        recipe = {
            "model": asked.model,
            "model_settings": asked.model_settings,
            "sampler": sampler,
            "sampler_settings": {},
            "budget": catalog.parse_budget(amount),
        }
        for problem in launch.check(version, recipe):
            field = problem.field.removeprefix("recipe.")
            problems.append(replace(problem, field="arms" if field.startswith(("sampler", "budget")) else field))
    if version.state == DatasetVersion.State.READY:
        problems += [_lacking(version, split, words) for split, words in SPLITS if _without(version, split)]
    return problems


def _without(version: DatasetVersion, split: str) -> list[str]:
    counts = version.counts.get(split, {})
    return [name for name in version.classes if not counts.get(name)]


def _lacking(version: DatasetVersion, split: str, words: str) -> Problem:
    names = ", ".join(_without(version, split)[:10])
    message = (
        f"A study learns from, tunes by and is tested on images of every class; these have no {words} image: {names}. "
        f"Make a version that is split anew, or leave the class out."
    )
    return Problem("too_few_images", message, "version")


def _refuse_too_many(person: Person | None) -> None:
    limit = settings.RUNS_WAITING_PER_PERSON
    if person is None or not limit:
        return
    waiting = Study.objects.filter(created_by=person, state__in=Study.CLAIMABLE).count()
    if waiting >= limit:
        raise TooManyError(
            f"{waiting} of your studies are waiting already, and {limit} may; wait until some have started, or cancel "
            f"those that are not needed.",
            code="too_many_waiting",
        )
