"""Reading datasets, versions, images and reports; everything through what the person may see."""

import uuid
from collections.abc import AsyncIterator
from typing import Final, NamedTuple

from channels.db import database_sync_to_async
from django.db.models import Count, F, OuterRef, Prefetch, Q, QuerySet

from webapp.accounts.models import Person, Role
from webapp.core.errors import NotFoundError
from webapp.core.permissions import find, visible
from webapp.datasets.models import Dataset, DatasetImage, DatasetVersion, IngestFile

VERSION_LAB: Final = "dataset__lab"
IMAGE_LAB: Final = "version__dataset__lab"
REPORT_ORDER: Final = ("id",)
IMAGE_ORDER: Final = ("index",)
BATCH: Final = 2000
MAX_INDEX: Final = 2**31 - 1
"""What the column holds."""


class StoredImage(NamedTuple):
    """What names an image in the store of its lab."""

    lab_id: uuid.UUID
    sha256: str
    suffix: str


def datasets_visible_to(person: Person, lab_id: uuid.UUID | None = None) -> "QuerySet[Dataset]":
    """Datasets of the person's labs, or of one of them, with their versions."""
    rows = visible(Dataset.objects.all(), person)
    if lab_id is not None:
        rows = rows.filter(lab_id=lab_id)
    return _with_versions(rows)


def dataset_for(person: Person, pk: uuid.UUID, role: str = Role.VIEWER) -> Dataset:
    """Raises: NotFoundError, ForbiddenError."""
    return find(_with_versions(Dataset.objects.all()), person, role, pk=pk)


def _with_versions(rows: "QuerySet[Dataset]") -> "QuerySet[Dataset]":
    """With what is shown of each version, in two queries however many there are; the newest first."""
    versions = DatasetVersion.objects.filter(deleted_at=None).select_related("upload", "base")
    versions = versions.defer("edits", "base__edits").order_by("-number")
    return rows.select_related("created_by").prefetch_related(Prefetch("versions", queryset=versions))


def version_for(person: Person, pk: uuid.UUID, role: str = Role.VIEWER) -> DatasetVersion:
    """Raises: NotFoundError, ForbiddenError."""
    return find(DatasetVersion.objects.select_related("dataset", "upload", "base"), person, role, VERSION_LAB, pk=pk)


def stored_image(person: Person, version_id: uuid.UUID, index: int) -> StoredImage:
    """Where the bytes of one image lie; one query for few columns, because a grid asks a hundred times.

    Raises: NotFoundError.
    """
    if index > MAX_INDEX:
        raise NotFoundError
    rows = visible(DatasetImage.objects.filter(version_id=version_id, index=index), person, IMAGE_LAB)
    for found in rows.values_list("version__dataset__lab_id", "sha256", "suffix")[:1]:
        return StoredImage(*found)
    raise NotFoundError


def images_of(version: DatasetVersion, label: str = "", split: str = "") -> "QuerySet[DatasetImage]":
    """Images of a version, of one class or split where given."""
    rows = version.images.defer("fingerprint")
    if label:
        rows = rows.filter(label=label)
    return rows.filter(split=split) if split else rows


class Difference(NamedTuple):
    """How many images a version has that another has not, and the other way round; of both, what differs."""

    added: int
    removed: int
    relabelled: int
    moved: int
    unchanged: int


def version_before(version: DatasetVersion) -> DatasetVersion | None:
    """What the version was made from, else the ready version numbered before it."""
    ready = DatasetVersion.objects.filter(dataset=version.dataset_id, state=DatasetVersion.State.READY)
    if version.base_id is not None:
        return ready.filter(pk=version.base_id).first()
    return ready.filter(number__lt=version.number).order_by("-number").first()


def difference(version: DatasetVersion, other: DatasetVersion) -> Difference:
    """What `version` has that `other` has not; images are the same when their bytes are."""
    twins = DatasetImage.objects.filter(version=other, sha256=OuterRef("sha256"))
    rows = version.images.annotate(twin_label=twins.values("label")[:1], twin_split=twins.values("split")[:1])
    same_label, same_split = Q(label=F("twin_label")), Q(split=F("twin_split"))
    counted = rows.aggregate(
        added=Count("pk", filter=Q(twin_label=None)),
        relabelled=Count("pk", filter=Q(twin_label__isnull=False) & ~same_label),
        moved=Count("pk", filter=same_label & ~same_split),
        unchanged=Count("pk", filter=same_label & same_split),
    )
    shared = counted["relabelled"] + counted["moved"] + counted["unchanged"]
    return Difference(removed=other.num_images - shared, **counted)


def report_of(version: DatasetVersion, outcome: str = "") -> "QuerySet[IngestFile]":
    """What became of each file of the source."""
    rows = version.files.all()
    return rows.filter(outcome=outcome) if outcome else rows


def train_counts(version: DatasetVersion) -> dict[str, int]:
    """Class -> images of the training split, in the order of the classes; classes without one count 0."""
    train = version.counts.get("train", {})
    return {name: int(train.get(name, 0)) for name in version.classes}


def all_grey(version: DatasetVersion) -> bool:
    """Whether no training image shows a colour; a model that may choose then learns one channel."""
    return not version.images.filter(split="train", is_grey=False).exists()


async def report_rows(version: DatasetVersion) -> AsyncIterator[list[tuple[str, str, str]]]:
    """The whole report as (name, outcome, reason), some thousand rows at a time."""
    last = 0
    while True:
        batch = await database_sync_to_async(_report_batch)(version, last)
        if not batch:
            return
        last = batch[-1][0]
        yield [row[1:] for row in batch]


def _report_batch(version: DatasetVersion, after: int) -> list[tuple[int, str, str, str]]:
    rows = version.files.filter(id__gt=after).order_by("id").values_list("id", "name", "outcome", "reason")
    return list(rows[:BATCH])
