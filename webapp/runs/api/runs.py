"""Runs: checked, started, stopped, resumed, cancelled, started again."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Person, Role
from webapp.core import lifecycle
from webapp.core.errors import InvalidError
from webapp.core.lifecycle import (
    ARCHIVED,
    WITH_DEPENDENTS,
    ChangeSerializer,
    DeletionSerializer,
    not_archived,
    read_change,
    tell_deletion,
)
from webapp.core.pagination import PAGING, paginate
from webapp.core.permissions import find
from webapp.core.queries import read_choice, read_uuid
from webapp.core.throttling import EstimateAllowance
from webapp.datasets.models import DatasetVersion
from webapp.datasets.selectors import version_for
from webapp.recipes.models import Recipe
from webapp.recipes.selectors import recipe_for
from webapp.recipes.validation import refuse
from webapp.runs import selectors
from webapp.runs.api.asked import NewRunSerializer, ResumeRunSerializer, ValidateRunSerializer
from webapp.runs.api.outlook import MemorySerializer, QueueSerializer, ValidationSerializer
from webapp.runs.api.shapes import QUEUE, RunListItemSerializer, RunPage, RunSerializer
from webapp.runs.models import Run, RunState
from webapp.runs.services import control, launch
from webapp.runs.services.start import Start

MAX_KEY_SIGNS: Final = 80
KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Up to 80 signs; the same request sent again with the same key answers the run that it made.",
)

YES_NO: Final = ("true", "false")
MEMORY: Final = OpenApiParameter(
    "memory",
    OpenApiTypes.BOOL,
    description="`true`: more memory than is free now is a problem too, with the code `memory`; it keeps no run from "
    "being started. The first answer for a recipe takes some seconds.",
)


def run_for(request: Request, pk: UUID, role: str = Role.VIEWER) -> Run:
    return find(selectors.all_runs(), person_of(request), role, selectors.LAB_PATH, pk=pk)


def shown(run: Run, status: int = 200) -> Response:
    return Response(RunSerializer(selectors.all_runs().get(pk=run.pk)).data, status=status)


# --- starting ---------------------------------------------------------------------------------------------------
class ValidateRunView(APIView):
    """Whether a run could start, and what it would make."""

    def get_throttles(self) -> Any:
        asked = [EstimateAllowance()] if read_choice(self.request, "memory", YES_NO) == "true" else []
        return [*super().get_throttles(), *asked]

    @extend_schema(
        operation_id="runs_validate",
        tags=["runs"],
        parameters=[MEMORY],
        request=ValidateRunSerializer,
        responses={200: ValidationSerializer},
    )
    def post(self, request: Request) -> Response:
        given = ValidateRunSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        version = version_for(person_of(request), given.validated_data["version"])
        recipe = given.validated_data["recipe"]
        asked = given.validated_data
        start, compute = _start(request, asked), asked.get("compute")
        problems = launch.check(version, recipe, start, compute)
        if not problems and read_choice(request, "memory", YES_NO) == "true":
            problems = launch.memory_problems(version, recipe)
        estimate = None if problems else launch.estimate(version, recipe, start, compute)
        told = {"estimate": estimate, "models": launch.durations(version, recipe, problems, compute)}
        problems += launch.queue_problems(person_of(request))
        return Response(ValidationSerializer({"problems": problems, **told}).data)


class RunMemoryView(APIView):
    """How much memory a run would take, beside what is free; the first answer for a recipe takes some seconds."""

    throttle_classes = (*APIView.throttle_classes, EstimateAllowance)

    @extend_schema(
        operation_id="runs_memory",
        tags=["runs"],
        request=ValidateRunSerializer,
        responses={200: MemorySerializer},
    )
    def post(self, request: Request) -> Response:
        given = ValidateRunSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        version = version_for(person_of(request), given.validated_data["version"])
        return Response(MemorySerializer(launch.memory(version, given.validated_data["recipe"])).data)


class RunsView(APIView):
    """Runs of the person's labs."""

    @extend_schema(
        operation_id="runs_list",
        tags=["runs"],
        responses=RunPage,
        parameters=[
            OpenApiParameter("lab", OpenApiTypes.UUID, description="Only this lab's."),
            OpenApiParameter("version", OpenApiTypes.UUID, description="Only on this dataset version."),
            OpenApiParameter("recipe", OpenApiTypes.UUID, description="Only those made from this recipe."),
            OpenApiParameter("state", str, enum=RunState.values),
            ARCHIVED,
            *PAGING,
        ],
    )
    def get(self, request: Request) -> Response:
        rows = selectors.runs_visible_to(
            person_of(request),
            lab=read_uuid(request, "lab"),
            version=read_uuid(request, "version"),
            recipe=read_uuid(request, "recipe"),
            state=read_choice(request, "state", RunState.values),
        ).filter(not_archived(request))
        return paginate(request, rows, ("-created_at", "-id"), lambda page: RunListItemSerializer(page, many=True).data)

    @extend_schema(
        operation_id="runs_create",
        tags=["runs"],
        parameters=[KEY],
        request=NewRunSerializer,
        responses={
            201: RunSerializer,
            200: OpenApiResponse(RunSerializer, description="The same request was answered before, with this run."),
        },
    )
    def post(self, request: Request) -> Response:
        given = NewRunSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person, values = person_of(request), given.validated_data
        version = version_for(person, values["version"], Role.RESEARCHER)
        recipe = values.get("recipe") or _saved_recipe(person, version, values["recipe_id"])
        key, start = _key(request), _start(request, values, Role.RESEARCHER)
        compute = values.get("compute")
        if key is None:
            return shown(launch.start_run(version, recipe, person, values["name"], start, compute), 201)
        run, is_new = launch.start_run_once(version, recipe, person, values["name"], key, start, compute)
        return shown(run, 201 if is_new else 200)


def _saved_recipe(person: Person, version: DatasetVersion, pk: UUID) -> Recipe:
    recipe = recipe_for(person, pk)
    if recipe.lab_id != version.dataset.lab_id:
        message = "The recipe belongs to another lab than the dataset; save it there first."
        raise InvalidError(message, fields={"recipe_id": [message]})
    return recipe


def _start(request: Request, values: Mapping[str, Any], role: str = Role.VIEWER) -> Start | None:
    wish = values.get("start")
    return wish and Start(run_for(request, wish["run"], role), wish["way"], wish.get("step"))


def _key(request: Request) -> str | None:
    key = request.headers.get("Idempotency-Key", "").strip()
    if len(key) > MAX_KEY_SIGNS or not key.isprintable():
        message = f"The Idempotency-Key must have at most {MAX_KEY_SIGNS} printable signs."
        raise InvalidError(message, fields={"Idempotency-Key": [message]})
    return key or None


class QueueView(APIView):
    """What the service is at, and what waits; other labs' runs are counted and not described."""

    @extend_schema(operation_id="runs_queue", tags=["runs"], responses=QueueSerializer)
    def get(self, request: Request) -> Response:
        person, queue = person_of(request), selectors.queue()
        rows = selectors.runs_visible_to(person).filter(pk__in=[standing.run.pk for standing in queue])
        context = {
            "seen": {run.pk: run for run in rows},
            "person": person.pk,
            QUEUE: {one.run.pk: one for one in queue},
        }
        told = {
            "results": queue,
            "at_work_per_person": settings.RUNS_AT_WORK_PER_PERSON,
            "waiting_per_person": settings.RUNS_WAITING_PER_PERSON,
        }
        return Response(QueueSerializer(told, context=context).data)


# --- one run ----------------------------------------------------------------------------------------------------
class RunView(APIView):
    """One run."""

    @extend_schema(operation_id="runs_get", tags=["runs"], responses=RunSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(RunSerializer(run_for(request, pk)).data)

    @extend_schema(operation_id="runs_change", tags=["runs"], request=ChangeSerializer, responses=RunSerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        run = run_for(request, pk, Role.RESEARCHER)
        control.change_run(run, person_of(request), **read_change(request))
        return shown(run)

    @extend_schema(operation_id="runs_delete", tags=["runs"], parameters=[WITH_DEPENDENTS], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """With its checkpoints, pool, selections and verdicts; one that works is cancelled. Runs that started from it
        stay: they hold their checkpoint themselves. Researchers delete their own, admins and owners everything."""
        run = run_for(request, pk, Role.RESEARCHER)
        return lifecycle.delete(request, run, person_of(request), run.version.dataset.lab)


class RunDeletionView(APIView):
    """What would go with a run."""

    @extend_schema(operation_id="runs_deletion", tags=["runs"], responses=DeletionSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return tell_deletion(run_for(request, pk), person_of(request))


class StopRunView(APIView):
    """Save a checkpoint and leave; the run can be resumed."""

    @extend_schema(operation_id="runs_stop", tags=["runs"], request=None, responses=RunSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        return shown(control.stop_run(run_for(request, pk, Role.RESEARCHER)))


class FinishRunView(APIView):
    """End training now: the best checkpoint makes the images, and the run goes on to its pool."""

    @extend_schema(operation_id="runs_finish", tags=["runs"], request=None, responses=RunSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        return shown(control.finish_run_early(run_for(request, pk, Role.RESEARCHER)))


class PreviewNowView(APIView):
    """Show samples after the next step of training; they come as a row of the sample wall."""

    @extend_schema(operation_id="runs_preview_now", tags=["runs"], request=None, responses=RunSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        return shown(control.preview_run(run_for(request, pk, Role.RESEARCHER)))


class ResumeRunView(APIView):
    """Go on from the last checkpoint; `compute`, where it is given, replaces how the run is computed."""

    @extend_schema(operation_id="runs_resume", tags=["runs"], request=ResumeRunSerializer, responses=RunSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        run = run_for(request, pk, Role.RESEARCHER)
        given = ResumeRunSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        compute = given.validated_data.get("compute")
        if compute is not None:
            refuse(launch.compute_problems(launch.contents_of(run.recipe), compute))
        return shown(control.resume_run(run, compute))


class CancelRunView(APIView):
    """Give up: the process is killed, checkpoints and files are removed."""

    @extend_schema(operation_id="runs_cancel", tags=["runs"], request=None, responses=RunSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        return shown(control.cancel_run(run_for(request, pk, Role.RESEARCHER)))


class RetryRunView(APIView):
    """Start the same from the beginning, as a new run."""

    @extend_schema(operation_id="runs_retry", tags=["runs"], request=None, responses={201: RunSerializer})
    def post(self, request: Request, pk: UUID) -> Response:
        return shown(launch.retry_run(run_for(request, pk, Role.RESEARCHER), person_of(request)), 201)
