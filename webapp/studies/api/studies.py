"""Studies: checked, started, stopped, resumed, cancelled."""

from typing import Any
from uuid import UUID

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core import lifecycle
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
from webapp.core.queries import read_uuid
from webapp.datasets.selectors import version_for
from webapp.runs.models import Run
from webapp.runs.selectors import LAB_PATH, all_runs
from webapp.studies.api.shapes import (
    NewStudySerializer,
    StudyListItemSerializer,
    StudyPage,
    StudySerializer,
    StudyValidationSerializer,
    ValidateStudySerializer,
)
from webapp.studies.models import Study
from webapp.studies.selectors import STUDY_LAB, all_studies, studies_visible_to, without_results
from webapp.studies.services import control, launch


def study_for(request: Request, pk: UUID, role: str = Role.VIEWER) -> Study:
    return find(all_studies(), person_of(request), role, STUDY_LAB, pk=pk)


def shown(study: Study, status: int = 200) -> Response:
    return Response(StudySerializer(all_studies().get(pk=study.pk)).data, status=status)


class ValidateStudyView(APIView):
    """Whether a study could start, and how many networks it would train."""

    @extend_schema(
        operation_id="studies_validate",
        tags=["studies"],
        request=ValidateStudySerializer,
        responses={200: StudyValidationSerializer},
    )
    def post(self, request: Request) -> Response:
        given = ValidateStudySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        version = version_for(person_of(request), given.validated_data["version"])
        asked = _asked(given.validated_data)
        problems = launch.check(version, asked)
        counts = None if problems else launch.trainings(asked)
        told = {
            "problems": problems,
            "num_generators": counts and counts.num_generators,
            "num_children": counts and counts.num_children,
        }
        return Response(StudyValidationSerializer(told).data)


class StudiesView(APIView):
    """Studies of the person's labs, newest first."""

    @extend_schema(
        operation_id="studies_list",
        tags=["studies"],
        responses=StudyPage,
        parameters=[
            OpenApiParameter("lab", OpenApiTypes.UUID, description="Only this lab's."),
            OpenApiParameter("version", OpenApiTypes.UUID, description="Only on this dataset version."),
            OpenApiParameter("run", OpenApiTypes.UUID, description="Only those that this run raised."),
            ARCHIVED,
            *PAGING,
        ],
    )
    def get(self, request: Request) -> Response:
        given = {name: read_uuid(request, name) for name in ("lab", "version", "run")}
        rows = without_results(studies_visible_to(person_of(request), **given)).filter(not_archived(request))
        return paginate(
            request, rows, ("-created_at", "-id"), lambda page: StudyListItemSerializer(page, many=True).data
        )

    @extend_schema(
        operation_id="studies_create", tags=["studies"], request=NewStudySerializer, responses={201: StudySerializer}
    )
    def post(self, request: Request) -> Response:
        given = NewStudySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person, values = person_of(request), given.validated_data
        version = version_for(person, values["version"], Role.RESEARCHER)
        run = values["run"] and _run(request, values["run"])
        return shown(launch.start_study(version, _asked(values), person, values["name"], run), 201)


def _asked(values: dict[str, Any]) -> launch.Asked:
    names = ("question", "model", "model_settings", "arms", "settings", "pools")
    return launch.Asked(**{name: values[name] for name in names})


def _run(request: Request, pk: UUID) -> Run:
    return find(all_runs(), person_of(request), Role.VIEWER, LAB_PATH, pk=pk)


class StudyView(APIView):
    """One study."""

    @extend_schema(operation_id="studies_get", tags=["studies"], responses=StudySerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(StudySerializer(study_for(request, pk)).data)

    @extend_schema(operation_id="studies_change", tags=["studies"], request=ChangeSerializer, responses=StudySerializer)
    def patch(self, request: Request, pk: UUID) -> Response:
        study = study_for(request, pk, Role.RESEARCHER)
        control.change_study(study, person_of(request), **read_change(request))
        return shown(study)

    @extend_schema(operation_id="studies_delete", tags=["studies"], parameters=[WITH_DEPENDENTS], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Researchers delete what they made themselves, admins and owners everything. One at work is cancelled."""
        study = study_for(request, pk, Role.RESEARCHER)
        return lifecycle.delete(request, study, person_of(request), study.version.dataset.lab)


class StudyDeletionView(APIView):
    """What would go with a study."""

    @extend_schema(operation_id="studies_deletion", tags=["studies"], responses=DeletionSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return tell_deletion(study_for(request, pk), person_of(request))


class StopStudyView(APIView):
    """Keep what is trained and leave; the study can be resumed."""

    @extend_schema(operation_id="studies_stop", tags=["studies"], request=None, responses=StudySerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        return shown(control.stop_study(study_for(request, pk, Role.RESEARCHER)))


class ResumeStudyView(APIView):
    """Go on with what is trained already."""

    @extend_schema(operation_id="studies_resume", tags=["studies"], request=None, responses=StudySerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        return shown(control.resume_study(study_for(request, pk, Role.RESEARCHER)))


class CancelStudyView(APIView):
    """Give up: the process is killed, and its networks are removed."""

    @extend_schema(operation_id="studies_cancel", tags=["studies"], request=None, responses=StudySerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        return shown(control.cancel_study(study_for(request, pk, Role.RESEARCHER)))
