"""Runs: a recipe applied to a dataset version, its checkpoints, and everything it ever said."""

import uuid
from typing import Any, ClassVar, Self

from django.conf import settings
from django.db import models, transaction

from webapp.core.leases import Leased
from webapp.core.models import Removable
from webapp.datasets.models import DatasetVersion, IngestFile
from webapp.recipes.models import Recipe
from webapp.runs.turns import in_turn, may_start


class RunState(models.TextChoices):
    """The moves between these are checked in `webapp.runs.states`."""

    QUEUED = "queued"
    PREPARING = "preparing"
    TRAINING = "training"
    GENERATING = "generating"
    SCORING = "scoring"
    SELECTING = "selecting"
    FINISHED = "finished"
    STOPPING = "stopping"
    STOPPED = "stopped"
    FAILED = "failed"
    CANCELLED = "cancelled"
    INTERRUPTED = "interrupted"


class Way(models.TextChoices):
    """What a run does with the checkpoint that it starts from (`ml/start.py`)."""

    GENERATE = "generate"
    CONTINUE = "continue"
    REUSE = "reuse"


class Run(Removable, Leased):
    """A recipe applied to a dataset version. One lease covers all stages."""

    CLAIMABLE: ClassVar[tuple[str, ...]] = (RunState.QUEUED, RunState.INTERRUPTED)
    ACTIVE: ClassVar[tuple[str, ...]] = (
        RunState.PREPARING,
        RunState.TRAINING,
        RunState.GENERATING,
        RunState.SCORING,
        RunState.SELECTING,
        RunState.STOPPING,
    )
    HANGS_ON: ClassVar[dict[str, str]] = {
        "dataset": "version__dataset",
        "datasetversion": "version",
        "recipe": "recipe",
    }
    MARKED_WITH: ClassVar[str] = "recipe"

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="runs")
    recipe = models.ForeignKey(Recipe, on_delete=models.PROTECT, related_name="runs")
    name = models.CharField(max_length=120, blank=True)
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.QUEUED)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    idempotency_key = models.CharField(max_length=80, null=True, blank=True)
    compute = models.JSONField(default=dict, help_text="How it is computed; no part of the recipe.")
    step = models.PositiveBigIntegerField(default=0)
    num_steps = models.PositiveBigIntegerField(default=0)
    images_per_s = models.FloatField(null=True)
    eta_s = models.FloatField(null=True)
    stage_progress = models.FloatField(default=0.0, help_text="0..1 within the stage.")
    device = models.CharField(max_length=120, blank=True, help_text="Device and precision, chosen at the start.")
    artefacts = models.JSONField(default=dict, help_text="Stage -> what it left behind, relative to the data folder.")
    timings = models.JSONField(default=dict, help_text="Stage -> {seconds, units, device}, as measured.")
    metrics = models.JSONField(default=dict, help_text="Metric -> measurement.")
    warnings = models.JSONField(default=list)
    health = models.JSONField(default=dict, help_text="What was judged at the last measured checkpoint.")
    finish_requested = models.BooleanField(
        default=False, help_text="Training ends early, and the best checkpoint makes the images."
    )
    preview_wish = models.PositiveIntegerField(default=0, help_text="Previews asked for beside the planned.")
    preview_made = models.PositiveIntegerField(default=0, help_text="How many of those wishes are fulfilled.")
    size_bytes = models.BigIntegerField(default=0, help_text="Of its folder, when it was last measured.")
    measured_at = models.DateTimeField(null=True)
    last_seq = models.PositiveBigIntegerField(default=0)
    parent = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="children",
        help_text="The run whose checkpoint this one starts from; the checkpoint itself is kept in this run's folder.",
    )
    start_step = models.PositiveBigIntegerField(null=True)
    start_sha256 = models.CharField(max_length=64, blank=True)
    start_way = models.CharField(max_length=8, choices=Way.choices, blank=True)
    origin = models.JSONField(
        default=dict, help_text="Of images that were made elsewhere: name, note, licence; empty for a run's own."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["created_by", "idempotency_key"],
                name="run_created_once",
                condition=models.Q(idempotency_key__isnull=False),
            ),
        ]
        indexes = [models.Index(fields=["state", "created_at"])]

    def __str__(self) -> str:
        return self.name or f"{self.recipe.model} on {self.version.dataset}"

    @classmethod
    def next_due(cls) -> "Self | None":
        """People take turns (`turns.py`)."""
        row = in_turn(cls._default_manager.filter(cls.due())).first()
        return row if row is not None and not row.over_limit else None  # type: ignore[attr-defined, return-value]

    @classmethod
    def claim(cls, pk: uuid.UUID, owner: str, state: str) -> "Self | None":
        """None also when the person who started it has as many runs at work as one person may."""
        with transaction.atomic():
            person = cls._default_manager.filter(pk=pk).values_list("created_by", flat=True).first()
            return super().claim(pk, owner, state) if may_start(cls, pk, person) else None

    @property
    def preview_requested(self) -> bool:
        """Whether somebody waits for a preview that was asked for."""
        return self.preview_wish > self.preview_made

    @property
    def import_origin(self) -> dict[str, Any] | None:
        """Who made the images elsewhere; None for a run's own."""
        return self.origin or None

    @property
    def is_trained(self) -> bool:
        """Whether the stage that trains is over."""
        return "train" in self.artefacts


class RunNotice(models.Model):
    """Somebody wishes to be mailed when a run ends; once for each wish."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="notices")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    sent_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "person"], name="one_notice_per_person")]


class Checkpoint(models.Model):
    """One state of a run's training on disk, resumable to the bit; only rows make files visible."""

    HANGS_ON: ClassVar[dict[str, str]] = {
        "dataset": "run__version__dataset",
        "datasetversion": "run__version",
        "run": "run",
    }

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="checkpoints")
    step = models.PositiveBigIntegerField()
    fence = models.BigIntegerField()
    path = models.CharField(max_length=300, help_text="Relative to the data folder.")
    sha256 = models.CharField(max_length=64)
    size_bytes = models.BigIntegerField()
    is_best = models.BooleanField(default=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "step"], name="checkpoint_step_per_run")]


class RunFile(models.Model):
    """The report of an import: what became of one file."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=1024)
    outcome = models.CharField(max_length=9, choices=IngestFile.Outcome.choices)
    reason = models.TextField(blank=True)
    index = models.PositiveIntegerField(null=True, help_text="Row in the pool; null for what was left out.")

    class Meta:
        indexes = [models.Index(fields=["run", "outcome", "id"]), models.Index(fields=["run", "index"])]


class RunEvent(models.Model):
    """Everything a run said, in order; a page opened later reads the whole history from here."""

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="events")
    seq = models.PositiveBigIntegerField()
    type = models.CharField(max_length=40)
    data = models.JSONField()
    path = models.CharField(max_length=300, blank=True, help_text="The file it shows, relative to the data folder.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "seq"], name="event_seq_per_run")]
        indexes = [models.Index(fields=["run", "type", "seq"])]
