"""Registers the app."""

from django.apps import AppConfig


class RecipesConfig(AppConfig):
    """webapp.recipes."""

    name = "webapp.recipes"
    label = "recipes"
