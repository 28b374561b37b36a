"""How far a target of accepted samples is, from the counters of its pools."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db.models import QuerySet

from webapp.core.removal import alive
from webapp.gallery.models import AcceptTarget, Pool
from webapp.gallery.selectors.pools import SELECTION_LAB
from webapp.runs.states import ENDED

TARGET_LAB: Final = SELECTION_LAB
COUNTERS: Final = ("id", "run_id", "classes", "class_counts", "class_standings")
FEW: Final = 10
"""Further samples are drawn when fewer are undecided than are missing, or than this."""


@dataclass(frozen=True)
class Countdown:
    """One class: so many are wanted, accepted for it and missing; undecided and judged in all its pools together."""

    wanted: int
    accepted: int
    missing: int
    undecided: int
    judged: int

    @property
    def is_low(self) -> bool:
        """Whether there is too little to judge that could fill what is missing."""
        return self.missing > 0 and self.undecided < max(FEW, self.missing)


def pools_of(target: AcceptTarget) -> "QuerySet[Pool]":
    """Whole pools that are reviewed for it, in the order in which they came."""
    return target.pools.filter(alive(Pool), is_ready=True).only(*COUNTERS).order_by("created_at", "pk")


def countdowns(target: AcceptTarget, pools: Iterable[Pool]) -> dict[str, Countdown]:
    """Class -> how far it is, of the classes that are wanted."""
    rows = list(pools)
    return {name: _countdown(target, name, rows) for name in target.wanted}


def _countdown(target: AcceptTarget, name: str, pools: list[Pool]) -> Countdown:
    generated = sum(pool.class_counts.get(name, 0) for pool in pools)
    standings: list[Mapping[str, int]] = [pool.class_standings.get(name, {}) for pool in pools]
    accepted = sum(one.get("accepted", 0) for one in standings)
    judged = accepted + sum(one.get("rejected", 0) for one in standings)
    own = max(0, accepted - target.base.get(name, 0))
    wanted = target.wanted[name]
    return Countdown(wanted, own, max(0, wanted - own), generated - judged, judged)


def told_of(target: AcceptTarget) -> dict[str, Any]:
    """Everything that a page shows of it, as JSON."""
    pools = list(pools_of(target))
    run = target.run
    return {
        "id": str(target.pk),
        "pool": str(target.pool_id),
        "state": target.state,
        "classes": {name: vars(one) for name, one in countdowns(target, pools).items()},
        "max_drawn": target.max_drawn,
        "num_drawn": target.num_drawn,
        "drawing": str(run.pk) if run is not None and run.state not in ENDED else None,
        "runs": [str(pool.run_id) for pool in pools],
        "reason": target.reason,
        "created_by": target.created_by and target.created_by.name,
        "created_at": target.created_at.isoformat(),
    }
