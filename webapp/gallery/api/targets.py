"""Accept until target: how many more accepted samples are needed, and how far that is."""

from typing import Any, ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.errors import ConflictError
from webapp.core.permissions import Scope, find
from webapp.gallery.models import AcceptTarget, Pool
from webapp.gallery.selectors.pools import POOL_LAB, whole_pools
from webapp.gallery.selectors.targets import told_of
from webapp.gallery.services.targets import FACTOR, begin_target, end_target

MAX_WANTED = 100_000
MAX_FACTOR = 200


class CountdownSerializer(serializers.Serializer[Any]):
    """How far one class is."""

    wanted = serializers.IntegerField()
    accepted = serializers.IntegerField(help_text="Since the target was begun.")
    missing = serializers.IntegerField()
    undecided = serializers.IntegerField(help_text="Candidates in all its pools that are still to be judged.")
    judged = serializers.IntegerField(help_text="Accepted or rejected, in all its pools.")


class AcceptTargetSerializer(serializers.Serializer[Any]):
    """So many more accepted samples; until then further candidates are drawn."""

    id = serializers.UUIDField()
    pool = serializers.UUIDField(help_text="Where it began.")
    state = serializers.ChoiceField(choices=AcceptTarget.State.choices)
    classes = serializers.DictField(child=CountdownSerializer())
    max_drawn = serializers.IntegerField(help_text="Candidates that are drawn for it, at most.")
    num_drawn = serializers.IntegerField()
    drawing = serializers.UUIDField(allow_null=True, help_text="The run that draws further candidates now.")
    runs = serializers.ListField(child=serializers.UUIDField(), help_text="Whose pools count, the first one first.")
    reason = serializers.CharField(allow_blank=True, help_text="Why it ended before it was met.")
    created_by = serializers.CharField(allow_null=True)
    created_at = serializers.DateTimeField()


class PoolTargetSerializer(serializers.Serializer[Any]):
    """What a pool is reviewed for."""

    target = serializers.SerializerMethodField()

    @extend_schema_field(AcceptTargetSerializer(allow_null=True))
    def get_target(self, pool: Pool) -> Any:
        return told_of(pool.target) if pool.target is not None else None


class NewTargetSerializer(serializers.Serializer[Any]):
    """How many more are needed."""

    wanted = serializers.DictField(
        child=serializers.IntegerField(min_value=0, max_value=MAX_WANTED), help_text="Class -> so many more accepted."
    )
    factor = serializers.IntegerField(
        min_value=1,
        max_value=MAX_FACTOR,
        default=FACTOR,
        help_text="So many candidates are drawn at most for each one that is wanted.",
    )


class PoolTargetView(APIView):
    """The target of a pool, the last one where none is active."""

    token_scopes: ClassVar = {"POST": Scope.RUN}

    @extend_schema(operation_id="targets_get", tags=["gallery"], responses=PoolTargetSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(PoolTargetSerializer(_pool(request, pk)).data)

    @extend_schema(
        operation_id="targets_begin", tags=["gallery"], request=NewTargetSerializer, responses=PoolTargetSerializer
    )
    def post(self, request: Request, pk: UUID) -> Response:
        pool = _pool(request, pk, Role.RESEARCHER)
        given = NewTargetSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        begin_target(pool, person_of(request), **given.validated_data)
        return Response(PoolTargetSerializer(_pool(request, pk)).data)


class EndTargetView(APIView):
    """Draw nothing further."""

    token_scopes: ClassVar = {"POST": Scope.RUN}

    @extend_schema(operation_id="targets_end", tags=["gallery"], request=None, responses=PoolTargetSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        pool = _pool(request, pk, Role.RESEARCHER)
        if pool.target is None:
            raise ConflictError("Nobody has begun a target for this pool.")
        end_target(pool.target)
        return Response(PoolTargetSerializer(_pool(request, pk)).data)


def _pool(request: Request, pk: UUID, role: str = Role.VIEWER) -> Pool:
    rows = whole_pools().select_related("run", "target__run", "target__created_by")
    return find(rows, person_of(request), role, POOL_LAB, pk=pk)
