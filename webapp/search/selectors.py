"""Things of a person's labs by what they are called: datasets, saved recipes, runs and studies, as one list."""

import heapq
import uuid
from collections.abc import Iterable
from itertools import islice
from typing import Any, Final, Self

from django.db.models import Q, QuerySet

from webapp.accounts.models import Person
from webapp.core.permissions import visible
from webapp.datasets.models import Dataset
from webapp.recipes.models import Recipe
from webapp.recipes.selectors import recipes_visible_to
from webapp.runs.models import Run
from webapp.runs.selectors import LAB_PATH
from webapp.studies.models import Study
from webapp.studies.selectors import STUDY_LAB, studies_visible_to

Found = Dataset | Recipe | Run | Study
NOUNS: Final = ("dataset", "recipe", "run", "study")
MAX_SIGNS: Final = 200
_NAMED_BY: Final[dict[str, tuple[str, ...]]] = {
    "dataset": ("name",),
    "recipe": ("name", "model"),
    "run": ("name", "recipe__model", "version__dataset__name"),
    "study": ("name", "model", "version__dataset__name"),
}


class Several:
    """Rows of several models as one list, in the order of columns that all of them have."""

    def __init__(self, parts: "Iterable[QuerySet[Any]]", order: tuple[str, ...] = ()) -> None:
        self._parts = list(parts)
        self._order = order

    def order_by(self, *fields: str) -> Self:
        return type(self)((rows.order_by(*fields) for rows in self._parts), fields)

    def filter(self, *conditions: Q, **values: Any) -> Self:
        return type(self)((rows.filter(*conditions, **values) for rows in self._parts), self._order)

    def __getitem__(self, part: slice) -> list[Found]:
        """The first rows of all, `part.stop` of them; of each model no more are read."""
        backwards = self._order[0].startswith("-")  # all fields go one way
        names = [field.removeprefix("-") for field in self._order]
        merged = heapq.merge(
            *(rows[: part.stop] for rows in self._parts),
            key=lambda row: tuple(getattr(row, name) for name in names),
            reverse=backwards,
        )
        return list(islice(merged, part.stop))


def found(person: Person, text: str, lab: uuid.UUID | None = None, noun: str = "") -> Several:
    """What is called so: every word of `text` stands in the name, or in what stands for one; or `text` is the id.

    lab, noun: only things of this lab, of this kind.
    """
    rows: dict[str, QuerySet[Any]] = {
        "dataset": visible(Dataset.objects.all(), person),
        "recipe": recipes_visible_to(person),
        "run": visible(Run.objects.select_related("version__dataset", "recipe"), person, LAB_PATH),
        "study": studies_visible_to(person).defer("result", "progress"),
    }
    lab_paths = {"run": LAB_PATH, "study": STUDY_LAB}
    return Several(
        some.filter(_called(name, text), **({lab_paths.get(name, "lab"): lab} if lab else {}))
        for name, some in rows.items()
        if noun in ("", name)
    )


def _called(noun: str, text: str) -> Q:
    try:
        return Q(pk=uuid.UUID(text.strip()))
    except ValueError:
        pass
    wanted = Q()
    for word in text.split():
        columns = Q()
        for column in _NAMED_BY[noun]:
            columns |= Q(**{f"{column}__icontains": word})
        if noun == "recipe" and word.isascii() and word.isdigit():
            columns |= Q(number=int(word[:9]))
        wanted &= columns
    return wanted
