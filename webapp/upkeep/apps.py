"""Registers the app, and who is asked whether a lab may store more."""

from django.apps import AppConfig

from webapp.core.quota import register_keeper


class UpkeepConfig(AppConfig):
    """webapp.upkeep."""

    name = "webapp.upkeep"
    label = "upkeep"

    def ready(self) -> None:
        from webapp.upkeep.services.quotas import check_room  # models can be imported only now

        register_keeper(check_room)
