"""Labs and their members."""

import math
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts import selectors
from webapp.accounts.authentication import person_of
from webapp.accounts.models import Lab, Membership, Person, Role
from webapp.accounts.services import labs
from webapp.accounts.services.passwords import hand_over_link
from webapp.core.errors import NotFoundError
from webapp.core.permissions import BROWSER_ONLY, STAFF_ONLY, find, includes, role_in


class LabDetailSerializer(serializers.ModelSerializer[Lab]):
    """A lab and how many are in it."""

    num_members = serializers.IntegerField()

    class Meta:
        model = Lab
        fields = ["id", "name", "created_at", "num_members", "max_memorised_share"]


class LabNameSerializer(serializers.Serializer[Any]):
    """What a lab shall be called."""

    name = serializers.CharField(max_length=120)


class LabChangeSerializer(serializers.Serializer[Any]):
    """What shall change about a lab."""

    name = serializers.CharField(max_length=120, required=False)
    max_memorised_share = serializers.FloatField(
        min_value=0,
        max_value=1,
        required=False,
        allow_null=True,
        help_text="An export with a greater share of near-copies needs a person's reason; null: none does.",
    )

    def validate_max_memorised_share(self, share: float | None) -> float | None:
        if share is not None and not math.isfinite(share):
            raise serializers.ValidationError("Give a number from 0 to 1, or null for no limit.")
        return share


class MemberSerializer(serializers.ModelSerializer[Membership]):
    """Somebody in a lab."""

    id = serializers.UUIDField(source="person.id")
    name = serializers.CharField(source="person.name")
    email = serializers.SerializerMethodField(help_text="Null for those who are not admins, and for tokens.")
    is_active = serializers.BooleanField(source="person.is_active", help_text="False: shut out of this server.")

    class Meta:
        model = Membership
        fields = ["id", "name", "email", "role", "is_active"]

    def get_email(self, member: Membership) -> str | None:
        return member.person.email if self.context.get("shows_addresses") else None


class MemberRoleSerializer(serializers.Serializer[Any]):
    """The role a member shall have."""

    role = serializers.ChoiceField(choices=Role.choices)


class NewLinkSerializer(serializers.Serializer[Any]):
    """A link to hand over: this is the only time it is shown."""

    url = serializers.CharField()
    expires_at = serializers.DateTimeField()


class LabsView(APIView):
    """The person's labs."""

    def get_permissions(self) -> Any:
        return super().get_permissions() if self.request.method in SAFE_METHODS else [ask() for ask in STAFF_ONLY]

    @extend_schema(operation_id="labs_list", tags=["labs"], responses=LabDetailSerializer(many=True))
    def get(self, request: Request) -> Response:
        own = selectors.memberships_of(person_of(request)).values("lab")
        return Response(LabDetailSerializer(selectors.all_labs().filter(pk__in=own), many=True).data)

    @extend_schema(
        operation_id="labs_create", tags=["labs"], request=LabNameSerializer, responses={201: LabDetailSerializer}
    )
    def post(self, request: Request) -> Response:
        """Server staff make labs and own what they made, until they invite another owner and leave."""
        given = LabNameSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        lab = labs.create_lab(person_of(request), given.validated_data["name"])
        return Response(LabDetailSerializer(selectors.all_labs().get(pk=lab.pk)).data, status=status.HTTP_201_CREATED)


class LabView(APIView):
    """One lab."""

    permission_classes = BROWSER_ONLY

    @extend_schema(
        operation_id="labs_change", tags=["labs"], request=LabChangeSerializer, responses=LabDetailSerializer
    )
    def patch(self, request: Request, pk: UUID) -> Response:
        lab = lab_for(request, pk, Role.ADMIN)
        given = LabChangeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        labs.change_lab(lab, person_of(request), given.validated_data)
        return Response(LabDetailSerializer(selectors.all_labs().get(pk=lab.pk)).data)


class MembersView(APIView):
    """Who is in a lab, and as what."""

    @extend_schema(operation_id="labs_members", tags=["labs"], responses=MemberSerializer(many=True))
    def get(self, request: Request, pk: UUID) -> Response:
        lab = lab_for(request, pk)
        is_admin = includes(role_in(lab, person_of(request)), Role.ADMIN)
        context = {"shows_addresses": is_admin and request.auth is None}
        return Response(MemberSerializer(selectors.members_of(lab), many=True, context=context).data)


class MemberView(APIView):
    """One member of a lab. Admins reach members up to their own role; anybody may leave."""

    permission_classes = BROWSER_ONLY

    @extend_schema(
        operation_id="labs_change_role", tags=["labs"], request=MemberRoleSerializer, responses=MemberSerializer
    )
    def patch(self, request: Request, pk: UUID, person: UUID) -> Response:
        lab = lab_for(request, pk, Role.ADMIN)
        given = MemberRoleSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        member = labs.change_role(lab, person_of(request), person, given.validated_data["role"])
        return Response(MemberSerializer(member, context={"shows_addresses": True}).data)

    @extend_schema(operation_id="labs_remove_member", tags=["labs"], responses={204: None})
    def delete(self, request: Request, pk: UUID, person: UUID) -> Response:
        is_self = person == person_of(request).pk
        lab = lab_for(request, pk, Role.VIEWER if is_self else Role.ADMIN)
        labs.remove_member(lab, person_of(request), person)
        return Response(status=status.HTTP_204_NO_CONTENT)


class MemberPasswordLinkView(APIView):
    """A link with which a member sets a new password."""

    permission_classes = BROWSER_ONLY

    @extend_schema(operation_id="labs_password_link", tags=["labs"], request=None, responses={201: NewLinkSerializer})
    def post(self, request: Request, pk: UUID, person: UUID) -> Response:
        """Only for a member whose rights, in every lab they are in, are not above one's own."""
        lab = lab_for(request, pk, Role.ADMIN)
        found = Person.objects.filter(pk=person, memberships__lab=lab).first()
        if found is None:
            raise NotFoundError
        return link_answer(*hand_over_link(found, person_of(request)))


def lab_for(request: Request, pk: UUID, role: str = Role.VIEWER) -> Lab:
    """Raises: NotFoundError, ForbiddenError."""
    return find(Lab.objects.all(), person_of(request), role, lab_path="", pk=pk)


def link_answer(link: Any, url: str) -> Response:
    """A new link, with its address."""
    return Response(NewLinkSerializer({"url": url, "expires_at": link.expires_at}).data, status=201)
