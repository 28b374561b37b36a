"""Registers the app."""

from django.apps import AppConfig


class WebhooksConfig(AppConfig):
    """webapp.webhooks."""

    name = "webapp.webhooks"
    label = "webhooks"
