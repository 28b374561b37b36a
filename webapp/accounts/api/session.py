"""Session, first setup, login."""

from typing import Any

from django.conf import settings
from django.contrib.auth import login, logout
from django.http import HttpRequest
from django.middleware.csrf import get_token
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts import logins, selectors, services
from webapp.accounts.models import Person, Role
from webapp.accounts.services.mail import can_mail

MAX_PASSWORD_SIGNS = 1024
"""Above it hashing would be a way to keep the service busy."""


# --- session ----------------------------------------------------------------------------------------------------
class PersonSerializer(serializers.ModelSerializer[Person]):
    keys = serializers.DictField(child=serializers.CharField(), help_text="Act -> key, where it is not the page's own.")

    class Meta:
        model = Person
        fields = ["id", "name", "email", "is_staff", "keys"]


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
    can_mail = serializers.BooleanField(help_text="Whether a forgotten password can be set anew by mail.")
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


def session_answer(request: HttpRequest) -> Response:
    """Who is here now."""
    person = request.user if isinstance(request.user, Person) else None
    return Response(
        SessionSerializer(
            {
                "setup_needed": selectors.setup_needed(),
                "setup_code_needed": selectors.setup_code_needed(),
                "person": person,
                "labs": selectors.memberships_of(person) if person else [],
                "can_mail": can_mail(),
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
        return session_answer(request._request)


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
        return Response(session_answer(request._request).data, status=status.HTTP_201_CREATED)


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
        return session_answer(request._request)


class LogoutView(APIView):
    """End the session; a second call changes nothing."""

    permission_classes = [AllowAny]

    @extend_schema(operation_id="session_logout", tags=["session"], request=None, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        logout(request._request)
        return session_answer(request._request)
