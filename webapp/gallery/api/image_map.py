"""The map of a pool: its samples and the training images on one plane."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Role
from webapp.core.downloads import FOREVER
from webapp.core.permissions import find
from webapp.gallery.selectors.image_map import SIDE, VIEWS, Columns, ImageMap, map_of
from webapp.gallery.selectors.pools import POOL_LAB, all_pools


def _numbers(help_text: str) -> Any:
    return serializers.ListField(child=serializers.IntegerField(), help_text=help_text)


class PlacesSerializer(serializers.Serializer[Columns]):
    """Images on the plane, as columns: the same place in each list is one image."""

    keys = _numbers("Of training images the index in the dataset version, of samples the pool's row.")
    labels = _numbers("Indexes into the pool's classes.")
    x = _numbers(f"0 to {SIDE}.")
    y = _numbers(f"0 to {SIDE}.")

    def to_representation(self, columns: Columns) -> dict[str, Any]:
        return {name: columns[:, place].tolist() for place, name in enumerate(("keys", "labels", "x", "y"))}


class MapViewSerializer(serializers.Serializer[Any]):
    """One way to lay the images out."""

    name = serializers.ChoiceField(
        choices=VIEWS,
        help_text="pca: the two directions in which the training images differ most; tsne: neighbours stay neighbours.",
    )
    real = PlacesSerializer(help_text="Training images.")
    samples = PlacesSerializer()


class PoolMapSerializer(serializers.Serializer[ImageMap]):
    """Training images and samples as the in-domain encoder sees them. Of many a fixed part is on the map."""

    num_real = serializers.IntegerField(help_text="Training images there are.")
    num_samples = serializers.IntegerField(help_text="Samples there are.")
    views = MapViewSerializer(many=True)

    def to_representation(self, found: ImageMap) -> dict[str, Any]:
        places = PlacesSerializer()
        return {
            "num_real": found.num_real,
            "num_samples": found.num_samples,
            "views": [
                {
                    "name": name,
                    "real": places.to_representation(view.real),
                    "samples": places.to_representation(view.samples),
                }
                for name, view in found.views.items()
            ],
        }


class PoolMapView(APIView):
    """Where samples and training images lie. It never changes."""

    @extend_schema(operation_id="pools_map", tags=["gallery"], responses=PoolMapSerializer)
    def get(self, request: Request, pk: UUID) -> Response:
        pool = find(all_pools(), person_of(request), Role.VIEWER, POOL_LAB, pk=pk)
        answer = Response(PoolMapSerializer(map_of(pool)).data)
        answer["Cache-Control"] = FOREVER
        answer["Vary"] = "Cookie, Authorization"
        return answer
