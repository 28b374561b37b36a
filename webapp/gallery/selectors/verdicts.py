"""What people said of a pool's samples, row by row: for a file, and as the history of one sample."""

from collections.abc import AsyncIterator
from typing import Any, Final

from django.db.models import F, Q, QuerySet

from webapp.core.threads import in_thread
from webapp.gallery.models import Pool, Sample, Verdict, VerdictChange

BATCH: Final = 2000
COLUMNS: Final = ("sample", "index", "seed", "label", "person", "value", "rating", "reason", "decided_at")
"""Of a file of verdicts; `sample` is the id, `index` the row in the pool."""


async def verdict_rows(pool: Pool) -> AsyncIterator[list[tuple[Any, ...]]]:
    """Everybody's verdicts in COLUMNS, by sample, some thousand rows at a time; stars are nobody else's business."""
    after = (0, 0)
    while batch := await in_thread(_batch)(pool, *after):
        after = (batch[-1].sample_id, batch[-1].pk)
        yield [_row(pool, verdict) for verdict in batch]


def _batch(pool: Pool, sample: int, verdict: int) -> list[Verdict]:
    rows = Verdict.objects.filter(sample__pool=pool, sample__gte=sample).exclude(value="", rating=0)
    later = rows.exclude(sample=sample, pk__lte=verdict)
    return list(later.select_related("sample", "person").order_by("sample_id", "pk")[:BATCH])


def _row(pool: Pool, verdict: Verdict) -> tuple[Any, ...]:
    sample = verdict.sample
    return (
        sample.pk,
        sample.index,
        str(sample.seed),
        pool.classes[sample.label],
        verdict.person.name,
        verdict.value,
        verdict.rating or "",
        verdict.reason,
        verdict.decided_at.isoformat(),
    )


def history_of(sample: Sample) -> "QuerySet[VerdictChange]":
    """Who said what of the sample and when; a star alone is nobody else's business."""
    same = Q(before=F("after"), before_reason=F("after_reason"), before_rating=F("after_rating"))
    return VerdictChange.objects.filter(sample=sample).exclude(same).select_related("person")
