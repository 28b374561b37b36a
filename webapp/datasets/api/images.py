"""Images of a version: which there are, how they spread over classes, sizes and brightness, and their bytes."""

import uuid
from typing import Any, ClassVar, Final

from django.conf import settings
from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.core import bucket, storage
from webapp.core.downloads import send_file
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.permissions import Scope
from webapp.datasets import selectors
from webapp.datasets.models import DatasetImage

MEDIA_TYPES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".webp": "image/webp",
    ".bmp": "image/bmp",
    ".tif": "image/tiff",
    ".tiff": "image/tiff",
}
SPLITS: Final = ("train", "val", "test")


# --- what is answered -------------------------------------------------------------------------------------------
class OtherHalfSerializer(serializers.Serializer[Any]):
    """The half A of a pair."""

    name = serializers.CharField()
    thumbnail = serializers.CharField(help_text="Address of a small picture, a label map in colours.")
    original = serializers.CharField(help_text="Address of the bytes as they were uploaded.")


class DatasetImageSerializer(serializers.ModelSerializer[DatasetImage]):
    """One real image."""

    thumbnail = serializers.SerializerMethodField(help_text="Address of a small picture, 256 pixels at most.")
    original = serializers.SerializerMethodField(help_text="Address of the bytes as they were uploaded.")
    near = serializers.IntegerField(
        allow_null=True, help_text="Index of the first of its near duplicates; null when it has none."
    )

    issues = serializers.SerializerMethodField()
    pair = serializers.SerializerMethodField(
        help_text="Its other half A, where it is half of a pair; null, too, where one file holds both."
    )
    attributes = serializers.CharField(
        help_text="For each attribute of the version one sign: 1 has it, 0 lacks it, ? nobody said."
    )
    brightness = serializers.FloatField(allow_null=True, help_text="Mean grey, 0 to 255; null where not measured.")
    sharpness = serializers.FloatField(
        allow_null=True, help_text="Fine detail beside coarser: about 1 where sharp, 0.25 where all is smooth."
    )
    entropy = serializers.FloatField(allow_null=True, help_text="Of the greys, 0 to 8 bits.")

    class Meta:
        model = DatasetImage
        fields = [
            "index",
            "name",
            "label",
            "split",
            "sha256",
            "width",
            "height",
            "is_grey",
            "size_bytes",
            "near",
            "issues",
            "brightness",
            "sharpness",
            "entropy",
            "thumbnail",
            "original",
            "pair",
            "attributes",
        ]

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(DatasetImage.Issue.choices)))
    def get_issues(self, image: DatasetImage) -> list[str]:
        near = [DatasetImage.Issue.NEAR_DUPLICATES.value] if image.near is not None else []
        return [*image.issues.split(), *near]

    def get_thumbnail(self, image: DatasetImage) -> str:
        return f"{_address(image)}/thumbnail/"

    def get_original(self, image: DatasetImage) -> str:
        return f"{_address(image)}/original/"

    @extend_schema_field(OtherHalfSerializer(allow_null=True))
    def get_pair(self, image: DatasetImage) -> dict[str, str] | None:
        if image.pair_sha256 in ("", image.sha256):
            return None
        address = f"{_address(image)}/pair"
        return {"name": image.pair_name, "thumbnail": f"{address}/thumbnail/", "original": f"{address}/original/"}


def _address(image: DatasetImage) -> str:
    return f"{settings.BASE_PATH}/api/v1/versions/{image.version_id}/images/{image.index}"


class BarSerializer(serializers.Serializer[Any]):
    """How many images lie between two values; the upper one is not included."""

    low = serializers.IntegerField()
    high = serializers.IntegerField()
    images = serializers.IntegerField()


class AttributeBalanceSerializer(serializers.Serializer[Any]):
    """How many images have an attribute, lack it, or do not say."""

    name = serializers.CharField()
    has = serializers.IntegerField()
    lacks = serializers.IntegerField()
    unknown = serializers.IntegerField()


class AttributesTogetherSerializer(serializers.Serializer[Any]):
    """How often training images have two attributes at once."""

    attributes = serializers.ListField(child=serializers.CharField())
    images = serializers.ListField(child=serializers.IntegerField(), help_text="That have each attribute.")
    matrix = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="Row i, column j: of the images that have i, the share that has j; null where none has i.",
    )


class ChartsSerializer(serializers.Serializer[Any]):
    """How images spread; each chart obeys the filters but its own, so that its other bars stay in sight."""

    images = serializers.IntegerField(help_text="Images that match all filters.")
    classes = serializers.DictField(
        child=serializers.DictField(child=serializers.IntegerField()),
        help_text="Split -> class -> images; obeys the filters but label and split.",
    )
    brightness = BarSerializer(many=True, help_text="By mean grey, 0 to 255; empty where nothing was measured.")
    side = BarSerializer(many=True, help_text="By the longer side, in pixels.")
    attributes = AttributeBalanceSerializer(many=True, help_text="In the version's order; empty where it has none.")


class ImageIndicesSerializer(serializers.Serializer[Any]):
    """The indices of all images that match."""

    indices = serializers.ListField(child=serializers.IntegerField())


DatasetImagePage = page_of(DatasetImageSerializer, "DatasetImagePage")


# --- what is asked ----------------------------------------------------------------------------------------------
class ImageFilterSerializer(serializers.Serializer[Any]):
    """Which images of a version are meant; what is left out asks nothing."""

    label = serializers.CharField(  # type: ignore[assignment]  # a field of that name, not the caption
        required=False, allow_blank=True, trim_whitespace=False, max_length=255, help_text="Only this class."
    )
    split = serializers.ChoiceField(choices=SPLITS, required=False, allow_blank=True)
    issue = serializers.ChoiceField(choices=DatasetImage.Issue.choices, required=False, allow_blank=True)
    attribute = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=260,
        help_text="An attribute, a colon, and 1 for images that have it, 0 that lack it, ? of which nobody said.",
    )
    brightness_from = serializers.FloatField(required=False, help_text="Mean grey, 0 to 255, at least.")
    brightness_to = serializers.FloatField(required=False, help_text="Mean grey below this.")
    side_from = serializers.IntegerField(required=False, help_text="Longer side in pixels, at least.")
    side_to = serializers.IntegerField(required=False, help_text="Longer side below this.")


def _read_filter(request: Request) -> dict[str, Any]:
    """Raises: ValidationError."""
    given = ImageFilterSerializer(data=request.query_params)
    given.is_valid(raise_exception=True)
    return dict(given.validated_data)


# --- lists and charts -------------------------------------------------------------------------------------------
class VersionImagesView(APIView):
    """Images of a version, in index order."""

    @extend_schema(
        operation_id="versions_images",
        tags=["versions"],
        responses=DatasetImagePage,
        parameters=[ImageFilterSerializer, *PAGING],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        version = selectors.version_for(person_of(request), pk)
        rows = selectors.images_of(version, _read_filter(request))
        return paginate(
            request, rows, selectors.IMAGE_ORDER, lambda page: DatasetImageSerializer(page, many=True).data, 100
        )


class ImageIndicesView(APIView):
    """Every image of a version that matches, by index: what a person means who marks all."""

    @extend_schema(
        operation_id="versions_image_indices",
        tags=["versions"],
        responses=ImageIndicesSerializer,
        parameters=[ImageFilterSerializer],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        version = selectors.version_for(person_of(request), pk)
        rows = selectors.images_of(version, _read_filter(request))
        return Response({"indices": list(rows.order_by("index").values_list("index", flat=True))})


class VersionChartsView(APIView):
    """How the images of a version spread over classes and splits, brightness and size."""

    @extend_schema(
        operation_id="versions_charts",
        tags=["versions"],
        responses=ChartsSerializer,
        parameters=[ImageFilterSerializer],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        version = selectors.version_for(person_of(request), pk)
        return Response(selectors.charts_of(version, _read_filter(request))._asdict())


class VersionAttributesView(APIView):
    """Which attributes the training images of a version have together."""

    @extend_schema(operation_id="versions_attributes", tags=["versions"], responses=AttributesTogetherSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        version = selectors.version_for(person_of(request), pk)
        return Response(selectors.attributes_together(version)._asdict())


# --- bytes ------------------------------------------------------------------------------------------------------
PICTURES: Final = {(200, kind): OpenApiTypes.BINARY for kind in ("image/jpeg", "image/webp")}
ORIGINALS: Final = {(200, "application/octet-stream"): OpenApiResponse(OpenApiTypes.BINARY)}


class ThumbnailView(APIView):
    """A small picture of an image, made by the server."""

    @extend_schema(operation_id="versions_thumbnail", tags=["versions"], responses=PICTURES)
    def get(self, request: Request, pk: uuid.UUID, index: int) -> HttpResponseBase:
        return _send_thumbnail(request, selectors.stored_image(person_of(request), pk, index))


class PairThumbnailView(APIView):
    """A small picture of the half A of a pair; a label map in colours."""

    @extend_schema(operation_id="versions_pair_thumbnail", tags=["versions"], responses=PICTURES)
    def get(self, request: Request, pk: uuid.UUID, index: int) -> HttpResponseBase:
        return _send_thumbnail(request, selectors.stored_image(person_of(request), pk, index, pair=True))


def _send_thumbnail(request: Request, image: selectors.StoredImage) -> HttpResponseBase:
    picture, other = storage.thumbnail_files(image.lab_id, image.sha256)
    path = picture if bucket.pull(picture) or not bucket.pull(other) else other
    return send_file(request._request, path, content_type=MEDIA_TYPES[path.suffix], etag=image.sha256)


class OriginalView(APIView):
    """The bytes as they were uploaded, always as a download: they are never shown inside this site."""

    token_scopes: ClassVar = {"GET": Scope.EXPORT}

    @extend_schema(operation_id="versions_original", tags=["versions"], responses=ORIGINALS)
    def get(self, request: Request, pk: uuid.UUID, index: int) -> HttpResponseBase:
        return _send_original(request, selectors.stored_image(person_of(request), pk, index), f"{index:06d}")


class PairOriginalView(APIView):
    """The same of the half A of a pair."""

    token_scopes: ClassVar = {"GET": Scope.EXPORT}

    @extend_schema(operation_id="versions_pair_original", tags=["versions"], responses=ORIGINALS)
    def get(self, request: Request, pk: uuid.UUID, index: int) -> HttpResponseBase:
        image = selectors.stored_image(person_of(request), pk, index, pair=True)
        return _send_original(request, image, f"{index:06d}-other-half")


def _send_original(request: Request, image: selectors.StoredImage, name: str) -> HttpResponseBase:
    return send_file(
        request._request,
        storage.object_file(image.lab_id, image.sha256, image.suffix),
        content_type=MEDIA_TYPES.get(image.suffix, "application/octet-stream"),
        etag=f"{image.sha256}-original",
        download_name=f"{name}{image.suffix}",
    )
