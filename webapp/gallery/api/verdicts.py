"""Verdicts: accept, reject, clear, one or many at once, and undo."""

from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.permissions import find
from webapp.gallery.api.samples import FilterSerializer, filter_of
from webapp.gallery.models import Sample, Verdict
from webapp.gallery.selectors.pools import POOL_LAB, whole_pools
from webapp.gallery.selectors.samples import SAMPLE_LAB, pooled_samples
from webapp.gallery.services.verdicts import Act, decide, decide_matching, undo

MAX_AT_ONCE: Final = 5000


class NewVerdictSerializer(serializers.Serializer[Any]):
    """What a person thinks of a sample."""

    value = serializers.ChoiceField(choices=Verdict.Value.choices)
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")


class NewVerdictsSerializer(serializers.Serializer[Any]):
    """The same verdict on many samples, named by `ids` or by `filter`; null clears the person's own."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=MAX_AT_ONCE, required=False
    )
    filter = FilterSerializer(required=False, help_text="Every sample of the pool that matches at this moment.")
    value = serializers.ChoiceField(choices=Verdict.Value.choices, allow_null=True)
    reason = serializers.CharField(max_length=200, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError({"ids": "Name the samples either by ids or by filter."})
        return attrs


class DecidedSerializer(serializers.Serializer[Any]):
    """A sample after an act."""

    id = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=Verdict.Value.choices, allow_null=True, help_text="The person's own.")
    standing = serializers.ChoiceField(choices=Sample.Standing.choices)


class ActSerializer(serializers.Serializer[Any]):
    """What one request changed; undone together."""

    act = serializers.UUIDField()
    num_accepted = serializers.IntegerField(help_text="Samples of the pool that are accepted now.")
    num_rejected = serializers.IntegerField(help_text="Samples of the pool that are rejected now.")
    num_changed = serializers.IntegerField(help_text="Samples on which the person's verdict changed.")
    samples = DecidedSerializer(many=True, help_text=f"These samples; none when there are more than {MAX_AT_ONCE}.")


def _answer(act: Act) -> Response:
    return Response(
        ActSerializer(
            {
                "act": act.id,
                "num_accepted": act.num_accepted,
                "num_rejected": act.num_rejected,
                "num_changed": len(act.verdicts),
                "samples": [
                    {"id": pk, "verdict": verdict or None, "standing": act.standings[pk]}
                    for pk, verdict in (act.verdicts.items() if len(act.verdicts) <= MAX_AT_ONCE else ())
                ],
            }
        ).data
    )


class SampleVerdictView(APIView):
    """The asking person's verdict on one sample."""

    @extend_schema(operation_id="verdicts_set", tags=["gallery"], request=NewVerdictSerializer, responses=ActSerializer)
    def put(self, request: Request, pk: int) -> Response:
        sample = find(pooled_samples(), person_of(request), Role.REVIEWER, SAMPLE_LAB, pk=pk)
        given = NewVerdictSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return _answer(decide(sample.pool, person_of(request), [sample.pk], **given.validated_data))

    @extend_schema(operation_id="verdicts_clear", tags=["gallery"], request=None, responses={200: ActSerializer})
    def delete(self, request: Request, pk: int) -> Response:
        sample = find(pooled_samples(), person_of(request), Role.REVIEWER, SAMPLE_LAB, pk=pk)
        return _answer(decide(sample.pool, person_of(request), [sample.pk], None))


class PoolVerdictsView(APIView):
    """The asking person's verdicts on many samples of a pool: all of them or none."""

    @extend_schema(
        operation_id="verdicts_set_many", tags=["gallery"], request=NewVerdictsSerializer, responses=ActSerializer
    )
    def post(self, request: Request, pk: UUID) -> Response:
        pool = find(whole_pools(), person_of(request), Role.REVIEWER, POOL_LAB, pk=pk)
        given = NewVerdictsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted = dict(given.validated_data)
        if "filter" in wanted:
            matching = filter_of(wanted.pop("filter"), pool)
            return _answer(decide_matching(pool, person_of(request), matching, **wanted))
        return _answer(decide(pool, person_of(request), **wanted))


class UndoView(APIView):
    """Take back the asking person's last act in a pool."""

    @extend_schema(operation_id="verdicts_undo", tags=["gallery"], request=None, responses=ActSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        pool = find(whole_pools(), person_of(request), Role.REVIEWER, POOL_LAB, pk=pk)
        return _answer(undo(pool, person_of(request)))
