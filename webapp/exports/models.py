"""Exports: a dataset, augmented or as it is, being built or ready to download."""

from typing import ClassVar

from django.conf import settings
from django.db import models

from webapp.core.leases import Leased
from webapp.core.models import Removable
from webapp.datasets.models import DatasetVersion
from webapp.gallery.models import Selection


class Export(Removable, Leased):
    """One augmented dataset: by default the real images, and what is selected and not rejected.

    Without a selection it holds the real images of its version alone.
    """

    class State(models.TextChoices):
        QUEUED = "queued"
        BUILDING = "building"
        INTERRUPTED = "interrupted"
        READY = "ready"
        FAILED = "failed"
        EXPIRED = "expired"

    class Content(models.TextChoices):
        BOTH = "both"
        REAL = "real"
        SYNTHETIC = "synthetic"

    CLAIMABLE: ClassVar[tuple[str, ...]] = (State.QUEUED, State.INTERRUPTED)
    ACTIVE: ClassVar[tuple[str, ...]] = (State.BUILDING,)
    HANGS_ON: ClassVar[dict[str, str]] = {
        "dataset": "version__dataset",
        "datasetversion": "version",
        "run": "selection__pool__run",
    }

    version = models.ForeignKey(DatasetVersion, on_delete=models.PROTECT, related_name="exports")
    selection = models.ForeignKey(Selection, null=True, on_delete=models.PROTECT, related_name="exports")
    name = models.CharField(max_length=120, blank=True)
    format = models.CharField(max_length=60, default="image_folder")
    content = models.CharField(max_length=9, choices=Content.choices, default=Content.BOTH)
    accepted_only = models.BooleanField(default=False, help_text="Only samples that people accepted.")
    max_ratio = models.FloatField(
        null=True, help_text="Synthetic images of a class, at most so many for each of its real training images."
    )
    memorised_reason = models.CharField(
        max_length=500, blank=True, help_text="Why near-copies may go out, by whoever asked for the export."
    )
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    path = models.CharField(max_length=300, blank=True, help_text="Relative to the data folder.")
    size_bytes = models.BigIntegerField(default=0)
    estimated_bytes = models.BigIntegerField(default=0, help_text="What it may take, said before it is built.")
    sha256 = models.CharField(max_length=64, blank=True)
    num_real = models.PositiveIntegerField(default=0)
    num_synthetic = models.PositiveIntegerField(default=0)
    progress = models.JSONField(default=dict)
    expires_at = models.DateTimeField(null=True, help_text="When its file is removed; null keeps it.")

    def __str__(self) -> str:
        return self.name or f"Export of {self.version}"
