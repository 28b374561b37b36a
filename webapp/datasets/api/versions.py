"""Next versions of a dataset, and how one version differs from another."""

import unicodedata
import uuid
from typing import Any, Final

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.errors import InvalidError, NotFoundError
from webapp.core.queries import read_uuid
from webapp.datasets import selectors, services
from webapp.datasets.api.datasets import DatasetVersionSerializer, find_upload
from webapp.datasets.models import Dataset, DatasetVersion
from webapp.datasets.services.interruptions import cancel_ingest, retry_ingest
from webapp.datasets.services.versions import Choice, Edits

MAX_CHOSEN: Final = 200_000


# --- what is asked ----------------------------------------------------------------------------------------------
class ChoiceSerializer(serializers.Serializer[Any]):
    """Some images by their index, and whole classes."""

    images = serializers.ListField(child=serializers.IntegerField(min_value=0), max_length=MAX_CHOSEN, default=list)
    classes = serializers.ListField(child=serializers.CharField(max_length=255), max_length=10_000, default=list)


class RelabelSerializer(ChoiceSerializer):
    """The images that get one label."""

    label = serializers.CharField(max_length=255)  # type: ignore[assignment]  # a field of that name, not the caption


class ResplitSerializer(serializers.Serializer[Any]):
    """All splits drawn anew."""

    seed = serializers.IntegerField(min_value=0, max_value=2**63 - 1, default=0)
    fractions = serializers.ListField(
        child=serializers.FloatField(min_value=0, max_value=1),
        min_length=3,
        max_length=3,
        default=[0.8, 0.1, 0.1],
        help_text="Shares of train, val and test; they add up to 1.",
    )

    def validate_fractions(self, value: list[float]) -> list[float]:
        if abs(sum(value) - 1) > 1e-6 or value[0] == 0:
            raise serializers.ValidationError("Give shares of train, val and test that add up to 1, the first above 0.")
        return value


class NewVersionSerializer(serializers.Serializer[Any]):
    """Images of a complete upload alone, or those of a version of the dataset with what is to differ; or both."""

    upload = serializers.UUIDField(required=False)
    base = serializers.UUIDField(required=False, help_text="The version that the next one is made from.")
    exclude = ChoiceSerializer(required=False)
    relabel = RelabelSerializer(many=True, required=False)
    resplit = ResplitSerializer(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if "base" not in attrs and ("upload" not in attrs or attrs.keys() & {"exclude", "relabel", "resplit"}):
            raise serializers.ValidationError({"base": "Name the version that the next one is made from."})
        labels = [part["label"] for part in attrs.get("relabel", [])]
        if len(set(labels)) != len(labels):
            raise serializers.ValidationError({"relabel": "Name each label once."})
        return attrs


class DifferenceSerializer(serializers.Serializer[Any]):
    """How a version differs from another one; images are the same when their bytes are."""

    other = serializers.IntegerField(help_text="Number of the other version.")
    added = serializers.IntegerField(help_text="Images that the other version does not have.")
    removed = serializers.IntegerField(help_text="Images that only the other version has.")
    relabelled = serializers.IntegerField(help_text="Images of both with another label.")
    moved = serializers.IntegerField(help_text="Images of both, with the same label, in another split.")
    unchanged = serializers.IntegerField()


# --- next versions ----------------------------------------------------------------------------------------------
class DatasetVersionsView(APIView):
    """Another version of a dataset; the ones before it stay as they are."""

    @extend_schema(
        operation_id="datasets_add_version",
        tags=["datasets"],
        request=NewVersionSerializer,
        responses={202: DatasetVersionSerializer},
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """A version made from an earlier one shares its files; images of its upload are added to it."""
        given = NewVersionSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person, values = person_of(request), given.validated_data
        dataset = selectors.dataset_for(person, pk, Role.RESEARCHER)
        upload = find_upload(person, values["upload"]) if "upload" in values else None
        if "base" not in values:
            version = services.add_version(dataset, upload=upload)
        else:
            resplit = values.get("resplit")
            version = services.next_version(
                _base_of(dataset, values["base"]),
                _edits(values),
                upload=upload,
                split_seed=resplit["seed"] if resplit else None,
                split_fractions=resplit["fractions"] if resplit else (),
            )
        return Response(DatasetVersionSerializer(version).data, status=202)


def _base_of(dataset: Dataset, pk: uuid.UUID) -> DatasetVersion:
    """Raises: InvalidError."""
    version = dataset.versions.filter(pk=pk).first()
    if version is None:
        message = "The dataset has no such version."
        raise InvalidError(message, fields={"base": [message]})
    return version


def _edits(values: dict[str, Any]) -> Edits:
    relabel = {
        unicodedata.normalize("NFC", part["label"]): Choice(part["images"], part["classes"])
        for part in values.get("relabel", [])
    }
    return Edits(Choice(**values.get("exclude", {})), relabel, resplit="resplit" in values)


class VersionDifferenceView(APIView):
    """How a version differs from another one of its dataset."""

    @extend_schema(
        operation_id="versions_difference",
        tags=["versions"],
        responses=DifferenceSerializer,
        parameters=[
            OpenApiParameter(
                "other",
                OpenApiTypes.UUID,
                description="Left out: what it was made from, or the one numbered before it.",
            )
        ],
    )
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        person = person_of(request)
        version = selectors.version_for(person, pk)
        named = read_uuid(request, "other")
        other = selectors.version_for(person, named) if named else selectors.version_before(version)
        if other is None or other.dataset_id != version.dataset_id:
            raise NotFoundError("There is no other version of this dataset to compare it with.")
        return Response({"other": other.number, **selectors.difference(version, other)._asdict()})


# --- an ingest under way ----------------------------------------------------------------------------------------
class VersionCancelView(APIView):
    """Nothing is to be made of what was uploaded."""

    @extend_schema(
        operation_id="versions_cancel", tags=["versions"], request=None, responses={202: DatasetVersionSerializer}
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        """The uploaded bytes stay for three days, so that it can be tried again."""
        version = selectors.version_for(person_of(request), pk, Role.RESEARCHER)
        return Response(DatasetVersionSerializer(cancel_ingest(version)).data, status=202)


class VersionRetryView(APIView):
    """What was uploaded is read once more."""

    @extend_schema(
        operation_id="versions_retry", tags=["versions"], request=None, responses={202: DatasetVersionSerializer}
    )
    def post(self, request: Request, pk: uuid.UUID) -> Response:
        version = selectors.version_for(person_of(request), pk, Role.RESEARCHER)
        return Response(DatasetVersionSerializer(retry_ingest(version)).data, status=202)
