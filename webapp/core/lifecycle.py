"""What the API says and asks where something is renamed, put away or deleted; the same words for every noun."""

from typing import Any, Final

from django.db.models import Q
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from webapp.core import removal
from webapp.core.log import HasName
from webapp.core.models import Removable
from webapp.core.permissions import HasKey, HasMemberships
from webapp.core.queries import read_choice

ARCHIVED: Final = OpenApiParameter(
    "archived", str, enum=["no", "only", "all"], description="Whether what was put away is listed; left out means no."
)
WITH_DEPENDENTS: Final = OpenApiParameter(
    "with_dependents",
    OpenApiTypes.BOOL,
    description="`true`: runs and exports that depend on it go too; otherwise they keep it from being deleted (409).",
)


class PartSerializer(serializers.Serializer[Any]):
    """So many rows of one kind."""

    noun = serializers.CharField()
    count = serializers.IntegerField()


class DeletionSerializer(serializers.Serializer[Any]):
    """What would go."""

    parts = PartSerializer(many=True, help_text="All that goes with it.")
    dependents = PartSerializer(many=True, help_text="Of these, what was made of it and must be asked about.")
    size_bytes = serializers.IntegerField(help_text="Bytes that become free, at most.")
    made_by_others = serializers.BooleanField(help_text="Then it needs the role admin.")


class ChangeSerializer(serializers.Serializer[Any]):
    """Another name, or put away and brought back; what is left out stays."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True)
    archived = serializers.BooleanField(required=False)


def not_archived(request: Request) -> Q:
    """What a list shows, by `archived` in its query string. Raises: InvalidError."""
    wish = read_choice(request, "archived", ("no", "only", "all")) or "no"
    return Q() if wish == "all" else Q(archived_at__isnull=wish == "no")


def read_change(request: Request) -> dict[str, Any]:
    """`name` and `archived`, as far as the body has them."""
    given = ChangeSerializer(data=request.data)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


def tell_deletion(row: Removable, person: HasKey) -> Response:
    """The answer of every `…/deletion/`."""
    return Response(DeletionSerializer(removal.what_goes(row, person)).data)


def delete(request: Request, row: Removable, person: HasName, lab: HasMemberships) -> Response:
    """The answer of every DELETE. Raises: ForbiddenError, ConflictError."""
    asked = read_choice(request, "with_dependents", ("true", "false")) == "true"
    removal.delete(row, person, lab, with_dependents=asked)
    return Response(status=204)
