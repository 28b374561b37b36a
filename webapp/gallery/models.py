"""The pool of a run, its samples and scores, selections from it, people's verdicts, and edits of real images."""

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q

from webapp.core.leases import Leased
from webapp.runs.models import Run


class Pool(models.Model):
    """All candidates a run generated. The pixels lie in shards on disk, one row per sample lies here."""

    HANGS_ON: ClassVar[dict[str, str]] = {
        "dataset": "run__version__dataset",
        "datasetversion": "run__version",
        "run": "run",
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    run = models.OneToOneField(Run, on_delete=models.CASCADE, related_name="pool")
    path = models.CharField(max_length=300, help_text="Folder, relative to the data folder.")
    classes = models.JSONField()
    resolution = models.PositiveIntegerField()
    channels = models.PositiveIntegerField()
    num_samples = models.PositiveIntegerField()
    checkpoint_sha256 = models.CharField(max_length=64)
    score_names = models.JSONField(default=list)
    views = models.JSONField(
        default=list, help_text="What is kept beside each sample of a translation, by name: source, reconstruction …"
    )
    class_counts = models.JSONField(default=dict, help_text="Class -> number of samples.")
    num_memorised = models.PositiveIntegerField(default=0)
    score_quantiles = models.JSONField(
        default=dict, help_text="Score -> its values at 0, 0.5, … 100 % of the samples, lowest first."
    )
    class_standings = models.JSONField(
        default=dict, help_text="Class -> {accepted, rejected}: how many samples are; kept exact by every verdict."
    )
    num_accepted = models.PositiveIntegerField(default=0)
    num_rejected = models.PositiveIntegerField(default=0)
    num_disputed = models.PositiveIntegerField(default=0)
    target = models.ForeignKey(
        "AcceptTarget", null=True, on_delete=models.SET_NULL, related_name="pools", help_text="What it is reviewed for."
    )
    is_ready = models.BooleanField(
        default=False, help_text="Whether all rows are in. They arrive in batches; the pool is seen only when whole."
    )
    created_at = models.DateTimeField(auto_now_add=True)


class Sample(models.Model):
    """One candidate."""

    class Standing(models.TextChoices):
        """What the verdicts add up to: accepted means more accepts than rejects."""

        UNDECIDED = "undecided"
        ACCEPTED = "accepted"
        REJECTED = "rejected"

    id = models.BigAutoField(primary_key=True)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="samples")
    index = models.PositiveIntegerField(help_text="Row in the pool, from 0.")
    label = models.PositiveIntegerField(help_text="Index into the pool's classes.")
    seed = models.BigIntegerField()
    source = models.PositiveIntegerField(
        null=True, help_text="Index in the version of the real image that a translation was made from."
    )
    standing = models.CharField(max_length=9, choices=Standing.choices, default=Standing.UNDECIDED)
    disputed = models.BooleanField(default=False, help_text="Somebody accepts it and somebody else rejects it.")
    memorised = models.BooleanField(default=False)
    nearest = models.JSONField(
        default=list, help_text="Nearest training images: [[image index in the version, distance], …]."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "index"], name="sample_index_per_pool")]
        indexes = [
            models.Index(fields=["pool", "label", "index"]),
            models.Index(fields=["pool", "standing", "index"]),
            models.Index(fields=["pool", "memorised", "index"]),
            models.Index(fields=["pool", "label", "standing", "index"]),
            models.Index(fields=["pool", "index"], condition=Q(disputed=True), name="disputed_of_pool"),
        ]


class SampleScore(models.Model):
    """One score of one sample; a row each, so that a new score needs no new column and every score sorts fast.

    The mean of people's ratings is kept here too, named RATING, so that it sorts and filters like what was measured.
    """

    RATING: ClassVar[str] = "rating by people"

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="+")
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="scores")
    name = models.CharField(max_length=60)
    value = models.FloatField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sample", "name"], name="score_name_per_sample")]
        indexes = [models.Index(fields=["pool", "name", "value", "sample"])]


class Selection(Leased):
    """A sampler, budget and seed applied to a pool. A run makes the first; people add others without training again."""

    class State(models.TextChoices):
        QUEUED = "queued"
        SELECTING = "selecting"
        INTERRUPTED = "interrupted"
        FINISHED = "finished"
        FAILED = "failed"
        CANCELLED = "cancelled"

    CLAIMABLE: ClassVar[tuple[str, ...]] = (State.QUEUED, State.INTERRUPTED)
    ACTIVE: ClassVar[tuple[str, ...]] = (State.SELECTING,)
    HANGS_ON: ClassVar[dict[str, str]] = {
        "dataset": "pool__run__version__dataset",
        "datasetversion": "pool__run__version",
        "run": "pool__run",
    }

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="selections")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    sampler = models.CharField(max_length=60)
    sampler_settings = models.JSONField(default=dict)
    budget = models.JSONField()
    seed = models.BigIntegerField(default=0)
    yields = models.JSONField(default=dict, help_text="Class -> {asked, generated, kept, dropped: {reason: count}}.")
    report = models.JSONField(default=dict, help_text="What the sampler says of itself: {values, curves}.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "number"], name="selection_number_per_pool")]


class Edit(Leased):
    """One real image with every combination of some attributes, on one sheet, as a run's model makes them."""

    class State(models.TextChoices):
        QUEUED = "queued"
        MAKING = "making"
        INTERRUPTED = "interrupted"
        FINISHED = "finished"
        FAILED = "failed"
        CANCELLED = "cancelled"

    CLAIMABLE: ClassVar[tuple[str, ...]] = (State.QUEUED, State.INTERRUPTED)
    ACTIVE: ClassVar[tuple[str, ...]] = (State.MAKING,)
    HANGS_ON: ClassVar[dict[str, str]] = {
        "dataset": "run__version__dataset",
        "datasetversion": "run__version",
        "run": "run",
    }

    run = models.ForeignKey(Run, on_delete=models.CASCADE, related_name="edits")
    image = models.PositiveIntegerField(help_text="Index of the real image in the run's version.")
    attributes = models.JSONField(help_text="What is changed: attributes, or classes where images have none.")
    checkpoint_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=State.choices, default=State.QUEUED)
    path = models.CharField(max_length=300, blank=True, help_text="The sheet, relative to the data folder.")
    size_bytes = models.BigIntegerField(default=0)
    sheet = models.JSONField(default=dict, help_text="What is on it, see `ml.protocol.EditResult`; empty until then.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")

    class Meta:
        indexes = [models.Index(fields=["run", "-created_at"])]

    def __str__(self) -> str:
        return f"Image {self.image} by {self.run}"


class Choice(models.Model):
    """What one selection decided about one sample: kept at a rank, or dropped for a reason."""

    selection = models.ForeignKey(Selection, on_delete=models.CASCADE, related_name="choices")
    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="choices")
    kept = models.BooleanField()
    rank = models.PositiveIntegerField(null=True, help_text="From 0 within the class, best first; null when dropped.")
    reason = models.CharField(max_length=60, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["selection", "sample"], name="one_choice_per_selection")]
        indexes = [models.Index(fields=["selection", "kept", "sample"])]


class Verdict(models.Model):
    """What one person says of one sample: accept or reject with a reason, a rating, a star. No row says nothing."""

    HANGS_ON: ClassVar[dict[str, str]] = {
        "dataset": "sample__pool__run__version__dataset",
        "datasetversion": "sample__pool__run__version",
        "run": "sample__pool__run",
    }

    class Value(models.TextChoices):
        ACCEPT = "accept"
        REJECT = "reject"

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="verdicts")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="verdicts")
    value = models.CharField(max_length=6, choices=Value.choices, blank=True)
    reason = models.CharField(max_length=200, blank=True)
    rating = models.PositiveSmallIntegerField(default=0, help_text="1 to 5; 0: none.")
    starred = models.BooleanField(default=False, help_text="Shown to this person only.")
    decided_at = models.DateTimeField(auto_now=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["sample", "person"], name="one_verdict_per_person")]
        indexes = [models.Index(fields=["person", "sample"], condition=Q(starred=True), name="stars_of_person")]


class ReviewerPair(models.Model):
    """What two people said of the samples of a pool that both judged; counters, kept exact by every verdict.

    first: of the two, the one whose key is the smaller.
    """

    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="reviewer_pairs")
    first = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    second = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    both_accept = models.PositiveIntegerField(default=0)
    both_reject = models.PositiveIntegerField(default=0)
    only_first_accepts = models.PositiveIntegerField(default=0)
    only_second_accepts = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["pool", "first", "second"], name="one_row_per_pair")]


class VerdictChange(models.Model):
    """The append-only log of verdicts: who set, changed or cleared which, when, in which act (undo works by act)."""

    sample = models.ForeignKey(Sample, on_delete=models.CASCADE, related_name="verdict_changes")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    act = models.UUIDField(help_text="All changes of one request; undone together.")
    before = models.CharField(max_length=6, blank=True)
    after = models.CharField(max_length=6, blank=True)
    before_reason = models.CharField(max_length=200, blank=True)
    after_reason = models.CharField(max_length=200, blank=True)
    before_rating = models.PositiveSmallIntegerField(default=0)
    after_rating = models.PositiveSmallIntegerField(default=0)
    before_starred = models.BooleanField(default=False)
    after_starred = models.BooleanField(default=False)
    undoes = models.UUIDField(null=True, help_text="The act that this change takes back.")
    changed_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        indexes = [models.Index(fields=["person", "act"]), models.Index(fields=["person", "undoes", "id"])]


class BlindTest(models.Model):
    """One person tells real training images from samples of a pool, unlabelled and mixed, one after the other."""

    HANGS_ON: ClassVar[dict[str, str]] = {
        "dataset": "pool__run__version__dataset",
        "datasetversion": "pool__run__version",
        "run": "pool__run",
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="blind_tests")
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    selection = models.ForeignKey(
        Selection, null=True, on_delete=models.SET_NULL, related_name="+", help_text="Whose kept samples; null: any."
    )
    num_images = models.PositiveIntegerField()
    num_right = models.PositiveIntegerField(default=0, help_text="Counted when it is finished.")
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["pool", "person"], condition=Q(finished_at=None), name="one_unfinished_blind_test"
            )
        ]
        indexes = [models.Index(fields=["pool", "finished_at"])]


class BlindTrial(models.Model):
    """One image of a blind test, and what the person took it for."""

    class Answer(models.TextChoices):
        REAL = "real"
        SYNTHETIC = "synthetic"

    test = models.ForeignKey(BlindTest, on_delete=models.CASCADE, related_name="trials")
    place = models.PositiveIntegerField(help_text="From 0.")
    truth = models.CharField(max_length=9, choices=Answer.choices)
    row = models.PositiveIntegerField(help_text="Of the run's packed images when real, else of the pool.")
    label = models.PositiveIntegerField(help_text="Index into the pool's classes.")
    answer = models.CharField(max_length=9, choices=Answer.choices, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["test", "place"], name="place_per_blind_test")]


class AcceptTarget(models.Model):
    """So many more accepted samples of each class as somebody needs; until then further runs draw candidates.

    The pool where it began and those of the runs that were started for it name it (`Pool.target`).
    """

    class State(models.TextChoices):
        ACTIVE = "active"
        MET = "met"
        EXHAUSTED = "exhausted"
        ENDED = "ended"

    HANGS_ON: ClassVar[dict[str, str]] = {
        "dataset": "pool__run__version__dataset",
        "datasetversion": "pool__run__version",
        "run": "pool__run",
    }

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    pool = models.ForeignKey(Pool, on_delete=models.CASCADE, related_name="targets", help_text="Where it began.")
    state = models.CharField(max_length=9, choices=State.choices, default=State.ACTIVE)
    wanted = models.JSONField(help_text="Class -> so many more.")
    base = models.JSONField(help_text="Class -> accepted in the pool when it began.")
    max_drawn = models.PositiveIntegerField(help_text="Candidates that are drawn for it, at most.")
    num_drawn = models.PositiveIntegerField(default=0)
    run = models.ForeignKey(
        Run, null=True, on_delete=models.SET_NULL, related_name="+", help_text="The last one started for it."
    )
    reason = models.TextField(blank=True, help_text="Why it ended before it was met.")
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["pool"], condition=Q(state="active"), name="one_active_target_per_pool")
        ]
        indexes = [models.Index(fields=["state"], condition=Q(state="active"), name="active_targets")]
