"""Blind tests: real or synthetic? What an image is, is not told before the last answer."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.errors import ConflictError, NotFoundError
from webapp.core.headers import SANDBOX
from webapp.core.permissions import find
from webapp.gallery.models import BlindTest, BlindTrial
from webapp.gallery.selectors import blind as selectors
from webapp.gallery.selectors.pools import POOL_LAB, whole_pools
from webapp.gallery.services.blind import SIZES, answer_trial, begin_blind_test, give_up


class HitRateSerializer(serializers.Serializer[Any]):
    """Right answers; low and high bound Wilson's 95 % interval."""

    num_right = serializers.IntegerField()
    num_images = serializers.IntegerField()
    share = serializers.FloatField()
    low = serializers.FloatField()
    high = serializers.FloatField()


class TakenForSerializer(serializers.Serializer[Any]):
    """How many images were taken for what."""

    real = serializers.IntegerField()
    synthetic = serializers.IntegerField()


class TruthTableSerializer(serializers.Serializer[Any]):
    """What the images were, and what they were taken for."""

    real = TakenForSerializer()
    synthetic = TakenForSerializer()


class TrialSerializer(serializers.ModelSerializer[BlindTrial]):
    """One image of a finished test."""

    label = serializers.SerializerMethodField("label_of", help_text="The class.")  # type: ignore[assignment]

    class Meta:
        model = BlindTrial
        fields = ["place", "truth", "answer", "label"]

    def label_of(self, trial: BlindTrial) -> str:
        return str(self.context["classes"][trial.label])


class BlindResultSerializer(serializers.Serializer[Any]):
    """What a finished test showed. Who cannot tell real from synthetic is right half of the time."""

    hit_rate = HitRateSerializer()
    by_class = serializers.DictField(child=HitRateSerializer())
    table = TruthTableSerializer(help_text="What the images were, and then what they were taken for.")
    trials = TrialSerializer(many=True)


class BlindTestSerializer(serializers.ModelSerializer[BlindTest]):
    """A person tells real training images from samples of a pool."""

    pool = serializers.UUIDField(source="pool_id")
    person = serializers.CharField(source="person.name")
    selection = serializers.IntegerField(
        source="selection.number",
        allow_null=True,
        default=None,
        help_text="Whose kept samples; null: of the whole pool.",
    )
    answered = serializers.SerializerMethodField(help_text="The places that have an answer, and which.")
    result = serializers.SerializerMethodField(help_text="Null until the last answer.")

    class Meta:
        model = BlindTest
        fields = ["id", "pool", "person", "selection", "num_images", "created_at", "finished_at", "answered", "result"]

    @extend_schema_field(serializers.DictField(child=serializers.ChoiceField(choices=BlindTrial.Answer.choices)))
    def get_answered(self, test: BlindTest) -> dict[str, str]:
        rows = test.trials.exclude(answer="").order_by("place").values_list("place", "answer")
        return {str(place): answer for place, answer in rows}

    @extend_schema_field(BlindResultSerializer(allow_null=True))
    def get_result(self, test: BlindTest) -> Any:
        if test.finished_at is None:
            return None
        trials = list(test.trials.order_by("place"))
        found = {
            "hit_rate": selectors.hit_rate(test.num_right, test.num_images),
            "by_class": selectors.by_class(test.pool, trials),
            "table": selectors.table_of(trials),
            "trials": trials,
        }
        return BlindResultSerializer(found, context={"classes": test.pool.classes}).data


class FinishedBlindTestSerializer(serializers.ModelSerializer[BlindTest]):
    """A finished test in a list."""

    person = serializers.CharField(source="person.name")
    hit_rate = serializers.SerializerMethodField()

    class Meta:
        model = BlindTest
        fields = ["id", "person", "finished_at", "hit_rate"]

    @extend_schema_field(HitRateSerializer)
    def get_hit_rate(self, test: BlindTest) -> Any:
        return HitRateSerializer(selectors.hit_rate(test.num_right, test.num_images)).data


class PeopleSerializer(serializers.Serializer[Any]):
    """The mean of people's hit rates, each person once; low and high: Student's 95 % interval, of two on."""

    num_people = serializers.IntegerField()
    mean = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class BlindTestsSerializer(serializers.Serializer[Any]):
    """The blind tests of a pool."""

    unfinished = serializers.UUIDField(allow_null=True, help_text="The asking person's own test to go on with.")
    people = PeopleSerializer(allow_null=True, help_text="Over everybody; null before the first test is finished.")
    finished = FinishedBlindTestSerializer(many=True, help_text=f"The latest {selectors.SHOWN}, the newest first.")


class NewBlindTestSerializer(serializers.Serializer[Any]):
    """Which images are mixed."""

    num_images = serializers.ChoiceField(choices=SIZES, help_text="Half of them are real.")
    selection = serializers.UUIDField(
        required=False, allow_null=True, help_text="Samples that this selection kept; without it, of the whole pool."
    )


class AnswerSerializer(serializers.Serializer[Any]):
    """What an image is taken for."""

    answer = serializers.ChoiceField(choices=BlindTrial.Answer.choices)


class PoolBlindTestsView(APIView):
    """The blind tests of a pool."""

    @extend_schema(operation_id="blind_tests_list", tags=["gallery"], responses=BlindTestsSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        pool = find(whole_pools(), person_of(request), Role.VIEWER, POOL_LAB, pk=pk)
        own = selectors.unfinished_of(pool, person_of(request))
        told = {
            "unfinished": own and own.pk,
            "people": selectors.people_in(pool),
            "finished": selectors.finished_in(pool),
        }
        return Response(BlindTestsSerializer(told).data)

    @extend_schema(
        operation_id="blind_tests_begin",
        tags=["gallery"],
        request=NewBlindTestSerializer,
        responses={201: BlindTestSerializer},
    )
    def post(self, request: Request, pk: UUID) -> Response:
        rows = whole_pools().select_related("run")
        pool = find(rows, person_of(request), Role.REVIEWER, POOL_LAB, pk=pk)
        given = NewBlindTestSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        selection = None
        if (wanted := given.validated_data.get("selection")) is not None:
            selection = pool.selections.filter(pk=wanted).first()
            if selection is None:
                raise NotFoundError("This pool has no such selection.")
        test = begin_blind_test(pool, person_of(request), given.validated_data["num_images"], selection)
        return Response(BlindTestSerializer(test).data, status=status.HTTP_201_CREATED)


class BlindTestView(APIView):
    """One blind test: one's own, or a finished one of the lab."""

    @extend_schema(operation_id="blind_tests_get", tags=["gallery"], responses=BlindTestSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        return Response(BlindTestSerializer(_test(request, pk)).data)

    @extend_schema(operation_id="blind_tests_give_up", tags=["gallery"], request=None, responses={204: None})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Give up an unfinished test of one's own; nothing of it is kept."""
        give_up(_test(request, pk, Role.REVIEWER))
        return Response(status=status.HTTP_204_NO_CONTENT)


class BlindImageView(APIView):
    """The pixels of one image; its length, name and headers are those of any other of the test."""

    @extend_schema(
        operation_id="blind_tests_image",
        tags=["gallery"],
        responses={(200, "image/png"): OpenApiResponse(OpenApiTypes.BINARY)},
    )
    def get(self, request: Request, pk: UUID, place: int) -> HttpResponseBase:
        test = _test(request, pk)
        trial = test.trials.filter(place=place).first()
        if trial is None:
            raise NotFoundError
        return HttpResponse(
            selectors.trial_png(test, trial),
            content_type="image/png",
            headers={
                "Cache-Control": "private, max-age=3600",
                "Vary": "Cookie, Authorization",
                "Content-Security-Policy": SANDBOX,
            },
        )


class BlindAnswerView(APIView):
    """What one takes an image for; the last answer brings the result."""

    @extend_schema(
        operation_id="blind_tests_answer", tags=["gallery"], request=AnswerSerializer, responses=BlindTestSerializer
    )
    def put(self, request: Request, pk: UUID, place: int) -> Response:
        test = _test(request, pk, Role.REVIEWER)
        if test.person_id != person_of(request).pk:
            raise ConflictError("This is somebody else's blind test; begin one of your own.", code="finished")
        given = AnswerSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        answer_trial(test, place, given.validated_data["answer"])
        return Response(BlindTestSerializer(_test(request, pk)).data)


def _test(request: Request, pk: UUID, role: str = Role.VIEWER) -> BlindTest:
    """Raises: NotFoundError, also for one that somebody else is in the middle of; ForbiddenError."""
    test = find(selectors.all_blind_tests(), person_of(request), role, selectors.BLIND_LAB, pk=pk)
    if test.finished_at is None and test.person_id != person_of(request).pk:
        raise NotFoundError
    return test
