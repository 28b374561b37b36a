"""The shelves, read-only: what there is to choose from, with its forms."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from ml import catalog
from webapp.recipes.catalogue import catalogue

SHELVES = ("models", "samplers", "metrics", "dataset_kinds", "export_formats")


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


class PublishedArtSerializer(serializers.Serializer[Any]):
    """A way to edit attributes that is compared in print, or stands beside those that are."""

    line = serializers.CharField(help_text="As it is asked for.")
    title = serializers.CharField()
    summary = serializers.CharField()


class AttributeStudyPartsSerializer(serializers.Serializer[Any]):
    """What an attribute study is made of."""

    schema = JsonSchemaField(help_text="JSON Schema of its settings.")
    shared_schema = JsonSchemaField(help_text="JSON Schema of what all arts share.")
    arts = PublishedArtSerializer(many=True)


class CatalogueSerializer(serializers.Serializer[Any]):
    """All shelves, each in alphabetical order."""

    models = ModelPluginSerializer(many=True)
    samplers = SamplerPluginSerializer(many=True)
    metrics = MetricPluginSerializer(many=True)
    dataset_kinds = DatasetKindPluginSerializer(many=True)
    export_formats = ExportFormatPluginSerializer(many=True)
    compute = JsonSchemaField(help_text="JSON Schema of the compute options, which belong to a run, not to a recipe.")
    study = StudyPartsSerializer()
    attribute_study = AttributeStudyPartsSerializer()


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
        attribute_study = {
            "schema": catalog.AttributeStudySettings.model_json_schema(),
            "shared_schema": catalogue().shared_schema(),
            "arts": [asdict(art) for art in catalog.PUBLISHED],
        }
        compute = catalog.Compute.model_json_schema()
        told = {"compute": compute, "study": study, "attribute_study": attribute_study}
        return Response({shelf: plain[shelf] for shelf in SHELVES} | told)
