"""Finding a thing by what it is called, whichever kind of thing it is."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.queries import read_choice, read_text, read_uuid
from webapp.recipes.models import Recipe
from webapp.runs.models import Run
from webapp.search import selectors
from webapp.search.selectors import Found
from webapp.studies.models import Study

FEW = 20
FILTERS = [
    OpenApiParameter("q", str, description="Words that all stand in the name, or an id; empty finds everything."),
    OpenApiParameter("lab", OpenApiTypes.UUID, description="Only this lab's."),
    OpenApiParameter("noun", str, enum=list(selectors.NOUNS), description="Only things of this kind."),
]


class FoundSerializer(serializers.Serializer[Any]):
    """A dataset, saved recipe, run or study."""

    noun = serializers.ChoiceField(choices=selectors.NOUNS)
    id = serializers.UUIDField()
    name = serializers.CharField(help_text="Its own, or what stands for one.")
    about = serializers.CharField(help_text="A few words more.")
    created_at = serializers.DateTimeField()
    is_archived = serializers.BooleanField()


FoundPage = page_of(FoundSerializer, "FoundPage")


class SearchView(APIView):
    """Datasets, saved recipes, runs and studies of the person's labs, the newest first; put away ones, too."""

    @extend_schema(operation_id="search", tags=["search"], responses=FoundPage, parameters=[*FILTERS, *PAGING])
    def get(self, request: Request) -> Response:
        text = read_text(request, "q", selectors.MAX_SIGNS)
        noun = read_choice(request, "noun", selectors.NOUNS)
        rows = selectors.found(person_of(request), text, read_uuid(request, "lab"), noun)
        return paginate(
            request,
            rows,
            ("-created_at", "-id"),
            lambda page: FoundSerializer([_told(row) for row in page], many=True).data,
            default_limit=FEW,
        )


def _told(row: Found) -> dict[str, Any]:
    return {
        "noun": row._meta.model_name,
        "id": row.pk,
        "name": str(row),
        "about": _about(row),
        "created_at": row.created_at,
        "is_archived": row.archived_at is not None,
    }


def _about(row: Found) -> str:
    if isinstance(row, Run):
        return f"{row.recipe.model} on {row.version}, {row.state}"
    if isinstance(row, Study):
        return f"Study on {row.version}, {row.state}"
    if isinstance(row, Recipe):
        return f"Recipe {row.number}, {row.model}"
    return row.kind.replace("_", " ") or "being read"
