"""Edits: what a run's model makes of one real image, with every combination of some attributes."""

from typing import Any, ClassVar
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.downloads import send_file
from webapp.core.errors import NotFoundError
from webapp.core.permissions import Scope, find
from webapp.core.schema import FaultSerializer, fault_of
from webapp.core.storage import stored
from webapp.datasets.selectors import MAX_INDEX
from webapp.gallery.models import Edit
from webapp.gallery.selectors.edits import EDIT_LAB, all_edits, editable, edits_of
from webapp.gallery.services.edits import REPEATABLE, add_edit, cancel_edit, retry_edit
from webapp.runs.models import Run
from webapp.runs.selectors import LAB_PATH, all_runs

MAX_NAMED = 64
"""Names in one wish, known or not; more are not even looked at."""


class EditChancesSerializer(serializers.Serializer[Any]):
    """How probable each attribute is in each tile, 0 to 1; the tile of the image itself is the last."""

    model = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="By the model's own classifier; empty where it has none.",
    )
    encoder = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="By the run's encoder, a classifier of real images; null for what it does not know.",
    )


class EditSheetSerializer(serializers.Serializer[Any]):
    """What is on a sheet. After the tiles of all combinations one more shows the image itself, as the model sees it."""

    attributes = serializers.ListField(child=serializers.CharField())
    are_classes = serializers.BooleanField(help_text="`attributes` are classes, of which an image has one.")
    combinations = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="For each tile, row by row, 0 or 1 for each of `attributes`.",
    )
    current = serializers.ListField(
        child=serializers.IntegerField(allow_null=True), help_text="What the image has; null where nobody said."
    )
    excludes = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="For each of `attributes` the places of those that never come together with it in training.",
    )
    tile = serializers.IntegerField(help_text="Side of a tile in pixels.")
    columns = serializers.IntegerField(help_text="Tiles in a row.")
    chances = EditChancesSerializer()


class EditRowSerializer(serializers.ModelSerializer[Edit]):
    """One real image with every combination of some attributes, without what is on its sheet."""

    run = serializers.UUIDField(source="run_id")
    attributes = serializers.ListField(child=serializers.CharField())
    created_by = serializers.CharField(source="created_by.name", allow_null=True, default=None)
    error = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField(help_text="What a researcher may ask of it now.")

    class Meta:
        model = Edit
        fields: ClassVar = [
            "id",
            "run",
            "image",
            "attributes",
            "checkpoint_sha256",
            "state",
            "created_by",
            "created_at",
            "finished_at",
            "error",
            "actions",
        ]

    @extend_schema_field(FaultSerializer(allow_null=True))
    def get_error(self, edit: Edit) -> dict[str, str] | None:
        return fault_of(edit)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=["cancel", "retry"])))
    def get_actions(self, edit: Edit) -> list[str]:
        if edit.state in REPEATABLE:
            return ["retry"]
        open_states = (*Edit.CLAIMABLE, *Edit.ACTIVE)
        return ["cancel"] if edit.state in open_states and not edit.cancel_requested else []


class EditSerializer(EditRowSerializer):
    """One real image with every combination of some attributes."""

    sheet = serializers.SerializerMethodField(help_text="Null until it is finished.")

    class Meta(EditRowSerializer.Meta):
        fields: ClassVar = [*EditRowSerializer.Meta.fields, "sheet"]

    @extend_schema_field(EditSheetSerializer(allow_null=True))
    def get_sheet(self, edit: Edit) -> dict[str, Any] | None:
        # sheets that were made before exclusions were told have none
        return {"excludes": [[] for _ in edit.sheet["attributes"]], **edit.sheet} if edit.sheet else None


class RunEditsSerializer(serializers.Serializer[Any]):
    """What can be edited with a run, and its edits, the newest first."""

    names = serializers.ListField(child=serializers.CharField(), help_text="What may be changed.")
    are_classes = serializers.BooleanField(help_text="`names` are classes, of which an image has one.")
    most = serializers.IntegerField(help_text="How many may be changed at once.")
    code = serializers.CharField(help_text="Of `refusal`.")
    refusal = serializers.CharField(help_text="Why nothing can be edited with this run; empty when it can.")
    edits = serializers.SerializerMethodField()

    @extend_schema_field(EditRowSerializer(many=True))
    def get_edits(self, able: Any) -> Any:
        return EditRowSerializer(edits_of(self.context["run"]).defer("sheet"), many=True).data


class NewEditSerializer(serializers.Serializer[Any]):
    """Which image, and what to change; the first few where nothing is named."""

    image = serializers.IntegerField(
        min_value=0, max_value=MAX_INDEX, help_text="Index of a training or validation image of the run's version."
    )
    attributes = serializers.ListField(
        child=serializers.CharField(max_length=255), max_length=MAX_NAMED, required=False, default=list
    )


class RunEditsView(APIView):
    """The edits of a run."""

    token_scopes: ClassVar = {"POST": Scope.RUN}

    @extend_schema(operation_id="edits_list", tags=["gallery"], responses=RunEditsSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        run = _run_for(request, pk, Role.VIEWER)
        return Response(RunEditsSerializer(editable(run), context={"run": run}).data)

    @extend_schema(
        operation_id="edits_create", tags=["gallery"], request=NewEditSerializer, responses={202: EditSerializer}
    )
    def post(self, request: Request, pk: UUID) -> Response:
        run = _run_for(request, pk, Role.RESEARCHER)
        given = NewEditSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        edit = add_edit(run, person_of(request), **given.validated_data)
        return Response(EditSerializer(edit).data, status=status.HTTP_202_ACCEPTED)


class EditView(APIView):
    """One edit, with what is on its sheet."""

    @extend_schema(operation_id="edits_get", tags=["gallery"], responses=EditSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(EditSerializer(_edit_for(request, pk, Role.VIEWER)).data)


class EditSheetView(APIView):
    """All tiles of an edit in one PNG."""

    @extend_schema(
        operation_id="edits_sheet",
        tags=["gallery"],
        responses={(200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, pk: UUID) -> HttpResponseBase:
        edit = _edit_for(request, pk, Role.VIEWER)
        if not edit.path:
            raise NotFoundError("The sheet of this edit is not made yet.")
        return send_file(request._request, stored(edit.path), content_type="image/png", etag=str(edit.pk))


class CancelEditView(APIView):
    """Give an edit up that is not made yet."""

    token_scopes: ClassVar = {"POST": Scope.RUN}

    @extend_schema(operation_id="edits_cancel", tags=["gallery"], request=None, responses=EditSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        return Response(EditSerializer(cancel_edit(_edit_for(request, pk, Role.RESEARCHER))).data)


class RetryEditView(APIView):
    """Make an edit that failed or was cancelled again."""

    token_scopes: ClassVar = {"POST": Scope.RUN}

    @extend_schema(operation_id="edits_retry", tags=["gallery"], request=None, responses={202: EditSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        edit = retry_edit(_edit_for(request, pk, Role.RESEARCHER))
        return Response(EditSerializer(edit).data, status=status.HTTP_202_ACCEPTED)


def _run_for(request: Request, pk: UUID, role: str) -> Run:
    return find(all_runs(), person_of(request), role, LAB_PATH, pk=pk)


def _edit_for(request: Request, pk: UUID, role: str) -> Edit:
    return find(all_edits(), person_of(request), role, EDIT_LAB, pk=pk)
