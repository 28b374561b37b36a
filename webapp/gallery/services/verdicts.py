"""Accept, reject, clear, undo. Every change is logged, and the standing of a sample follows in the same transaction."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from django.db import transaction
from django.db.models import Count, Q

from webapp.accounts.models import Person
from webapp.core.errors import ConflictError, NotFoundError
from webapp.gallery.models import Pool, Sample, Verdict, VerdictChange
from webapp.gallery.selectors.lists import Filter, matching

Opinion = tuple[str, str]
"""(value, reason) of one person on one sample; ("", "") when there is none."""
NONE: Opinion = ("", "")
Standing = Sample.Standing


CHUNK: Final = 5000
"""Samples whose verdicts are written by one statement."""


@dataclass(frozen=True)
class Act:
    """All changes of one request; undone together.

    verdicts: sample -> the person's own verdict now, "" for none, where it changed; standings: of the same samples.
    """

    id: uuid.UUID
    verdicts: dict[int, str] = field(default_factory=dict)
    standings: dict[int, str] = field(default_factory=dict)


@transaction.atomic
def decide(pool: Pool, person: Person, ids: Sequence[int], value: str | None, reason: str = "") -> Act:
    """Set one person's verdict on these samples, or clear it when `value` is None; all of them or none.

    Raises: NotFoundError when one of them is not in the pool.
    """
    wanted = set(ids)
    _lock(pool)
    if Sample.objects.filter(pool=pool, pk__in=wanted).count() != len(wanted):
        raise NotFoundError("One of these samples is not in this pool; nothing was changed.")
    return _apply(pool, person, dict.fromkeys(wanted, _opinion(value, reason)), undoes=None)


@transaction.atomic
def decide_matching(pool: Pool, person: Person, wanted: Filter, value: str | None, reason: str = "") -> Act:
    """As `decide`, on every sample of the pool that the filter shows at this moment."""
    _lock(pool)
    ids = matching(pool, wanted).values_list("pk", flat=True)
    return _apply(pool, person, dict.fromkeys(ids, _opinion(value, reason)), undoes=None)


@transaction.atomic
def undo(pool: Pool, person: Person) -> Act:
    """Take back the person's last act in this pool that still stands; called again, the one before it.

    Raises: ConflictError when there is none.
    """
    _lock(pool)
    own = VerdictChange.objects.filter(person=person, sample__pool=pool)
    undone = own.filter(undoes__isnull=False).values("undoes")
    last = own.filter(undoes__isnull=True).exclude(act__in=undone).order_by("-pk").first()
    if last is None:
        raise ConflictError("There is no verdict of yours in this pool to take back.", code="nothing_to_undo")
    before = {change.sample_id: (change.before, change.before_reason) for change in own.filter(act=last.act)}
    return _apply(pool, person, before, undoes=last.act)


def _lock(pool: Pool) -> None:
    """One act at a time in a pool, so that its counters stay exact."""
    Pool.objects.select_for_update().get(pk=pool.pk)


def _opinion(value: str | None, reason: str) -> Opinion:
    return (value, reason) if value else NONE


def _apply(pool: Pool, person: Person, wanted: Mapping[int, Opinion], undoes: uuid.UUID | None) -> Act:
    act = Act(uuid.uuid4())
    for part in _parts(wanted.items()):
        changes = _write(person, dict(part), act.id, undoes)
        act.verdicts.update({pk: value for pk, (value, _) in changes.items()})
        act.standings.update(_restand(pool, changes))
    return act


def _parts(rows: Iterable[tuple[int, Opinion]]) -> Iterator[list[tuple[int, Opinion]]]:
    left = iter(rows)
    while part := list(islice(left, CHUNK)):
        yield part


def _write(
    person: Person, wanted: Mapping[int, Opinion], act: uuid.UUID, undoes: uuid.UUID | None
) -> dict[int, Opinion]:
    """Log and store what differs from what the person thought before; answers it."""
    verdicts = Verdict.objects.filter(person=person, sample__in=list(wanted))
    before = {verdict.sample_id: (verdict.value, verdict.reason) for verdict in verdicts}
    changes = {pk: after for pk, after in wanted.items() if before.get(pk, NONE) != after}
    VerdictChange.objects.bulk_create(
        VerdictChange(
            sample_id=pk,
            person=person,
            act=act,
            undoes=undoes,
            before=before.get(pk, NONE)[0],
            after=after[0],
            before_reason=before.get(pk, NONE)[1],
            after_reason=after[1],
        )
        for pk, after in changes.items()
    )
    verdicts.filter(sample__in=[pk for pk, after in changes.items() if after == NONE]).delete()
    Verdict.objects.bulk_create(
        [
            Verdict(sample_id=pk, person=person, value=value, reason=reason)
            for pk, (value, reason) in changes.items()
            if value
        ],
        update_conflicts=True,
        unique_fields=["sample", "person"],
        update_fields=["value", "reason", "decided_at"],
    )
    return changes


def _restand(pool: Pool, ids: Iterable[int]) -> dict[int, str]:
    """Standings and the pool's counters from the verdicts as they are now; answers the standings."""
    samples = Sample.objects.filter(pk__in=list(ids)).annotate(
        accepts=Count("verdicts", filter=Q(verdicts__value=Verdict.Value.ACCEPT)),
        rejects=Count("verdicts", filter=Q(verdicts__value=Verdict.Value.REJECT)),
    )
    found: dict[int, str] = {}
    moved: dict[str, list[int]] = {}
    shift: Counter[tuple[int, str]] = Counter()
    rows = samples.values_list("pk", "label", "standing", "accepts", "rejects")
    for pk, label, standing, accepts, rejects in rows:
        found[pk] = now = standing_of(accepts, rejects)
        if now != standing:
            moved.setdefault(now, []).append(pk)
            shift[label, now] += 1
            shift[label, standing] -= 1
    for standing, pks in moved.items():
        Sample.objects.filter(pk__in=pks).update(standing=standing)
    if moved:
        _count(pool, shift)
    return found


def _count(pool: Pool, shift: Mapping[tuple[int, str], int]) -> None:
    """Move the pool's counters, of all and of each class. The pool is locked."""
    held = Pool.objects.only("class_standings", "num_accepted", "num_rejected").get(pk=pool.pk)
    for (label, standing), number in shift.items():
        if standing != Standing.UNDECIDED:
            counts = held.class_standings.setdefault(pool.classes[label], {})
            counts[str(standing)] = counts.get(str(standing), 0) + number
    held.num_accepted += sum(number for (_, standing), number in shift.items() if standing == Standing.ACCEPTED)
    held.num_rejected += sum(number for (_, standing), number in shift.items() if standing == Standing.REJECTED)
    held.save(update_fields=["class_standings", "num_accepted", "num_rejected"])


def standing_of(accepts: int, rejects: int) -> str:
    """Accepted means more accepts than rejects; a tie is undecided."""
    if accepts == rejects:
        return Standing.UNDECIDED
    return Standing.ACCEPTED if accepts > rejects else Standing.REJECTED
