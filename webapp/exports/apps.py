"""Registers the app."""

from django.apps import AppConfig


class ExportsConfig(AppConfig):
    """webapp.exports."""

    name = "webapp.exports"
    label = "exports"
