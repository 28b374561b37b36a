"""Accept, reject, rate, star, clear, undo. Every change is logged; standing and mean rating follow with it."""

import uuid
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import Any, Final, NamedTuple

from django.db import transaction

from webapp.accounts.models import Person
from webapp.core.errors import ConflictError, NotFoundError
from webapp.core.one_writer import one_writer
from webapp.gallery.models import Pool, Sample, SampleScore, Verdict, VerdictChange
from webapp.gallery.selectors.lists import Filter, matching
from webapp.gallery.services.agreement import Moves, count_pairs, moves_of
from webapp.gallery.services.targets import tell_of_target

Standing = Sample.Standing


class Opinion(NamedTuple):
    """What one person says of one sample; the fields of a verdict, each with the value that says nothing."""

    value: str = ""
    reason: str = ""
    rating: int = 0
    starred: bool = False


NONE: Final = Opinion()
Opinions = dict[uuid.UUID, Opinion]
"""Person -> what they say of one sample."""
Change = Mapping[str, Any]
"""Fields of an Opinion with what they become; what is left out stays as it is."""


CHUNK: Final = 5000
"""Samples whose verdicts are written by one statement."""


@dataclass
class Act:
    """All changes of one request; undone together.

    verdicts: sample -> what the person says of it now, where that changed; standings, disputed and mean_ratings: of
    the same samples, the last only of those that somebody rated; num_accepted and num_rejected: of the whole pool.
    """

    id: uuid.UUID
    verdicts: dict[int, Opinion] = field(default_factory=dict)
    standings: dict[int, str] = field(default_factory=dict)
    disputed: set[int] = field(default_factory=set)
    mean_ratings: dict[int, float] = field(default_factory=dict)
    num_accepted: int = 0
    num_rejected: int = 0


class Sight(NamedTuple):
    """What everybody's verdicts on a sample add up to."""

    standing: str
    disputed: bool


@dataclass
class Told:
    """What everybody says of one sample: accept or reject by person, and the ratings."""

    values: dict[uuid.UUID, str] = field(default_factory=dict)
    ratings: list[int] = field(default_factory=list)

    def sight(self) -> Sight:
        votes = Counter(self.values.values())
        accepts, rejects = votes[Verdict.Value.ACCEPT], votes[Verdict.Value.REJECT]
        return Sight(standing_of(accepts, rejects), accepts > 0 and rejects > 0)


@dataclass
class Shift:
    """How the counters of a pool move: standings by (label, standing), the disputed, and the pairs of reviewers."""

    standings: Counter[tuple[int, str]] = field(default_factory=Counter)
    disputed: int = 0
    pairs: Moves = field(default_factory=Counter)


def decide(pool: Pool, person: Person, ids: Sequence[int], value: str | None, reason: str = "") -> Act:
    """Accept or reject these samples for one person, or take that back when `value` is None; all of them or none.

    Raises: NotFoundError when one of them is not in the pool.
    """
    return judge(pool, person, ids, decision(value, reason))


def decision(value: str | None, reason: str = "") -> Change:
    """Accept or reject with a reason; None takes back both."""
    return {"value": value or "", "reason": reason if value else ""}


def judge(pool: Pool, person: Person, ids: Sequence[int], change: Change) -> Act:
    """Change what one person says of these samples; all of them or none.

    Raises: NotFoundError when one of them is not in the pool.
    """
    return judge_each(pool, person, dict.fromkeys(ids, change))


def judge_each(pool: Pool, person: Person, changes: Mapping[int, Change]) -> Act:
    """As `judge`, with a change of its own for each sample."""
    with _locked(pool) as held:
        return _apply(held, person, changes, undoes=None)


def judge_matching(pool: Pool, person: Person, wanted: Filter, change: Change) -> Act:
    """As `judge`, on every sample of the pool that the filter shows at this moment."""
    with _locked(pool) as held:
        ids = matching(pool, wanted).values_list("pk", flat=True)
        return _apply(held, person, dict.fromkeys(ids, change), undoes=None)


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
        before = {change.sample_id: _before(change) for change in own.filter(act=last.act)}
        return _apply(held, person, before, undoes=last.act)


@contextmanager
def _locked(pool: Pool) -> Iterator[Pool]:
    """A transaction that is alone in the pool, so that its counters, which come with it, stay exact."""
    with one_writer(), transaction.atomic():
        counters = ("classes", "class_standings", "num_accepted", "num_rejected", "num_disputed", "target")
        yield Pool.objects.select_for_update().only(*counters).get(pk=pool.pk)


def _before(change: VerdictChange) -> Change:
    return Opinion(change.before, change.before_reason, change.before_rating, change.before_starred)._asdict()


def _apply(held: Pool, person: Person, wanted: Mapping[int, Change], undoes: uuid.UUID | None) -> Act:
    act, shift = Act(uuid.uuid4()), Shift()
    for part in _parts(wanted.items()):
        asked = dict(part)
        rows = Sample.objects.filter(pool_id=held.pk, pk__in=list(asked))
        samples = {pk: (label, Sight(*seen)) for pk, label, *seen in rows.values_list("pk", "label", *Sight._fields)}
        if len(samples) != len(asked):
            raise NotFoundError("One of these samples is not in this pool; nothing was changed.")
        said = _said(list(asked))
        changes = _write(person, said, asked, act.id, undoes)
        told = {pk: told_of({**said[pk], person.pk: after}) for pk, (_, after) in changes.items()}
        means = {pk: mean for pk, one in told.items() if (mean := mean_of(one.ratings)) is not None}
        act.verdicts.update({pk: after for pk, (_, after) in changes.items()})
        seen = _restand({pk: samples[pk] for pk in changes}, told, shift)
        act.standings.update({pk: sight.standing for pk, sight in seen.items()})
        act.disputed.update(pk for pk, sight in seen.items() if sight.disputed)
        act.mean_ratings.update(means)
        _rerate(held, {pk: means.get(pk) for pk, (before, after) in changes.items() if before.rating != after.rating})
        for pk, (before, after) in changes.items():
            shift.pairs.update(moves_of(person, before.value, after.value, told[pk].values))
    _count(held, shift)
    count_pairs(held, person, shift.pairs)
    act.num_accepted, act.num_rejected = held.num_accepted, held.num_rejected
    return act


def _parts(rows: Iterable[tuple[int, Change]]) -> Iterator[list[tuple[int, Change]]]:
    left = iter(rows)
    while part := list(islice(left, CHUNK)):
        yield part


def _write(
    person: Person,
    said: Mapping[int, Opinions],
    asked: Mapping[int, Change],
    act: uuid.UUID,
    undoes: uuid.UUID | None,
) -> dict[int, tuple[Opinion, Opinion]]:
    """Log and store what differs from what the person said before; answers before and after of each such sample."""
    wished = {pk: (before := said[pk].get(person.pk, NONE), before._replace(**change)) for pk, change in asked.items()}
    changes = {pk: (before, after) for pk, (before, after) in wished.items() if before != after}
    VerdictChange.objects.bulk_create(
        VerdictChange(
            sample_id=pk,
            person=person,
            act=act,
            undoes=undoes,
            before=before.value,
            after=after.value,
            before_reason=before.reason,
            after_reason=after.reason,
            before_rating=before.rating,
            after_rating=after.rating,
            before_starred=before.starred,
            after_starred=after.starred,
        )
        for pk, (before, after) in changes.items()
    )
    if cleared := [pk for pk, (_, after) in changes.items() if after == NONE]:
        Verdict.objects.filter(person=person, sample__in=cleared).delete()
    Verdict.objects.bulk_create(
        [
            Verdict(sample_id=pk, person=person, **after._asdict())
            for pk, (_, after) in changes.items()
            if after != NONE
        ],
        update_conflicts=True,
        unique_fields=["sample", "person"],
        update_fields=[*Opinion._fields, "decided_at"],
    )
    return changes


def _said(samples: Sequence[int]) -> dict[int, Opinions]:
    """Sample -> what everybody says of it, before this act."""
    said: dict[int, Opinions] = {pk: {} for pk in samples}
    rows = Verdict.objects.filter(sample__in=samples).values_list("sample_id", "person_id", *Opinion._fields)
    for pk, person, *opinion in rows:
        said[pk][person] = Opinion(*opinion)
    return said


def told_of(said: Opinions) -> Told:
    """What people's opinions on one sample come to."""
    values = {person: one.value for person, one in said.items() if one.value}
    return Told(values, [one.rating for one in said.values() if one.rating])


def _restand(samples: Mapping[int, tuple[int, Sight]], told: Mapping[int, Told], shift: Shift) -> dict[int, Sight]:
    """What everybody's verdicts add up to now, stored and answered; `shift` counts what moved.

    samples: id -> label, and what they added up to until now.
    """
    found: dict[int, Sight] = {}
    moved: dict[Sight, list[int]] = {}
    for pk, (label, before) in samples.items():
        found[pk] = now = told[pk].sight()
        if now != before:
            moved.setdefault(now, []).append(pk)
            shift.standings[label, now.standing] += 1
            shift.standings[label, before.standing] -= 1
            shift.disputed += now.disputed - before.disputed
    for now, pks in moved.items():
        Sample.objects.filter(pk__in=pks).update(**now._asdict())
    return found


def _rerate(held: Pool, means: Mapping[int, float | None]) -> None:
    """Keep the mean ratings of these samples where lists look for them; None removes one."""
    if gone := [pk for pk, mean in means.items() if mean is None]:
        SampleScore.objects.filter(sample__in=gone, name=SampleScore.RATING).delete()
    SampleScore.objects.bulk_create(
        [
            SampleScore(pool_id=held.pk, sample_id=pk, name=SampleScore.RATING, value=mean)
            for pk, mean in means.items()
            if mean is not None
        ],
        update_conflicts=True,
        unique_fields=["sample", "name"],
        update_fields=["value"],
    )


def _count(held: Pool, shift: Shift) -> None:
    """Move the pool's counters, of all and of each class. The pool is locked."""
    moved = {key: number for key, number in shift.standings.items() if number}
    if not moved and not shift.disputed:
        return
    for (label, standing), number in moved.items():
        if standing != Standing.UNDECIDED:
            counts = held.class_standings.setdefault(held.classes[label], {})
            counts[str(standing)] = counts.get(str(standing), 0) + number
    held.num_accepted += sum(number for (_, standing), number in moved.items() if standing == Standing.ACCEPTED)
    held.num_rejected += sum(number for (_, standing), number in moved.items() if standing == Standing.REJECTED)
    held.num_disputed += shift.disputed
    held.save(update_fields=["class_standings", "num_accepted", "num_rejected", "num_disputed"])
    if held.target_id is not None:
        tell_of_target(held.target_id)


def standing_of(accepts: int, rejects: int) -> str:
    """Accepted means more accepts than rejects; a tie is undecided."""
    if accepts == rejects:
        return Standing.UNDECIDED
    return Standing.ACCEPTED if accepts > rejects else Standing.REJECTED


def mean_of(ratings: Sequence[int]) -> float | None:
    """The mean of people's ratings, 1 to 5; None where nobody rated."""
    return sum(ratings) / len(ratings) if ratings else None
