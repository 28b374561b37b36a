"""What was done in a lab, for its admins: a list by key, and a table for a spreadsheet."""

from collections.abc import AsyncIterator
from uuid import UUID

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts import selectors
from webapp.accounts.api.labs import lab_for
from webapp.accounts.models import Role
from webapp.core.log import Deed
from webapp.core.models import LogEntry
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.permissions import BROWSER_ONLY
from webapp.core.queries import read_choice, read_uuid
from webapp.core.spreadsheets import csv_lines

FILTERS = [
    OpenApiParameter("person", OpenApiTypes.UUID, description="Only what this person did."),
    OpenApiParameter("deed", str, enum=Deed.values, description="Only deeds of this kind."),
]


class LogEntrySerializer(serializers.ModelSerializer[LogEntry]):
    """One thing that somebody did; names are as they were then."""

    deed = serializers.ChoiceField(choices=Deed.values)

    class Meta:
        model = LogEntry
        fields = ["id", "at", "person", "person_name", "token_name", "deed", "subject", "detail"]


LogPage = page_of(LogEntrySerializer, "LogPage")


class LogView(APIView):
    """What was done in a lab, the newest first."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="labs_log", tags=["labs"], responses=LogPage, parameters=[*FILTERS, *PAGING])
    def get(self, request: Request, pk: UUID) -> Response:
        return paginate(request, _entries(request, pk), ("-id",), lambda page: LogEntrySerializer(page, many=True).data)


class LogCsvView(APIView):
    """The whole log, or what the filters leave of it, for a spreadsheet."""

    permission_classes = BROWSER_ONLY

    @extend_schema(
        operation_id="labs_log_csv", tags=["labs"], responses={(200, "text/csv"): OpenApiTypes.STR}, parameters=FILTERS
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        entries = _entries(request, pk)

        async def lines() -> AsyncIterator[str]:
            yield csv_lines([selectors.LOG_COLUMNS])
            async for rows in selectors.log_rows(entries):
                yield csv_lines(rows)

        return StreamingHttpResponse(
            lines(),
            content_type="text/csv; charset=utf-8",
            headers={"Content-Disposition": f'attachment; filename="log-{pk}.csv"', "Cache-Control": "no-store"},
        )


def _entries(request: Request, pk: UUID) -> "QuerySet[LogEntry]":
    """Raises: NotFoundError, ForbiddenError, InvalidError."""
    lab = lab_for(request, pk, Role.ADMIN)
    return selectors.log_of(lab, read_uuid(request, "person"), read_choice(request, "deed", Deed.values))
