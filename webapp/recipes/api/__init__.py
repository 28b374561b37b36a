"""The API of the shelves and of saved recipes."""

from webapp.recipes.api.catalogue import CatalogueView
from webapp.recipes.api.recipes import (
    MAX_SEED,
    BudgetField,
    NewRecipeSerializer,
    RecipeDeletionView,
    RecipeSerializer,
    RecipesView,
    RecipeView,
    SettingsField,
)

__all__ = [
    "MAX_SEED",
    "BudgetField",
    "CatalogueView",
    "NewRecipeSerializer",
    "RecipeDeletionView",
    "RecipeSerializer",
    "RecipeView",
    "RecipesView",
    "SettingsField",
]
