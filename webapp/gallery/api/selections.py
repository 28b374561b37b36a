"""Selections: what a sampler kept of a pool, and why it dropped the rest."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.permissions import Scope, find
from webapp.core.schema import FaultSerializer, fault_of
from webapp.gallery.models import Selection
from webapp.gallery.selectors.pools import POOL_LAB, SELECTION_LAB, all_pools, all_selections, selections_of
from webapp.gallery.services.selections import REPEATABLE, add_selection, cancel_selection, retry_selection
from webapp.recipes.api import MAX_SEED, BudgetField, SettingsField


class YieldSerializer(serializers.Serializer[Any]):
    """What became of one class; `dropped` counts by reason code."""

    asked = serializers.IntegerField()
    generated = serializers.IntegerField()
    kept = serializers.IntegerField()
    dropped = serializers.DictField(child=serializers.IntegerField())


class ReportSerializer(serializers.Serializer[Any]):
    """What a sampler says of itself, by name; empty where it says nothing."""

    values = serializers.DictField(child=serializers.FloatField())
    curves = serializers.DictField(
        child=serializers.ListField(child=serializers.ListField(child=serializers.FloatField())),
        help_text="Points [x, y] in rising order of x.",
    )


class SelectionSerializer(serializers.ModelSerializer[Selection]):
    """A sampler, budget and seed applied to a pool; the pool's first selection is the run's own."""

    pool = serializers.UUIDField(source="pool_id")
    created_by = serializers.CharField(source="created_by.name", allow_null=True, default=None)
    sampler_settings = SettingsField()
    budget = BudgetField()
    yields = serializers.DictField(child=YieldSerializer(), help_text="By class.")
    report = serializers.SerializerMethodField()
    num_kept = serializers.SerializerMethodField()
    error = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField(help_text="What a researcher may ask of it now.")

    class Meta:
        model = Selection
        fields = [
            "id",
            "pool",
            "number",
            "state",
            "sampler",
            "sampler_settings",
            "budget",
            "seed",
            "yields",
            "report",
            "num_kept",
            "created_by",
            "created_at",
            "finished_at",
            "error",
            "actions",
        ]

    @extend_schema_field(ReportSerializer())
    def get_report(self, selection: Selection) -> dict[str, Any]:
        return {"values": {}, "curves": {}, **selection.report}

    @extend_schema_field(FaultSerializer(allow_null=True))
    def get_error(self, selection: Selection) -> dict[str, str] | None:
        return fault_of(selection)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=["cancel", "retry"])))
    def get_actions(self, selection: Selection) -> list[str]:
        if selection.state in REPEATABLE:
            return ["retry"]
        open_states = (*Selection.CLAIMABLE, *Selection.ACTIVE)
        return ["cancel"] if selection.state in open_states and not selection.cancel_requested else []

    def get_num_kept(self, selection: Selection) -> int:
        return sum(part["kept"] for part in selection.yields.values())


class NewSelectionSerializer(serializers.Serializer[Any]):
    """What to choose by; the pool stays as it is and nothing is trained."""

    sampler = serializers.CharField(max_length=60)
    sampler_settings = SettingsField(required=False, default=dict)
    budget = BudgetField()
    seed = serializers.IntegerField(min_value=0, max_value=MAX_SEED, default=0)


class PoolSelectionsView(APIView):
    """The selections of a pool."""

    token_scopes: ClassVar = {"POST": Scope.RUN}

    @extend_schema(operation_id="selections_list", tags=["gallery"], responses=SelectionSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        pool = find(all_pools(), person_of(request), Role.VIEWER, POOL_LAB, pk=pk)
        return Response(SelectionSerializer(selections_of(pool), many=True).data)

    @extend_schema(
        operation_id="selections_create",
        tags=["gallery"],
        request=NewSelectionSerializer,
        responses={202: SelectionSerializer},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        pool = find(all_pools(), person_of(request), Role.RESEARCHER, POOL_LAB, pk=pk)
        given = NewSelectionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        selection = add_selection(pool, person_of(request), **given.validated_data)
        return Response(SelectionSerializer(selection).data, status=status.HTTP_202_ACCEPTED)


class SelectionView(APIView):
    """One selection with its yield."""

    @extend_schema(operation_id="selections_get", tags=["gallery"], responses=SelectionSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        selection = find(all_selections(), person_of(request), Role.VIEWER, SELECTION_LAB, pk=pk)
        return Response(SelectionSerializer(selection).data)


class CancelSelectionView(APIView):
    """Give a selection up that is not made yet."""

    token_scopes: ClassVar = {"POST": Scope.RUN}

    @extend_schema(operation_id="selections_cancel", tags=["gallery"], request=None, responses=SelectionSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        selection = find(all_selections(), person_of(request), Role.RESEARCHER, SELECTION_LAB, pk=pk)
        return Response(SelectionSerializer(cancel_selection(selection)).data)


class RetrySelectionView(APIView):
    """Make a selection that failed or was cancelled again."""

    token_scopes: ClassVar = {"POST": Scope.RUN}

    @extend_schema(
        operation_id="selections_retry", tags=["gallery"], request=None, responses={202: SelectionSerializer}
    )
    def post(self, request: Request, pk: UUID) -> Response:
        selection = find(all_selections(), person_of(request), Role.RESEARCHER, SELECTION_LAB, pk=pk)
        return Response(SelectionSerializer(retry_selection(selection)).data, status=status.HTTP_202_ACCEPTED)
