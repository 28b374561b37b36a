"""Importing images that were made elsewhere, and the report of what became of each file."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.permissions import find
from webapp.core.queries import read_choice
from webapp.datasets.api.datasets import find_upload
from webapp.datasets.models import IngestFile
from webapp.datasets.selectors import version_for
from webapp.recipes.api import MAX_SEED, BudgetField, SettingsField
from webapp.runs import selectors
from webapp.runs.api.shapes import RunSerializer
from webapp.runs.models import RunFile
from webapp.runs.services.imports import Origin, import_images

IMAGE_SETTINGS = ("resolution", "fit", "channels")


class NewImportSerializer(serializers.Serializer[Any]):
    """Synthetic images of another model, as a complete upload: class folders in a zip, or files with metadata."""

    version = serializers.UUIDField(help_text="The dataset version that the images belong to.")
    upload = serializers.UUIDField()
    model_name = serializers.CharField(max_length=120, help_text="What made the images, as people know it.")
    note = serializers.CharField(max_length=2000, allow_blank=True, default="")
    licence = serializers.CharField(max_length=200, allow_blank=True, default="")
    name = serializers.CharField(max_length=120, allow_blank=True, default="", help_text="Of the run.")
    resolution = serializers.IntegerField(min_value=16, max_value=256, default=32)
    fit = serializers.ChoiceField(choices=["crop", "pad", "stretch"], default="crop")
    channels = serializers.ChoiceField(choices=["auto", "grey", "colour"], default="auto")
    sampler = serializers.CharField(max_length=60, default="random")
    sampler_settings = SettingsField(required=False, default=dict)
    budget = BudgetField()
    seed = serializers.IntegerField(min_value=0, max_value=MAX_SEED, default=0)


class RunFileSerializer(serializers.ModelSerializer[RunFile]):
    """What became of one file of an import."""

    index = serializers.IntegerField(allow_null=True, help_text="Row in the pool; null for what was left out.")

    class Meta:
        model = RunFile
        fields = ["name", "outcome", "reason", "index"]


RunFilePage = page_of(RunFileSerializer, "RunFilePage")


class ImportsView(APIView):
    """Bring in images that were made elsewhere; they are scored, selected, reviewed and exported like a run's own."""

    @extend_schema(
        operation_id="runs_import", tags=["runs"], request=NewImportSerializer, responses={201: RunSerializer}
    )
    def post(self, request: Request) -> Response:
        given = NewImportSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person, values = person_of(request), dict(given.validated_data)
        version = version_for(person, values.pop("version"), Role.RESEARCHER)
        upload = find_upload(person, values.pop("upload"))
        origin = Origin(values.pop("model_name"), values.pop("note"), values.pop("licence"))
        name = values.pop("name")
        choice = {**values, "model_settings": {setting: values.pop(setting) for setting in IMAGE_SETTINGS}}
        run = import_images(version, person, choice, origin, upload=upload, name=name)
        return Response(RunSerializer(selectors.all_runs().get(pk=run.pk)).data, status=201)


class RunFilesView(APIView):
    """What became of each file of an import; empty for a run that made its images itself."""

    @extend_schema(
        operation_id="runs_files",
        tags=["runs"],
        parameters=[OpenApiParameter("outcome", str, enum=IngestFile.Outcome.values), *PAGING],
        responses=RunFilePage,
    )
    def get(self, request: Request, pk: UUID) -> Response:
        run = find(selectors.all_runs(), person_of(request), Role.VIEWER, selectors.LAB_PATH, pk=pk)
        outcome = read_choice(request, "outcome", IngestFile.Outcome.values)
        rows = run.files.filter(outcome=outcome) if outcome else run.files.all()
        return paginate(request, rows, ["id"], lambda page: RunFileSerializer(page, many=True).data)
