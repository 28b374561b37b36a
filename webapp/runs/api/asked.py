"""What is asked of runs."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from webapp.recipes.api import NewRecipeSerializer
from webapp.runs.api.shapes import ComputeSerializer
from webapp.runs.models import Way


class StartSerializer(serializers.Serializer[Any]):
    """A checkpoint of an earlier run of the lab that a run starts from."""

    run = serializers.UUIDField()
    way = serializers.ChoiceField(
        choices=Way.choices,
        help_text="generate: other samples, no training; continue: more steps; reuse: its weights on other data.",
    )
    step = serializers.IntegerField(
        min_value=0, required=False, help_text="Of the checkpoint; the run's best one when left out."
    )


@extend_schema_field(ComputeSerializer)
class OpenComputeField(serializers.JSONField):
    """Read by the compute options' own schema, which says every fault at its field."""


class ResumeRunSerializer(serializers.Serializer[Any]):
    """What is to be otherwise from the last checkpoint on."""

    compute = OpenComputeField(required=False)


class ValidateRunSerializer(serializers.Serializer[Any]):
    """A recipe to be checked on a dataset version."""

    version = serializers.UUIDField()
    recipe = NewRecipeSerializer()
    start = StartSerializer(required=False)
    compute = OpenComputeField(required=False)


class NewRunSerializer(serializers.Serializer[Any]):
    """A run to be started: give either a recipe, or the id of a saved one of the same lab."""

    version = serializers.UUIDField()
    recipe = NewRecipeSerializer(required=False)
    recipe_id = serializers.UUIDField(required=False)
    name = serializers.CharField(max_length=120, allow_blank=True, default="")
    start = StartSerializer(required=False)
    compute = OpenComputeField(required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("recipe" in attrs) == ("recipe_id" in attrs):
            raise serializers.ValidationError("Give either recipe or recipe_id.")
        return attrs
