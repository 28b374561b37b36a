"""The own account: name and password, and a password that was forgotten."""

from typing import Any

from django.contrib.auth import update_session_auth_hash
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts import logins
from webapp.accounts.api.invitations import KeySerializer
from webapp.accounts.api.session import MAX_PASSWORD_SIGNS, SessionSerializer, session_answer
from webapp.accounts.authentication import person_of
from webapp.accounts.services import mail, passwords
from webapp.accounts.services.people import rename_person
from webapp.core.errors import ConflictError
from webapp.core.permissions import BROWSER_ONLY


class OwnNameSerializer(serializers.Serializer[Any]):
    """What others shall see."""

    name = serializers.CharField(max_length=120)


class NewPasswordSerializer(serializers.Serializer[Any]):
    """A password, twice: the one so far and the one from now on."""

    old_password = serializers.CharField(max_length=MAX_PASSWORD_SIGNS, trim_whitespace=False)
    password = serializers.CharField(
        max_length=MAX_PASSWORD_SIGNS, trim_whitespace=False, help_text="12 signs or more."
    )


class ForgottenSerializer(serializers.Serializer[Any]):
    """Whose password was forgotten."""

    email = serializers.CharField(max_length=254)


class ResetSerializer(KeySerializer):
    """A new password, with the key of a link."""

    password = serializers.CharField(
        max_length=MAX_PASSWORD_SIGNS, trim_whitespace=False, help_text="12 signs or more."
    )


class OwnPersonView(APIView):
    """The own account; it has no id in its address, so that nobody's else can be meant."""

    permission_classes = BROWSER_ONLY

    @extend_schema(
        operation_id="session_rename", tags=["session"], request=OwnNameSerializer, responses=SessionSerializer
    )
    def patch(self, request: Request) -> Response:
        given = OwnNameSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        rename_person(person_of(request), given.validated_data["name"])
        return session_answer(request._request)


class OwnPasswordView(APIView):
    """Another password; every other session of the person ends, this one goes on."""

    permission_classes = BROWSER_ONLY

    @extend_schema(
        operation_id="session_password", tags=["session"], request=NewPasswordSerializer, responses=SessionSerializer
    )
    def post(self, request: Request) -> Response:
        given = NewPasswordSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person = person_of(request)
        attempt = logins.begin_attempt(person.email, request.META.get("REMOTE_ADDR", ""))
        passwords.change_password(person, given.validated_data["old_password"], given.validated_data["password"])
        logins.forgive(attempt)
        update_session_auth_hash(request._request, person)
        return session_answer(request._request)


@method_decorator(csrf_protect, name="dispatch")
class ForgottenView(APIView):
    """Have a link for a new password sent; the answer is the same whether or not there is such an account."""

    permission_classes = [AllowAny]
    authentication_classes = []

    @extend_schema(
        operation_id="session_forgotten", tags=["session"], request=ForgottenSerializer, responses={202: None}
    )
    def post(self, request: Request) -> Response:
        given = ForgottenSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        if not mail.can_mail():
            raise ConflictError(
                "This service sends no mail; ask an admin of your lab or the staff of the server for a link.",
                code="no_mail",
            )
        email = given.validated_data["email"]
        logins.begin_attempt(f"forgotten {email.strip().lower()}", request.META.get("REMOTE_ADDR", ""))
        passwords.mail_link(email)
        return Response(status=status.HTTP_202_ACCEPTED)


@method_decorator(csrf_protect, name="dispatch")
class ResetView(APIView):
    """A new password by a link; every session of the person ends."""

    permission_classes = [AllowAny]
    authentication_classes = []

    @extend_schema(operation_id="session_reset", tags=["session"], request=ResetSerializer, responses={204: None})
    def post(self, request: Request) -> Response:
        given = ResetSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        passwords.reset_password(**given.validated_data)
        return Response(status=status.HTTP_204_NO_CONTENT)
