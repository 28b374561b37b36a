"""Registers the app."""

from django.apps import AppConfig


class DatasetsConfig(AppConfig):
    """webapp.datasets."""

    name = "webapp.datasets"
    label = "datasets"
