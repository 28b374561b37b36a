"""What is answered about runs."""

from typing import Any, Final, cast

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from webapp.core.pagination import page_of
from webapp.core.schema import FaultSerializer, fault_of
from webapp.recipes.api import RecipeSerializer
from webapp.runs import selectors
from webapp.runs.api.origins import OriginSerializer
from webapp.runs.models import Checkpoint, Run, RunEvent, Way
from webapp.runs.states import STAGES

QUEUE: Final = "queue"
"""Key of a serializer's context: run's id -> where it stands, looked up once for one answer."""
LIVE_EVENTS: Final = {"type": "array", "items": {"$ref": "#/components/schemas/LiveEvent"}}


class MeasurementPartSerializer(serializers.Serializer[Any]):
    """A number that a metric's value is made of or read beside."""

    value = serializers.FloatField()
    low = serializers.FloatField(help_text="95 % interval.")
    high = serializers.FloatField()


class MeasurementSerializer(serializers.Serializer[Any]):
    """One metric. `value` is null when it refused, and `caution` then says why."""

    value = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True, help_text="95 % interval.")
    high = serializers.FloatField(allow_null=True)
    num_real = serializers.IntegerField()
    num_synthetic = serializers.IntegerField()
    parts = serializers.DictField(
        child=MeasurementPartSerializer(), default=dict, help_text="By their names in plain words."
    )
    per_class = serializers.DictField(child=serializers.FloatField())
    details = serializers.DictField()
    caution = serializers.CharField(allow_blank=True)


class RunWarningSerializer(serializers.Serializer[Any]):
    """Something a person should know that did not stop the run."""

    code = serializers.CharField()
    message = serializers.CharField()


class HealthActionSerializer(serializers.Serializer[Any]):
    """What to do about a judgement: stop, finish with the best checkpoint, or run again with one setting changed."""

    kind = serializers.ChoiceField(choices=["stop", "finish", "change"])
    setting = serializers.CharField(allow_null=True, help_text="With change: which setting of the model.")
    value = serializers.JSONField(help_text="With change: what to set it to.")


class JudgementSerializer(serializers.Serializer[Any]):
    """Something that goes wrong in training, or did."""

    code = serializers.CharField()
    message = serializers.CharField()
    since = serializers.IntegerField(help_text="The step at which it began.")
    until = serializers.IntegerField(allow_null=True, help_text="The step at which it no longer held.")
    actions = HealthActionSerializer(many=True)


class HealthSerializer(serializers.Serializer[Any]):
    """What was judged of the training at the last measured checkpoint."""

    step = serializers.IntegerField()
    best_step = serializers.IntegerField(allow_null=True, help_text="The step of the best checkpoint.")
    judgements = JudgementSerializer(many=True)


class ComputeSerializer(serializers.Serializer[Any]):
    """How a run is computed; it belongs to the run, not to the recipe. What is left out has its default."""

    micro_batch = serializers.IntegerField(
        required=False, allow_null=True, help_text="Images computed at once, a divisor of the batch size; null: all."
    )
    devices = serializers.IntegerField(
        required=False, allow_null=True, help_text="GPUs that share each batch; null: all that the worker has."
    )
    compile = serializers.BooleanField(required=False, help_text="Fuse the networks' layers; GPU only.")
    cuda_graphs = serializers.BooleanField(required=False, help_text="With compile: record the work and replay it.")


class RunListItemSerializer(serializers.ModelSerializer[Run]):
    """A run, as a list shows it."""

    lab = serializers.UUIDField(source="version.dataset.lab_id")
    dataset = serializers.UUIDField(source="version.dataset_id")
    dataset_name = serializers.CharField(source="version.dataset.name")
    version = serializers.UUIDField(source="version_id")
    version_number = serializers.IntegerField(source="version.number")
    model = serializers.CharField(source="recipe.model")
    sampler = serializers.CharField(source="recipe.sampler")
    recipe_number = serializers.IntegerField(source="recipe.number")
    created_by = serializers.CharField(source="created_by.name", allow_null=True, default=None)
    pool = serializers.UUIDField(source="ready_pool", allow_null=True, help_text="Once the run is finished.")
    error = serializers.SerializerMethodField()
    last_heard_s = serializers.SerializerMethodField(
        help_text="Seconds since the worker's last sign of life; null when none works on it."
    )
    actions = serializers.SerializerMethodField(help_text="What a researcher may ask of it now.")
    queue_position = serializers.SerializerMethodField(help_text="0 starts next; null when it does not wait.")
    starts_in_s = serializers.SerializerMethodField(
        help_text="Seconds until a worker takes it, told from what runs took here; null when not known or not waiting."
    )
    over_limit = serializers.SerializerMethodField(
        help_text="Whether it waits because the person who started it has as many runs at work as one may."
    )

    class Meta:
        model = Run
        fields = [
            "id",
            "lab",
            "name",
            "state",
            "stop_requested",
            "cancel_requested",
            "finish_requested",
            "dataset",
            "dataset_name",
            "version",
            "version_number",
            "model",
            "sampler",
            "recipe_number",
            "step",
            "num_steps",
            "stage_progress",
            "images_per_s",
            "eta_s",
            "device",
            "size_bytes",
            "archived_at",
            "error",
            "last_heard_s",
            "queue_position",
            "starts_in_s",
            "over_limit",
            "actions",
            "pool",
            "created_by",
            "created_at",
            "started_at",
            "finished_at",
        ]

    @extend_schema_field(FaultSerializer(allow_null=True))
    def get_error(self, run: Run) -> dict[str, str] | None:
        return fault_of(run)

    def get_last_heard_s(self, run: Run) -> float | None:
        return selectors.last_heard_s(run)

    def get_actions(self, run: Run) -> list[str]:
        return selectors.actions_on(run)

    def get_queue_position(self, run: Run) -> int | None:
        standing = self._standing(run)
        return None if standing is None else standing.position

    def get_starts_in_s(self, run: Run) -> float | None:
        standing = self._standing(run)
        return None if standing is None else standing.starts_in_s

    def get_over_limit(self, run: Run) -> bool:
        standing = self._standing(run)
        return standing is not None and standing.over_limit

    def _standing(self, run: Run) -> selectors.Standing | None:
        """The queue is looked at once for all that is answered at a time, and only when something in it waits."""
        if run.state not in Run.CLAIMABLE:
            return None
        context = cast(dict[str, Any], self.context)
        if QUEUE not in context:
            context[QUEUE] = {one.run.pk: one for one in selectors.queue()}
        found: selectors.Standing | None = context[QUEUE].get(run.pk)
        return found


class RelativeSerializer(serializers.ModelSerializer[Run]):
    """A run beside another one: what it is called, and how one starts from the other."""

    model = serializers.CharField(source="recipe.model")
    dataset_name = serializers.CharField(source="version.dataset.name")
    version_number = serializers.IntegerField(source="version.number")

    class Meta:
        model = Run
        fields = ["id", "name", "model", "dataset_name", "version_number", "state", "created_at"]


class ParentSerializer(serializers.Serializer[Run]):
    """The checkpoint that a run starts from."""

    run = RelativeSerializer(source="parent")
    way = serializers.ChoiceField(choices=Way.choices, source="start_way")
    step = serializers.IntegerField(source="start_step")
    sha256 = serializers.CharField(source="start_sha256")


class ChildSerializer(RelativeSerializer):
    """A run that starts from a checkpoint of this one."""

    way = serializers.ChoiceField(choices=Way.choices, source="start_way")
    step = serializers.IntegerField(source="start_step")
    seed = serializers.IntegerField(source="recipe.seed")

    class Meta(RelativeSerializer.Meta):
        fields = [*RelativeSerializer.Meta.fields, "way", "step", "seed"]


class RunSerializer(RunListItemSerializer):
    """A run with everything but its history."""

    start = serializers.SerializerMethodField(help_text="The checkpoint that it starts from; null: from nothing.")
    children = serializers.SerializerMethodField(help_text="Runs that start from its checkpoints, the newest first.")

    num_classes = serializers.SerializerMethodField(help_text="Of the dataset version.")
    recipe = RecipeSerializer()
    metrics = serializers.DictField(
        child=MeasurementSerializer(),
        help_text="By the metric's name; measured with the features of Inception, by inception/ and its name.",
    )
    warnings = RunWarningSerializer(many=True)
    health = serializers.SerializerMethodField(help_text="Null before the first measured checkpoint.")
    preview_requested = serializers.BooleanField(help_text="Whether a preview was asked for that is not there yet.")
    compute = serializers.SerializerMethodField(help_text="Every option, those left out with their defaults.")
    smaller_micro_batch = serializers.SerializerMethodField(
        help_text="Images at once with which a run that ended for want of memory may go on; null for other runs."
    )
    origin = OriginSerializer(allow_null=True, source="import_origin", help_text="Null for a run's own images.")
    stages_done = serializers.SerializerMethodField(help_text="Stages that a later attempt does not repeat.")
    can_edit = serializers.SerializerMethodField(help_text="Whether real images can be edited with its model now.")

    class Meta(RunListItemSerializer.Meta):
        fields = [
            *RunListItemSerializer.Meta.fields,
            "num_classes",
            "recipe",
            "preview_requested",
            "compute",
            "smaller_micro_batch",
            "attempts",
            "metrics",
            "warnings",
            "health",
            "stages_done",
            "can_edit",
            "origin",
            "start",
            "children",
            "last_seq",
        ]

    def get_num_classes(self, run: Run) -> int:
        return len(run.version.classes)

    @extend_schema_field(HealthSerializer(allow_null=True))
    def get_health(self, run: Run) -> dict[str, Any] | None:
        return run.health or None

    @extend_schema_field(ParentSerializer(allow_null=True))
    def get_start(self, run: Run) -> Any:
        return None if run.parent is None or run.parent.deleted_at else ParentSerializer(run).data

    @extend_schema_field(ChildSerializer(many=True))
    def get_children(self, run: Run) -> Any:
        return ChildSerializer(selectors.children_of(run), many=True).data

    @extend_schema_field(ComputeSerializer)
    def get_compute(self, run: Run) -> dict[str, Any]:
        return selectors.compute_of(run)

    def get_smaller_micro_batch(self, run: Run) -> int | None:
        return selectors.smaller_micro_batch(run)

    def get_can_edit(self, run: Run) -> bool:
        return selectors.can_edit(run)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=list(STAGES))))
    def get_stages_done(self, run: Run) -> list[str]:
        return [stage for stage in STAGES if stage in run.artefacts]


class CheckpointSerializer(serializers.ModelSerializer[Checkpoint]):
    """A state of the training that is on disk."""

    class Meta:
        model = Checkpoint
        fields = ["step", "sha256", "size_bytes", "is_best", "created_at"]


class ScalarsSerializer(serializers.Serializer[Any]):
    """The curves of a run."""

    steps = serializers.ListField(child=serializers.IntegerField())
    values = serializers.DictField(
        child=serializers.ListField(child=serializers.FloatField(allow_null=True)),
        help_text="Path (loss/G) -> one value for each of `steps`, or null.",
    )


class PreviewColumnSerializer(serializers.Serializer[Any]):
    """One column of the sample wall: the same class and the same noise at every step."""

    seed = serializers.IntegerField()

    def get_fields(self) -> dict[str, Any]:
        return {"class": serializers.CharField(), **super().get_fields()}  # `class` cannot be written as an attribute


class PreviewSerializer(serializers.Serializer[Any]):
    """One row of the sample wall, a PNG of square tiles side by side."""

    step = serializers.IntegerField()
    url = serializers.CharField()
    tile = serializers.IntegerField(help_text="Side of one tile, in pixels.")
    columns = PreviewColumnSerializer(many=True)
    num_columns = serializers.IntegerField()


class SweepSerializer(serializers.Serializer[Any]):
    """One code's sheet, a PNG: a row of square tiles for each value, in the columns of the sample wall."""

    name = serializers.CharField()
    url = serializers.CharField()
    values = serializers.ListField(child=serializers.FloatField(), help_text="What the code is set to, row by row.")
    tile = serializers.IntegerField(help_text="Side of one tile, in pixels.")
    columns = PreviewColumnSerializer(many=True)


class HistorySerializer(serializers.Serializer[Any]):
    """Stored events in order. When the last one's `seq` is below `last_seq`, ask again from there."""

    results = serializers.SerializerMethodField()
    last_seq = serializers.IntegerField()

    @extend_schema_field(LIVE_EVENTS)
    def get_results(self, history: Any) -> list[dict[str, Any]]:
        return [event_of(event) for event in history["events"]]


RunPage = page_of(RunListItemSerializer, "RunPage")


def event_of(event: RunEvent) -> dict[str, Any]:
    """A stored event as the socket tells it."""
    return {
        "type": event.type,
        "seq": event.seq,
        "ts": event.created_at.isoformat(),
        "run": str(event.run_id),
        "data": event.data,
    }
