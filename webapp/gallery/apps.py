"""Registers the app."""

from django.apps import AppConfig


class GalleryConfig(AppConfig):
    """webapp.gallery."""

    name = "webapp.gallery"
    label = "gallery"
