"""The keys that a person has put acts of the pages on."""

from typing import Any, Final

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.services.people import set_keys
from webapp.core.permissions import BROWSER_ONLY

MAX_ACTS: Final = 100


class KeysSerializer(serializers.Serializer[Any]):
    """What differs from the pages' own keys; an empty object is the pages' own."""

    keys = serializers.DictField(
        child=serializers.CharField(max_length=20, trim_whitespace=False),
        help_text="Act -> the key that it is put on, as the browser names it (`a`, `ArrowLeft`, `mod+z`).",
    )

    def validate_keys(self, keys: dict[str, str]) -> dict[str, str]:
        if len(keys) > MAX_ACTS or any(len(act) > 40 or not act.isidentifier() for act in keys):
            raise serializers.ValidationError(f"Expected at most {MAX_ACTS} acts by their names.")
        if len(set(keys.values())) < len(keys):
            raise serializers.ValidationError("Two acts are on the same key; put one of them on another.")
        return keys


class OwnKeysView(APIView):
    """One's own keys; they hold in every browser."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="session_keys", tags=["session"], request=KeysSerializer, responses=KeysSerializer)
    def put(self, request: Request) -> Response:
        given = KeysSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person = set_keys(person_of(request), given.validated_data["keys"])
        return Response({"keys": person.keys})
