"""Who works for the service, on what, and how much waits."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final
from uuid import UUID

from django.db.models import BooleanField, Case, F, Q, QuerySet, Value, When
from django.db.models.functions import Now

from webapp.accounts.models import Person
from webapp.core.leases import Leased, holder_in
from webapp.core.permissions import visible
from webapp.datasets.models import DatasetVersion
from webapp.exports.models import Export
from webapp.gallery.models import Edit, Selection
from webapp.runs.models import Run
from webapp.runs.selectors import LAB_PATH
from webapp.studies.models import Study
from webapp.studies.selectors import STUDY_LAB
from webapp.upkeep.models import Worker

SILENT_AFTER: Final = timedelta(seconds=45)
"""A worker says that it is here every ten seconds; the database may be slow, or its machine."""
QUEUES: Final[Mapping[str, tuple[type[Leased], ...]]] = {
    "compute": (Run, Study),
    "io": (DatasetVersion, Selection, Edit, Export),
}
"""Queue -> what it brings (`webapp.celery`)."""
LAB_PATHS: Final[Mapping[type[Leased], str]] = {
    Run: LAB_PATH,
    Study: STUDY_LAB,
    DatasetVersion: "dataset__lab",
    Selection: f"pool__run__{LAB_PATH}",
    Edit: f"run__{LAB_PATH}",
    Export: "version__dataset__lab",
}
RELATED: Final[Mapping[type[Leased], tuple[str, ...]]] = {
    Run: ("recipe", "version__dataset"),
    Study: ("version__dataset",),
    DatasetVersion: ("dataset",),
    Selection: ("pool__run__recipe", "pool__run__version__dataset"),
    Edit: ("run__recipe", "run__version__dataset"),
    Export: ("version__dataset",),
}
"""What the name of a row is made of."""


@dataclass(frozen=True)
class Piece:
    """What a worker works on. `id` and `name` are None in labs that the person who asks is not in."""

    noun: str
    id: UUID | None
    name: str | None
    lab: str
    state: str
    started_at: datetime | None


@dataclass(frozen=True)
class Queue:
    """A queue, and how many rows of it wait for a worker."""

    name: str
    waiting: int


def workers() -> "QuerySet[Worker]":
    """Those that are here, and those that fell silent lately, with `is_here`."""
    is_here = Case(When(seen_at__gt=Now() - SILENT_AFTER, then=Value(True)), default=False, output_field=BooleanField())
    return Worker.objects.annotate(is_here=is_here).order_by("host", "started_at", "pid")


def work_of_each(person: Person) -> dict[str, list[Piece]]:
    """Name of a worker -> what it holds now."""
    found: dict[str, list[Piece]] = defaultdict(list)
    for model in LAB_PATHS:
        for holder, piece in _held(model, person):
            found[holder].append(piece)
    return found


def queues() -> list[Queue]:
    """How much waits in each."""
    return [
        Queue(name, sum(model._default_manager.filter(model.due()).count() for model in models))
        for name, models in QUEUES.items()
    ]


def _held(model: type[Leased], person: Person) -> Iterator[tuple[str, Piece]]:
    path = LAB_PATHS[model]
    held = model._default_manager.filter(Q(state__in=model.ACTIVE), lease_expires_at__gt=Now())
    seen = set(visible(held, person, path).values_list("pk", flat=True))
    for row in held.annotate(lab_name=F(f"{path}__name")).select_related(*RELATED[model]):
        is_seen = row.pk in seen
        piece = Piece(
            noun=str(model._meta.verbose_name),
            id=row.pk if is_seen else None,
            name=_name_of(row) if is_seen else None,
            lab=row.lab_name,
            state=row.state,
            started_at=row.started_at,
        )
        yield holder_in(row.lease_owner or ""), piece


def _name_of(row: Any) -> str:
    return f"Selection {row.number} of {row.pool.run}" if isinstance(row, Selection) else str(row)
