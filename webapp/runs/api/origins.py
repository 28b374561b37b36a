"""Who made the images of a run that only imported them."""

from typing import Any

from rest_framework import serializers


class OriginSerializer(serializers.Serializer[Any]):
    """Who made the images of a run that only imported them."""

    name = serializers.CharField(help_text="The external model.")
    note = serializers.CharField(allow_blank=True)
    licence = serializers.CharField(allow_blank=True)
    file_name = serializers.CharField(default="", help_text="What was uploaded.")
    outcomes = serializers.DictField(child=serializers.IntegerField(), default=dict, help_text="Outcome -> files.")
