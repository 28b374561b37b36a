"""Datasets, their versions and reports."""

import uuid
from collections.abc import AsyncIterator
from typing import Any, Final

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Lab, Person, Role
from webapp.core import lifecycle
from webapp.core.errors import InvalidError
from webapp.core.lifecycle import ARCHIVED, WITH_DEPENDENTS, ChangeSerializer, not_archived, read_change
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.parsers import StrictJSONParser
from webapp.core.permissions import find, visible
from webapp.core.queries import read_choice, read_text, read_uuid
from webapp.core.schema import FaultSerializer, fault_of
from webapp.core.spreadsheets import csv_lines
from webapp.datasets import selectors, services
from webapp.datasets.models import Dataset, DatasetVersion, IngestFile, Upload
from webapp.datasets.services.uploads import receive_upload
from webapp.recipes.catalogue import catalogue


# --- what is answered -------------------------------------------------------------------------------------------
class IngestProgressSerializer(serializers.Serializer[Any]):
    """Files read so far, of all."""

    current = serializers.IntegerField()
    max = serializers.IntegerField()


class NearDuplicatesSerializer(serializers.Serializer[Any]):
    """Groups of near duplicates, the images in them, and the images that were left out because of them."""

    groups = serializers.IntegerField()
    images = serializers.IntegerField()
    left_out = serializers.IntegerField()


class VersionHealthSerializer(serializers.Serializer[Any]):
    """What there is to know of a version's images beside their copies."""

    measured = serializers.IntegerField(help_text="Images that were measured; none in versions read before that.")
    issues = serializers.DictField(child=serializers.IntegerField(), help_text="Issue -> number of images.")
    usual = serializers.ListField(
        child=serializers.CharField(), help_text="What holds for more than half of the images, and so is no issue."
    )
    leaks = serializers.IntegerField(help_text="Images with a copy or near duplicate in another split.")


class DatasetVersionSerializer(serializers.ModelSerializer[DatasetVersion]):
    """An immutable version of a dataset, and how its ingest went."""

    progress = serializers.SerializerMethodField()
    counts = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), help_text="Split -> class -> number of images."
    )
    classes = serializers.ListField(child=serializers.CharField(), help_text="In index order.")
    attributes = serializers.ListField(
        child=serializers.CharField(), help_text="Names of what an image may have or lack, several at once."
    )
    kind = serializers.CharField(
        source="dataset.kind", help_text="Of the catalogue, the same for all versions; empty until it is recognised."
    )
    recognised = serializers.CharField(
        help_text="Why it was taken for the kind that its dataset has; empty where a person chose."
    )
    outcomes = serializers.DictField(child=serializers.IntegerField(), help_text="Outcome -> number of files.")
    near_duplicates = serializers.SerializerMethodField()
    health = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    source_name = serializers.SerializerMethodField()
    base = serializers.IntegerField(
        source="base.number", allow_null=True, default=None, help_text="Number of the version it was made from."
    )

    class Meta:
        model = DatasetVersion
        fields = [
            "id",
            "dataset",
            "number",
            "base",
            "state",
            "progress",
            "outcomes",
            "classes",
            "attributes",
            "kind",
            "recognised",
            "counts",
            "num_images",
            "size_bytes",
            "content_hash",
            "near_duplicates",
            "health",
            "source_name",
            "error",
            "created_at",
            "started_at",
            "finished_at",
        ]

    @extend_schema_field(IngestProgressSerializer(allow_null=True))
    def get_progress(self, version: DatasetVersion) -> dict[str, int] | None:
        return version.progress or None

    @extend_schema_field(NearDuplicatesSerializer(allow_null=True))
    def get_near_duplicates(self, version: DatasetVersion) -> dict[str, int] | None:
        return version.near_duplicates or None

    @extend_schema_field(VersionHealthSerializer(allow_null=True))
    def get_health(self, version: DatasetVersion) -> dict[str, Any] | None:
        return version.health or None

    @extend_schema_field(FaultSerializer(allow_null=True))
    def get_error(self, version: DatasetVersion) -> dict[str, str] | None:
        return fault_of(version)

    def get_source_name(self, version: DatasetVersion) -> str:
        return version.upload.file_name if version.upload else version.source_path.rpartition("/")[2]


class DatasetSerializer(serializers.ModelSerializer[Dataset]):
    """A dataset with its versions, the newest first."""

    versions = DatasetVersionSerializer(many=True)
    kind = serializers.CharField(help_text="Of the catalogue; empty until what was sent is recognised.")
    created_by = serializers.CharField(source="created_by.name", allow_null=True, default=None)

    class Meta:
        model = Dataset
        fields = ["id", "lab", "name", "kind", "created_by", "created_at", "archived_at", "versions"]


class IngestFileSerializer(serializers.ModelSerializer[IngestFile]):
    """What became of one file of the source."""

    class Meta:
        model = IngestFile
        fields = ["id", "name", "outcome", "reason"]


class NewDatasetSerializer(serializers.Serializer[Any]):
    """A dataset to be made from a complete upload."""

    lab = serializers.UUIDField()
    name = serializers.CharField(max_length=120)
    kind = serializers.CharField(
        max_length=60,
        default="",
        allow_blank=True,
        help_text="A dataset kind of the catalogue, such as paired_images; where it is left out it is recognised.",
    )
    upload = serializers.UUIDField()

    def validate_kind(self, value: str) -> str:
        if not value:
            return value
        known = catalogue().dataset_kinds
        if value not in known:
            raise serializers.ValidationError(f"There is no such kind; choose one of {', '.join(known)}.")
        return value


class SmallDatasetSerializer(NewDatasetSerializer):
    """A small dataset in one request: its archive is part of the form."""

    upload = None  # type: ignore[assignment]  # how a serializer drops a field of the one above
    file = serializers.FileField(help_text="A zip, tar or tar.gz; with the form at most 32 MiB.")


DatasetPage = page_of(DatasetSerializer, "DatasetPage")
IngestReportPage = page_of(IngestFileSerializer, "IngestReportPage")


# --- datasets ---------------------------------------------------------------------------------------------------
class DatasetsView(APIView):
    """Datasets of the person's labs."""

    parser_classes = (StrictJSONParser, MultiPartParser)

    @extend_schema(
        operation_id="datasets_list",
        tags=["datasets"],
        responses=DatasetPage,
        parameters=[OpenApiParameter("lab", OpenApiTypes.UUID, description="Only this lab's."), ARCHIVED, *PAGING],
    )
    def get(self, request: Request) -> Response:
        rows = selectors.datasets_visible_to(person_of(request), read_uuid(request, "lab"))
        rows = rows.filter(not_archived(request))
        return paginate(request, rows, ("-created_at", "-id"), lambda page: DatasetSerializer(page, many=True).data)

    @extend_schema(
        operation_id="datasets_create",
        tags=["datasets"],
        request={"application/json": NewDatasetSerializer, "multipart/form-data": SmallDatasetSerializer},
        responses={202: DatasetSerializer},
    )
    def post(self, request: Request) -> Response:
        """Version 1 is read in by a worker; watch it over the socket, or ask for it again.

        A small dataset may come whole, as a form with its archive; a larger one is uploaded first.
        """
        whole = request.content_type.startswith("multipart/form-data")
        given = (SmallDatasetSerializer if whole else NewDatasetSerializer)(data=request.data)
        given.is_valid(raise_exception=True)
        person, values = person_of(request), given.validated_data
        lab = find(Lab.objects.all(), person, Role.RESEARCHER, lab_path="", pk=values["lab"])
        if whole:
            file = values["file"]
            upload = receive_upload(person, lab, file.name, file.chunks(), file.size)
        else:
            upload = find_upload(person, values["upload"])
        dataset = services.create_dataset(lab, values["name"], person, upload=upload, kind=values["kind"])
        shown = selectors.dataset_for(person, dataset.pk)
        return Response(DatasetSerializer(shown).data, status=202)


class DatasetView(APIView):
    """One dataset."""

    @extend_schema(operation_id="datasets_get", tags=["datasets"], responses=DatasetSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return Response(DatasetSerializer(selectors.dataset_for(person_of(request), pk)).data)

    @extend_schema(
        operation_id="datasets_change", tags=["datasets"], request=ChangeSerializer, responses=DatasetSerializer
    )
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        person = person_of(request)
        services.change_dataset(selectors.dataset_for(person, pk, Role.RESEARCHER), person, **read_change(request))
        return self.get(request, pk)

    @extend_schema(
        operation_id="datasets_delete", tags=["datasets"], parameters=[WITH_DEPENDENTS], responses={204: None}
    )
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Researchers delete what they made themselves, admins and owners everything."""
        person = person_of(request)
        dataset = selectors.dataset_for(person, pk, Role.RESEARCHER)
        return lifecycle.delete(request, dataset, person, dataset.lab)


# --- versions ---------------------------------------------------------------------------------------------------
class VersionView(APIView):
    """One version, and how far its ingest is."""

    @extend_schema(operation_id="versions_get", tags=["versions"], responses=DatasetVersionSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return Response(DatasetVersionSerializer(selectors.version_for(person_of(request), pk)).data)

    @extend_schema(
        operation_id="versions_delete", tags=["versions"], parameters=[WITH_DEPENDENTS], responses={204: None}
    )
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """One of several versions; who made the dataset may, and admins and owners."""
        person = person_of(request)
        version = selectors.version_for(person, pk, Role.RESEARCHER)
        asked = read_choice(request, "with_dependents", ("true", "false")) == "true"
        services.delete_version(version, person, with_dependents=asked)
        return Response(status=204)


REPORT_FILTERS: Final = [
    OpenApiParameter("outcome", str, enum=IngestFile.Outcome.values),
    OpenApiParameter("text", str, description="Only files whose name or reason holds it, in whatever case."),
]


def report_asked_for(request: Request, pk: uuid.UUID) -> "QuerySet[IngestFile]":
    """The files of a version's report that the filters leave."""
    outcome = read_choice(request, "outcome", IngestFile.Outcome.values)
    return selectors.report_of(selectors.version_for(person_of(request), pk), outcome, read_text(request, "text"))


class VersionReportView(APIView):
    """What became of each file of the source."""

    @extend_schema(
        operation_id="versions_report",
        tags=["versions"],
        responses=IngestReportPage,
        parameters=[*REPORT_FILTERS, *PAGING],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        rows = report_asked_for(request, pk)
        return paginate(
            request, rows, selectors.REPORT_ORDER, lambda page: IngestFileSerializer(page, many=True).data, 100
        )


class VersionReportCsvView(APIView):
    """The report for a spreadsheet, all of it or what the filters leave."""

    @extend_schema(
        operation_id="versions_report_csv",
        tags=["versions"],
        parameters=REPORT_FILTERS,
        responses={(200, "text/csv"): OpenApiTypes.STR},
    )
    def get(self, request: Request, pk: uuid.UUID) -> HttpResponseBase:
        files = report_asked_for(request, pk)

        async def lines() -> AsyncIterator[str]:
            yield csv_lines([("file", "outcome", "reason")])
            async for rows in selectors.report_rows(files):
                yield csv_lines(rows)

        name = f"report-{pk}.csv"
        return StreamingHttpResponse(
            lines(),
            content_type="text/csv; charset=utf-8",
            headers={
                "Content-Disposition": f'attachment; filename="{name}"',
                "Cache-Control": "no-store",
            },
        )


# --- what is asked ----------------------------------------------------------------------------------------------
def find_upload(person: Person, pk: uuid.UUID) -> Upload:
    """An upload of the person's own that a body names.

    Raises: InvalidError: what a body names and is not there is a fault of the body, not of the address.
    """
    upload = visible(Upload.objects.filter(person=person), person).filter(pk=pk).first()
    if upload is None:
        message = "There is no such upload of yours."
        raise InvalidError(message, fields={"upload": [message]})
    return upload
