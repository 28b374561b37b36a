"""Exports: asked for, watched, downloaded."""

import re
import unicodedata
from typing import Any, ClassVar
from uuid import UUID

from django.conf import settings
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core import lifecycle
from webapp.core.downloads import has_first_byte, send_file
from webapp.core.errors import ConflictError, GoneError, InvalidError
from webapp.core.lifecycle import (
    ARCHIVED,
    WITH_DEPENDENTS,
    ChangeSerializer,
    DeletionSerializer,
    not_archived,
    read_change,
    tell_deletion,
)
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.permissions import Scope, find
from webapp.core.queries import read_uuid
from webapp.core.schema import FaultSerializer, fault_of
from webapp.core.storage import stored
from webapp.datasets.selectors import version_for
from webapp.exports.models import Export
from webapp.exports.selectors import EXPORT_LAB, all_exports, estimate_of, exports_visible_to
from webapp.exports.services.building import (
    change_export,
    export_of_selection,
    export_of_version,
    note_download,
    queue_export,
)
from webapp.exports.services.gate import refusal_of
from webapp.gallery.selectors.pools import SELECTION_LAB, all_selections
from webapp.recipes.catalogue import catalogue

CACHE = "private, no-store"


class ExportProgressSerializer(serializers.Serializer[Any]):
    """Images written so far."""

    current = serializers.IntegerField()
    max = serializers.IntegerField()


class ExportSerializer(serializers.ModelSerializer[Export]):
    """An augmented dataset being built or ready to download."""

    selection = serializers.UUIDField(source="selection_id", allow_null=True)
    run = serializers.UUIDField(source="selection.pool.run_id", allow_null=True, default=None)
    run_name = serializers.CharField(source="selection.pool.run.name", allow_null=True, default=None)
    version = serializers.UUIDField(source="version_id")
    version_number = serializers.IntegerField(source="version.number")
    dataset = serializers.UUIDField(source="version.dataset_id")
    dataset_name = serializers.CharField(source="version.dataset.name")
    created_by = serializers.CharField(source="created_by.name", allow_null=True, default=None)
    progress = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    download_url = serializers.SerializerMethodField(help_text="Null until the export is ready.")
    file_name = serializers.SerializerMethodField()

    class Meta:
        model = Export
        fields = [
            "id",
            "name",
            "selection",
            "run",
            "run_name",
            "version",
            "version_number",
            "dataset",
            "dataset_name",
            "format",
            "content",
            "accepted_only",
            "max_ratio",
            "memorised_reason",
            "state",
            "progress",
            "num_real",
            "num_synthetic",
            "size_bytes",
            "estimated_bytes",
            "expires_at",
            "sha256",
            "file_name",
            "download_url",
            "created_by",
            "created_at",
            "finished_at",
            "archived_at",
            "error",
        ]

    @extend_schema_field(FaultSerializer(allow_null=True))
    def get_error(self, export: Export) -> dict[str, str] | None:
        return fault_of(export)

    @extend_schema_field(ExportProgressSerializer)
    def get_progress(self, export: Export) -> dict[str, int]:
        return {"current": export.progress.get("current", 0), "max": export.progress.get("max", 0)}

    def get_download_url(self, export: Export) -> str | None:
        if export.state != Export.State.READY:
            return None
        return f"{settings.BASE_PATH}/api/v1/exports/{export.pk}/download/"

    def get_file_name(self, export: Export) -> str:
        return file_name_of(export)


class NewExportSerializer(serializers.Serializer[Any]):
    """What the export shall hold: what a selection kept, or a dataset version as it is."""

    selection = serializers.UUIDField(required=False, help_text="A selection and the real images of its version.")
    version = serializers.UUIDField(required=False, help_text="The real images of a version, without any run.")
    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    format = serializers.CharField(max_length=60, default="image_folder", help_text="A name on the shelf of formats.")
    content = serializers.ChoiceField(
        choices=Export.Content.choices, required=False, help_text="`both` of a selection, `real` of a version."
    )
    accepted_only = serializers.BooleanField(
        default=False, help_text="Only samples that people accepted; otherwise all that are selected and not rejected."
    )
    max_ratio = serializers.FloatField(
        min_value=0,
        max_value=1000,
        required=False,
        allow_null=True,
        default=None,
        help_text="Synthetic images of a class at most so many times its real training images, the best first.",
    )
    memorised_reason = serializers.CharField(
        max_length=500,
        required=False,
        allow_blank=True,
        default="",
        help_text="Why near-copies may go out, in three words or more; needed above the lab's `max_memorised_share`.",
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("selection" in attrs) == ("version" in attrs):
            message = "Give a selection, or a version whose real images alone are wanted; and not both."
            raise serializers.ValidationError({"selection": [message]})
        if "version" in attrs and attrs.get("content", Export.Content.REAL) != Export.Content.REAL:
            message = "A version has real images only; give a selection for synthetic ones."
            raise serializers.ValidationError({"content": [message]})
        return attrs


class ExportEstimateSerializer(serializers.Serializer[Any]):
    """What an export would hold now, and what it takes at most."""

    num_real = serializers.IntegerField()
    real = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()), help_text="Split -> class -> real images."
    )
    synthetic = serializers.DictField(child=serializers.IntegerField(), help_text="Class -> samples that go in.")
    left_out = serializers.DictField(
        child=serializers.IntegerField(), help_text="Class -> samples that the cap leaves out."
    )
    num_memorised = serializers.IntegerField(help_text="Of the samples that go in: may be copies of training images.")
    refusal = serializers.CharField(
        help_text="Why it is refused without a `memorised_reason`; empty where it needs none."
    )
    size_bytes = serializers.IntegerField(help_text="At most.")


ExportPage = page_of(ExportSerializer, "ExportPage")


class ExportsView(APIView):
    """The exports of the person's labs, newest first."""

    @extend_schema(
        operation_id="exports_list",
        tags=["exports"],
        parameters=[
            OpenApiParameter("run", OpenApiTypes.UUID, description="Only this run's."),
            OpenApiParameter("version", OpenApiTypes.UUID, description="Only those made of this version alone."),
            ARCHIVED,
            *PAGING,
        ],
        responses=ExportPage,
    )
    def get(self, request: Request) -> Response:
        rows = exports_visible_to(person_of(request)).filter(not_archived(request))
        if run := read_uuid(request, "run"):
            rows = rows.filter(selection__pool__run=run)
        if version := read_uuid(request, "version"):
            rows = rows.filter(version=version, selection=None)
        return paginate(
            request, rows, ("-created_at", "-id"), lambda exports: ExportSerializer(exports, many=True).data
        )

    @extend_schema(
        operation_id="exports_create", tags=["exports"], request=NewExportSerializer, responses={202: ExportSerializer}
    )
    def post(self, request: Request) -> Response:
        export, name = _asked(request, Role.RESEARCHER)
        queue_export(export, person_of(request), name)
        return Response(ExportSerializer(all_exports().get(pk=export.pk)).data, status=status.HTTP_202_ACCEPTED)


class ExportEstimateView(APIView):
    """What an export would hold and take; nothing is built."""

    @extend_schema(
        operation_id="exports_estimate",
        tags=["exports"],
        request=NewExportSerializer,
        responses=ExportEstimateSerializer,
    )
    def post(self, request: Request) -> Response:
        export, _ = _asked(request, Role.VIEWER)
        estimate = estimate_of(export)
        refusal = refusal_of(export, estimate.num_memorised, sum(estimate.synthetic.values()))
        return Response(ExportEstimateSerializer({**vars(estimate), "refusal": refusal}).data)


def _asked(request: Request, role: str) -> tuple[Export, str]:
    """The export that a body asks for, not saved, and its name.

    Raises: InvalidError, NotFoundError, ForbiddenError, ConflictError.
    """
    given = NewExportSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    values, person = given.validated_data, person_of(request)
    _check_format(values["format"])
    if "version" in values:
        version = version_for(person, values["version"], role)
        return export_of_version(version, format=values["format"]), values["name"]
    selection = find(all_selections(), person, role, SELECTION_LAB, pk=values["selection"])
    export = export_of_selection(
        selection,
        format=values["format"],
        content=values.get("content", Export.Content.BOTH),
        accepted_only=values["accepted_only"],
        max_ratio=values["max_ratio"],
        memorised_reason=values["memorised_reason"],
    )
    return export, values["name"]


class ExportView(APIView):
    """One export."""

    @extend_schema(operation_id="exports_get", tags=["exports"], responses=ExportSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(ExportSerializer(find(all_exports(), person_of(request), Role.VIEWER, EXPORT_LAB, pk=pk)).data)

    @extend_schema(
        operation_id="exports_change", tags=["exports"], request=ChangeSerializer, responses=ExportSerializer
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        person = person_of(request)
        export = find(all_exports(), person, Role.RESEARCHER, EXPORT_LAB, pk=pk)
        change_export(export, person, **read_change(request))
        return self.get(request, pk)

    @extend_schema(operation_id="exports_delete", tags=["exports"], parameters=[WITH_DEPENDENTS], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Researchers delete what they made themselves, admins and owners everything. One being built is given up."""
        person = person_of(request)
        export = find(all_exports(), person, Role.RESEARCHER, EXPORT_LAB, pk=pk)
        return lifecycle.delete(request, export, person, export.version.dataset.lab)


class ExportDeletionView(APIView):
    """What would go with an export."""

    @extend_schema(operation_id="exports_deletion", tags=["exports"], responses=DeletionSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        person = person_of(request)
        return tell_deletion(find(all_exports(), person, Role.VIEWER, EXPORT_LAB, pk=pk), person)


class ExportDownloadView(APIView):
    """The file of an export; `Range` continues a download that broke off."""

    token_scopes: ClassVar = {"GET": Scope.EXPORT}

    @extend_schema(
        operation_id="exports_download",
        tags=["exports"],
        responses={(200, "application/zip"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Each download is noted in the lab's log once, where its first byte is asked for."""
        person = person_of(request)
        export = find(all_exports(), person, Role.VIEWER, EXPORT_LAB, pk=pk)
        if export.state == Export.State.EXPIRED:
            raise GoneError("The time of this export is over and its file was removed; build it again.")
        if export.state != Export.State.READY:
            raise ConflictError(f"This export is {export.state}; it can be downloaded when it is ready.")
        answer = send_file(
            request._request,
            stored(export.path),
            content_type="application/zip",
            etag=export.sha256,
            cache=CACHE,
            download_name=file_name_of(export),
        )
        if request.method == "GET" and has_first_byte(answer):
            note_download(export, person)
        return answer

    @extend_schema(operation_id="exports_download_head", tags=["exports"], responses={200: None})
    def head(self, request: Request, pk: UUID) -> HttpResponseBase:
        return self.get(request, pk)


def file_name_of(export: Export) -> str:
    """A name that every system can store: the dataset's, in plain signs, with version and selection."""
    version = export.version
    plain = unicodedata.normalize("NFKD", export.name or version.dataset.name).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9]+", "-", plain).strip("-").lower()[:60] or "dataset"
    what = {"both": "augmented", "real": "real", "synthetic": "synthetic"}[export.content]
    return f"{name}-v{version.number}-{what}-{str(export.pk)[:8]}.zip"


def _check_format(name: str) -> None:
    formats = catalogue().export_formats
    if name not in formats:
        message = f"format: found {name!r}, expected one of {', '.join(formats)}."
        raise InvalidError(message, fields={"format": [message]})
