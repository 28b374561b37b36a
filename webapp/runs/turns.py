"""Whose run starts next: people take turns, and nobody has more than a limit at work or in the queue.

Workers ask here, and nowhere else, when they are free (`Run.next_due`), and a claim holds the limit (`Run.claim`); the
place that a page shows comes from the same order. What was under way goes on first. Then each person's next run stands
behind as many turns as that person has runs at work or waiting before it; within a turn, whoever had a worker least
recently comes first. Runs of nobody (started at the server's command line) take turns like one person's, and have no
limits.
"""

from typing import TYPE_CHECKING, Any, Final

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db.models import Case, Count, F, IntegerField, Max, OuterRef, Q, QuerySet, Subquery, Value, When, Window
from django.db.models.functions import Coalesce, Now, RowNumber

from webapp.core.errors import TooManyError

if TYPE_CHECKING:
    from webapp.runs.models import Run

RETRY_AFTER_S: Final = "60"


def at_work(model: type["Run"]) -> Q:
    """Runs that a worker holds now."""
    return Q(state__in=model.ACTIVE, lease_expires_at__gte=Now())


def in_turn(rows: "QuerySet[Run]") -> "QuerySet[Run]":
    """Runs that wait, in the order in which they start; `turn` is the place among the person's own, from 1.

    Those whose `turn` is beyond the limit at work stand last: they cannot start yet (`over_limit`).
    """
    own = rows.model._default_manager.filter(created_by=OuterRef("created_by")).order_by().values("created_by")
    busy = own.filter(at_work(rows.model)).annotate(number=Count("pk")).values("number")
    served = own.annotate(last=Max("heartbeat_at")).values("last")
    begun = Case(When(state="queued", then=1), default=0)
    own_order = Window(RowNumber(), partition_by=F("created_by"), order_by=[begun, F("created_at"), F("pk")])
    return rows.annotate(
        begun=begun,
        turn=Coalesce(Subquery(busy, output_field=IntegerField()), Value(0)) + own_order,
        last_served=Subquery(served),
        over_limit=_over_limit(),
    ).order_by("over_limit", "begun", "turn", F("last_served").asc(nulls_first=True), "created_at", "pk")


def _over_limit() -> Any:
    limit = settings.RUNS_AT_WORK_PER_PERSON
    if not limit:
        return Value(0)
    return Case(When(created_by__isnull=False, turn__gt=limit, then=1), default=0, output_field=IntegerField())


def may_start(model: type["Run"], run: Any, person: Any) -> bool:
    """Whether the person may have one more run at work besides `run`. Call it in a transaction: until its end no
    other worker starts one for the same person.
    """
    limit = settings.RUNS_AT_WORK_PER_PERSON
    if person is None or not limit:
        return True
    get_user_model()._default_manager.select_for_update(no_key=True).get(pk=person)
    return model._default_manager.filter(at_work(model), created_by=person).exclude(pk=run).count() < limit


def too_many_waiting(model: type["Run"], person: Any) -> str:
    """The sentence against one more run in the queue, "" where there is none."""
    limit = settings.RUNS_WAITING_PER_PERSON
    if person is None or not limit:
        return ""
    number = model._default_manager.filter(created_by=person, state__in=model.CLAIMABLE).count()
    if number < limit:
        return ""
    return (
        f"{number} of your runs are waiting already, and {limit} may; wait until some have started, or cancel those "
        f"that are not needed."
    )


def refuse_too_many(model: type["Run"], person: Any) -> None:
    """Call it in the transaction that queues the run. Raises: TooManyError."""
    if person is not None:
        get_user_model()._default_manager.select_for_update(no_key=True).get(pk=person)
    if sentence := too_many_waiting(model, person):
        raise TooManyError(sentence, code="too_many_waiting", headers={"Retry-After": RETRY_AFTER_S})
