"""Agreement: how far the people who reviewed a pool say the same."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.permissions import find
from webapp.gallery.selectors.agreement import MAX_PAIRS, agreement_in
from webapp.gallery.selectors.pools import POOL_LAB, whole_pools


class PairAgreementSerializer(serializers.Serializer[Any]):
    """Two reviewers, on the samples that both accepted or rejected; low and high bound 95 % intervals."""

    first = serializers.CharField(help_text="The name of one of the two.")
    second = serializers.CharField()
    num_both = serializers.IntegerField(source="agreement.num_both", help_text="Samples that both judged.")
    num_agree = serializers.IntegerField(source="agreement.num_agree")
    share = serializers.FloatField(source="agreement.share", help_text="The part of them on which they agree.")
    share_low = serializers.FloatField(source="agreement.share_low", help_text="Wilson's interval.")
    share_high = serializers.FloatField(source="agreement.share_high")
    kappa = serializers.FloatField(
        source="agreement.kappa",
        allow_null=True,
        help_text="Cohen's kappa: 1 is full agreement, 0 what chance brings. Null where it is not defined: both gave "
        "one and the same verdict throughout.",
    )
    kappa_low = serializers.FloatField(
        source="agreement.kappa_low",
        allow_null=True,
        help_text="Wilson's interval of the share, carried over with the agreement by chance held as it is.",
    )
    kappa_high = serializers.FloatField(source="agreement.kappa_high", allow_null=True)


class AgreementSerializer(serializers.Serializer[Any]):
    """How far the reviewers of a pool agree."""

    num_disputed = serializers.IntegerField(help_text="Samples that somebody accepts and somebody else rejects.")
    pairs = PairAgreementSerializer(
        many=True, help_text=f"The {MAX_PAIRS} pairs who judged most samples in common, those first."
    )


class PoolAgreementView(APIView):
    """How far the reviewers of a pool agree, pair by pair."""

    @extend_schema(operation_id="pools_agreement", tags=["gallery"], responses=AgreementSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        pool = find(whole_pools(), person_of(request), Role.VIEWER, POOL_LAB, pk=pk)
        told = {"num_disputed": pool.num_disputed, "pairs": agreement_in(pool)}
        return Response(AgreementSerializer(told).data)
