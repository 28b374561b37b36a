"""Saving recipes."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models import Max

from ml import catalog
from webapp.accounts.models import Lab, Person
from webapp.core.removal import rename, set_archived
from webapp.recipes.catalogue import catalogue
from webapp.recipes.models import Recipe
from webapp.recipes.validation import check_selection, problems_of, refuse, with_defaults

PARTS: Final = ("model", "model_settings", "sampler", "sampler_settings", "budget", "pool_factor", "seed")
"""What a recipe is; its name and number are how people find it."""


def change_recipe(recipe: Recipe, person: Person, *, name: str | None = None, archived: bool | None = None) -> None:
    """Give it another name, put it away or bring it back; what it says never changes."""
    if archived is not None:
        set_archived(recipe, archived, person, recipe.lab_id)
    if name is not None:
        rename(recipe, name.strip(), person, recipe.lab_id)


def create_recipe(lab: Lab, created_by: Person | None, recipe: Mapping[str, Any], name: str = "") -> Recipe:
    """Save a recipe under the lab's next number, with every setting written out. It is never changed afterwards.

    Raises: InvalidError with each problem at its field (`model_settings.batch_size`).
    """
    refuse(problems_of(recipe))
    return _save(lab, created_by, with_defaults(recipe), name)


def create_import_recipe(lab: Lab, created_by: Person | None, choice: Mapping[str, Any], name: str) -> Recipe:
    """The record of what was chosen for images that were made elsewhere; no run can be started from it again.

    choice: a recipe without a model; its model_settings are those of the images alone. Raises: InvalidError.
    """
    check_selection(catalog.IMPORTED, {}, choice)
    defaults = catalogue().samplers[choice["sampler"]].defaults()
    full = {"model": catalog.IMPORTED, "pool_factor": 1.0, **choice}
    full["sampler_settings"] = defaults | dict(choice.get("sampler_settings") or {})
    return _save(lab, created_by, full, name)


def _save(lab: Lab, created_by: Person | None, full: Mapping[str, Any], name: str) -> Recipe:
    with transaction.atomic():
        Lab.objects.select_for_update().get(pk=lab.pk)  # so that two recipes at once get two numbers
        latest = lab.recipes.aggregate(number=Max("number"))["number"] or 0
        return Recipe.objects.create(
            lab=lab,
            number=latest + 1,
            name=name.strip(),
            created_by=created_by,
            **{part: full[part] for part in PARTS if part in full},
        )
