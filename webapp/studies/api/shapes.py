"""What the API says of a study."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from ml import catalog
from webapp.core.pagination import page_of
from webapp.core.schema import FaultSerializer, ProblemSerializer, fault_of
from webapp.recipes.api import SettingsField
from webapp.studies.events import is_stopping, progress_of
from webapp.studies.models import Study
from webapp.studies.services.control import actions_of

ANSWERS = ("helped", "no_evidence", "hurt")


# --- asked ------------------------------------------------------------------------------------------------------
class ValidateStudySerializer(serializers.Serializer[Any]):
    """A study that might be started; settings left out take their defaults."""

    version = serializers.UUIDField()
    question = serializers.ChoiceField(
        choices=Study.Question.choices,
        required=False,
        default=Study.Question.BENEFIT,
        help_text="Whether synthetic images help a classifier, or which way to edit attributes works best. Of "
        "attributes, arms are models that edit, model_settings is what they share, and model and pools say nothing.",
    )
    model = serializers.CharField(max_length=60, required=False, allow_blank=True, default="dcgan")
    model_settings = SettingsField(required=False, default=dict)
    pools = serializers.ListField(
        child=serializers.UUIDField(),
        max_length=20,
        required=False,
        default=list,
        help_text="Pools of this version, each as one generator; model and settings are then theirs. One or two say "
        "what these images are worth, three or more what the way to make them is.",
    )
    arms = serializers.ListField(
        child=serializers.CharField(max_length=42_000),
        min_length=1,
        max_length=60,
        help_text="Ways to train a child network, each as parts joined by `+`: balanced+geometric+random:1x@0.25. Of "
        "attributes, models with settings of their own: stargan:condition_type=gcn,condition_mode=diff.",
    )
    settings = SettingsField(required=False, default=dict)


class NewStudySerializer(ValidateStudySerializer):
    """A study to be started."""

    name = serializers.CharField(max_length=120, required=False, allow_blank=True, default="")
    run = serializers.UUIDField(required=False, allow_null=True, default=None, help_text="The run that raised it.")


class StudyValidationSerializer(serializers.Serializer[Any]):
    """What is wrong with it; else how many networks it trains. Of attributes, generators are trainings of arts."""

    problems = ProblemSerializer(many=True)
    num_generators = serializers.IntegerField(allow_null=True)
    num_children = serializers.IntegerField(allow_null=True)


# --- told -------------------------------------------------------------------------------------------------------
class ArmProgressSerializer(serializers.Serializer[Any]):
    """Children of an arm that are trained, and how well they do on validation images."""

    arm = serializers.CharField()
    num_done = serializers.IntegerField()
    val_balanced_accuracy = serializers.FloatField()


class StudyProgressSerializer(serializers.Serializer[Any]):
    """Where a study is: first its generators, one after the other, then its children; of attributes, its arts."""

    part = serializers.ChoiceField(choices=["", "generators", "children", "arts"])
    generator = serializers.IntegerField(help_text="From 1; of arts, the training.")
    num_generators = serializers.IntegerField()
    stage = serializers.CharField(allow_blank=True, help_text="Of the generator that is at work.")
    step = serializers.IntegerField()
    num_steps = serializers.IntegerField()
    num_done = serializers.IntegerField(help_text="Children; of arts, trainings that are measured.")
    num_children = serializers.IntegerField()
    eta_s = serializers.FloatField(allow_null=True, help_text="Of this part alone.")
    arms = ArmProgressSerializer(many=True)
    arm = serializers.CharField(allow_blank=True, help_text="The art that is trained.")
    seed = serializers.IntegerField(help_text="Of this art, from 1.")


class EstimateOfSeedsSerializer(serializers.Serializer[Any]):
    """A mean over seeds with its 95 % interval; without one where seeds are too few."""

    mean = serializers.FloatField()
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class GainSerializer(EstimateOfSeedsSerializer):
    """Balanced accuracy beyond the best arm without a generator, with the same child seeds."""

    answer = serializers.ChoiceField(choices=ANSWERS, allow_null=True)


class ArmResultSerializer(serializers.Serializer[Any]):
    """One way to train, tested. Accuracies and recalls are shares of the test images."""

    name = serializers.CharField()
    is_synthetic = serializers.BooleanField()
    num_generators = serializers.IntegerField()
    num_children = serializers.IntegerField()
    val_balanced_accuracy = serializers.FloatField()
    balanced_accuracy = EstimateOfSeedsSerializer()
    accuracy = EstimateOfSeedsSerializer()
    recall = serializers.DictField(child=serializers.FloatField(), help_text="By class.")
    ece = serializers.FloatField(help_text="Expected calibration error, 15 bins.")
    duration_s = serializers.FloatField(help_text="Of one child's training, mean.")
    gain = GainSerializer(allow_null=True)
    gan_test = EstimateOfSeedsSerializer(
        allow_null=True,
        help_text="GAN-test: share of the arm's synthetic images that children of real images label as intended.",
    )
    equals_more_real = serializers.IntegerField(
        allow_null=True, help_text="Real images that would be worth as much; null where the learning curve cannot say."
    )


class CurvePointSerializer(serializers.Serializer[Any]):
    """Real training images, and what the best arm without a generator makes of them."""

    num_real = serializers.IntegerField()
    balanced_accuracy = serializers.FloatField()


class StudyResultSerializer(serializers.Serializer[Any]):
    """The answer; baseline and best are chosen by validation images, and compared on test images."""

    arms = ArmResultSerializer(many=True)
    curve = CurvePointSerializer(many=True)
    baseline = serializers.CharField()
    best = serializers.CharField(allow_null=True)
    answer = serializers.ChoiceField(choices=ANSWERS, allow_null=True)
    scope = serializers.ChoiceField(
        choices=["method", "pools"],
        help_text="What the answer is about: the way to make images, or the given pools alone.",
    )
    sentence = serializers.CharField()
    num_test = serializers.IntegerField()
    num_val = serializers.IntegerField()


class SpreadSerializer(serializers.Serializer[Any]):
    """A mean over seeds with its 95 % interval; no mean where nothing was measured, no interval from one seed."""

    mean = serializers.FloatField(allow_null=True)
    low = serializers.FloatField(allow_null=True)
    high = serializers.FloatField(allow_null=True)


class ArtResultSerializer(serializers.Serializer[Any]):
    """One way to edit attributes: shares of edits after which the classifier finds what was asked for."""

    name = serializers.CharField()
    num_seeds = serializers.IntegerField(help_text="Trainings that are measured.")
    by_attribute = SpreadSerializer(many=True)
    average = SpreadSerializer(help_text="Over attributes.")
    identity = SpreadSerializer(help_text="Mean squared distance of appearance between a source and its edit.")
    reconstruction = SpreadSerializer(help_text="Mean error of sources given back, as a share of a pixel's range.")


class AttributeResultSerializer(serializers.Serializer[Any]):
    """The table as far as it is measured; best and sentence come when it is whole."""

    names = serializers.ListField(child=serializers.CharField(), help_text="Attributes, or classes.")
    co_occurrence = serializers.ListField(
        child=serializers.ListField(child=serializers.FloatField()),
        help_text="Row i, column j: the share of training images with i that have j.",
    )
    num_held_out = serializers.IntegerField(help_text="Validation images that are edited.")
    num_seeds = serializers.IntegerField(help_text="Most trainings of one art that are measured.")
    classifier = serializers.ListField(
        child=serializers.FloatField(allow_null=True),
        help_text="By attribute, how often the classifier is right on held-out real images that have and lack it.",
    )
    arts = ArtResultSerializer(many=True)
    best = serializers.CharField(allow_null=True, help_text="Null where arts are not told apart.")
    sentence = serializers.CharField(allow_blank=True)


class StudyListItemSerializer(serializers.ModelSerializer[Study]):
    """A study in a list."""

    version = serializers.UUIDField(source="version_id")
    version_number = serializers.IntegerField(source="version.number")
    dataset = serializers.UUIDField(source="version.dataset_id")
    dataset_name = serializers.CharField(source="version.dataset.name")
    lab = serializers.UUIDField(source="version.dataset.lab_id")
    arms = serializers.SerializerMethodField(help_text="In lists, long ones such as one with a matrix are shortened.")
    created_by = serializers.CharField(source="created_by.name", allow_null=True, default=None)
    is_stopping = serializers.SerializerMethodField()
    progress = serializers.SerializerMethodField()
    answer = serializers.SerializerMethodField()
    sentence = serializers.SerializerMethodField(help_text="Empty until there is an answer.")

    class Meta:
        model = Study
        fields = [
            "id",
            "name",
            "lab",
            "version",
            "version_number",
            "dataset",
            "dataset_name",
            "run",
            "question",
            "model",
            "arms",
            "state",
            "is_stopping",
            "progress",
            "answer",
            "sentence",
            "created_by",
            "created_at",
            "started_at",
            "finished_at",
            "archived_at",
        ]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_arms(self, study: Study) -> list[str]:
        return [catalog.shortened(arm) for arm in study.arms]

    def get_is_stopping(self, study: Study) -> bool:
        return is_stopping(study)

    @extend_schema_field(StudyProgressSerializer)
    def get_progress(self, study: Study) -> dict[str, Any]:
        return progress_of(study).model_dump(mode="json")

    @extend_schema_field(serializers.ChoiceField(choices=ANSWERS, allow_null=True))
    def get_answer(self, study: Study) -> str | None:
        return study.answer if hasattr(study, "answer") else (study.result or {}).get("answer")

    def get_sentence(self, study: Study) -> str:
        told: str | None = study.sentence if hasattr(study, "sentence") else (study.result or {}).get("sentence")
        return told or ""


class StudySerializer(StudyListItemSerializer):
    """A study with all that was asked and found."""

    model_settings = SettingsField()
    pools = serializers.ListField(child=serializers.UUIDField())
    settings = SettingsField()
    result = serializers.SerializerMethodField(help_text="Null of attributes.")
    attribute_result = serializers.SerializerMethodField(help_text="Of attributes alone.")
    error = serializers.SerializerMethodField()
    actions = serializers.SerializerMethodField(help_text="What may be asked of it now.")

    class Meta(StudyListItemSerializer.Meta):
        fields = [
            *StudyListItemSerializer.Meta.fields,
            "model_settings",
            "pools",
            "settings",
            "result",
            "attribute_result",
            "error",
            "actions",
            "device",
            "size_bytes",
        ]

    @extend_schema_field(serializers.ListField(child=serializers.CharField()))
    def get_arms(self, study: Study) -> list[str]:
        whole: list[str] = study.arms
        return whole

    @extend_schema_field(StudyResultSerializer(allow_null=True))
    def get_result(self, study: Study) -> dict[str, Any] | None:
        return study.result if study.question == Study.Question.BENEFIT else None

    @extend_schema_field(AttributeResultSerializer(allow_null=True))
    def get_attribute_result(self, study: Study) -> dict[str, Any] | None:
        return study.result if study.question == Study.Question.ATTRIBUTES else None

    @extend_schema_field(FaultSerializer(allow_null=True))
    def get_error(self, study: Study) -> dict[str, str] | None:
        return fault_of(study)

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=["stop", "resume", "cancel"])))
    def get_actions(self, study: Study) -> list[str]:
        return actions_of(study)


StudyPage = page_of(StudyListItemSerializer, "StudyPage")
