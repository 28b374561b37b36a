"""API tokens."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts import selectors
from webapp.accounts.api.labs import lab_for
from webapp.accounts.authentication import person_of
from webapp.accounts.models import ApiToken, Lab, Role
from webapp.accounts.services.tokens import create_token, revoke_token
from webapp.core.errors import InvalidError, NotFoundError
from webapp.core.permissions import BROWSER_ONLY, Scope, find


class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A named key for programs; the secret part is not kept."""

    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    lab_name = serializers.CharField(source="lab.name", allow_null=True, default=None)

    class Meta:
        model = ApiToken
        fields = ["id", "name", "key_id", "scopes", "lab", "lab_name", "created_at", "expires_at", "last_used_at"]


class NewTokenSerializer(serializers.Serializer[Any]):
    """What a token shall be."""

    name = serializers.CharField(max_length=120)
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=Scope.choices),
        max_length=len(Scope),
        default=Scope.values,
        help_text="What it may do besides reading; none: it only reads.",
    )
    lab = serializers.UUIDField(
        allow_null=True, default=None, help_text="The one lab it is good for; null: every lab of yours."
    )
    days = serializers.IntegerField(min_value=1, max_value=366, default=90, help_text="Days until it expires.")


class CreatedTokenSerializer(TokenSerializer):
    """A new token, with its full text: this is the only time it is shown."""

    secret = serializers.CharField()

    class Meta(TokenSerializer.Meta):
        fields = [*TokenSerializer.Meta.fields, "secret"]


class TokensView(APIView):
    """The person's tokens."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="tokens_list", tags=["tokens"], responses=TokenSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(TokenSerializer(selectors.tokens_of(person_of(request)), many=True).data)

    @extend_schema(
        operation_id="tokens_create",
        tags=["tokens"],
        request=NewTokenSerializer,
        responses={201: CreatedTokenSerializer},
    )
    def post(self, request: Request) -> Response:
        given = NewTokenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        lab_id = values.pop("lab")
        lab = None if lab_id is None else _own_lab(request, lab_id)
        token, secret = create_token(person_of(request), **values, lab=lab)
        return Response({**TokenSerializer(token).data, "secret": secret}, status=status.HTTP_201_CREATED)


class TokenView(APIView):
    """One token of the person."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="tokens_revoke", tags=["tokens"], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        token = selectors.tokens_of(person_of(request)).filter(pk=pk).first()
        if token is None:
            raise NotFoundError
        revoke_token(token, person_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


class LabTokenSerializer(TokenSerializer):
    """A member's token that is good for one lab alone, as its admins see it; never its secret."""

    lab_name = None  # type: ignore[assignment]  # how a serializer drops a field of the one above
    person = serializers.UUIDField(source="person_id")
    person_name = serializers.CharField(source="person.name")

    class Meta(TokenSerializer.Meta):
        fields = ["id", "name", "key_id", "person", "person_name", "scopes", "created_at", "expires_at", "last_used_at"]


class LabTokensView(APIView):
    """The tokens of a lab's members that are good for this lab alone."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="labs_tokens", tags=["labs"], responses=LabTokenSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        rows = selectors.tokens_in(lab_for(request, pk, Role.ADMIN))
        return Response(LabTokenSerializer(rows, many=True).data)


class LabTokenView(APIView):
    """One of them. Whoever finds that a key is in wrong hands can close it, whosever it is."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="labs_revoke_token", tags=["labs"], responses={204: None})
    def delete(self, request: Request, pk: UUID, token: UUID) -> Response:
        found = selectors.tokens_in(lab_for(request, pk, Role.ADMIN)).filter(pk=token).first()
        if found is None:
            raise NotFoundError
        revoke_token(found, person_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


def _own_lab(request: Request, lab_id: UUID) -> Lab:
    """Raises: InvalidError for a lab that the person is not in."""
    try:
        return find(Lab.objects.all(), person_of(request), lab_path="", pk=lab_id)
    except NotFoundError:
        message = "There is no such lab of yours."
        raise InvalidError(message, fields={"lab": [message]}) from None
