"""Reading datasets, versions, images and reports; everything through what the person may see."""

import uuid
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from django.db.models import Case, Count, Exists, F, OuterRef, Prefetch, Q, QuerySet, When
from django.db.models.functions import Floor, Substr
from numpy.typing import NDArray

from webapp.accounts.models import Person, Role
from webapp.core import storage
from webapp.core.errors import InvalidError, NotFoundError
from webapp.core.permissions import find, visible
from webapp.core.threads import in_thread
from webapp.datasets.models import Dataset, DatasetImage, DatasetVersion, IngestFile, Upload

VERSION_LAB: Final = "dataset__lab"
IMAGE_LAB: Final = "version__dataset__lab"
REPORT_ORDER: Final = ("id",)
IMAGE_ORDER: Final = ("index",)
BATCH: Final = 2000
BAND: Final = 16
"""Levels of brightness in one bar."""
FEW_SIDES: Final = 12
LONGER_SIDE: Final = Case(When(width__gte=F("height"), then=F("width")), default=F("height"))
_LOOKUPS: Final = {
    "brightness_from": "brightness__gte",
    "brightness_to": "brightness__lt",
    "side_from": "side__gte",
    "side_to": "side__lt",
}
MAX_INDEX: Final = 2**31 - 1
"""What the column holds."""


class StoredImage(NamedTuple):
    """What names a file in the store of its lab."""

    lab_id: uuid.UUID
    sha256: str
    suffix: str


def open_uploads_of(person: Person, lab_id: uuid.UUID | None = None) -> "QuerySet[Upload]":
    """The person's own uploads that are on their way, or arrived and became nothing yet."""
    used = DatasetVersion.objects.filter(upload=OuterRef("pk"))
    rows = visible(Upload.objects.filter(person=person), person).exclude(state=Upload.State.EXPIRED)
    rows = rows.exclude(Exists(used))
    return rows if lab_id is None else rows.filter(lab_id=lab_id)


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


def stored_image(person: Person, version_id: uuid.UUID, index: int, *, pair: bool = False) -> StoredImage:
    """Where the bytes of one image, or of its half A, lie; one query for few columns, because a grid asks a hundred
    times.

    Raises: NotFoundError.
    """
    if index > MAX_INDEX:
        raise NotFoundError
    rows = visible(DatasetImage.objects.filter(version_id=version_id, index=index), person, IMAGE_LAB)
    columns = ("pair_sha256", "pair_suffix") if pair else ("sha256", "suffix")
    for lab_id, sha256, suffix in rows.values_list("version__dataset__lab_id", *columns)[:1]:
        if sha256:
            return StoredImage(lab_id, sha256, suffix)
    raise NotFoundError


def named_in_store(lab_id: uuid.UUID, hashes: Iterable[str], **of: Any) -> set[str]:
    """Those of the hashes that an image of the lab names as its own file or as its other half."""
    wanted, found = list(hashes), set[str]()
    for column in ("sha256", "pair_sha256"):
        rows = DatasetImage.objects.filter(version__dataset__lab=lab_id, **{f"{column}__in": wanted}, **of)
        found |= set(rows.values_list(column, flat=True))
    return found


def files_of(images: "QuerySet[DatasetImage]") -> Iterator[tuple[str, str]]:
    """(hash, suffix) of every file: the images, and the half A of each pair that lies in a file of its own."""
    rows = images.order_by("index").values_list("sha256", "suffix", "pair_sha256", "pair_suffix")
    for sha256, suffix, pair_sha256, pair_suffix in rows.iterator(BATCH):
        yield sha256, suffix
        if pair_sha256 not in ("", sha256):
            yield pair_sha256, pair_suffix


def plan_rows(version: DatasetVersion, images: "QuerySet[DatasetImage]") -> Iterator[dict[str, Any]]:
    """Some images of a version as a plan names them: see `ml.records`."""
    lab_id = version.dataset.lab_id
    columns = ("index", "label", "split", "sha256", "suffix", "pair_sha256", "pair_suffix", "attributes")
    for image in images.order_by("index").values(*columns).iterator(BATCH):
        file = str(storage.object_file(lab_id, image["sha256"], image["suffix"]))
        row = {"index": image["index"], "file": file, "label": image["label"], "split": image["split"]}
        if image["pair_sha256"]:
            row["pair"] = str(storage.object_file(lab_id, image["pair_sha256"], image["pair_suffix"]))
        if image["attributes"]:
            row["attributes"] = image["attributes"]
        yield row


def dataset_part(version: DatasetVersion, images: str) -> dict[str, Any]:
    """The part `dataset` of a plan; images: the file with its `plan_rows`."""
    attributes = {"attributes": version.attributes} if version.attributes else {}
    return {"classes": version.classes, "images": images, **attributes}


def images_of(version: DatasetVersion, wanted: Mapping[str, Any]) -> "QuerySet[DatasetImage]":
    """Images of a version; `wanted` may name label, split, issue, attribute (a name, a colon and 1, 0 or ?), and
    bounds: brightness_from, brightness_to, side_from, side_to. An upper bound is itself not included.

    Raises: InvalidError for an attribute that the version has not.
    """
    rows = version.images.defer("fingerprint").annotate(side=LONGER_SIDE)
    asked = {name: value for name, value in wanted.items() if value not in (None, "")}
    if attribute := asked.pop("attribute", ""):
        place, value = _place_of(version, attribute)
        rows = rows.annotate(said=Substr("attributes", place + 1, 1)).filter(said=value)
    issue = asked.pop("issue", "")
    if issue == DatasetImage.Issue.NEAR_DUPLICATES:
        rows = rows.filter(near__isnull=False)
    elif issue:
        rows = rows.filter(issues__contains=f" {issue} ")
    return rows.filter(**{_LOOKUPS.get(name, name): value for name, value in asked.items()})


def _place_of(version: DatasetVersion, asked: str) -> tuple[int, str]:
    """(place of the attribute, what is said of it). Raises: InvalidError."""
    name, _, value = asked.rpartition(":")
    if name not in version.attributes or value not in ("1", "0", "?"):
        message = "Name an attribute of the version, a colon and 1, 0 or ?, such as Smiling:1."
        raise InvalidError(message, fields={"attribute": [message]})
    return version.attributes.index(name), value


class Bar(NamedTuple):
    """Images whose value is at least `low` and below `high`."""

    low: int
    high: int
    images: int


class Charts(NamedTuple):
    """How images spread. images: of all that match; classes: split -> class -> images; attributes: for each of the
    version's, how many images have it, lack it, or do not say.
    """

    images: int
    classes: dict[str, dict[str, int]]
    brightness: list[dict[str, int]]
    side: list[dict[str, int]]
    attributes: list[dict[str, Any]]


def charts_of(version: DatasetVersion, wanted: Mapping[str, Any]) -> Charts:
    """How the images spread; each chart obeys what is `wanted` but for what it is a chart of."""

    def rows(*own: str) -> "QuerySet[DatasetImage]":
        return images_of(version, {name: value for name, value in wanted.items() if not name.startswith(own)})

    classes: dict[str, dict[str, int]] = {}
    for split, label, images in rows("label", "split").values_list("split", "label").annotate(Count("pk")).order_by():
        classes.setdefault(split, {})[label] = images
    bright = rows("brightness").filter(brightness__isnull=False).values_list(Floor(F("brightness") / BAND))
    sides = _by_longer_side(rows("side"))
    of_all = sides if not wanted else _by_longer_side(images_of(version, {}))
    return Charts(
        images_of(version, wanted).count(),
        classes,
        _bands({int(band): images for band, images in bright.annotate(Count("pk")).order_by()}),
        _by_side(sides, of_all),
        _balance(version, rows("attribute")),
    )


# --- attributes -------------------------------------------------------------------------------------------------
def _said(version: DatasetVersion, images: "QuerySet[DatasetImage]") -> tuple[NDArray[np.uint8], NDArray[np.int64]]:
    """(uint8 [K, A], each different row once: the characters 1, 0 and ?; int64 [K], images that have it)."""
    rows = list(images.exclude(attributes="").values_list("attributes").annotate(Count("pk")).order_by())
    codes = np.frombuffer("".join(said for said, _ in rows).encode(), np.uint8)
    return codes.reshape(len(rows), len(version.attributes)), np.array([images for _, images in rows], np.int64)


def _balance(version: DatasetVersion, images: "QuerySet[DatasetImage]") -> list[dict[str, Any]]:
    if not version.attributes:
        return []
    codes, numbers = _said(version, images)
    counts = {name: numbers @ (codes == ord(code)) for name, code in (("has", "1"), ("lacks", "0"), ("unknown", "?"))}
    return [
        {"name": name, **{meaning: int(of_all[place]) for meaning, of_all in counts.items()}}
        for place, name in enumerate(version.attributes)
    ]


class Together(NamedTuple):
    """Attributes of the training split. images: that have each; matrix: M[i][j], of those that have i the share that
    has j, None where none has i.
    """

    attributes: list[str]
    images: list[int]
    matrix: list[list[float | None]]


def attributes_together(version: DatasetVersion) -> Together:
    """How often training images have two attributes at once; one of which nobody says counts as lacking."""
    codes, numbers = _said(version, version.images.filter(split="train"))
    has = (codes == ord("1")).astype(np.int64)
    both = (has * numbers[:, None]).T @ has
    images = [int(number) for number in both.diagonal()]
    matrix = [[float(number) / own if own else None for number in row] for row, own in zip(both, images, strict=True)]
    return Together(version.attributes, images, matrix)


def _by_longer_side(rows: "QuerySet[DatasetImage]") -> dict[int, int]:
    """Longer side -> images."""
    return dict(rows.annotate(longer=LONGER_SIDE).values_list("longer").annotate(Count("pk")).order_by())


def _bands(found: Mapping[int, int]) -> list[dict[str, int]]:
    """All bands of brightness, none where no image was measured."""
    bands = [Bar(low, low + BAND, found.get(low // BAND, 0)) for low in range(0, 256, BAND)]
    return [bar._asdict() for bar in bands] if found else []


def _by_side(found: Mapping[int, int], of_all: Mapping[int, int]) -> list[dict[str, int]]:
    """One bar for each side where they are few in the whole version, else from each power of two to the next."""
    if len(of_all) <= FEW_SIDES:
        edges = [(side, side + 1) for side in sorted(of_all)]
    else:
        powers = range(min(of_all).bit_length() - 1, max(of_all).bit_length())
        edges = [(2**power, 2 ** (power + 1)) for power in powers]
    return [
        Bar(low, high, sum(images for side, images in found.items() if low <= side < high))._asdict()
        for low, high in edges
    ]


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
    """What `version` has that `other` has not; images are the same when their bytes are, of pairs those of both."""
    same = {"sha256": OuterRef("sha256"), "pair_sha256": OuterRef("pair_sha256")}
    twins = DatasetImage.objects.filter(version=other, **same)
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


def report_of(version: DatasetVersion, outcome: str = "", text: str = "") -> "QuerySet[IngestFile]":
    """What became of each file of the source; of those whose name or reason holds the text, where one is given."""
    rows = version.files.filter(outcome=outcome) if outcome else version.files.all()
    return rows.filter(Q(name__icontains=text) | Q(reason__icontains=text)) if text else rows


def train_counts(version: DatasetVersion) -> dict[str, int]:
    """Class -> images of the training split, in the order of the classes; classes without one count 0.

    Of a class that is an attribute, all that have it, whatever their own class.
    """
    train = version.counts.get("train", {})
    counts = {name: int(train.get(name, 0)) for name in version.classes}
    if version.attributes:
        together = attributes_together(version)
        have = dict(zip(together.attributes, together.images, strict=True))
        counts |= {name: have[name] for name in counts if name in have}
    return counts


def all_grey(version: DatasetVersion) -> bool:
    """Whether no training image shows a colour; a model that may choose then learns one channel."""
    return not version.images.filter(split="train", is_grey=False).exists()


async def report_rows(files: "QuerySet[IngestFile]") -> AsyncIterator[list[tuple[str, str, str]]]:
    """All of a report as (name, outcome, reason), some thousand rows at a time."""
    last = 0
    while True:
        batch = await in_thread(_report_batch)(files, last)
        if not batch:
            return
        last = batch[-1][0]
        yield [row[1:] for row in batch]


def _report_batch(files: "QuerySet[IngestFile]", after: int) -> list[tuple[int, str, str, str]]:
    rows = files.filter(id__gt=after).order_by("id").values_list("id", "name", "outcome", "reason")
    return list(rows[:BATCH])
