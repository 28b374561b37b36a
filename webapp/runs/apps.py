"""Registers the app."""

from django.apps import AppConfig


class RunsConfig(AppConfig):
    """webapp.runs."""

    name = "webapp.runs"
    label = "runs"
