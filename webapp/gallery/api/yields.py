"""What each sampler would keep of a pool that is not drawn yet."""

from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml.catalog import BadBudgetError
from webapp.accounts.authentication import person_of
from webapp.core.errors import InvalidError
from webapp.core.permissions import Scope
from webapp.datasets.selectors import version_for
from webapp.gallery.selectors.yields import foretold_yields
from webapp.recipes.api import NewRecipeSerializer


class YieldsAskedSerializer(serializers.Serializer[Any]):
    """A recipe whose budget and pool factor are to be filled from a dataset version."""

    version = serializers.UUIDField()
    recipe = NewRecipeSerializer()


class ForetoldYieldSerializer(serializers.Serializer[Any]):
    """What one sampler would keep: the recipe's own with its settings, another with its defaults."""

    sampler = serializers.CharField()
    kept = serializers.IntegerField(allow_null=True, help_text="Images; null: not known yet.")
    least = serializers.IntegerField(allow_null=True)
    most = serializers.IntegerField(allow_null=True)
    is_certain = serializers.BooleanField(help_text="By rule; else told from earlier selections of the lab.")
    num_selections = serializers.IntegerField(help_text="From so many it is told.")
    told_from = serializers.CharField(help_text="From what it is told, for a person.")


class ForetoldYieldsSerializer(serializers.Serializer[Any]):
    """All samplers side by side."""

    asked = serializers.IntegerField(help_text="Images that the budget asks for.")
    num_candidates = serializers.IntegerField()
    samplers = ForetoldYieldSerializer(many=True)


class YieldsView(APIView):
    """How many candidates each sampler would keep."""

    token_scopes: ClassVar = {"POST": Scope.RUN}

    @extend_schema(
        operation_id="selections_yields",
        tags=["gallery"],
        request=YieldsAskedSerializer,
        responses={200: ForetoldYieldsSerializer},
    )
    def post(self, request: Request) -> Response:
        given = YieldsAskedSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        person = person_of(request)
        version = version_for(person, given.validated_data["version"])
        try:
            asked, drawn, samplers = foretold_yields(person, version, given.validated_data["recipe"])
        except BadBudgetError as error:
            fields = {"recipe.budget": [error.message]}
            raise InvalidError(error.message, code=error.code, fields=fields) from None
        told = {"asked": asked, "num_candidates": drawn, "samplers": samplers}
        return Response(ForetoldYieldsSerializer(told).data)
