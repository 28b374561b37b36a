"""Whether live events reach the page that asks."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.events import publish_link_test
from webapp.core.permissions import BROWSER_ONLY


class LinkTestSerializer(serializers.Serializer[Any]):
    """A mark by which the page knows its event again: `link.tested` on the channel `person` carries it."""

    mark = serializers.UUIDField()


class LinkTestView(APIView):
    """Send an event to oneself, the way that every live event goes."""

    permission_classes = BROWSER_ONLY

    @extend_schema(
        operation_id="session_link_test",
        tags=["session"],
        request=LinkTestSerializer,
        responses={202: LinkTestSerializer},
    )
    def post(self, request: Request) -> Response:
        given = LinkTestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        publish_link_test(person_of(request).pk, given.validated_data["mark"])
        return Response(given.data, status=status.HTTP_202_ACCEPTED)
