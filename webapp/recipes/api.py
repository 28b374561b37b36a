"""The shelves to choose from, and saved recipes."""

import uuid
from dataclasses import asdict
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, PolymorphicProxySerializer, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml import catalog
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
from webapp.recipes.catalogue import catalogue
from webapp.recipes.models import Recipe

SHELVES = ("models", "samplers", "metrics", "dataset_kinds", "export_formats")
MAX_SEED = 2**53 - 1
"""Beyond it a browser rounds whole numbers."""


# --- the catalogue ----------------------------------------------------------------------------------------------
class CardSerializer(serializers.Serializer[Any]):
    """What a person reads before choosing a plug-in."""

    title = serializers.CharField()
    summary = serializers.CharField()
    authors = serializers.CharField(allow_blank=True)
    paper = serializers.CharField(allow_blank=True)
    venue = serializers.CharField(allow_blank=True)
    url = serializers.CharField(allow_blank=True)
    strengths = serializers.CharField(allow_blank=True)
    limits = serializers.CharField(allow_blank=True)
    labels = serializers.CharField(allow_blank=True)


@extend_schema_field(OpenApiTypes.OBJECT)
class JsonSchemaField(serializers.JSONField):
    """A JSON Schema: the form of a plug-in's settings."""


class ConflictSerializer(serializers.Serializer[Any]):
    """Settings that mean nothing together: all of `when` have a value named there, and none of `unless` has."""

    at = serializers.CharField(help_text="The setting at which to say so.")
    sentence = serializers.CharField()
    when = serializers.DictField(child=serializers.ListField())
    unless = serializers.DictField(child=serializers.ListField())


class PluginSerializer(serializers.Serializer[Any]):
    """One thing on a shelf."""

    name = serializers.CharField()
    card = CardSerializer()
    schema = JsonSchemaField(help_text="JSON Schema of the settings; the form is drawn from it.")
    conflicts = ConflictSerializer(many=True)


class ModelPluginSerializer(PluginSerializer):
    """A published generative method."""

    family = serializers.CharField()
    consumes = serializers.ListField(child=serializers.CharField(), help_text="Fields of an item that training needs.")
    also_consumes = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField(), min_length=2, max_length=2),
        help_text="Field of an item -> the setting, and its value, with which training needs it too.",
    )
    min_classes = serializers.IntegerField(help_text="Datasets with fewer classes cannot be learnt.")
    domains = serializers.ListField(
        child=serializers.CharField(),
        help_text="Settings that name the two classes which are learnt and made; empty where all are.",
    )
    provides = serializers.DictField(
        child=serializers.CharField(allow_null=True),
        help_text="Score -> the setting that must be above zero for it, or null.",
    )
    edits = serializers.BooleanField(help_text="Whether real images can be edited with it, attribute by attribute.")
    shaping = serializers.DictField(
        child=serializers.ChoiceField(choices=["value", "zero"]),
        help_text="Settings that a checkpoint must share: to the value, or in being zero or not.",
    )


class SamplerPluginSerializer(PluginSerializer):
    """A strategy that selects from a pool."""

    needs = serializers.ListField(child=serializers.CharField(), help_text="Scores that it reads.")
    reasons = serializers.DictField(
        child=serializers.CharField(), help_text="Code of why a sample was dropped -> one sentence."
    )
    fills_budget = serializers.BooleanField(
        help_text="It keeps as many of a class as asked for wherever the pool holds as many that can be scored."
    )


class MetricPluginSerializer(PluginSerializer):
    """A measure."""

    unit = serializers.CharField(allow_blank=True)
    better = serializers.ChoiceField(choices=["lower", "higher", "towards 1"])


class DatasetKindPluginSerializer(PluginSerializer):
    """A layout on disk that can be read in."""

    yields = serializers.ListField(child=serializers.CharField())


class ExportFormatPluginSerializer(PluginSerializer):
    """A layout in which an augmented dataset is written."""

    suffix = serializers.CharField()
    splits = serializers.ListField(child=serializers.CharField(), help_text="Images of other splits are left out.")
    layout = serializers.ListField(
        child=serializers.CharField(),
        help_text="The paths in it; {split} and {class} stand for each of them, * for any name.",
    )


class StudyPresetSerializer(serializers.Serializer[Any]):
    """Arms that answer one question."""

    name = serializers.CharField()
    title = serializers.CharField()
    summary = serializers.CharField()
    arms = serializers.ListField(child=serializers.CharField())


class StudyPartsSerializer(serializers.Serializer[Any]):
    """What a study is made of beside a model."""

    schema = JsonSchemaField(help_text="JSON Schema of its settings.")
    presets = StudyPresetSerializer(many=True)
    parts = serializers.DictField(
        child=serializers.CharField(), help_text="Part of an arm, of those that `+` joins -> what it does."
    )


class CatalogueSerializer(serializers.Serializer[Any]):
    """All shelves, each in alphabetical order."""

    models = ModelPluginSerializer(many=True)
    samplers = SamplerPluginSerializer(many=True)
    metrics = MetricPluginSerializer(many=True)
    dataset_kinds = DatasetKindPluginSerializer(many=True)
    export_formats = ExportFormatPluginSerializer(many=True)
    compute = JsonSchemaField(help_text="JSON Schema of the compute options, which belong to a run, not to a recipe.")
    study = StudyPartsSerializer()


class CatalogueView(APIView):
    """What there is to choose from; it changes when a file is put on a shelf."""

    @extend_schema(operation_id="catalogue_get", tags=["catalogue"], responses=CatalogueSerializer)
    def get(self, request: Request) -> Response:
        plain = catalogue().plain
        study = {
            "schema": catalog.StudySettings.model_json_schema(),
            "presets": [asdict(preset) for preset in catalog.PRESETS],
            "parts": catalog.ARM_PARTS,
        }
        told = {"compute": catalog.Compute.model_json_schema(), "study": study}
        return Response({shelf: plain[shelf] for shelf in SHELVES} | told)


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
