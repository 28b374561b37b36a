"""The OpenAPI document and the page that lets people browse and try it."""

from functools import cache
from typing import Any

from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularJSONAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.core.headers import content_policy


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document; it takes a second to make and never changes while the service runs."""
    generator = SchemaGenerator()  # type: ignore[no-untyped-call]
    made: dict[str, Any] = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    return made


class SchemaView(SpectacularJSONAPIView):
    """The OpenAPI document as JSON."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        return Response(document(), headers={"Cache-Control": "no-cache"})


class SchemaBrowser(SpectacularSwaggerSplitView):
    """Swagger UI from this server; its script is a file of its own, its page holds an inline style and data: images."""

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = super().get(request, *args, **kwargs)  # type: ignore[no-untyped-call]
        policy = content_policy(style="'self' 'unsafe-inline'", image="'self' data:")
        response["Content-Security-Policy"] = policy
        return response
