"""Everybody on this server, for its staff."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts import selectors
from webapp.accounts.api.labs import NewLinkSerializer, link_answer
from webapp.accounts.authentication import person_of
from webapp.accounts.models import Person
from webapp.accounts.services.passwords import hand_over_link
from webapp.accounts.services.people import set_active
from webapp.core.errors import NotFoundError
from webapp.core.permissions import STAFF_ONLY


class ServerPersonSerializer(serializers.ModelSerializer[Person]):
    """Somebody with an account on this server."""

    labs = serializers.SerializerMethodField(help_text="The names of their labs.")

    class Meta:
        model = Person
        fields = ["id", "name", "email", "is_staff", "is_active", "last_login", "labs"]

    def get_labs(self, person: Person) -> list[str]:
        return sorted(member.lab.name for member in person.memberships.all())


class AccessSerializer(serializers.Serializer[Any]):
    """Whether somebody may log in."""

    is_active = serializers.BooleanField()


class PeopleView(APIView):
    """Everybody on this server."""

    permission_classes = STAFF_ONLY

    @extend_schema(operation_id="people_list", tags=["people"], responses=ServerPersonSerializer(many=True))
    def get(self, request: Request) -> Response:
        return Response(ServerPersonSerializer(selectors.people(), many=True).data)


class PersonView(APIView):
    """Somebody on this server."""

    permission_classes = STAFF_ONLY

    @extend_schema(
        operation_id="people_set_access", tags=["people"], request=AccessSerializer, responses=ServerPersonSerializer
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        """Shut somebody out, or let them in again: their sessions, tokens and links end at once."""
        given = AccessSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        set_active(person_of(request), person_for(pk), given.validated_data["is_active"])
        return Response(ServerPersonSerializer(person_for(pk)).data)


class PersonPasswordLinkView(APIView):
    """A link with which somebody sets a new password."""

    permission_classes = STAFF_ONLY

    @extend_schema(
        operation_id="people_password_link", tags=["people"], request=None, responses={201: NewLinkSerializer}
    )
    def post(self, request: Request, pk: UUID) -> Response:
        return link_answer(*hand_over_link(person_for(pk), person_of(request)))


def person_for(pk: UUID) -> Person:
    """Raises: NotFoundError."""
    person = selectors.people().filter(pk=pk).first()
    if person is None:
        raise NotFoundError
    return person
