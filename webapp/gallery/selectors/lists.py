"""The samples of a pool in an order, filtered, so that a page costs the same at any depth and whatever is asked.

A page walks an index in the order of the list and passes over what does not match. Where few samples match, that walk
would be long: then the few are taken by an index of their own first (`_few`), and put in order. How many match is known
from counters; only what people starred or rated is counted, no further than FEW. A small pool, and one that is not
filtered, is always walked.
"""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, replace
from typing import Any, Final

from django.db.models import Exists, OuterRef, Q, QuerySet

from webapp.gallery.models import Choice, Pool, Sample, SampleScore, Selection, Verdict

FEW: Final = 2000
"""So many matching samples are put in order at once; of more, every index is dense enough to be walked. In a million
samples, 50 of 2,000 are found by a walk in about the time that it takes to fetch the 2,000."""
SMALL: Final = 10_000
"""A pool of so many samples is walked whole in less time than it takes to gather the few that match."""
Standing = Sample.Standing


@dataclass(frozen=True)
class Filter:
    """What a gallery shows; None shows all. `kept` asks the selection; low and high, both included, the score.

    starred: by the person with the key `person`; rating_from and rating_to, both included, ask the mean of the ratings;
    rows: of the pool, some thousands at most.
    """

    label: int | None = None
    standing: str | None = None
    memorised: bool | None = None
    disputed: bool | None = None
    selection: Selection | None = None
    kept: bool | None = None
    score: str | None = None
    low: float | None = None
    high: float | None = None
    rating_from: float | None = None
    rating_to: float | None = None
    starred: bool | None = None
    person: Any = None
    rows: tuple[int, ...] | None = None

    def condition(self, prefix: str = "") -> Q:
        """On the sample and what people say of it; `prefix`: the way from the listed row to it (`sample__`)."""
        wanted = {name: getattr(self, name) for name in ("label", "standing", "memorised", "disputed")}
        found = Q(**{f"{prefix}{name}": value for name, value in wanted.items() if value is not None})
        if self.rows is not None:
            found &= Q(**{f"{prefix}index__in": self.rows})
        # asked of each row, so that no index but that of the list's order is taken
        of_row = OuterRef(f"{prefix}pk")
        if self.starred is not None:
            star = Exists(Verdict.objects.filter(sample=of_row, person=self.person, starred=True))
            found &= Q(star if self.starred else ~star)
        if rating := self.rating():
            found &= Q(Exists(SampleScore.objects.filter(sample=of_row, name=SampleScore.RATING, **rating)))
        return found

    def rating(self) -> dict[str, float]:
        """What the mean rating must be; empty when nothing is asked of it."""
        wanted = {"value__gte": self.rating_from, "value__lte": self.rating_to}
        return {name: value for name, value in wanted.items() if value is not None}

    def choice(self) -> dict[str, Any]:
        """What the selection's choice must be; empty when nothing is asked of it."""
        asked = self.selection is not None and self.kept is not None
        return {"selection": self.selection, "kept": self.kept} if asked else {}

    def range(self) -> dict[str, float]:
        """What the score's value must be; empty when nothing is asked of it."""
        wanted = {"value__gte": self.low, "value__lte": self.high}
        return {name: value for name, value in wanted.items() if value is not None} if self.score else {}


@dataclass(frozen=True)
class Listing:
    """Rows to be ordered by `order` (without sign); to_sample: the relation from a row to its sample, "" for itself."""

    pool: Pool
    rows: "QuerySet[Any]"
    order: tuple[str, ...]
    to_sample: str = ""

    def sample(self, row: Any) -> Sample:
        """A row's sample, with the pool; the query does without it, whose columns would be decoded once a row."""
        found: Sample = getattr(row, self.to_sample) if self.to_sample else row
        found.pool = self.pool
        return found


def listed(pool: Pool, wanted: Filter, score: str | None = None) -> Listing:
    """The samples that match: in the order of the pool, or by a score (a sample without it is left out)."""
    # the columns of a sample have indexes in the order of the pool
    sought = wanted.choice() or wanted.range() or wanted.starred or wanted.rating() or wanted.disputed
    by_columns = score is None and wanted.rows is None and not sought
    few = None if by_columns else _few(pool, wanted)
    if score is not None:
        return _by_score(pool, wanted, score, few)
    if (choice := wanted.choice()) and few is None:
        if _count_of_columns(pool, wanted) < _count_of_choice(pool, wanted):
            chosen = Choice.objects.filter(sample=OuterRef("pk"), **choice)
            rest = replace(wanted, selection=None, kept=None)
            return Listing(pool, matching(pool, rest).filter(Exists(chosen)), ("index",))
        # ids rise with the index in a pool, so the choices' own index gives the order
        rows = _in_range(Choice.objects.filter(wanted.condition("sample__"), **choice), wanted, "sample__scores__")
        return Listing(pool, rows.select_related("sample"), ("sample_id",), "sample")
    rows = matching(pool, wanted) if few is None else _rest(Sample.objects.filter(pk__in=few), wanted)
    return Listing(pool, rows, ("index",))


def matching(pool: Pool, wanted: Filter) -> "QuerySet[Sample]":
    """Every sample that matches, each once."""
    return _rest(Sample.objects.filter(pool=pool), wanted)


def position_of(pool: Pool, score: str | None, at: float, descending: bool) -> float | None:
    """Where the list begins when so much of it, 0 to 1, is passed over: an index, or a value of the score.

    By the whole pool, whatever the filter is; None when the score has no values.
    """
    if score is None:
        return int(at * pool.num_samples)
    values: list[float] = pool.score_quantiles.get(score, [])
    return values[round((1 - at if descending else at) * (len(values) - 1))] if values else None


def id_at(pool: Pool, index: int) -> int | None:
    """The id of the sample in this row of the pool."""
    return Sample.objects.filter(pool=pool, index=index).values_list("pk", flat=True).first()


def _by_score(pool: Pool, wanted: Filter, score: str, few: "QuerySet[Any, int] | None") -> Listing:
    # without the pool, so that the samples' own index is taken and not the score's
    rows = SampleScore.objects.filter(pool=pool) if few is None else SampleScore.objects.filter(sample__in=few)
    rows = rows.filter(wanted.condition("sample__"), name=score)
    if choice := wanted.choice():
        rows = rows.filter(sample__choices__selection=choice["selection"], sample__choices__kept=choice["kept"])
    rows = rows.filter(**wanted.range()) if wanted.score == score else _in_range(rows, wanted, "sample__scores__")
    return Listing(pool, rows.select_related("sample"), ("value", "sample_id"), "sample")


def _rest(rows: "QuerySet[Sample]", wanted: Filter) -> "QuerySet[Sample]":
    rows = rows.filter(wanted.condition())
    if choice := wanted.choice():  # in one call, so that both are asked of the same choice
        rows = rows.filter(choices__selection=choice["selection"], choices__kept=choice["kept"])
    return _in_range(rows, wanted, "scores__")


def _in_range(rows: "QuerySet[Any]", wanted: Filter, way: str) -> "QuerySet[Any]":
    if not (bounds := wanted.range()):
        return rows
    return rows.filter(**{f"{way}name": wanted.score}, **{f"{way}{bound}": value for bound, value in bounds.items()})


# --- few that match -----------------------------------------------------------------------------------------------
def _few(pool: Pool, wanted: Filter) -> "QuerySet[Any, int] | None":
    """The samples of the narrowest part of the filter, by the index of that part; None when it holds many."""
    if pool.num_samples <= SMALL or not (wanted.condition() or wanted.choice() or wanted.range()):
        return None
    known = [
        (_count_of_columns(pool, wanted), _by_columns(pool, wanted)),
        (_count_of_choice(pool, wanted), _by_choice(wanted)),
        (_count_in_range(pool, wanted), _by_range(pool, wanted)),
        *([] if wanted.rows is None else [(len(wanted.rows), _by_rows(pool, wanted))]),
        *((said[: FEW + 1].count(), said) for said in _said(pool, wanted)),
    ]
    number, rows = min(known, key=lambda part: part[0])
    return rows if number <= FEW else None


def _count_of_columns(pool: Pool, wanted: Filter) -> int:
    """Samples that label, standing and memorised leave, at most."""
    counts = [pool.num_samples]
    label = None if wanted.label is None else pool.classes[wanted.label]
    generated = pool.num_samples if label is None else pool.class_counts[label]
    if wanted.memorised:
        counts.append(pool.num_memorised)
    if wanted.disputed:
        counts.append(pool.num_disputed)
    decided = {"accepted": pool.num_accepted, "rejected": pool.num_rejected}
    if label is not None:
        decided = {name: pool.class_standings.get(label, {}).get(name, 0) for name in decided}
    decided["undecided"] = generated - sum(decided.values())
    counts.append(generated if wanted.standing is None else decided[wanted.standing])
    return int(min(counts))


def _count_of_choice(pool: Pool, wanted: Filter) -> int:
    if not wanted.choice() or wanted.selection is None:
        return pool.num_samples
    kept = int(sum(part["kept"] for part in wanted.selection.yields.values()))
    return kept if wanted.kept else pool.num_samples - kept


def _count_in_range(pool: Pool, wanted: Filter) -> int:
    """By the score's quantiles, to half a per cent of the pool."""
    values: list[float] = pool.score_quantiles.get(wanted.score or "", [])
    if not wanted.range() or not values:
        return pool.num_samples
    first = 0 if wanted.low is None else max(0, bisect_left(values, wanted.low) - 1)
    last = len(values) - 1 if wanted.high is None else min(len(values) - 1, bisect_right(values, wanted.high))
    return round(max(0, last - first) / (len(values) - 1) * pool.num_samples)


def _by_columns(pool: Pool, wanted: Filter) -> "QuerySet[Any, int]":
    narrow = Filter(label=wanted.label, standing=wanted.standing)
    for other in (Filter(memorised=True), Filter(disputed=True)):
        is_asked = (other.memorised and wanted.memorised) or (other.disputed and wanted.disputed)
        if is_asked and _count_of_columns(pool, other) <= _count_of_columns(pool, narrow):
            narrow = other
    return Sample.objects.filter(narrow.condition(), pool=pool).values_list("pk", flat=True)


def _by_choice(wanted: Filter) -> "QuerySet[Any, int]":
    return Choice.objects.filter(**wanted.choice()).values_list("sample_id", flat=True)


def _by_range(pool: Pool, wanted: Filter) -> "QuerySet[Any, int]":
    rows = SampleScore.objects.filter(pool=pool, name=wanted.score, **wanted.range())
    return rows.values_list("sample_id", flat=True)


def _by_rows(pool: Pool, wanted: Filter) -> "QuerySet[Any, int]":
    return Sample.objects.filter(pool=pool, index__in=wanted.rows or ()).values_list("pk", flat=True)


def _said(pool: Pool, wanted: Filter) -> "list[QuerySet[Any, int]]":
    """The samples that the person starred, and those rated as is asked."""
    found: list[QuerySet[Any, int]] = []
    if wanted.starred:
        stars = Verdict.objects.filter(person=wanted.person, starred=True, sample__pool=pool)
        found.append(stars.values_list("sample_id", flat=True))
    if rating := wanted.rating():
        rated = SampleScore.objects.filter(pool=pool, name=SampleScore.RATING, **rating)
        found.append(rated.values_list("sample_id", flat=True))
    return found
