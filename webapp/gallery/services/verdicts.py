"""Accept, reject, clear, undo. Every change is logged, and the standing of a sample follows in the same transaction."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Final

from django.db import transaction

from webapp.accounts.models import Person
from webapp.core.errors import ConflictError, NotFoundError
from webapp.core.one_writer import one_writer
from webapp.gallery.models import Pool, Sample, Verdict, VerdictChange
from webapp.gallery.selectors.lists import Filter, matching

Opinion = tuple[str, str]
"""(value, reason) of one person on one sample; ("", "") when there is none."""
NONE: Opinion = ("", "")
Standing = Sample.Standing


CHUNK: Final = 5000
"""Samples whose verdicts are written by one statement."""


@dataclass
class Act:
    """All changes of one request; undone together.

    verdicts: sample -> the person's own verdict now, "" for none, where it changed; standings: of the same samples;
    num_accepted and num_rejected: of the whole pool, after it.
    """

    id: uuid.UUID
    verdicts: dict[int, str] = field(default_factory=dict)
    standings: dict[int, str] = field(default_factory=dict)
    num_accepted: int = 0
    num_rejected: int = 0


def decide(pool: Pool, person: Person, ids: Sequence[int], value: str | None, reason: str = "") -> Act:
    """Set one person's verdict on these samples, or clear it when `value` is None; all of them or none.

    Raises: NotFoundError when one of them is not in the pool.
    """
    with _locked(pool) as held:
        return _apply(held, person, dict.fromkeys(ids, _opinion(value, reason)), undoes=None)


def decide_matching(pool: Pool, person: Person, wanted: Filter, value: str | None, reason: str = "") -> Act:
    """As `decide`, on every sample of the pool that the filter shows at this moment."""
    with _locked(pool) as held:
        ids = matching(pool, wanted).values_list("pk", flat=True)
        return _apply(held, person, dict.fromkeys(ids, _opinion(value, reason)), undoes=None)


def undo(pool: Pool, person: Person) -> Act:
    """Take back the person's last act in this pool that still stands; called again, the one before it.

    Raises: ConflictError when there is none.
    """
    with _locked(pool) as held:
        own = VerdictChange.objects.filter(person=person, sample__pool=pool)
        undone = own.filter(undoes__isnull=False).values("undoes")
        last = own.filter(undoes__isnull=True).exclude(act__in=undone).order_by("-pk").first()
        if last is None:
            raise ConflictError("There is no verdict of yours in this pool to take back.", code="nothing_to_undo")
        before = {change.sample_id: (change.before, change.before_reason) for change in own.filter(act=last.act)}
        return _apply(held, person, before, undoes=last.act)


@contextmanager
def _locked(pool: Pool) -> Iterator[Pool]:
    """A transaction that is alone in the pool, so that its counters, which come with it, stay exact."""
    with one_writer(), transaction.atomic():
        counters = ("classes", "class_standings", "num_accepted", "num_rejected")
        yield Pool.objects.select_for_update().only(*counters).get(pk=pool.pk)


def _opinion(value: str | None, reason: str) -> Opinion:
    return (value, reason) if value else NONE


def _apply(held: Pool, person: Person, wanted: Mapping[int, Opinion], undoes: uuid.UUID | None) -> Act:
    act, shift = Act(uuid.uuid4()), Counter[tuple[int, str]]()
    for part in _parts(wanted.items()):
        opinions = dict(part)
        rows = Sample.objects.filter(pool_id=held.pk, pk__in=list(opinions)).values_list("pk", "label", "standing")
        samples = {pk: (label, standing) for pk, label, standing in rows}
        if len(samples) != len(opinions):
            raise NotFoundError("One of these samples is not in this pool; nothing was changed.")
        changes = _write(person, opinions, act.id, undoes)
        act.verdicts.update({pk: value for pk, (value, _) in changes.items()})
        act.standings.update(_restand({pk: samples[pk] for pk in changes}, shift))
    _count(held, shift)
    act.num_accepted, act.num_rejected = held.num_accepted, held.num_rejected
    return act


def _parts(rows: Iterable[tuple[int, Opinion]]) -> Iterator[list[tuple[int, Opinion]]]:
    left = iter(rows)
    while part := list(islice(left, CHUNK)):
        yield part


def _write(
    person: Person, wanted: Mapping[int, Opinion], act: uuid.UUID, undoes: uuid.UUID | None
) -> dict[int, Opinion]:
    """Log and store what differs from what the person thought before; answers it."""
    verdicts = Verdict.objects.filter(person=person)
    told = verdicts.filter(sample__in=list(wanted)).values_list("sample_id", "value", "reason")
    before = {pk: (value, reason) for pk, value, reason in told}
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
    if cleared := [pk for pk, after in changes.items() if after == NONE]:
        verdicts.filter(sample__in=cleared).delete()
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


def _restand(samples: Mapping[int, tuple[int, str]], shift: Counter[tuple[int, str]]) -> dict[int, str]:
    """Standings from everybody's verdicts as they are now, stored and answered; `shift` counts what moved.

    samples: id -> (label, standing until now).
    """
    votes: dict[int, Counter[str]] = {pk: Counter() for pk in samples}
    for pk, value in Verdict.objects.filter(sample__in=list(samples)).values_list("sample_id", "value"):
        votes[pk][value] += 1
    found: dict[int, str] = {}
    moved: dict[str, list[int]] = {}
    for pk, (label, standing) in samples.items():
        found[pk] = now = standing_of(votes[pk][Verdict.Value.ACCEPT], votes[pk][Verdict.Value.REJECT])
        if now != standing:
            moved.setdefault(now, []).append(pk)
            shift[label, now] += 1
            shift[label, standing] -= 1
    for standing, pks in moved.items():
        Sample.objects.filter(pk__in=pks).update(standing=standing)
    return found


def _count(held: Pool, shift: Mapping[tuple[int, str], int]) -> None:
    """Move the pool's counters, of all and of each class. The pool is locked."""
    if not shift:
        return
    for (label, standing), number in shift.items():
        if standing != Standing.UNDECIDED:
            counts = held.class_standings.setdefault(held.classes[label], {})
            counts[str(standing)] = counts.get(str(standing), 0) + number
    held.num_accepted += sum(number for (_, standing), number in shift.items() if standing == Standing.ACCEPTED)
    held.num_rejected += sum(number for (_, standing), number in shift.items() if standing == Standing.REJECTED)
    held.save(update_fields=["class_standings", "num_accepted", "num_rejected"])


def standing_of(accepts: int, rejects: int) -> str:
    """Accepted means more accepts than rejects; a tie is undecided."""
    if accepts == rejects:
        return Standing.UNDECIDED
    return Standing.ACCEPTED if accepts > rejects else Standing.REJECTED
