"""What was uploaded: uploads on their way, datasets, and their immutable numbered versions."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models

from webapp.accounts.models import Lab
from webapp.core.leases import Leased
from webapp.core.models import Removable


class Upload(models.Model):
    """One file on its way to the server (tus 1.0). Every byte below `offset` is on disk."""

    class State(models.TextChoices):
        RECEIVING = "receiving"
        COMPLETE = "complete"
        EXPIRED = "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="uploads")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="uploads")
    file_name = models.CharField(max_length=255)
    size_bytes = models.BigIntegerField()
    offset = models.BigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State.choices, default=State.RECEIVING)
    writer = models.CharField(max_length=64, null=True, blank=True, help_text="The request that appends now.")
    writer_expires_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    touched_at = models.DateTimeField(auto_now=True)


class Dataset(Removable):
    """A named dataset of a lab; its images live in its versions."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    lab = models.ForeignKey(Lab, on_delete=models.CASCADE, related_name="datasets")
    name = models.CharField(max_length=120)
    kind = models.CharField(
        max_length=60, default="labelled_images", blank=True, help_text="Empty until what was sent is recognised."
    )
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["lab", "name"], name="dataset_name_per_lab", condition=models.Q(deleted_at=None)
            )
        ]

    def __str__(self) -> str:
        return self.name


class DatasetVersion(Removable, Leased):
    """An immutable, numbered, content-hashed set of labelled images with splits; filled by one ingest."""

    class State(models.TextChoices):
        QUEUED = "queued"
        INGESTING = "ingesting"
        INTERRUPTED = "interrupted"
        READY = "ready"
        REJECTED = "rejected"

    CLAIMABLE: ClassVar[tuple[str, ...]] = (State.QUEUED, State.INTERRUPTED)
    ACTIVE: ClassVar[tuple[str, ...]] = (State.INGESTING,)
    FAILED: ClassVar[str] = State.REJECTED
    HANGS_ON: ClassVar[dict[str, str]] = {"dataset": "dataset"}
    GOES_WITH: ClassVar[str] = "dataset"

    dataset = models.ForeignKey(Dataset, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    upload = models.ForeignKey(Upload, null=True, on_delete=models.SET_NULL, related_name="+")
    source_path = models.TextField(blank=True, help_text="Folder or archive on the server, given at its command line.")
    base = models.ForeignKey(
        "self",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The version it was made from.",
    )
    edits = models.JSONField(
        default=dict, help_text="What differs from `base`: see `webapp.datasets.services.versions.Edits`."
    )
    split_seed = models.BigIntegerField(default=0)
    split_fractions = models.JSONField(default=list, help_text="Shares of train, val, test; empty: the usual ones.")
    content_hash = models.CharField(
        max_length=64, blank=True, help_text="sha256 over the sorted image hashes, labels and splits."
    )
    classes = models.JSONField(default=list, help_text="Class names in index order.")
    attributes = models.JSONField(default=list, help_text="Names of what an image may have or lack, several at once.")
    recognised = models.TextField(
        blank=True, help_text="Why it was taken for the kind that its dataset has; empty where a person chose."
    )
    counts = models.JSONField(default=dict, help_text="Split -> class -> number of images.")
    outcomes = models.JSONField(default=dict, help_text="Outcome of the ingest -> number of files.")
    num_images = models.PositiveIntegerField(default=0)
    size_bytes = models.BigIntegerField(default=0)
    near_duplicates = models.JSONField(default=dict, help_text="{groups, images, left_out}, see `ml.near`.")
    health = models.JSONField(default=dict, help_text="{measured, issues, usual, leaks}, see `ml.issues`.")
    progress = models.JSONField(default=dict, help_text="{current, max} files of the ingest.")

    class Meta:
        verbose_name = "version"
        constraints = [models.UniqueConstraint(fields=["dataset", "number"], name="version_number_per_dataset")]

    def __str__(self) -> str:
        return f"{self.dataset}, version {self.number}"


class DatasetImage(models.Model):
    """One real image of a version; its bytes lie in the lab's store under their hash.

    Of a pair (A, B) it is B, and what begins with `pair_` is A; the same file where one holds both, A on the left.
    """

    class Issue(models.TextChoices):
        """See `ml.issues`; near duplicates are known by `near`."""

        DARK = "dark"
        LIGHT = "light"
        BLURRY = "blurry"
        LOW_INFORMATION = "low_information"
        ODD_ASPECT_RATIO = "odd_aspect_ratio"
        ODD_SIZE = "odd_size"
        GRAYSCALE = "grayscale"
        NEAR_DUPLICATES = "near_duplicates"

    HANGS_ON: ClassVar[dict[str, str]] = {"dataset": "version__dataset", "datasetversion": "version"}

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="images")
    index = models.PositiveIntegerField(help_text="Position in the version, from 0.")
    name = models.CharField(max_length=1024, help_text="Path inside what was uploaded; shown, never used as a path.")
    label = models.CharField(max_length=255)
    split = models.CharField(max_length=5)
    sha256 = models.CharField(max_length=64)
    suffix = models.CharField(max_length=8, help_text="File ending of the decoded format: .png, .jpg, .webp …")
    width = models.PositiveIntegerField()
    height = models.PositiveIntegerField()
    is_grey = models.BooleanField()
    size_bytes = models.PositiveIntegerField()
    fingerprint = models.BinaryField(default=bytes, max_length=264, help_text="What it looks like, see `ml.near`.")
    near = models.PositiveIntegerField(
        null=True, help_text="Index of the first of its near duplicates; null when it has none."
    )
    brightness = models.FloatField(null=True, help_text="See `ml.look`, as the four below; null where not measured.")
    darkest = models.PositiveSmallIntegerField(null=True)
    lightest = models.PositiveSmallIntegerField(null=True)
    sharpness = models.FloatField(null=True)
    entropy = models.FloatField(null=True)
    issues = models.CharField(max_length=120, blank=True, help_text="Names with a space before and behind each.")
    pair_name = models.CharField(max_length=1024, blank=True)
    pair_sha256 = models.CharField(max_length=64, blank=True, help_text="Empty where there is no pair.")
    pair_suffix = models.CharField(max_length=8, blank=True)
    pair_size_bytes = models.PositiveIntegerField(default=0)
    attributes = models.CharField(
        max_length=64, blank=True, help_text="For each of the version's attributes: 1 has, 0 lacks, ? nobody said."
    )

    class Meta:
        verbose_name = "image"
        constraints = [models.UniqueConstraint(fields=["version", "index"], name="image_index_per_version")]
        indexes = [
            models.Index(fields=["version", "label", "index"]),
            models.Index(fields=["version", "split", "index"]),
            models.Index(fields=["version", "sha256"]),
            models.Index(fields=["sha256"]),
            models.Index(fields=["pair_sha256"]),
        ]


class IngestFile(models.Model):
    """The report: what became of one file of the upload."""

    class Outcome(models.TextChoices):
        ACCEPTED = "accepted"
        DUPLICATE = "duplicate"
        SKIPPED = "skipped"
        FAILED = "failed"

    version = models.ForeignKey(DatasetVersion, on_delete=models.CASCADE, related_name="files")
    name = models.CharField(max_length=1024)
    outcome = models.CharField(max_length=9, choices=Outcome.choices)
    reason = models.TextField(blank=True)

    class Meta:
        indexes = [models.Index(fields=["version", "outcome", "id"])]
