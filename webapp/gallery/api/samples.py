"""Samples: the pages of the gallery, and one sample with everything known of it."""

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.errors import InvalidError, NotFoundError
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.permissions import HasKey, find
from webapp.gallery.models import Pool, Sample, SampleScore, Verdict
from webapp.gallery.selectors import samples as selectors
from webapp.gallery.selectors.image_map import AREA, rows_within
from webapp.gallery.selectors.lists import Filter, id_at, listed, position_of
from webapp.gallery.selectors.pools import POOL_LAB, whole_pools
from webapp.gallery.selectors.samples import SAMPLE_LAB, Shown
from webapp.recipes.api import RecipeSerializer
from webapp.runs.api.origins import OriginSerializer

FILTERS: Final = [
    OpenApiParameter("label", str, description="Only this class."),
    OpenApiParameter("standing", str, enum=Sample.Standing.values),
    OpenApiParameter("memorised", bool),
    OpenApiParameter("disputed", bool, description="Somebody accepts it and somebody else rejects it."),
    OpenApiParameter("selection", OpenApiTypes.UUID, description="Show what this selection decided."),
    OpenApiParameter("kept", bool, description="With `selection`: only what it kept, or only what it dropped."),
    OpenApiParameter("score", str, description="With `low` or `high`: the score that must lie between them."),
    OpenApiParameter("low", float, description="At least so high."),
    OpenApiParameter("high", float, description="At most so high."),
    OpenApiParameter("rating_from", float, description="1 to 5: people's ratings are so high in the mean, at least."),
    OpenApiParameter("rating_to", float, description="1 to 5: at most so high."),
    OpenApiParameter("starred", bool, description="With the asking person's star, or without it."),
    OpenApiParameter("area", str, description=f"On the pool's map: {AREA}"),
    OpenApiParameter(
        "at", float, description="0 to 1: where the first page begins, by the pool as a whole; `previous` leads back."
    ),
    OpenApiParameter(
        "sort", str, description="`index`, `score:<name>` or `rating`; with `-` in front the highest first."
    ),
    *PAGING,
]


class SampleSerializer(serializers.Serializer[Any]):
    """One candidate, as the gallery shows it."""

    id = serializers.IntegerField()
    index = serializers.IntegerField(help_text="Row in the pool.")
    label = serializers.CharField(help_text="The class.")  # type: ignore[assignment]
    seed = serializers.CharField(help_text="A whole number of up to 63 bits, as text.")
    source = serializers.IntegerField(  # type: ignore[assignment]
        allow_null=True, help_text="Index in the version of the real image that a translation was made from."
    )
    standing = serializers.ChoiceField(choices=Sample.Standing.choices)
    memorised = serializers.BooleanField()
    disputed = serializers.BooleanField(help_text="Somebody accepts it and somebody else rejects it.")
    scores = serializers.DictField(child=serializers.FloatField())
    nearest_distance = serializers.FloatField(
        allow_null=True, help_text="To the nearest training image, in feature space."
    )
    verdict = serializers.ChoiceField(
        choices=Verdict.Value.choices, allow_null=True, help_text="The asking person's own."
    )
    rating = serializers.IntegerField(allow_null=True, help_text="The asking person's own, 1 to 5.")
    starred = serializers.BooleanField(help_text="By the asking person.")
    mean_rating = serializers.FloatField(allow_null=True, help_text="Of everybody who rated it, 1 to 5.")
    kept = serializers.BooleanField(allow_null=True, help_text="By the selection that was asked for; null without one.")
    rank = serializers.IntegerField(
        allow_null=True, help_text="From 0 within the class, best first; null when dropped."
    )
    reason = serializers.CharField(help_text="Why it was dropped; the sampler's card explains the code.")
    image_url = serializers.CharField()

    def to_representation(self, shown: Shown) -> dict[str, Any]:
        """Written out: field by field it would be a third of the time of a page."""
        sample, choice = shown.sample, shown.choice
        return {
            "id": sample.pk,
            "index": sample.index,
            "label": sample.pool.classes[sample.label],
            "seed": str(sample.seed),
            "source": sample.source,
            "standing": sample.standing,
            "memorised": sample.memorised,
            "disputed": sample.disputed,
            "scores": shown.scores,
            "nearest_distance": sample.nearest[0][1] if sample.nearest else None,
            "verdict": shown.verdict,
            "rating": shown.rating,
            "starred": shown.starred,
            "mean_rating": shown.mean_rating,
            "kept": choice.kept if choice else None,
            "rank": choice.rank if choice else None,
            "reason": choice.reason if choice else "",
            "image_url": f"{settings.BASE_PATH}/api/v1/samples/{sample.pk}/image/",
        }


SamplePage = page_of(SampleSerializer, "SamplePage")


class NeighbourSerializer(serializers.Serializer[Any]):
    """A training image that lies near a sample."""

    index = serializers.IntegerField(help_text="In the dataset version.")
    distance = serializers.FloatField()
    label = serializers.CharField()  # type: ignore[assignment]  # the field is called so, whatever the base class has
    thumbnail_url = serializers.CharField()


class VerdictSerializer(serializers.ModelSerializer[Verdict]):
    """What one person says."""

    person = serializers.CharField(source="person.name")
    value = serializers.SerializerMethodField("value_or_none")
    rating = serializers.SerializerMethodField("rating_or_none", help_text="1 to 5; null: none.")

    class Meta:
        model = Verdict
        fields = ["person", "value", "reason", "rating", "decided_at"]

    @extend_schema_field(serializers.ChoiceField(choices=Verdict.Value.choices, allow_null=True))
    def value_or_none(self, verdict: Verdict) -> str | None:
        return verdict.value or None

    def rating_or_none(self, verdict: Verdict) -> int | None:
        return verdict.rating or None


class ChoiceSerializer(serializers.Serializer[Any]):
    """What one selection decided about a sample."""

    selection = serializers.UUIDField(source="selection_id")
    number = serializers.IntegerField(source="selection.number")
    sampler = serializers.CharField(source="selection.sampler")
    kept = serializers.BooleanField()
    rank = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class ProvenanceSerializer(serializers.Serializer[Any]):
    """Where a sample comes from: enough to make it again."""

    run = serializers.UUIDField(source="pool.run_id")
    run_name = serializers.CharField(source="pool.run.name", allow_blank=True)
    recipe = RecipeSerializer(source="pool.run.recipe")
    dataset_name = serializers.CharField(source="pool.run.version.dataset.name")
    version = serializers.UUIDField(source="pool.run.version_id")
    version_number = serializers.IntegerField(source="pool.run.version.number")
    content_hash = serializers.CharField(source="pool.run.version.content_hash")
    checkpoint_sha256 = serializers.CharField(source="pool.checkpoint_sha256")
    device = serializers.CharField(source="pool.run.device", allow_blank=True)
    origin = OriginSerializer(
        source="pool.run.import_origin", allow_null=True, help_text="Who made the image elsewhere; null for our own."
    )
    file_name = serializers.SerializerMethodField(help_text="Of an imported image, inside what was uploaded.")
    remake = serializers.SerializerMethodField(
        help_text="The command that makes the same pixels again on the server and compares them; null for an import."
    )

    def get_file_name(self, sample: Sample) -> str:
        return selectors.imported_names(sample.pool, [sample.index]).get(sample.index, "")

    def get_remake(self, sample: Sample) -> str | None:
        return None if sample.pool.run.origin else f"python manage.py remake {sample.pk}"


class SampleDetailSerializer(SampleSerializer):
    """One candidate with everything known of it."""

    pool = serializers.UUIDField(source="sample.pool_id")
    nearest = NeighbourSerializer(many=True, help_text="Nearest training images, nearest first.")
    verdicts = VerdictSerializer(many=True)
    choices = ChoiceSerializer(many=True)
    provenance = ProvenanceSerializer(source="sample")

    def to_representation(self, shown: Shown) -> dict[str, Any]:
        own = super().to_representation(shown)
        rest = (field for name, field in self.fields.items() if name not in own)
        return own | {str(field.field_name): field.to_representation(field.get_attribute(shown)) for field in rest}


class FilterSerializer(serializers.Serializer[Any]):
    """Which samples of a pool are meant; what is left out asks nothing."""

    label = serializers.CharField(required=False, allow_blank=True, help_text="Only this class.")  # type: ignore[assignment]
    standing = serializers.ChoiceField(choices=Sample.Standing.choices, required=False)
    memorised = serializers.BooleanField(required=False, allow_null=True, default=None)
    disputed = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="Somebody accepts it and somebody else rejects it."
    )
    selection = serializers.UUIDField(required=False)
    kept = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="With `selection`: what it kept, or what it dropped."
    )
    score = serializers.CharField(required=False, max_length=60, help_text="The score that low and high ask of.")
    low = serializers.FloatField(required=False, help_text="At least so high.")
    high = serializers.FloatField(required=False, help_text="At most so high.")
    rating_from = serializers.FloatField(
        required=False, min_value=1, max_value=5, help_text="People's ratings are so high in the mean, at least."
    )
    rating_to = serializers.FloatField(required=False, min_value=1, max_value=5, help_text="At most so high.")
    starred = serializers.BooleanField(
        required=False, allow_null=True, default=None, help_text="With the asking person's star, or without it."
    )
    area = serializers.CharField(required=False, help_text=f"On the pool's map: {AREA}")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("low" in attrs or "high" in attrs) and "score" not in attrs:
            raise serializers.ValidationError({"score": "Name the score that low and high ask of."})
        if attrs["kept"] is not None and "selection" not in attrs:
            raise serializers.ValidationError({"kept": "Name the `selection` that kept or dropped them, too."})
        return attrs


class PageFilterSerializer(FilterSerializer):
    """The query of a gallery page."""

    sort = serializers.CharField(max_length=80, default="index")
    at = serializers.FloatField(min_value=0, max_value=1, required=False)


class PoolSamplesView(APIView):
    """The samples of a pool, page by page."""

    @extend_schema(operation_id="samples_list", tags=["gallery"], parameters=FILTERS, responses=SamplePage)
    def get(self, request: Request, pk: UUID) -> Response:
        person = person_of(request)
        pool = find(whole_pools(), person, Role.VIEWER, POOL_LAB, pk=pk)
        wanted, sort, at = _read_filter(request, pool, person)
        score = None if sort == "index" else _score_name(sort, pool)
        sign = "-" if sort.startswith("-") else ""
        listing = listed(pool, wanted, score)

        def render(rows: list[Any]) -> Any:
            samples = [listing.sample(row) for row in rows]
            return SampleSerializer(selectors.shown(samples, person, wanted.selection), many=True).data

        begin = None if not at else position_of(pool, score, at, descending=bool(sign))
        if begin is not None and listing.order == ("sample_id",):
            begin = id_at(pool, int(begin))
        return paginate(request, listing.rows, [f"{sign}{name}" for name in listing.order], render, begin=begin)


class SampleView(APIView):
    """One sample."""

    @extend_schema(operation_id="samples_get", tags=["gallery"], responses=SampleDetailSerializer)
    def get(self, request: Request, pk: int) -> Response:
        person = person_of(request)
        sample = find(selectors.all_samples(), person, Role.VIEWER, SAMPLE_LAB, pk=pk)
        return Response(SampleDetailSerializer(selectors.detail_of(sample, person)).data)


def _read_filter(request: Request, pool: Pool, person: HasKey) -> tuple[Filter, str, float | None]:
    """Filter, sort and where to begin. Raises: ValidationError; NotFoundError for a selection from another pool."""
    given = PageFilterSerializer(data=request.query_params)
    given.is_valid(raise_exception=True)
    values = dict(given.validated_data)
    sort, at = str(values.pop("sort")), values.pop("at", None)
    return filter_of(values, pool, person), sort, at


def filter_of(values: Mapping[str, Any], pool: Pool, person: HasKey) -> Filter:
    """What a FilterSerializer read, as the person asks it of this pool.

    Raises: InvalidError for a class or score that the pool lacks, or an area that is none; NotFoundError for a
    selection from another pool, or an area where there is no map; GoneError.
    """
    wanted = dict(values)
    if (label := wanted.pop("label", "")) != "":
        if label not in pool.classes:
            message = f"Choose one of: {', '.join(pool.classes)}."
            raise InvalidError(f"label is {label[:40]!r}. {message}", fields={"label": [message]})
        wanted["label"] = pool.classes.index(label)
    if (score := wanted.get("score")) is not None and score not in pool.score_names:
        message = f"Choose one of: {', '.join(pool.score_names)}."
        raise InvalidError(f"score is {score[:40]!r}. {message}", fields={"score": [message]})
    if (area := wanted.pop("area", None)) is not None:
        wanted["rows"] = tuple(rows_within(pool, area))
    if (selection_id := wanted.pop("selection", None)) is not None:
        wanted["selection"] = pool.selections.filter(pk=selection_id).first()
        if wanted["selection"] is None:
            raise NotFoundError("This pool has no such selection.")
    return Filter(**wanted, person=person.pk)


def _score_name(sort: str, pool: Pool) -> str:
    kind, _, name = sort.removeprefix("-").partition(":")
    if (kind, name) == ("rating", ""):
        return SampleScore.RATING
    if kind != "score" or name not in pool.score_names:
        choices = ", ".join(["rating", *(f"score:{name}" for name in pool.score_names)])
        message = f"sort: found {sort!r}, expected index or one of {choices}, with - in front for the highest first."
        raise InvalidError(message, fields={"sort": [message]})
    return name
