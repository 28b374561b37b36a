"""Pools: all candidates that a run generated."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.permissions import find
from webapp.gallery.api.selections import SelectionSerializer
from webapp.gallery.models import Pool
from webapp.gallery.selectors.image_map import map_path
from webapp.gallery.selectors.pools import POOL_LAB, all_pools, selections_of, standings_by_class


class ClassStandingsSerializer(serializers.Serializer[Any]):
    """How many samples of one class the lab has decided about."""

    accepted = serializers.IntegerField()
    rejected = serializers.IntegerField()


class PoolSerializer(serializers.ModelSerializer[Pool]):
    """All candidates a run generated."""

    run = serializers.UUIDField(source="run_id")
    run_name = serializers.CharField(source="run.name", allow_blank=True)
    lab = serializers.UUIDField(source="run.version.dataset.lab_id")
    version = serializers.UUIDField(source="run.version_id")
    classes = serializers.ListField(child=serializers.CharField())
    class_counts = serializers.DictField(child=serializers.IntegerField(), help_text="Class -> samples.")
    score_names = serializers.ListField(child=serializers.CharField(), help_text="Samples can be sorted by each.")
    views = serializers.ListField(
        child=serializers.CharField(), help_text="What is kept beside each sample of a translation."
    )
    standings = serializers.SerializerMethodField(help_text="Class -> accepted and rejected samples.")
    selections = serializers.SerializerMethodField()
    has_map = serializers.SerializerMethodField(help_text="False for runs that were scored before there were maps.")

    class Meta:
        model = Pool
        fields = [
            "id",
            "run",
            "run_name",
            "lab",
            "version",
            "classes",
            "class_counts",
            "resolution",
            "channels",
            "num_samples",
            "num_memorised",
            "num_accepted",
            "num_rejected",
            "num_disputed",
            "score_names",
            "views",
            "checkpoint_sha256",
            "created_at",
            "standings",
            "selections",
            "has_map",
        ]

    def get_has_map(self, pool: Pool) -> bool:
        return map_path(pool) is not None

    @extend_schema_field(serializers.DictField(child=ClassStandingsSerializer()))
    def get_standings(self, pool: Pool) -> dict[str, dict[str, int]]:
        return standings_by_class(pool)

    @extend_schema_field(SelectionSerializer(many=True))
    def get_selections(self, pool: Pool) -> Any:
        return SelectionSerializer(selections_of(pool), many=True).data


class PoolView(APIView):
    """One pool with its counters and selections."""

    @extend_schema(operation_id="pools_get", tags=["gallery"], responses=PoolSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        pool = find(all_pools(), person_of(request), Role.VIEWER, POOL_LAB, pk=pk)
        return Response(PoolSerializer(pool).data)
