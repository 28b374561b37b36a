"""Verdicts: accept, reject, rate, star, clear, one or many at once, and undo."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Person, Role
from webapp.core.permissions import find
from webapp.gallery.api.samples import FilterSerializer, filter_of
from webapp.gallery.models import Pool, Sample, Verdict
from webapp.gallery.selectors.pools import POOL_LAB, whole_pools
from webapp.gallery.selectors.samples import SAMPLE_LAB, pooled_samples
from webapp.gallery.services.verdicts import Act, Change, decision, judge, judge_matching, undo

MAX_AT_ONCE: Final = 5000
MAX_RATING: Final = 5


class NewVerdictSerializer(serializers.Serializer[Any]):
    """What a person says of a sample; what is left out stays as it is."""

    value = serializers.ChoiceField(
        choices=Verdict.Value.choices, allow_null=True, required=False, help_text="null takes accept or reject back."
    )
    reason = serializers.CharField(max_length=200, allow_blank=True, default="", help_text="Goes with `value`.")
    rating = serializers.IntegerField(min_value=0, max_value=MAX_RATING, required=False, help_text="1 to 5; 0 clears.")
    starred = serializers.BooleanField(required=False, allow_null=True, help_text="A star for oneself.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "value" not in attrs and not _said(attrs):
            raise serializers.ValidationError({"value": "Give a value, a rating or a star."})
        return attrs


class NewVerdictsSerializer(NewVerdictSerializer):
    """The same verdict on many samples, named by `ids` or by `filter`."""

    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), min_length=1, max_length=MAX_AT_ONCE, required=False
    )
    filter = FilterSerializer(required=False, help_text="Every sample of the pool that matches at this moment.")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("ids" in attrs) == ("filter" in attrs):
            raise serializers.ValidationError({"ids": "Name the samples either by ids or by filter."})
        return super().validate(attrs)


def _said(given: Mapping[str, Any]) -> dict[str, Any]:
    """Rating and star, where they were given."""
    return {name: given[name] for name in ("rating", "starred") if given.get(name) is not None}


def _change(given: Mapping[str, Any]) -> Change:
    """What a NewVerdictSerializer read, as the service takes it."""
    return {**(decision(given["value"], given["reason"]) if "value" in given else {}), **_said(given)}


class DecidedSerializer(serializers.Serializer[Any]):
    """A sample after an act."""

    id = serializers.IntegerField()
    verdict = serializers.ChoiceField(choices=Verdict.Value.choices, allow_null=True, help_text="The person's own.")
    rating = serializers.IntegerField(allow_null=True, help_text="The person's own, 1 to 5.")
    starred = serializers.BooleanField(help_text="By the person.")
    standing = serializers.ChoiceField(choices=Sample.Standing.choices)
    disputed = serializers.BooleanField(help_text="Somebody accepts it and somebody else rejects it.")
    mean_rating = serializers.FloatField(allow_null=True, help_text="Of everybody who rated it, 1 to 5.")


class ActSerializer(serializers.Serializer[Any]):
    """What one request changed; undone together."""

    act = serializers.UUIDField()
    num_accepted = serializers.IntegerField(help_text="Samples of the pool that are accepted now.")
    num_rejected = serializers.IntegerField(help_text="Samples of the pool that are rejected now.")
    num_changed = serializers.IntegerField(help_text="Samples on which the person's verdict changed.")
    samples = DecidedSerializer(many=True, help_text=f"These samples; none when there are more than {MAX_AT_ONCE}.")


def answer(act: Act) -> Response:
    """What an act changed."""
    return Response(
        ActSerializer(
            {
                "act": act.id,
                "num_accepted": act.num_accepted,
                "num_rejected": act.num_rejected,
                "num_changed": len(act.verdicts),
                "samples": [_decided(act, pk) for pk in act.verdicts] if len(act.verdicts) <= MAX_AT_ONCE else [],
            }
        ).data
    )


def _decided(act: Act, pk: int) -> dict[str, Any]:
    said = act.verdicts[pk]
    return {
        "id": pk,
        "verdict": said.value or None,
        "rating": said.rating or None,
        "starred": said.starred,
        "standing": act.standings[pk],
        "disputed": pk in act.disputed,
        "mean_rating": act.mean_ratings.get(pk),
    }


def _pool_of(sample: int, person: Person) -> Pool:
    """The pool of a sample that the person may judge: its key alone, for this is asked a hundred times a second."""
    keys = pooled_samples().select_related(None).only("pool")
    return Pool(pk=find(keys, person, Role.REVIEWER, SAMPLE_LAB, pk=sample).pool_id)


class SampleVerdictView(APIView):
    """The asking person's verdict on one sample."""

    @extend_schema(operation_id="verdicts_set", tags=["gallery"], request=NewVerdictSerializer, responses=ActSerializer)
    def put(self, request: Request, pk: int) -> Response:
        pool = _pool_of(pk, person_of(request))
        given = NewVerdictSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        return answer(judge(pool, person_of(request), [pk], _change(given.validated_data)))

    @extend_schema(operation_id="verdicts_clear", tags=["gallery"], request=None, responses={200: ActSerializer})
    def delete(self, request: Request, pk: int) -> Response:
        """Takes accept or reject back; rating and star stay."""
        return answer(judge(_pool_of(pk, person_of(request)), person_of(request), [pk], decision(None)))


class PoolVerdictsView(APIView):
    """The asking person's verdicts on many samples of a pool: all of them or none."""

    @extend_schema(
        operation_id="verdicts_set_many", tags=["gallery"], request=NewVerdictsSerializer, responses=ActSerializer
    )
    def post(self, request: Request, pk: UUID) -> Response:
        pool = find(whole_pools(), person_of(request), Role.REVIEWER, POOL_LAB, pk=pk)
        given = NewVerdictsSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        wanted, person = given.validated_data, person_of(request)
        if "filter" in wanted:
            matching = filter_of(wanted["filter"], pool, person)
            return answer(judge_matching(pool, person, matching, _change(wanted)))
        return answer(judge(pool, person, wanted["ids"], _change(wanted)))


class UndoView(APIView):
    """Take back the asking person's last act in a pool."""

    @extend_schema(operation_id="verdicts_undo", tags=["gallery"], request=None, responses=ActSerializer)
    def post(self, request: Request, pk: UUID) -> Response:
        pool = find(whole_pools(), person_of(request), Role.REVIEWER, POOL_LAB, pk=pk)
        return answer(undo(pool, person_of(request)))
