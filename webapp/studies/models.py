"""Studies of a dataset version: whether synthetic images help a classifier, and which way to edit attributes works."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from webapp.core.leases import Leased
from webapp.core.models import Removable
from webapp.datasets.models import DatasetVersion
from webapp.runs.models import Run


class Study(Removable, Leased):
    """One question to a dataset version, answered by trainings from several seeds.

    Benefit: child networks learn with and without synthetic images of a model (`ml/study.py`). Attributes: models that
    edit attributes learn alike (`ml/attribute_study.py`); model is then empty, model_settings are what all share.
    """

    class Question(models.TextChoices):
        BENEFIT = "benefit"
        ATTRIBUTES = "attributes"

    class State(models.TextChoices):
        QUEUED = "queued"
        RUNNING = "running"
        FINISHED = "finished"
        STOPPED = "stopped"
        FAILED = "failed"
        CANCELLED = "cancelled"
        INTERRUPTED = "interrupted"

    CLAIMABLE: ClassVar[tuple[str, ...]] = (State.QUEUED, State.INTERRUPTED)
    ACTIVE: ClassVar[tuple[str, ...]] = (State.RUNNING,)
    HANGS_ON: ClassVar[dict[str, str]] = {"dataset": "version__dataset", "datasetversion": "version"}

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="studies")
    run = models.ForeignKey(
        Run, null=True, on_delete=models.SET_NULL, related_name="studies", help_text="Where somebody asked for it."
    )
    name = models.CharField(max_length=120, blank=True)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    question = models.CharField(max_length=12, choices=Question.choices, default=Question.BENEFIT)
    model = models.CharField(max_length=60, blank=True)
    model_settings = models.JSONField(default=dict)
    pools = models.JSONField(default=list, help_text="Ids of pools that stand where generators would be trained.")
    arms = models.JSONField(help_text="As `ml/arms.py`, or of attributes `ml/attribute_lines.py`, writes them.")
    settings = models.JSONField(default=dict, help_text="Of `ml/study_settings.py`, each written out.")
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    progress = models.JSONField(default=dict, help_text="As `webapp/studies/events.py` tells it.")
    result = models.JSONField(
        null=True,
        help_text="As `ml/study_told.py` describes it; of attributes `ml/attribute_told.py`, as far as it is.",
    )
    device = models.CharField(max_length=120, blank=True, help_text="Device and precision of the generators.")
    size_bytes = models.BigIntegerField(default=0, help_text="Of its folder, when it was last measured.")
    measured_at = models.DateTimeField(null=True)

    class Meta:
        verbose_name_plural = "studies"
        indexes = [models.Index(fields=["state", "created_at"])]

    def __str__(self) -> str:
        if self.question == self.Question.ATTRIBUTES:
            return self.name or f"Study of edits on {self.version.dataset}"
        return self.name or f"Study of {self.model} on {self.version.dataset}"
