"""Starting a study: everything that a worker would refuse is refused here, with the field that has to change."""

import math
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import transaction

from ml import catalog
from webapp.accounts.models import Person
from webapp.core.errors import TooManyError
from webapp.core.queue import call_worker
from webapp.core.quota import require_room
from webapp.core.removal import alive
from webapp.datasets.models import DatasetVersion
from webapp.datasets.selectors import train_counts
from webapp.gallery.models import Pool
from webapp.recipes.catalogue import catalogue
from webapp.recipes.validation import Problem, problems_of_schema, refuse
from webapp.runs.models import Run
from webapp.runs.services import launch
from webapp.studies.events import publish_study
from webapp.studies.models import Study
from webapp.studies.services.arts import check_arts, num_trainings, settings_of_arts, shared_of

TASK = "studies.execute"
SPLITS = (("train", "training"), ("val", "validation"), ("test", "test"))
CURVE_TRAININGS = 2
"""Shares of the real images on which the best arm is trained again for the learning curve."""


@dataclass(frozen=True)
class Asked:
    """What a study shall do. arms: as `ml/arms.py` reads them; settings: those left out count with their defaults.

    Of attributes, arms are as `ml/attribute_lines.py` reads them, model_settings what they share, and a model says
    nothing.
    """

    model: str
    model_settings: Mapping[str, Any]
    arms: Sequence[str]
    settings: Mapping[str, Any]
    pools: Sequence[uuid.UUID] = ()
    """Given ones; model and model_settings are then theirs."""
    question: str = Study.Question.BENEFIT


@dataclass(frozen=True)
class Trainings:
    """How many networks a study trains."""

    num_generators: int
    num_children: int


def check(version: DatasetVersion, asked: Asked) -> list[Problem]:
    """All that is wrong with it on this version."""
    if asked.question == Study.Question.ATTRIBUTES:
        return check_arts(version, asked.arms, asked.model_settings, asked.settings)
    return _check_benefit(version, asked)


def _check_benefit(version: DatasetVersion, asked: Asked) -> list[Problem]:
    problems = list(problems_of_schema(dict(asked.settings), catalog.StudySettings.model_json_schema(), "settings"))
    try:
        arms = catalog.read_arms(asked.arms)
    except catalog.BadSettingsError as error:
        return [*problems, Problem("bad_arm", error.message, "arms")]
    if not problems:
        problems += _of_transforms(version, asked)
    found = _of_pools(version, asked, arms) if asked.pools else _of_model(version, asked, arms)
    if version.state == DatasetVersion.State.READY:
        found += [_lacking(version, split, words) for split, words in SPLITS if _without(version, split)]
    if not problems and not found:
        try:
            _pool_bytes(version, asked, arms)
        except catalog.BadBudgetError as error:
            found.append(Problem(error.code, f"The pool of each generator: {error.message}", "arms"))
    return [*problems, *dict.fromkeys(found)]


def trainings(asked: Asked) -> Trainings:
    """For what `check` found no problem in; the learning curve's children included."""
    if asked.question == Study.Question.ATTRIBUTES:
        return Trainings(num_trainings(asked.arms, asked.settings), 0)
    settings = settings_of(asked)
    arms = catalog.read_arms(asked.arms)
    synthetic = sum(arm.synthetic is not None for arm in arms)
    pools = settings.num_generator_seeds if synthetic else 0
    per_seed = len(arms) - synthetic + synthetic * pools + CURVE_TRAININGS
    return Trainings(0 if asked.pools else pools, per_seed * settings.num_child_seeds)


def settings_of(asked: Asked) -> catalog.StudySettings:
    """Every setting, with its default where it was left out."""
    given = {"num_generator_seeds": len(asked.pools)} if asked.pools else {}
    return catalog.StudySettings(**{**asked.settings, **given})


@transaction.atomic
def start_study(
    version: DatasetVersion, asked: Asked, person: Person | None, name: str = "", run: Run | None = None
) -> Study:
    """Queue it. Raises: InvalidError, each fault at its field; TooManyError."""
    refuse(check(version, asked))
    _refuse_too_many(person)
    values = _columns_of_arts(asked) if asked.question == Study.Question.ATTRIBUTES else _columns_of_benefit(asked)
    require_room(version.dataset.lab_id, _bytes_of(version, asked))
    study = Study.objects.create(
        version=version, run=run, name=name.strip(), question=asked.question, created_by=person, **values
    )
    publish_study(study)
    call_worker(TASK, study)
    return study


def _columns_of_benefit(asked: Asked) -> dict[str, Any]:
    """What is kept of it, every setting written out."""
    model, model_settings = _model_of(asked)
    return {
        "model": model,
        "model_settings": model_settings,
        "pools": [str(pk) for pk in asked.pools],
        "arms": [arm.name for arm in catalog.read_arms(asked.arms)],
        "settings": settings_of(asked).model_dump(mode="json"),
    }


def _columns_of_arts(asked: Asked) -> dict[str, Any]:
    return {
        "model_settings": shared_of(asked.model_settings),
        "arms": [line.name for line in catalog.read_lines(asked.arms)],
        "settings": settings_of_arts(asked.settings).model_dump(mode="json"),
    }


def _bytes_of(version: DatasetVersion, asked: Asked) -> int:
    """What can be told of it before it starts: the generators' pools. Raises: BadBudgetError."""
    if asked.question == Study.Question.ATTRIBUTES:
        return 0
    return _pool_bytes(version, asked, catalog.read_arms(asked.arms))


def _model_of(asked: Asked) -> tuple[str, dict[str, Any]]:
    if asked.pools:
        recipe = Pool.objects.select_related("run__recipe").get(pk=asked.pools[0]).run.recipe
        return recipe.model, recipe.model_settings
    return asked.model, catalogue().models[asked.model].defaults() | dict(asked.model_settings)


def _of_transforms(version: DatasetVersion, asked: Asked) -> list[Problem]:
    try:
        settings_of(asked).check_classes(version.classes)
    except catalog.BadSettingsError as error:
        return [Problem("bad_setting", error.message, "settings.transforms")]
    return []


def _of_pools(version: DatasetVersion, asked: Asked, arms: Sequence[catalog.Arm]) -> list[Problem]:
    """What each pool lacks for the arms, and what makes two of them one training."""
    rows = Pool.objects.filter(alive(Pool), pk__in=asked.pools, run__version=version, is_ready=True)
    pools = list(rows.select_related("run__recipe"))
    if len(pools) < len(asked.pools):
        found = f"{len(asked.pools)} pools are named, and {len(pools)} of them are whole and of this version"
        return [Problem("no_such_pool", f"{found}; name such, each once.", "pools")]
    problems = []
    if len({(pool.run.recipe.model, pool.resolution, pool.channels) for pool in pools}) > 1:
        differ = "These pools come from several models, or their images differ in size"
        problems.append(Problem("pools_differ", f"{differ}; name pools of one kind.", "pools"))
    lines = [_line(pool.run) for pool in pools]
    if elsewhere := [run for line in lines for run in line if run.version_id != version.pk]:
        found = f"The model behind one of these pools learnt on {elsewhere[0].version}"
        message = f"{found}, maybe from test images of this one; name pools of models trained on this version alone."
        problems.append(Problem("learnt_elsewhere", message, "pools"))
    makers = {pool.checkpoint_sha256 or str(pool.pk) for pool in pools}
    if len(makers) < len(pools) or len({line[-1].pk for line in lines}) < len(pools):
        message = "Two of these pools come from the same training, which counts once; name one of them."
        problems.append(Problem("same_training", message, "pools"))
    for arm in arms:
        if arm.synthetic is not None:
            sampler, amount = arm.synthetic.sampler, arm.synthetic.amount
            problems += [lack for pool in pools for lack in _lacks(version, pool, arm.name, sampler, amount)]
    return problems


def _line(run: Run) -> list[Run]:
    """The run, the one that it started from, and so on to the training that began at nothing."""
    line = [run]
    while line[-1].parent is not None:
        line.append(line[-1].parent)
    return line


def _lacks(version: DatasetVersion, pool: Pool, arm: str, sampler: str, amount: str) -> list[Problem]:
    """What keeps the arm from being served by the pool."""
    if sampler not in catalogue().samplers:
        return [Problem("unknown_plugin", f"There is no sampler {sampler!r}.", "arms")]
    lacks = []
    if missing := [score for score in catalogue().samplers[sampler].reads({}) if score not in pool.score_names]:
        has_not = f"ranks by {', '.join(missing)}, which the pool of {pool.run} lacks"
        lacks.append(Problem("missing_scores", f"The arm {arm} {has_not}; choose another sampler.", "arms"))
    try:
        wanted = catalog.resolve(catalog.parse_budget(amount), train_counts(version))
    except catalog.BadBudgetError as error:
        return [*lacks, Problem(error.code, f"The arm {arm}: {error.message}", "arms")]
    for name, count in wanted.items():
        if (have := pool.class_counts.get(name, 0)) < count:
            asks = f"asks for {count} images of {name!r}, and the pool of {pool.run} has {have}"
            lacks.append(Problem("pool_too_small", f"The arm {arm} {asks}; ask for fewer.", "arms"))
            break
    return lacks


def _of_model(version: DatasetVersion, asked: Asked, arms: Sequence[catalog.Arm]) -> list[Problem]:
    """What a run of each arm with synthetic images would be refused for."""
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
    return problems


def _pool_bytes(version: DatasetVersion, asked: Asked, arms: Sequence[catalog.Arm]) -> int:
    """What the generators' pools will take, at most. Raises: BadBudgetError when one has too many candidates."""
    counts, settings, most = train_counts(version), settings_of(asked), Counter[str]()
    for arm in arms:
        if arm.synthetic is not None:
            most |= Counter(catalog.resolve(catalog.parse_budget(arm.synthetic.amount), counts))
    if not most or asked.pools:
        return 0
    candidates = {name: math.ceil(number * settings.pool_factor) for name, number in most.items()}
    total = sum(catalog.resolve({"kind": "counts", "counts": candidates}, counts).values())
    resolution = int(_model_of(asked)[1].get("resolution", 0))
    return settings.num_generator_seeds * total * resolution**2 * 3


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
