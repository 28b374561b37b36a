"""Verdicts as a file, out and in, and the history of one sample."""

from collections.abc import AsyncIterator
from typing import Any, Final
from uuid import UUID

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.permissions import find
from webapp.core.spreadsheets import csv_lines
from webapp.gallery.api.verdicts import ActSerializer, answer
from webapp.gallery.models import Verdict, VerdictChange
from webapp.gallery.selectors.pools import POOL_LAB, whole_pools
from webapp.gallery.selectors.samples import SAMPLE_LAB, pooled_samples
from webapp.gallery.selectors.verdicts import COLUMNS, history_of, verdict_rows
from webapp.gallery.services.verdict_files import import_verdicts

MAX_CHARACTERS: Final = 1_900_000
"""Of a file of verdicts; a body of 2 MiB holds it."""


class VerdictFileSerializer(serializers.Serializer[Any]):
    """Verdicts that were given elsewhere."""

    csv = serializers.CharField(
        max_length=MAX_CHARACTERS,
        trim_whitespace=False,
        help_text="Columns: sample (id) or index; value (accept, reject), rating (1 to 5); reason.",
    )


class PoolVerdictsCsvView(APIView):
    """Everybody's verdicts on a pool, for a spreadsheet."""

    @extend_schema(operation_id="verdicts_csv", tags=["gallery"], responses={(200, "text/csv"): OpenApiTypes.STR})
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        pool = find(whole_pools(), person_of(request), Role.VIEWER, POOL_LAB, pk=pk)

        async def lines() -> AsyncIterator[str]:
            yield csv_lines([COLUMNS])
            async for rows in verdict_rows(pool):
                yield csv_lines(rows)

        return StreamingHttpResponse(
            lines(),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="verdicts-{pool.pk}.csv"',
                "Cache-Control": "no-store",
            },
        )


class ImportVerdictsView(APIView):
    """Verdicts from a CSV become the asking person's own: all rows or none."""

    @extend_schema(
        operation_id="verdicts_import", tags=["gallery"], request=VerdictFileSerializer, responses=ActSerializer
    )
    def post(self, request: Request, pk: UUID) -> Response:
        pool = find(whole_pools(), person_of(request), Role.REVIEWER, POOL_LAB, pk=pk)
        given = VerdictFileSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return answer(import_verdicts(pool, person_of(request), given.validated_data["csv"]))


class SaidSerializer(serializers.Serializer[Any]):
    """What a person said of a sample, before or after a change."""

    value = serializers.ChoiceField(choices=Verdict.Value.choices, allow_null=True)
    reason = serializers.CharField(allow_blank=True)
    rating = serializers.IntegerField(allow_null=True)


class VerdictChangeSerializer(serializers.ModelSerializer[VerdictChange]):
    """One change of one person's verdict on a sample."""

    person = serializers.CharField(source="person.name")
    before = serializers.SerializerMethodField("said_before")
    after = serializers.SerializerMethodField("said_after")
    is_undo = serializers.SerializerMethodField("takes_back", help_text="Whether it took back an earlier one.")

    class Meta:
        model = VerdictChange
        fields = ["id", "person", "before", "after", "is_undo", "changed_at"]

    @extend_schema_field(SaidSerializer)
    def said_before(self, change: VerdictChange) -> dict[str, Any]:
        return {
            "value": change.before or None,
            "reason": change.before_reason,
            "rating": change.before_rating or None,
        }

    @extend_schema_field(SaidSerializer)
    def said_after(self, change: VerdictChange) -> dict[str, Any]:
        return {"value": change.after or None, "reason": change.after_reason, "rating": change.after_rating or None}

    def takes_back(self, change: VerdictChange) -> bool:
        return change.undoes is not None


VerdictChangePage = page_of(VerdictChangeSerializer, "VerdictChangePage")


class SampleHistoryView(APIView):
    """Who said what of a sample, and when; the latest first."""

    @extend_schema(operation_id="samples_history", tags=["gallery"], parameters=PAGING, responses=VerdictChangePage)
    def get(self, request: Request, pk: int) -> Response:
        sample = find(pooled_samples(), person_of(request), Role.VIEWER, SAMPLE_LAB, pk=pk)
        return paginate(
            request, history_of(sample), ["-id"], lambda rows: VerdictChangeSerializer(rows, many=True).data
        )
