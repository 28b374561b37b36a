"""What a run said and left: events, curves, previews, sweeps, checkpoints."""

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.core.downloads import send_file
from webapp.core.errors import GoneError, NotFoundError
from webapp.core.storage import stored
from webapp.runs import selectors
from webapp.runs.api.runs import run_for
from webapp.runs.api.shapes import (
    CheckpointSerializer,
    HistorySerializer,
    PreviewSerializer,
    ScalarsSerializer,
    SweepSerializer,
)
from webapp.runs.models import Run, RunEvent, RunState


class RunEventsView(APIView):
    """What a run said; also the way to follow it where sockets are not to be had."""

    @extend_schema(
        operation_id="runs_events",
        tags=["runs"],
        responses=HistorySerializer,
        parameters=[OpenApiParameter("since", int, description="The last `seq` that is known; 0: from the start.")],
    )
    def get(self, request: Request, pk: UUID) -> Response:
        run = run_for(request, pk)
        since = serializers.IntegerField(min_value=0, max_value=2**63 - 1).run_validation(
            request.query_params.get("since", "0")
        )
        events = selectors.events_since(run, since)
        return Response(HistorySerializer({"events": events, "last_seq": run.last_seq}).data)


class RunScalarsView(APIView):
    """The curves of a run."""

    @extend_schema(operation_id="runs_scalars", tags=["runs"], responses=ScalarsSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(selectors.scalars_of(run_for(request, pk)))


class RunPreviewsView(APIView):
    """The rows of the sample wall."""

    @extend_schema(operation_id="runs_previews", tags=["runs"], responses=PreviewSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(selectors.previews_of(run_for(request, pk)))


class RunPreviewView(APIView):
    """One row of the sample wall."""

    @extend_schema(
        operation_id="runs_preview",
        tags=["runs"],
        responses={(200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, pk: UUID, step: int) -> HttpResponseBase:
        run = run_for(request, pk)
        return _picture(request, run, selectors.preview(run, step))


class RunSweepsView(APIView):
    """The sheets of the trained model's codes; none where the model has no codes."""

    @extend_schema(operation_id="runs_sweeps", tags=["runs"], responses=SweepSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(selectors.sweeps_of(run_for(request, pk)))


class RunSweepView(APIView):
    """One code's sheet."""

    @extend_schema(
        operation_id="runs_sweep",
        tags=["runs"],
        responses={(200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, pk: UUID, name: str) -> HttpResponseBase:
        run = run_for(request, pk)
        return _picture(request, run, selectors.sweep(run, name))


def _picture(request: Request, run: Run, event: RunEvent | None) -> HttpResponseBase:
    """The PNG of an event.

    Raises: NotFoundError, GoneError.
    """
    if event is None:
        raise NotFoundError
    if run.state == RunState.CANCELLED:
        raise GoneError("The run was cancelled and its files were removed.")
    return send_file(
        request._request,
        stored(event.path),
        content_type="image/png",
        etag=str(event.pk),
        cache="private, max-age=3600",
    )


class RunCheckpointsView(APIView):
    """The checkpoints that are kept."""

    @extend_schema(operation_id="runs_checkpoints", tags=["runs"], responses=CheckpointSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(CheckpointSerializer(selectors.checkpoints_of(run_for(request, pk)), many=True).data)
