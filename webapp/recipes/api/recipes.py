"""Saved recipes, and budgets as they are asked for."""

import uuid
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from webapp.accounts.authentication import person_of
from webapp.accounts.models import Lab, Role
from webapp.core import lifecycle
from webapp.core.errors import InvalidError
from webapp.core.lifecycle import (
    ARCHIVED,
    WITH_DEPENDENTS,
    ChangeSerializer,
    DeletionSerializer,
    not_archived,
    read_change,
    tell_deletion,
)
from webapp.core.pagination import PAGING, page_of, paginate
from webapp.core.permissions import find
from webapp.core.queries import read_uuid
from webapp.recipes import selectors, services
from webapp.recipes.models import Recipe

MAX_SEED = 2**53 - 1
"""Beyond it a browser rounds whole numbers."""


# --- budgets ----------------------------------------------------------------------------------------------------
class PerClassBudgetSerializer(serializers.Serializer[Any]):
    """The same number for every class."""

    kind = serializers.ChoiceField(choices=["per_class"])
    count = serializers.IntegerField(help_text="Synthetic images to keep of every class.")


class FillToLargestBudgetSerializer(serializers.Serializer[Any]):
    """As many as every class lacks to the size of the largest one."""

    kind = serializers.ChoiceField(choices=["fill_to_largest"])


class FillToBudgetSerializer(serializers.Serializer[Any]):
    """As many as every class lacks to a number of real and synthetic images together."""

    kind = serializers.ChoiceField(choices=["fill_to"])
    count = serializers.IntegerField(help_text="Real training images and synthetic ones, of every class.")


class CountsBudgetSerializer(serializers.Serializer[Any]):
    """A number for each class; a class left out gets none."""

    kind = serializers.ChoiceField(choices=["counts"])
    counts = serializers.DictField(child=serializers.IntegerField())


class MultipleBudgetSerializer(serializers.Serializer[Any]):
    """A multiple of the real training images of each class."""

    kind = serializers.ChoiceField(choices=["multiple"])
    factor = serializers.FloatField(help_text="1 doubles the training set.")


BUDGET = PolymorphicProxySerializer(
    component_name="Budget",
    serializers={
        "per_class": PerClassBudgetSerializer,
        "fill_to_largest": FillToLargestBudgetSerializer,
        "fill_to": FillToBudgetSerializer,
        "counts": CountsBudgetSerializer,
        "multiple": MultipleBudgetSerializer,
    },
    resource_type_field_name="kind",
)


@extend_schema_field(BUDGET)
class BudgetField(serializers.JSONField):
    """How many synthetic images of each class; what it holds is checked by `webapp.recipes.validation`."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("The budget must be an object with a kind.")
        return data


@extend_schema_field(OpenApiTypes.OBJECT)
class SettingsField(serializers.JSONField):
    """Settings of a plug-in; what they hold is checked against its JSON Schema."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("Settings must be an object.")
        return data


# --- recipes ----------------------------------------------------------------------------------------------------
class RecipePartsSerializer(serializers.Serializer[Any]):
    """What a recipe is made of; settings left out take their defaults."""

    model = serializers.CharField(max_length=60)
    model_settings = SettingsField(required=False, default=dict)
    sampler = serializers.CharField(max_length=60)
    sampler_settings = SettingsField(required=False, default=dict)
    budget = BudgetField()
    pool_factor = serializers.FloatField(
        min_value=1, max_value=1000, required=False, default=4.0, help_text="Candidates generated per image asked for."
    )
    seed = serializers.IntegerField(min_value=0, max_value=MAX_SEED, required=False, default=0)


class NewRecipeSerializer(RecipePartsSerializer):
    """A recipe to be saved."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")


class RecipeSerializer(serializers.ModelSerializer[Recipe]):
    """A saved recipe; it is never changed, so that a run can be repeated."""

    model_settings = SettingsField()
    sampler_settings = SettingsField()
    budget = BudgetField()
    created_by = serializers.CharField(source="created_by.name", allow_null=True, default=None)

    class Meta:
        model = Recipe
        fields = [
            "id",
            "lab",
            "number",
            "name",
            "model",
            "model_settings",
            "sampler",
            "sampler_settings",
            "budget",
            "pool_factor",
            "seed",
            "created_by",
            "created_at",
            "archived_at",
        ]


class RecipeDetailSerializer(RecipeSerializer):
    """A saved recipe, and what came of it."""

    num_runs = serializers.SerializerMethodField(help_text="Runs made from it.")

    class Meta(RecipeSerializer.Meta):
        fields = [*RecipeSerializer.Meta.fields, "num_runs"]

    def get_num_runs(self, recipe: Recipe) -> int:
        counts: dict[uuid.UUID, int] = self.context["num_runs"]
        return counts.get(recipe.pk, 0)


RecipePage = page_of(RecipeDetailSerializer, "RecipePage")
LAB = OpenApiParameter("lab", OpenApiTypes.UUID, description="Only this lab's; needed to save.")


class RecipesView(APIView):
    """Saved recipes."""

    @extend_schema(
        operation_id="recipes_list", tags=["recipes"], responses=RecipePage, parameters=[LAB, ARCHIVED, *PAGING]
    )
    def get(self, request: Request) -> Response:
        rows = selectors.recipes_visible_to(person_of(request), read_uuid(request, "lab"))
        rows = rows.filter(not_archived(request))
        return paginate(request, rows, ("-created_at", "-id"), lambda page: _shown(page))

    @extend_schema(
        operation_id="recipes_create",
        tags=["recipes"],
        parameters=[LAB],
        request=NewRecipeSerializer,
        responses={201: RecipeDetailSerializer},
    )
    def post(self, request: Request) -> Response:
        lab_id = read_uuid(request, "lab")
        if lab_id is None:
            raise InvalidError("Say which lab the recipe is for: ?lab=<id>.", fields={"lab": ["Give its id."]})
        person = person_of(request)
        lab = find(Lab.objects.all(), person, Role.RESEARCHER, lab_path="", pk=lab_id)
        given = NewRecipeSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        values = dict(given.validated_data)
        recipe = services.create_recipe(lab, person, values, name=values.pop("name"))
        return Response(_shown([selectors.recipe_for(person, recipe.pk)])[0], status=201)


class RecipeView(APIView):
    """One recipe."""

    @extend_schema(operation_id="recipes_get", tags=["recipes"], responses=RecipeDetailSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return Response(_shown([selectors.recipe_for(person_of(request), pk)])[0])

    @extend_schema(
        operation_id="recipes_change", tags=["recipes"], request=ChangeSerializer, responses=RecipeDetailSerializer
    )
    def patch(self, request: Request, pk: uuid.UUID) -> Response:
        person = person_of(request)
        services.change_recipe(selectors.recipe_for(person, pk, Role.RESEARCHER), person, **read_change(request))
        return self.get(request, pk)

    @extend_schema(operation_id="recipes_delete", tags=["recipes"], parameters=[WITH_DEPENDENTS], responses={204: None})
    def delete(self, request: Request, pk: uuid.UUID) -> Response:
        """Researchers delete what they made themselves, admins and owners everything."""
        person = person_of(request)
        recipe = selectors.recipe_for(person, pk, Role.RESEARCHER)
        return lifecycle.delete(request, recipe, person, recipe.lab)


class RecipeDeletionView(APIView):
    """What would go with a recipe."""

    @extend_schema(operation_id="recipes_deletion", tags=["recipes"], responses=DeletionSerializer)
    def get(self, request: Request, pk: uuid.UUID) -> Response:
        return tell_deletion(selectors.recipe_for(person_of(request), pk), person_of(request))


def _shown(recipes: list[Recipe]) -> Any:
    """As the API answers them, with their numbers of runs."""
    return RecipeDetailSerializer(recipes, many=True, context={"num_runs": selectors.num_runs_of(recipes)}).data
