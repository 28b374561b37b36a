"""Accept until target: a person says how many more accepted samples they need, and candidates are drawn until then.

Rows say all of it, and the reconciler's leader looks at them in every round (`advance_targets`); so nothing is lost
when a server, a worker or Redis ends, and a verdict never waits for a run to start.
"""

import logging
import math
import uuid
from collections.abc import Mapping
from typing import Final

from django.db import IntegrityError, transaction
from django.db.models.functions import Now

from webapp.accounts.models import Person
from webapp.core.errors import AtelierError, ConflictError, InvalidError, TooManyError, UnavailableError
from webapp.core.removal import alive
from webapp.gallery.events import publish_target
from webapp.gallery.models import AcceptTarget, Pool
from webapp.gallery.selectors.targets import Countdown, countdowns, pools_of, told_of
from webapp.runs.models import Run, RunState, Way
from webapp.runs.services.launch import contents_of, start_run
from webapp.runs.services.start import Start, kept, next_seed
from webapp.runs.states import ENDED

log = logging.getLogger(__name__)
State = AcceptTarget.State
FACTOR: Final = 20
"""So many candidates are drawn for each sample that is wanted, at most, unless asked otherwise."""
MIN_DRAW, MAX_DRAW = 16, 2000
"""Candidates of one class in one run."""
HOPE: Final = 0.5
"""The share that is accepted, before anybody has judged FEW_JUDGED."""
FEW_JUDGED: Final = 10
LEAST: Final = 0.05
"""A share below it is taken for it, so that one run stays of a size."""


def begin_target(pool: Pool, person: Person | None, wanted: Mapping[str, int], factor: int = FACTOR) -> AcceptTarget:
    """Count down to so many more accepted samples of these classes; the same wish again is the same target.

    Raises: InvalidError for a class that the pool lacks; ConflictError when another target is being worked on, or
    nothing can be drawn from the pool's run.
    """
    wanted = {name: number for name, number in wanted.items() if number}
    if not wanted or set(wanted) - set(pool.classes):
        message = f"Say how many more you need of at least one of: {', '.join(pool.classes)}."
        raise InvalidError(message, fields={"wanted": [message]})
    _require_source(pool.run)
    try:
        with transaction.atomic():
            pool = Pool.objects.select_for_update(of=("self",)).select_related("target").get(pk=pool.pk)
            if pool.target is not None and pool.target.state == State.ACTIVE:
                return _same(pool, pool.target, wanted, factor)
            target = AcceptTarget.objects.create(
                pool=pool,
                wanted=wanted,
                base={name: pool.class_standings.get(name, {}).get("accepted", 0) for name in wanted},
                max_drawn=factor * sum(wanted.values()),
                created_by=person,
            )
            Pool.objects.filter(pk=pool.pk).update(target=target)
    except IntegrityError:
        raise ConflictError("Another target of this pool was begun at the same moment; look at it.") from None
    return target


def end_target(target: AcceptTarget) -> AcceptTarget:
    """No further samples; a run that draws some goes on by itself. Asking twice is asking once."""
    with transaction.atomic():
        target = _locked(target.pk)
        if target.state == State.ACTIVE:
            _move(target, State.ENDED)
    return target


def tell_of_target(pk: uuid.UUID) -> None:
    """The countdown as it is now, to everybody who watches it; called in the transaction of a verdict."""
    target = AcceptTarget.objects.select_related("run", "created_by").filter(pk=pk, state=State.ACTIVE).first()
    if target is not None:
        publish_target(pk, told_of(target))


def advance_targets() -> None:
    """See to every active target; called in each round of the reconciler's leader."""
    for pk in AcceptTarget.objects.filter(alive(AcceptTarget), state=State.ACTIVE).values_list("pk", flat=True):
        try:
            advance_target(pk)
        except (TooManyError, UnavailableError) as error:
            log.info("target %s waits: %s", pk, error)
        except AtelierError as error:
            with transaction.atomic():
                target = _locked(pk)
                if target.state == State.ACTIVE:
                    _move(target, State.ENDED, f"No further samples could be drawn: {error.message}")


def advance_target(pk: uuid.UUID) -> None:
    """Take in what was drawn, end what is met, and draw further samples where there are too few to judge.

    Raises: AtelierError when the run that would draw them is refused.
    """
    with transaction.atomic():
        target = _locked(pk)
        if target.state != State.ACTIVE or _is_drawing(target):
            return
        counts = countdowns(target, pools_of(target))
        missing = {name: one for name, one in counts.items() if one.missing}
        if not missing:
            _move(target, State.MET)
        elif target.run is not None and target.run.state != RunState.FINISHED:
            _move(target, State.ENDED, f"The run that drew further samples is {target.run.state}.")
        elif draw := _to_draw(target, missing):
            _draw(target, draw)
        elif target.num_drawn >= target.max_drawn and not any(one.undecided for one in missing.values()):
            _move(target, State.EXHAUSTED, f"{target.num_drawn} candidates were drawn, as many as were allowed.")


def _is_drawing(target: AcceptTarget) -> bool:
    """Whether its run is under way; the pool of one that has finished is taken in."""
    run = target.run
    if run is None:
        return False
    if run.state not in ENDED:
        return True
    if Pool.objects.filter(run=run, is_ready=True, target=None).update(target=target):
        publish_target(target.pk, told_of(target))
    return False


def _to_draw(target: AcceptTarget, missing: Mapping[str, Countdown]) -> dict[str, int]:
    """Class -> candidates of the next run; empty when there is enough to judge, or no more may be drawn."""
    left = target.max_drawn - target.num_drawn
    found: dict[str, int] = {}
    for name, one in missing.items():
        if one.is_low and left > 0:
            share = max(LEAST, one.accepted / one.judged) if one.judged >= FEW_JUDGED else HOPE
            number = math.ceil(one.missing / share) - one.undecided
            found[name] = min(left, MAX_DRAW, max(MIN_DRAW, number))
            left -= found[name]
    return found


def _draw(target: AcceptTarget, draw: Mapping[str, int]) -> None:
    """Every candidate is kept, for a person chooses among them."""
    origin = target.pool.run
    start = Start(origin, Way.GENERATE)
    recipe = {
        **contents_of(origin.recipe),
        "sampler": "random",
        "sampler_settings": {},
        "budget": {"kind": "counts", "counts": dict(draw)},
        "pool_factor": 1.0,
        "seed": next_seed(start),
    }
    name = f"Further samples of {origin}"[:120]
    run = start_run(origin.version, recipe, target.created_by, name, start, origin.compute)
    AcceptTarget.objects.filter(pk=target.pk).update(run=run, num_drawn=target.num_drawn + sum(draw.values()))
    publish_target(target.pk, told_of(_locked(target.pk)))


def _require_source(run: Run) -> None:
    """Raises: ConflictError."""
    if run.origin:
        raise ConflictError("These images were made elsewhere, so no further ones can be drawn here.", code="no_source")
    if kept(Start(run, Way.GENERATE)) is None:
        raise ConflictError(
            "The run keeps no checkpoint to draw from; begin in the gallery of the run that trained.", code="no_source"
        )


def _same(pool: Pool, target: AcceptTarget, wanted: Mapping[str, int], factor: int) -> AcceptTarget:
    """Raises: ConflictError."""
    if (target.pool_id, target.wanted, target.max_drawn) == (pool.pk, wanted, factor * sum(wanted.values())):
        return target
    raise ConflictError("Another target is being worked on here; end it first.", code="target_active")


def _locked(pk: uuid.UUID) -> AcceptTarget:
    rows = AcceptTarget.objects.select_for_update(of=("self",))
    return rows.select_related("run", "created_by", "pool__run__recipe", "pool__run__version__dataset__lab").get(pk=pk)


def _move(target: AcceptTarget, state: str, reason: str = "") -> None:
    AcceptTarget.objects.filter(pk=target.pk).update(state=state, reason=reason, ended_at=Now())
    target.refresh_from_db(fields=["state", "reason", "ended_at"])
    publish_target(target.pk, told_of(target))
