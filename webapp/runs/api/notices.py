"""Being told when a run ends."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.services.mail import can_mail
from webapp.runs.api.runs import run_for
from webapp.runs.services import notices


class NoticeSerializer(serializers.Serializer[Any]):
    """Whether the person who asks is mailed when the run ends."""

    can_mail = serializers.BooleanField(help_text="Whether this service has a mail server.")
    is_wished = serializers.BooleanField()


class RunNoticeView(APIView):
    """A mail when the run ends, to whoever wishes it."""

    @extend_schema(operation_id="runs_notice", tags=["runs"], responses=NoticeSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return self._answer(request, pk)

    @extend_schema(operation_id="runs_notice_wish", tags=["runs"], request=None, responses=NoticeSerializer)
    def put(self, request: Request, pk: UUID) -> Response:
        notices.wish_notice(run_for(request, pk), person_of(request))
        return self._answer(request, pk)

    @extend_schema(operation_id="runs_notice_drop", tags=["runs"], responses=NoticeSerializer)
    def delete(self, request: Request, pk: UUID) -> Response:
        notices.drop_notice(run_for(request, pk), person_of(request))
        return self._answer(request, pk)

    def _answer(self, request: Request, pk: UUID) -> Response:
        is_wished = notices.is_wished(run_for(request, pk), person_of(request))
        return Response(NoticeSerializer({"can_mail": can_mail(), "is_wished": is_wished}).data)
