"""Session, first setup, and tokens."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts import logins, selectors, services
from webapp.accounts.authentication import person_of
from webapp.accounts.models import ApiToken, Person, Role
from webapp.core.errors import NotFoundError
from webapp.core.permissions import NotByToken, TokenMayWrite

MAX_PASSWORD_SIGNS = 1024
"""Above it hashing would be a way to keep the service busy."""
BROWSER_ONLY = [IsAuthenticated, NotByToken]


# --- session ----------------------------------------------------------------------------------------------------
class PersonSerializer(serializers.ModelSerializer[Person]):
    class Meta:
        model = Person
        fields = ["id", "name", "email", "is_staff"]


class LabSerializer(serializers.Serializer[Any]):
    """A lab, with the role that the person has in it."""

    id = serializers.UUIDField(source="lab.id")
    name = serializers.CharField(source="lab.name")
    role = serializers.ChoiceField(choices=Role.choices)


class SessionSerializer(serializers.Serializer[Any]):
    """Who is here. `person` is null for somebody not logged in."""

    setup_needed = serializers.BooleanField(help_text="Nobody exists yet; the next visitor becomes the owner.")
    setup_code_needed = serializers.BooleanField(help_text="Setting up asks for the code printed at the start.")
    person = PersonSerializer(allow_null=True)
    labs = LabSerializer(many=True)
    csrf_token = serializers.CharField(help_text="Sent back as the header X-CSRFToken with every change.")
    version = serializers.CharField()


class SetupSerializer(serializers.Serializer[Any]):
    """The first visitor."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(
        max_length=MAX_PASSWORD_SIGNS, trim_whitespace=False, help_text="12 signs or more."
    )
    lab_name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    setup_code = serializers.CharField(max_length=200, required=False, allow_blank=True, default="")


class LoginSerializer(serializers.Serializer[Any]):
    """An e-mail address and its password."""

    email = serializers.CharField(max_length=254)
    password = serializers.CharField(max_length=MAX_PASSWORD_SIGNS, trim_whitespace=False)


def _session(request: HttpRequest) -> Response:
    person = request.user if isinstance(request.user, Person) else None
    return Response(
        SessionSerializer(
            {
                "setup_needed": selectors.setup_needed(),
                "setup_code_needed": selectors.setup_code_needed(),
                "person": person,
                "labs": selectors.memberships_of(person) if person else [],
                "csrf_token": get_token(request),
                "version": settings.VERSION,
            }
        ).data
    )


class SessionView(APIView):
    """Who is here; also sets the CSRF cookie."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="session_get", tags=["session"], responses=SessionSerializer)
    def get(self, request: Request) -> Response:
        return _session(request._request)


# The REST framework exempts its views from CSRF and checks it only for sessions that exist; logging somebody in by a
# forged form is an attack all the same.
@method_decorator(csrf_protect, name="dispatch")
class SetupView(APIView):
    """The first visitor becomes the owner of the first lab."""

    permission_classes = [AllowAny]
    authentication_classes = []

    @extend_schema(
        operation_id="session_setup", tags=["session"], request=SetupSerializer, responses={201: SessionSerializer}
    )
    def post(self, request: Request) -> Response:
        given = SetupSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = given.validated_data
        attempt = logins.begin_attempt("setup", request.META.get("REMOTE_ADDR", ""))
        services.check_setup_code(values.pop("setup_code"))
        logins.forgive(attempt)
        person = services.set_up(**values)
        login(request._request, person)
        return Response(_session(request._request).data, status=status.HTTP_201_CREATED)


@method_decorator(csrf_protect, name="dispatch")
class LoginView(APIView):
    """Log in by e-mail address and password."""

    permission_classes = [AllowAny]
    authentication_classes = []

    @extend_schema(operation_id="session_login", tags=["session"], request=LoginSerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        given = LoginSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person = logins.check_login(request._request, **given.validated_data)
        login(request._request, person)
        return _session(request._request)


class LogoutView(APIView):
    """End the session; a second call changes nothing."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="session_logout", tags=["session"], request=None, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        logout(request._request)
        return _session(request._request)


# --- tokens -----------------------------------------------------------------------------------------------------
class TokenSerializer(serializers.ModelSerializer[ApiToken]):
    """A named key for programs; the secret part is not kept."""

    class Meta:
        model = ApiToken
        fields = ["id", "name", "key_id", "can_write", "created_at", "expires_at", "last_used_at"]


class NewTokenSerializer(serializers.Serializer[Any]):
    """What a token shall be."""

    name = serializers.CharField(max_length=120)
    can_write = serializers.BooleanField(default=True, help_text="False: the token only reads.")
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
        token, secret = services.create_token(person_of(request), **given.validated_data)
        return Response({**TokenSerializer(token).data, "secret": secret}, status=status.HTTP_201_CREATED)


class TokenView(APIView):
    """One token of the person."""

    permission_classes = [*BROWSER_ONLY, TokenMayWrite]

    @extend_schema(operation_id="tokens_revoke", tags=["tokens"], responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        token = selectors.tokens_of(person_of(request)).filter(pk=pk).first()
        if token is None:
            raise NotFoundError
        services.revoke_token(token)
        return Response(status=status.HTTP_204_NO_CONTENT)
