"""What is answered of what lies ahead: whether a run could start, what it would take, and the queue."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from webapp.core.schema import ProblemSerializer
from webapp.runs import selectors
from webapp.runs.api.shapes import RunListItemSerializer
from webapp.runs.models import RunState


class EstimateSerializer(serializers.Serializer[Any]):
    """What a run would make, and how long it would take once a worker has it."""

    num_candidates = serializers.IntegerField()
    budget = serializers.DictField(child=serializers.IntegerField(), help_text="Class -> images to keep.")
    duration_s = serializers.FloatField(
        allow_null=True, help_text="Told from finished runs of this model at this size; null: there is none yet."
    )
    stages_s = serializers.DictField(child=serializers.FloatField(), allow_null=True, help_text="Stage -> seconds.")
    duration_from = serializers.CharField(help_text="From what the duration is told, for a person.")


class DurationSerializer(serializers.Serializer[Any]):
    """How long a run of one model takes once a worker has it."""

    duration_s = serializers.FloatField(allow_null=True, help_text="Null: no run that it could be told from.")
    duration_from = serializers.CharField(help_text="From what it is told, for a person.")


class ValidationSerializer(serializers.Serializer[Any]):
    """What is wrong with a recipe on a dataset; the estimate is null when something is."""

    problems = ProblemSerializer(many=True)
    estimate = EstimateSerializer(allow_null=True)
    models = serializers.DictField(
        child=DurationSerializer(),
        help_text="Each model -> how long a run of it takes for this dataset and budget: the recipe's own with its "
        "settings, the others with their defaults. Left out where something is wrong with what it hangs on.",
    )


class MemorySerializer(serializers.Serializer[Any]):
    """What a run takes at its peak, and what the machine of the service has free for it now; in bytes."""

    needed_bytes = serializers.IntegerField()
    available_bytes = serializers.IntegerField()
    device = serializers.CharField(help_text="`cpu`, or the name of the GPU whose memory it is.")
    fits = serializers.BooleanField()
    largest_batch_size = serializers.IntegerField(
        allow_null=True, help_text="What would fit, where the wished batch does not; null where it does, or none would."
    )
    sentence = serializers.CharField(help_text="All of it for a person.")


class QueueEntrySerializer(serializers.Serializer[Any]):
    """A run at work or waiting. Of another lab's, only that it is there is told."""

    run = serializers.SerializerMethodField(help_text="Null for a run of a lab that the person is not in.")
    is_own = serializers.SerializerMethodField(help_text="Whether the person started it.")
    state = serializers.ChoiceField(choices=RunState.choices, source="run.state")
    position = serializers.IntegerField(allow_null=True, help_text="0 starts next; null: at work.")
    starts_in_s = serializers.FloatField(allow_null=True, help_text="Null: at work, or not known.")
    left_s = serializers.FloatField(allow_null=True, help_text="From its start, or now, to its end; null: not known.")
    over_limit = serializers.BooleanField(help_text="It waits for another run of the same person to end.")

    @extend_schema_field(RunListItemSerializer(allow_null=True))
    def get_run(self, standing: selectors.Standing) -> Any:
        seen = self.context["seen"].get(standing.run.pk)
        return seen and RunListItemSerializer(seen, context=self.context).data

    def get_is_own(self, standing: selectors.Standing) -> bool:
        return bool(standing.run.created_by_id == self.context["person"])


class QueueSerializer(serializers.Serializer[Any]):
    """Everything that this service computes or is to compute, in the order in which it starts."""

    results = QueueEntrySerializer(many=True)
    at_work_per_person = serializers.IntegerField(help_text="Runs that one person may have at work; 0: no limit.")
    waiting_per_person = serializers.IntegerField(help_text="Runs that one person may have waiting; 0: no limit.")
