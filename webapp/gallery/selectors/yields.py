"""How many candidates each sampler would keep, told before anything is drawn: by rule where it is certain, else from
what finished selections of the lab kept; None where there is neither.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from ml import catalog
from webapp.accounts.models import Person
from webapp.core.permissions import visible
from webapp.datasets.models import DatasetVersion
from webapp.gallery.models import Selection
from webapp.gallery.selectors.pools import SELECTION_LAB, all_selections
from webapp.recipes.catalogue import catalogue
from webapp.runs.forecast import learnt_counts

LOOKED_AT: Final = 40
"""So many of the newest finished selections of a sampler are looked at."""
COUNTED: Final = 10
"""Of those with the wished settings, or of all where none has them, so many of the newest."""


@dataclass(frozen=True)
class ForetoldYield:
    """What a sampler would keep. kept: images, None where it is not known; least, most: what others of the lab say."""

    sampler: str
    kept: int | None
    least: int | None
    most: int | None
    is_certain: bool
    num_selections: int
    told_from: str


def foretold_yields(
    person: Person, version: DatasetVersion, recipe: Mapping[str, Any]
) -> tuple[int, int, list[ForetoldYield]]:
    """Images asked for, candidates drawn, and what each sampler would keep of them; the recipe's own with its settings,
    the others with their defaults.

    Raises: BadBudgetError.
    """
    counts = learnt_counts(version, recipe["model"], recipe.get("model_settings") or {})
    budget = catalog.resolve(recipe["budget"], counts)
    asked, drawn = sum(budget.values()), sum(catalog.pool_sizes(budget, recipe["pool_factor"]).values())
    shelves = catalogue()
    told = []
    for name, entry in shelves.samplers.items():
        chosen = recipe["sampler_settings"] if name == recipe["sampler"] else {}
        told.append(_foretell(person, version, entry, chosen, asked))
    return asked, drawn, told


def _foretell(
    person: Person, version: DatasetVersion, entry: catalog.SamplerEntry, settings: Mapping[str, Any], asked: int
) -> ForetoldYield:
    sampler, defaults = entry.name, entry.defaults()
    if entry.fills_budget:
        proviso = ", of the candidates that can be scored" if entry.needs else ""
        return ForetoldYield(
            sampler, asked, asked, asked, True, 0, f"It always keeps as many as are asked for{proviso}."
        )
    past = _past(person, version, sampler)
    same = [one for one in past if defaults | one.sampler_settings == {**defaults, **settings}]
    shares = [share for one in (same or past) if (share := _share(one)) is not None][:COUNTED]
    if not shares:
        return ForetoldYield(
            sampler, None, None, None, False, 0, "Not known yet: no selection with it has finished in this lab."
        )
    kept, least, most = (round(asked * share) for share in (median(shares), min(shares), max(shares)))
    sentence = (
        f"Median and range of the share that {_counted(len(shares))} of this lab kept of what "
        f"{'it' if len(shares) == 1 else 'they'} asked for, with {'these' if same else 'other'} settings."
    )
    return ForetoldYield(sampler, kept, least, most, False, len(shares), sentence)


def _past(person: Person, version: DatasetVersion, sampler: str) -> list[Selection]:
    """Of pools that the service drew itself; how many candidates an import holds for each image is nobody's choice."""
    rows = all_selections().filter(
        sampler=sampler,
        state=Selection.State.FINISHED,
        pool__run__origin={},
        pool__run__version__dataset__lab=version.dataset.lab_id,
    )
    return list(visible(rows, person, SELECTION_LAB).order_by("-finished_at", "-pk")[:LOOKED_AT])


def _share(selection: Selection) -> float | None:
    """Kept of asked for, 0..1; None where nothing was asked for."""
    asked = sum(part["asked"] for part in selection.yields.values())
    return sum(part["kept"] for part in selection.yields.values()) / asked if asked else None


def _counted(number: int) -> str:
    return "one selection" if number == 1 else f"{number} selections"
