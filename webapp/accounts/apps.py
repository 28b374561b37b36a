"""Registers the app."""

from django.apps import AppConfig


class AccountsConfig(AppConfig):
    """webapp.accounts."""

    name = "webapp.accounts"
    label = "accounts"

    def ready(self) -> None:
        """Describe the authentication classes in the OpenAPI document."""
        from webapp.accounts import schema  # noqa: F401
