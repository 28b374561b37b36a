"""Every route of the service."""

from importlib.util import find_spec

from django.urls import URLPattern, URLResolver, include, path, re_path

from webapp.core import pages
from webapp.core.errors import not_found
from webapp.core.schema_pages import SchemaBrowser, SchemaView

APPS = ("accounts", "webhooks", "recipes", "datasets", "runs", "gallery", "studies", "exports", "search", "upkeep")

api: list[URLPattern | URLResolver] = [
    path("", include(f"webapp.{app}.urls")) for app in APPS if find_spec(f"webapp.{app}.urls")
]

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include(api)),
    path("api/schema/", SchemaView.as_view(), name="schema"),
    path("api/schema/view/", SchemaBrowser.as_view(url_name="schema")),
    path("health/live", pages.live),
    path("health/ready", pages.ready),
    re_path(r"^(?:api|static|assets|ws|health)(?:/|$)", not_found),
    re_path(r"^(?P<path>.*)$", pages.front_end),
]

handler400 = "webapp.core.errors.bad_request"
handler403 = "webapp.core.errors.forbidden"
handler404 = "webapp.core.errors.not_found"
handler500 = "webapp.core.errors.server_error"
