"""How far the reviewers of a pool agree, from counters."""

from dataclasses import dataclass
from typing import Final

from django.db.models import F

from ml import catalog
from webapp.gallery.models import Pool

MAX_PAIRS: Final = 200
COUNTERS: Final = ("both_accept", "both_reject", "only_first_accepts", "only_second_accepts")


@dataclass(frozen=True)
class PairAgreement:
    """Two people by their names, and how far they agree on the samples that both judged."""

    first: str
    second: str
    agreement: catalog.Agreement


def agreement_in(pool: Pool) -> list[PairAgreement]:
    """Of the MAX_PAIRS pairs of reviewers who judged most samples in common, those first."""
    in_common = sum((F(name) for name in COUNTERS[1:]), F(COUNTERS[0]))
    pairs = pool.reviewer_pairs.annotate(num_both=in_common).filter(num_both__gt=0)
    rows = pairs.select_related("first", "second").order_by("-num_both", "pk")[:MAX_PAIRS]
    return [
        PairAgreement(
            row.first.name, row.second.name, catalog.agreement_of(**{name: getattr(row, name) for name in COUNTERS})
        )
        for row in rows
    ]
