"""Registers the app."""

from django.apps import AppConfig


class SearchConfig(AppConfig):
    """webapp.search."""

    name = "webapp.search"
    label = "search"
