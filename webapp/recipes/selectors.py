"""Reading recipes."""

import uuid
from collections.abc import Iterable

from django.db.models import Count, QuerySet

from ml import catalog
from webapp.accounts.models import Person, Role
from webapp.core.permissions import find, visible
from webapp.core.removal import alive
from webapp.recipes.models import Recipe


def recipes_visible_to(person: Person, lab_id: uuid.UUID | None = None) -> "QuerySet[Recipe]":
    """Recipes of the person's labs, or of one of them; without the records of imports, which cannot be run."""
    rows = visible(Recipe.objects.select_related("created_by"), person).exclude(model=catalog.IMPORTED)
    return rows.filter(lab_id=lab_id) if lab_id is not None else rows


def recipe_for(person: Person, pk: uuid.UUID, role: str = Role.VIEWER) -> Recipe:
    """Raises: NotFoundError, ForbiddenError."""
    return find(Recipe.objects.select_related("created_by"), person, role, pk=pk)


def num_runs_of(recipes: Iterable[Recipe]) -> dict[uuid.UUID, int]:
    """Recipe -> how many runs were made from it and are still there; those without any are left out."""
    runs = Recipe._meta.get_field("runs").related_model  # the app of runs stands above this one
    rows = runs._default_manager.filter(alive(runs), recipe__in=[recipe.pk for recipe in recipes])
    return dict(rows.order_by().values_list("recipe").annotate(Count("pk")))
