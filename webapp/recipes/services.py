"""Saving recipes."""

from collections.abc import Mapping
from typing import Any, Final

from django.db import transaction
from django.db.models import Max

from webapp.accounts.models import Lab, Person
from webapp.recipes.models import Recipe
from webapp.recipes.validation import problems_of, refuse, with_defaults

PARTS: Final = ("model", "model_settings", "sampler", "sampler_settings", "budget", "pool_factor", "seed")
"""What a recipe is; its name and number are how people find it."""


def create_recipe(lab: Lab, created_by: Person | None, recipe: Mapping[str, Any], name: str = "") -> Recipe:
    """Save a recipe under the lab's next number, with every setting written out. It is never changed afterwards.

    Raises: InvalidError with each problem at its field (`model_settings.batch_size`).
    """
    refuse(problems_of(recipe))
    full = with_defaults(recipe)
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
