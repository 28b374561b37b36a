"""Starting a run: everything that a worker would refuse is refused here, with the field that has to change."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from django.db import IntegrityError, transaction

from ml import catalog
from webapp.accounts.models import Person
from webapp.core.errors import ConflictError, UnavailableError
from webapp.core.queue import call_worker
from webapp.core.quota import require_room
from webapp.datasets.models import DatasetVersion
from webapp.datasets.selectors import all_grey
from webapp.recipes.catalogue import catalogue
from webapp.recipes.models import Recipe
from webapp.recipes.services import PARTS, create_recipe
from webapp.recipes.validation import Problem, problems_of, problems_of_compute, refuse, with_defaults
from webapp.runs.forecast import Forecaster, Task, learnt_counts, num_candidates, num_images, sentence_of
from webapp.runs.models import Run, Way
from webapp.runs.selectors import batch_size_of, has_gpu
from webapp.runs.services.control import TASK
from webapp.runs.services.files import hold_start
from webapp.runs.services.start import Start, kept, problems_of_start, start_again
from webapp.runs.states import REPEATABLE
from webapp.runs.turns import refuse_too_many, too_many_waiting

MIN_IMAGES = 2
"""Training images that a class needs: of one alone nothing can be learnt but itself."""
POOL_FACTOR = 4.0


@dataclass(frozen=True)
class Estimate:
    """What a run will make, and how long it takes.

    Images to keep by class, candidates to generate for them; seconds in all and by stage (None: not known), and from
    what they are told.
    """

    budget: Mapping[str, int]
    num_candidates: int
    duration_s: float | None
    stages_s: Mapping[str, float] | None
    duration_from: str


def check(
    version: DatasetVersion,
    recipe: Mapping[str, Any],
    start: Start | None = None,
    compute: Mapping[str, Any] | None = None,
) -> list[Problem]:
    """All that is wrong with the recipe on this version, started and computed so; fields as in the request."""
    problems = [replace(problem, field=f"recipe.{problem.field}") for problem in problems_of(recipe)]
    problems += compute_problems(recipe, compute or {})
    if version.state != DatasetVersion.State.READY:
        message = f"The dataset version is {version.state}; a run can start when it is ready."
        return [*problems, Problem("version_not_ready", message, "version")]
    problems += _misfits(version, recipe, are_read=not problems)
    if not problems and start is not None:
        problems += problems_of_start(version, recipe, start)
    if not problems:
        problems += _budget_problems(version, recipe)
    return problems


def queue_problems(person: Person) -> list[Problem]:
    """What keeps the person from queueing any run at all."""
    sentence = too_many_waiting(Run, person.pk)
    return [Problem("too_many_waiting", sentence, "")] if sentence else []


def compute_problems(recipe: Mapping[str, Any], compute: Mapping[str, Any]) -> list[Problem]:
    """What is wrong with the compute options; a recipe that cannot be read says nothing about its batch."""
    return problems_of_compute(compute, batch_size_of(recipe), has_gpu())


def estimate(
    version: DatasetVersion,
    recipe: Mapping[str, Any],
    start: Start | None = None,
    compute: Mapping[str, Any] | None = None,
) -> Estimate:
    """For a recipe in which `check` found no problem. Raises: BadBudgetError."""
    counts = learnt_counts(version, recipe["model"], recipe.get("model_settings") or {})
    budget = catalog.resolve(recipe["budget"], counts)
    candidates = num_candidates(counts, recipe["budget"], recipe.get("pool_factor", POOL_FACTOR))
    checkpoint = None if start is None else kept(start)
    task = Task(
        recipe["model"],
        recipe.get("model_settings") or {},
        compute or {},
        num_images(version),
        candidates,
        version.pk,
        first_step=checkpoint.step if start and checkpoint and start.way == Way.CONTINUE else 0,
        trains=start is None or start.way != Way.GENERATE,
    )
    forecast = Forecaster().foretell(task)
    seconds, stages = (None, None) if forecast is None else (round(forecast.seconds, 1), forecast.stages)
    return Estimate(budget, candidates, seconds, stages, sentence_of(task, forecast))


@dataclass(frozen=True)
class Duration:
    """Seconds that a run takes (None: not known), and from what they are told."""

    duration_s: float | None
    duration_from: str


def durations(
    version: DatasetVersion,
    recipe: Mapping[str, Any],
    problems: Iterable[Problem],
    compute: Mapping[str, Any] | None = None,
) -> dict[str, Duration]:
    """Model -> how long a run of it takes for this budget: the recipe's own with its settings, the others with their
    defaults. None at all while the version or the budget is among the problems; without the own one while that is.
    """
    fields = [problem.field for problem in problems]
    pool = ("version", "recipe.budget", "recipe.pool_factor")
    if any(field.startswith(pool) for field in fields):
        return {}
    own_is_faulty = any(field.startswith(("recipe.model", "compute")) for field in fields)
    forecaster, told = Forecaster(), {}
    for model in catalogue().models:
        is_own = model == recipe["model"]
        if is_own and own_is_faulty:
            continue
        chosen = (recipe.get("model_settings") or {}) if is_own else {}
        options = {} if own_is_faulty else compute or {}
        try:
            counts = learnt_counts(version, model, chosen)
            candidates = num_candidates(counts, recipe["budget"], recipe.get("pool_factor", POOL_FACTOR))
        except catalog.BadBudgetError:  # it asks for classes that this model, by default, does not learn
            continue
        task = Task(model, chosen, options, num_images(version), candidates, version.pk)
        forecast = forecaster.foretell(task)
        seconds = None if forecast is None else round(forecast.seconds, 1)
        told[model] = Duration(seconds, sentence_of(task, forecast))
    return told


def memory(version: DatasetVersion, recipe: Mapping[str, Any]) -> catalog.Foretold:
    """What a run of the recipe takes at its peak, and what this machine has free for it.

    Raises: InvalidError for a recipe with problems; UnavailableError when the estimate cannot be made now.
    """
    refuse(check(version, recipe))
    counts = learnt_counts(version, recipe["model"], recipe.get("model_settings") or {})
    try:
        return catalog.foretell_memory(
            recipe["model"],
            recipe.get("model_settings") or {},
            len(counts),
            len(version.attributes),
            sum(counts.values()),
            all_grey(version),
        )
    except catalog.ForetellError as error:
        raise UnavailableError(str(error), code="no_estimate") from error


def memory_problems(version: DatasetVersion, recipe: Mapping[str, Any]) -> list[Problem]:
    """Whether a run takes more memory than this machine has free; for a recipe in which `check` found no problem.

    Raises: UnavailableError when the estimate cannot be made now.
    """
    told = memory(version, recipe)
    return [] if told.fits else [Problem("memory", told.sentence, "recipe.model_settings.batch_size")]


def start_run(
    version: DatasetVersion,
    recipe: Mapping[str, Any] | Recipe,
    person: Person | None,
    name: str = "",
    start: Start | None = None,
    compute: Mapping[str, Any] | None = None,
) -> Run:
    """Queue a run of a recipe, which is saved first when it is new; from a checkpoint of an earlier run if `start`.

    Raises: InvalidError with every problem at its field; TooManyError.
    """
    return _queue(version, recipe, person, name, None, start, compute or {})


def start_run_once(
    version: DatasetVersion,
    recipe: Mapping[str, Any] | Recipe,
    person: Person,
    name: str,
    key: str,
    start: Start | None = None,
    compute: Mapping[str, Any] | None = None,
) -> tuple[Run, bool]:
    """As `start_run`, but the same request with the same key, sent again, answers the run that it made (and False).

    Raises: InvalidError; TooManyError; ConflictError when the key was used for another request.
    """
    content = contents_of(recipe) if isinstance(recipe, Recipe) else recipe
    if (earlier := _made_before(version, content, person, key, start, compute or {})) is not None:
        return earlier, False
    try:
        return _queue(version, recipe, person, name, key, start, compute or {}), True
    except IntegrityError:  # the two came at the same moment
        if (earlier := _made_before(version, content, person, key, start, compute or {})) is None:
            raise
        return earlier, False


def retry_run(run: Run, person: Person | None) -> Run:
    """The same recipe on the same version from its beginning, as a run of its own; the old one stays as it is.

    Raises: ConflictError for a run that is still under way or finished.
    """
    run.refresh_from_db(fields=["state"])
    if run.origin:
        raise ConflictError("Images that were made elsewhere are imported again, from the page of the dataset.")
    if run.state not in REPEATABLE:
        raise ConflictError(f"A run that is {run.state} cannot be started again.")
    return start_run(run.version, run.recipe, person, run.name, start_again(run), run.compute)


def contents_of(recipe: Recipe) -> dict[str, Any]:
    """A saved recipe as it would be asked for."""
    return {part: getattr(recipe, part) for part in PARTS}


def _queue(
    version: DatasetVersion,
    recipe: Mapping[str, Any] | Recipe,
    person: Person | None,
    name: str,
    key: str | None,
    start: Start | None,
    compute: Mapping[str, Any],
) -> Run:
    content = contents_of(recipe) if isinstance(recipe, Recipe) else recipe
    refuse(check(version, content, start, compute))
    with transaction.atomic():
        refuse_too_many(Run, person and person.pk)
        require_room(version.dataset.lab_id, _pool_bytes(version, content))
        if not isinstance(recipe, Recipe):
            recipe = create_recipe(version.dataset.lab, person, content, str(content.get("name", "")))
        run = Run(
            version=version,
            recipe=recipe,
            name=name.strip(),
            created_by=person,
            idempotency_key=key,
            compute=dict(compute),
        )
        checkpoint = None if start is None else kept(start)
        if start is not None and checkpoint is not None:
            run.parent, run.start_way = start.parent, start.way
            run.start_step, run.start_sha256 = checkpoint.step, checkpoint.sha256
        run.save()
        if checkpoint is not None:
            hold_start(run, checkpoint.file)
        call_worker(TASK, run)
    return run


def _pool_bytes(version: DatasetVersion, content: Mapping[str, Any]) -> int:
    """What the pool's pixels will take, at most: the part of a run that can be told before it starts."""
    resolution = with_defaults(content)["model_settings"].get("resolution", 0)
    return estimate(version, content).num_candidates * int(resolution) ** 2 * 3


def _misfits(version: DatasetVersion, recipe: Mapping[str, Any], are_read: bool) -> list[Problem]:
    """are_read: the recipe has no problem of its own, so that its settings mean something."""
    shelves, model = catalogue(), recipe["model"]
    settings = (recipe.get("model_settings") or {}) if are_read else {}
    problems = []
    if model in shelves.models and (reason := shelves.fits(model, version.dataset.kind)):
        problems.append(Problem("unsuitable_model", reason, "recipe.model"))
    elif are_read:
        yields = shelves.dataset_kinds[version.dataset.kind].yields
        misfits = shelves.models[model].misfits(settings, version.classes, version.attributes, yields)
        for code, setting, reason in misfits:
            problems.append(Problem(code, reason, f"recipe.model_settings.{setting}" if setting else "recipe.model"))
    small = [
        f"{name} ({count})" for name, count in learnt_counts(version, model, settings).items() if count < MIN_IMAGES
    ]
    if small:
        message = (
            f"Every class needs at least {MIN_IMAGES} training images; too few: {', '.join(small[:10])}. "
            "Add images, or leave the class out."
        )
        problems.append(Problem("too_few_images", message, "version"))
    return problems


def _budget_problems(version: DatasetVersion, recipe: Mapping[str, Any]) -> list[Problem]:
    try:
        estimate(version, recipe)
    except catalog.BadBudgetError as error:
        return [Problem(error.code, error.message, "recipe.budget")]
    return []


def _made_before(
    version: DatasetVersion,
    content: Mapping[str, Any],
    person: Person,
    key: str,
    start: Start | None,
    compute: Mapping[str, Any],
) -> Run | None:
    run = Run.objects.filter(created_by=person, idempotency_key=key).select_related("recipe").first()
    if run is None:
        return None
    if run.deleted_at is not None:
        message = "The run that this Idempotency-Key made was deleted; use a new key."
        raise ConflictError(message, code="key_used", fields={"Idempotency-Key": [message]})
    refuse(problems_of(content), "recipe.")
    wanted, before = with_defaults(content), contents_of(run.recipe)
    is_other = run.version_id != version.pk or any(before[part] != wanted[part] for part in PARTS if part in wanted)
    if is_other or run.compute != compute or not _starts_so(run, start):
        message = "This Idempotency-Key was used for another request; use a new one for each run."
        raise ConflictError(message, code="key_used", fields={"Idempotency-Key": [message]})
    return run


def _starts_so(run: Run, start: Start | None) -> bool:
    """Whether the run was started with this wish; a step left out meant the best one then, whichever it was."""
    if start is None:
        return not run.start_way
    step = run.start_step if start.step is None else start.step
    return (run.parent_id, run.start_way, run.start_step) == (start.parent.pk, start.way, step)
