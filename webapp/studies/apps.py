"""Registers the app."""

from django.apps import AppConfig


class StudiesConfig(AppConfig):
    """webapp.studies."""

    name = "webapp.studies"
    label = "studies"
