"""What there is to read about runs."""

import heapq
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db.models import Case, DurationField, Exists, ExpressionWrapper, F, OuterRef, QuerySet, UUIDField, When
from django.db.models.functions import Now

from ml import catalog
from webapp.core import machine
from webapp.core.models import Leadership
from webapp.core.permissions import HasKey, visible
from webapp.core.reconciler import DUTY
from webapp.recipes.catalogue import catalogue
from webapp.runs.forecast import Forecaster, left, task_of
from webapp.runs.models import Checkpoint, Run, RunEvent, RunState
from webapp.runs.states import actions_in
from webapp.runs.turns import in_turn

LAB_PATH = "version__dataset__lab"
STORED_EVENTS_PER_ANSWER = 1000
FOR_WANT_OF_MEMORY = ("out_of_memory", "ended_too_often")
"""Codes of ends that smaller parts of a batch may prevent. A process that the kernel ends leaves no sentence."""


def all_runs() -> "QuerySet[Run]":
    """Runs with what a list shows of them."""
    pool = Case(When(pool__is_ready=True, then=F("pool__id")), default=None, output_field=UUIDField(null=True))
    silence = ExpressionWrapper(Now() - F("heartbeat_at"), output_field=DurationField())
    saved = Exists(Checkpoint.objects.filter(run=OuterRef("pk")))
    return Run.objects.select_related(
        "version__dataset", "recipe", "created_by", "parent__version__dataset", "parent__recipe"
    ).annotate(ready_pool=pool, silence=silence, has_checkpoint=saved)


def runs_visible_to(
    person: HasKey | AnonymousUser,
    lab: UUID | None = None,
    version: UUID | None = None,
    recipe: UUID | None = None,
    state: str = "",
) -> "QuerySet[Run]":
    """The runs of the labs that the person is in, or only some of them."""
    wanted = {"version__dataset__lab": lab, "version": version, "recipe": recipe, "state": state}
    return visible(all_runs(), person, LAB_PATH).filter(**{name: value for name, value in wanted.items() if value})


def children_of(run: Run) -> "QuerySet[Run]":
    """The runs that start from its checkpoints, the newest first."""
    return (
        run.children.filter(deleted_at=None).select_related("version__dataset", "recipe").order_by("-created_at", "-id")
    )


def can_edit(run: Run) -> bool:
    """Whether its model has learnt to change what a real image has."""
    entry = catalogue().models.get(run.recipe.model)
    return entry is not None and entry.edits and run.is_trained and run.state != RunState.CANCELLED


def batch_size_of(recipe: Mapping[str, Any]) -> int | None:
    """The batch size that a recipe asks for; None when it cannot be read."""
    entry = catalogue().models.get(str(recipe.get("model")))
    given = recipe.get("model_settings") or {}
    size = {**entry.defaults(), **given}.get("batch_size") if entry and isinstance(given, Mapping) else None
    return size if isinstance(size, int) and size > 0 else None


def has_gpu() -> bool:
    """Whether runs can be computed on a GPU: this machine has one, or a worker elsewhere has told of one."""
    told = Run.objects.exclude(device="").exclude(device__startswith="CPU")
    return _gpus_here() or told.exists()


@lru_cache(maxsize=1)
def _gpus_here() -> bool:
    return bool(machine.visible_gpus())


def compute_of(run: Run) -> dict[str, Any]:
    """Every compute option of a run, those left out with their defaults."""
    return catalog.Compute.model_construct(**run.compute).model_dump()


def smaller_micro_batch(run: Run) -> int | None:
    """What a run that ended for want of memory may go on with; None when it ended otherwise, or nothing is smaller."""
    batch_size = batch_size_of({"model": run.recipe.model, "model_settings": run.recipe.model_settings})
    if run.state != RunState.FAILED or run.error_code not in FOR_WANT_OF_MEMORY or batch_size is None:
        return None
    return catalog.smaller_micro_batch(batch_size, run.compute.get("micro_batch"))


@dataclass(frozen=True)
class Standing:
    """A run in the queue's picture. Seconds are None where they are not known.

    position: of one that waits, 0 starts next; starts_in_s: until a worker takes it; over_limit: it waits for another
    run of the same person to end; left_s: from now, or from its start, until its end.
    """

    run: Run
    position: int | None
    starts_in_s: float | None
    over_limit: bool
    left_s: float | None


def queue() -> list[Standing]:
    """All runs of this service that are at work, and then those that wait, in the order in which they start.

    When a run starts is told from how long those before it still take. As many workers are taken to be there as are at
    work, for nobody waits beside an idle one.
    """
    rows = Run.objects.select_related("version", "recipe")
    forecaster = Forecaster()
    working = rows.filter(state__in=Run.ACTIVE).order_by("started_at", "pk")
    at_work = [Standing(run, None, None, False, left(run, forecaster.foretell(task_of(run)))) for run in working]
    free_at = [math.inf if one.left_s is None else one.left_s for one in at_work] or [_soonest()]
    heapq.heapify(free_at)
    waiting = []
    for position, run in enumerate(in_turn(rows.filter(state__in=Run.CLAIMABLE))):
        takes, over_limit = left(run, forecaster.foretell(task_of(run))), bool(run.over_limit)  # type: ignore[attr-defined]
        starts = math.inf if over_limit else heapq.heappop(free_at)
        if not over_limit:
            heapq.heappush(free_at, starts + (math.inf if takes is None else takes))
        waiting.append(Standing(run, position, _known(starts), over_limit, takes))
    return at_work + waiting


def _soonest() -> float:
    """When an idle worker takes a run: now, where one is there at all; its reconciler tells."""
    is_there = Leadership.objects.filter(duty=DUTY, expires_at__gte=Now()).exists()
    return 0.0 if is_there else math.inf


def _known(seconds: float) -> float | None:
    return round(seconds, 1) if math.isfinite(seconds) else None


def standing_of(run: Run) -> Standing | None:
    """Where a run that waits stands; None for any other."""
    if run.state not in Run.CLAIMABLE:
        return None
    return next((one for one in queue() if one.run.pk == run.pk and one.position is not None), None)


def last_heard_s(run: Run) -> float | None:
    """Seconds since the worker's last sign of life, by the database's clock; None when nobody works on the run."""
    silence = getattr(run, "silence", None)
    return None if run.state not in Run.ACTIVE or silence is None else round(max(0.0, silence.total_seconds()), 1)


def can_finish(run: Run) -> bool:
    """Whether ending its training early would bring anything that is not on its way."""
    is_waiting = run.state in (RunState.STOPPED, RunState.FAILED)
    return has_checkpoint(run) and not run.is_trained and (is_waiting or not run.finish_requested)


def actions_on(run: Run) -> list[str]:
    """What a researcher may ask of it now; an import is not repeated but made anew, from what is uploaded for it."""
    actions = actions_in(
        RunState(run.state),
        run.stop_requested,
        run.cancel_requested,
        can_finish(run),
        is_previewing=run.preview_requested,
    )
    return [action for action in actions if not (run.origin and action == "retry")]


def has_checkpoint(run: Run) -> bool:
    known = getattr(run, "has_checkpoint", None)
    return run.checkpoints.exists() if known is None else bool(known)


def events_since(run: Run, seq: int) -> list[RunEvent]:
    """The next stored events after `seq`, at most STORED_EVENTS_PER_ANSWER of them."""
    return list(run.events.filter(seq__gt=seq).order_by("seq")[:STORED_EVENTS_PER_ANSWER])


def scalars_of(run: Run) -> dict[str, Any]:
    """The curves: {"steps": [S], "values": {path: [S numbers or None]}}.

    A step that a later attempt computed again counts once; on a CPU the two are equal to the bit.
    """
    at: dict[int, dict[str, float]] = {}
    for data in run.events.filter(type="run.progressed").order_by("seq").values_list("data", flat=True).iterator():
        for point in data["points"]:
            at.setdefault(point["step"], {}).update(point["values"])
    steps = sorted(at)
    paths = sorted({path for values in at.values() for path in values})
    return {"steps": steps, "values": {path: [at[step].get(path) for step in steps] for path in paths}}


def previews_of(run: Run) -> list[dict[str, Any]]:
    """The rows of the sample wall in rising steps, as `run.previewed` tells them."""
    events = run.events.filter(type="run.previewed").order_by("seq").values_list("data", flat=True)
    return [data for _, data in sorted({data["step"]: data for data in events}.items())]


def preview(run: Run, step: int) -> RunEvent | None:
    """The event of one row of the sample wall; its `path` is the PNG."""
    return run.events.filter(type="run.previewed", data__step=step).order_by("-seq").first()


def sweeps_of(run: Run) -> list[dict[str, Any]]:
    """The sheets of the trained model's codes, as `run.swept` tells them; the newest of each code."""
    events = run.events.filter(type="run.swept").order_by("seq").values_list("data", flat=True)
    return list({data["name"]: data for data in events}.values())


def sweep(run: Run, name: str) -> RunEvent | None:
    """The event of one code's sheet; its `path` is the PNG."""
    return run.events.filter(type="run.swept", data__name=name).order_by("-seq").first()


def checkpoints_of(run: Run) -> "QuerySet[Checkpoint]":
    """In rising steps."""
    return run.checkpoints.order_by("step")
