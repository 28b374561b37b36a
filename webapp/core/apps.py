"""Registers the app."""

from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    """webapp.core."""

    name = "webapp.core"
    label = "core"

    def ready(self) -> None:
        """Load every app's live events, for the OpenAPI document and the socket's allow-list, and the system checks."""
        from webapp.core import checks, subscriptions  # noqa: F401

        autodiscover_modules("events")
