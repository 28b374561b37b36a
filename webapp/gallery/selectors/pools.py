"""What there is to read about pools and selections. A pool is seen only when it is whole."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from webapp.core.permissions import HasKey, visible
from webapp.gallery.models import Pool, Selection

POOL_LAB = "run__version__dataset__lab"
SELECTION_LAB = f"pool__{POOL_LAB}"


def whole_pools() -> "QuerySet[Pool]":
    """Pools that are to be seen."""
    return Pool.objects.filter(is_ready=True)


def all_pools() -> "QuerySet[Pool]":
    """Whole pools, with what they were made from."""
    return whole_pools().select_related("run__version__dataset", "run__recipe")


def pools_visible_to(person: HasKey | AnonymousUser) -> "QuerySet[Pool]":
    """The pools of the labs that the person is in."""
    return visible(all_pools(), person, POOL_LAB)


def all_selections() -> "QuerySet[Selection]":
    """Selections from whole pools."""
    return Selection.objects.filter(pool__is_ready=True).select_related(
        "pool__run__version__dataset", "pool__run__recipe", "created_by"
    )


def selections_of(pool: Pool) -> "QuerySet[Selection]":
    """In the order they were made; the first is the run's own."""
    return pool.selections.select_related("created_by").order_by("number")


def standings_by_class(pool: Pool) -> dict[str, dict[str, int]]:
    """Class -> {"accepted", "rejected"}: how far each class is judged; from counters, so nothing is counted."""
    none = {"accepted": 0, "rejected": 0}
    return {name: none | pool.class_standings.get(name, {}) for name in pool.classes}
