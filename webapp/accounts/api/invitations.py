"""Invitations to a lab: made and revoked by its admins, looked at and accepted by whoever has the link."""

from typing import Any
from uuid import UUID

from django.contrib.auth import login
from django.utils.decorators import method_decorator
from django.views.decorators.csrf import csrf_protect
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts import selectors
from webapp.accounts.api.labs import lab_for
from webapp.accounts.api.session import MAX_PASSWORD_SIGNS, SessionSerializer, session_answer
from webapp.accounts.authentication import person_of
from webapp.accounts.models import Invitation, Role
from webapp.accounts.services import invitations
from webapp.core.errors import NotFoundError
from webapp.core.permissions import BROWSER_ONLY

MAX_KEY_SIGNS = 300


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    """An invitation by which somebody can still join; its link is not kept."""

    made_by = serializers.CharField(source="made_by.name", allow_null=True, default=None)

    class Meta:
        model = Invitation
        fields = ["id", "role", "email", "max_uses", "times_used", "made_by", "created_at", "expires_at"]


class NewInvitationSerializer(serializers.Serializer[Any]):
    """Whom to invite, and as what."""

    role = serializers.ChoiceField(choices=Role.choices)
    email = serializers.EmailField(
        max_length=254, required=False, allow_blank=True, default="", help_text="Only this address may use it."
    )
    days = serializers.IntegerField(min_value=1, max_value=60, default=7, help_text="Days until it expires.")
    max_uses = serializers.IntegerField(min_value=1, max_value=100, default=1, help_text="People who can join by it.")


class CreatedInvitationSerializer(InvitationSerializer):
    """A new invitation, with its link: this is the only time it is shown."""

    url = serializers.CharField()

    class Meta(InvitationSerializer.Meta):
        fields = [*InvitationSerializer.Meta.fields, "url"]


class KeySerializer(serializers.Serializer[Any]):
    """What stands behind the # of a link."""

    key = serializers.CharField(max_length=MAX_KEY_SIGNS)


class InvitedSerializer(serializers.Serializer[Any]):
    """What a link invites to."""

    lab_name = serializers.CharField(source="lab.name")
    role = serializers.ChoiceField(choices=Role.choices)
    email = serializers.CharField(allow_blank=True, help_text="Not empty: only this address may use it.")
    made_by = serializers.CharField(source="made_by.name", allow_null=True, default=None)
    expires_at = serializers.DateTimeField()


class RegistrationSerializer(KeySerializer):
    """An account to be made with an invitation."""

    name = serializers.CharField(max_length=120)
    email = serializers.EmailField(max_length=254)
    password = serializers.CharField(
        max_length=MAX_PASSWORD_SIGNS, trim_whitespace=False, help_text="12 signs or more."
    )


class InvitationsView(APIView):
    """The invitations of a lab that can still be used."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="invitations_list", tags=["labs"], responses=InvitationSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        rows = selectors.invitations_of(lab_for(request, pk, Role.ADMIN))
        return Response(InvitationSerializer(rows, many=True).data)

    @extend_schema(
        operation_id="invitations_create",
        tags=["labs"],
        request=NewInvitationSerializer,
        responses={201: CreatedInvitationSerializer},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        lab = lab_for(request, pk, Role.ADMIN)
        given = NewInvitationSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        invitation, url = invitations.invite(lab, person_of(request), **given.validated_data)
        return Response({**InvitationSerializer(invitation).data, "url": url}, status=status.HTTP_201_CREATED)


class InvitationView(APIView):
    """One invitation of a lab."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="invitations_revoke", tags=["labs"], responses={204: None})
    def delete(self, request: Request, pk: UUID, invitation: UUID) -> Response:
        found = lab_for(request, pk, Role.ADMIN).invitations.filter(pk=invitation).first()
        if found is None:
            raise NotFoundError
        invitations.revoke_invitation(found, person_of(request))
        return Response(status=status.HTTP_204_NO_CONTENT)


@method_decorator(csrf_protect, name="dispatch")
class LookAtInvitationView(APIView):
    """What a link invites to; a POST, so that the key stands in no address."""

    permission_classes = [AllowAny]
    authentication_classes = []

    @extend_schema(operation_id="invitations_look", tags=["labs"], request=KeySerializer, responses=InvitedSerializer)
    def post(self, request: Request) -> Response:
        return Response(InvitedSerializer(invitations.look_at_invitation(_key(request))).data)


class AcceptInvitationView(APIView):
    """Join with the account at hand."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="invitations_accept", tags=["labs"], request=KeySerializer, responses=SessionSerializer)
    def post(self, request: Request) -> Response:
        invitations.join(_key(request), person_of(request))
        return session_answer(request._request)


@method_decorator(csrf_protect, name="dispatch")
class RegisterView(APIView):
    """Make an account with an invitation; it is logged in."""

    permission_classes = [AllowAny]
    authentication_classes = []

    @extend_schema(
        operation_id="session_register",
        tags=["session"],
        request=RegistrationSerializer,
        responses={201: SessionSerializer},
    )
    def post(self, request: Request) -> Response:
        given = RegistrationSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person = invitations.register(**given.validated_data)
        login(request._request, person)
        return Response(session_answer(request._request).data, status=status.HTTP_201_CREATED)


def _key(request: Request) -> str:
    given = KeySerializer(data=request.data)
    given.is_valid(raise_exception=True)
    key: str = given.validated_data["key"]
    return key
