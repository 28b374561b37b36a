"""What the ingest worker writes, always under the fence of its claim: a worker that lost the version writes nothing.

    version = DatasetVersion.claim(pk, owner, DatasetVersion.State.INGESTING)
    begin_ingest(version)                          # forget what an attempt before this one left
    report_ingest_progress(version, 40, 100)       # at most twice a second
    save_ingested_files(version, files)            # up to 200 rows of the child's `ingest_files`
    finish_ingest(version, result)  or  reject_version(version, code, message)

Each call is a short transaction of its own, and raises LeaseLostError when the version is another worker's by now.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from django.db import transaction
from django.db.models import Count
from django.db.models.functions import Now

from webapp.accounts.models import Lab
from webapp.core import bucket, storage
from webapp.core.errors import GoneError
from webapp.datasets.events import publish_version
from webapp.datasets.models import Dataset, DatasetImage, DatasetVersion, IngestFile
from webapp.datasets.selectors import named_in_store
from webapp.datasets.services.uploads import remove_bytes

CANCELLED: Final = "cancelled"
DELETE_AT_ONCE: Final = 2000
NAME_SIGNS: Final = 1024
REASON_SIGNS: Final = 1000
IMAGE_FIELDS: Final = (
    "index",
    "label",
    "split",
    "sha256",
    "suffix",
    "width",
    "height",
    "is_grey",
    "size_bytes",
    "near",
)
FURTHER_FIELDS: Final = ("pair_sha256", "pair_suffix", "pair_size_bytes", "attributes")
"""Those that only images of some kinds of datasets have."""


def begin_ingest(version: DatasetVersion) -> None:
    """Start clean: remove the rows that an attempt before this one wrote, and its folder of scratch files.

    Raises: LeaseLostError.
    """
    for rows in (DatasetImage, IngestFile):
        _remove_rows(rows, version)
    with transaction.atomic():
        if bucket.is_on():  # what was being removed from the lab's store is gone now, and is written anew
            Lab.objects.select_for_update().get(pk=version.dataset.lab_id)
        version.write(progress={}, outcomes={}, error_code="", error_message="")
        publish_version(_fresh(version))
    for fence in range(version.fence):
        storage.remove_tree(storage.version_folder(version.pk, fence))


def report_ingest_progress(version: DatasetVersion, current: int, maximum: int) -> None:
    """How many of the source's files have been read.

    Raises: LeaseLostError.
    """
    with transaction.atomic():
        version.write(progress={"current": int(current), "max": int(maximum)})
        publish_version(_fresh(version))


def save_ingested_files(version: DatasetVersion, files: Sequence[Mapping[str, Any]]) -> None:
    """Rows of the report, and of the images for those accepted; the shape is `ml.protocol.IngestedFile`.

    Raises: LeaseLostError; then none of the rows is written.
    """
    report = [
        IngestFile(
            version_id=version.pk,
            name=_shown(file["name"], NAME_SIGNS),
            outcome=file["outcome"],
            reason=_shown(file.get("reason", ""), REASON_SIGNS),
        )
        for file in files
    ]
    images = [
        DatasetImage(
            version_id=version.pk,
            name=_shown(file["name"], NAME_SIGNS),
            fingerprint=bytes.fromhex(file["fingerprint"]),
            issues=" ".join(["", *file["issues"], ""]) if file["issues"] else "",
            pair_name=_shown(file.get("pair_name", ""), NAME_SIGNS),
            **{field: file[field] for field in IMAGE_FIELDS},
            **{field: file[field] for field in FURTHER_FIELDS if field in file},
            **(file["look"] or {}),
        )
        for file in files
        if file["outcome"] == IngestFile.Outcome.ACCEPTED
    ]
    with transaction.atomic():
        version.write(heartbeat_at=Now())  # the fence is checked, and the row held, before anything is added
        IngestFile.objects.bulk_create(report, batch_size=500)
        DatasetImage.objects.bulk_create(images, batch_size=500)


def keep_files(version: DatasetVersion, files: Sequence[Mapping[str, Any]]) -> None:
    """Put the originals and thumbnails of accepted files into the bucket, but those that it has from other versions.

    Raises: BucketError; GoneError when one is neither there nor here.
    """
    if not bucket.is_on():
        return
    accepted = [file for file in files if file["outcome"] == IngestFile.Outcome.ACCEPTED]
    suffixes = {file["sha256"]: file["suffix"] for file in accepted}
    suffixes |= {file["pair_sha256"]: file["pair_suffix"] for file in accepted if "pair_sha256" in file}
    lab_id = version.dataset.lab_id
    new = suffixes.keys() - named_in_store(lab_id, suffixes, version__state=DatasetVersion.State.READY)
    originals = [storage.object_file(lab_id, sha256, suffixes[sha256]) for sha256 in new]
    pairs = [*originals, *(storage.thumbnail_file(lab_id, sha256) for sha256 in new)]
    here = [file for file in pairs if file.is_file()]
    bucket.push_all(here)
    # an earlier version that was deleted meanwhile may have been read in elsewhere
    if lost := [file.name for file in set(originals).difference(here) if not bucket.has(file)]:
        raise GoneError(f"{len(lost)} images of the earlier version are not in the bucket any more; upload them again.")


def finish_ingest(version: DatasetVersion, result: Mapping[str, Any]) -> None:
    """The version is ready: the child's `result` becomes its columns, and the uploaded bytes are not needed any more.

    Raises: LeaseLostError; ValueError when fewer or more images were saved than the result counts.
    """
    with transaction.atomic():
        saved = DatasetImage.objects.filter(version_id=version.pk).count()
        if saved != result["num_images"]:
            raise ValueError(f"version {version.pk}: {saved} images were saved and {result['num_images']} counted")
        version.release(
            DatasetVersion.State.READY,
            classes=list(result["classes"]),
            attributes=list(result["attributes"]),
            recognised=result["recognised"],
            counts=dict(result["counts"]),
            content_hash=result["content_hash"],
            num_images=result["num_images"],
            size_bytes=result["size_bytes"],
            near_duplicates=dict(result["near_duplicates"]),
            health=dict(result["health"]),
            outcomes=_outcomes(version),
            error_code="",
            error_message="",
            finished_at=Now(),
        )
        if result["kind"]:
            Dataset.objects.filter(pk=version.dataset_id, kind="").update(kind=result["kind"])
        _settled(version)


def reject_version(version: DatasetVersion, code: str, message: str) -> None:
    """Nothing can be made of the source; `message` says what was found, what was expected and what to do.

    The report stays, so that people see which files were the reason. Raises: LeaseLostError.
    """
    with transaction.atomic():
        version.release(
            DatasetVersion.State.REJECTED,
            error_code=code[:60],
            error_message=_shown(message, 2000),
            outcomes=_outcomes(version),
            finished_at=Now(),
        )
        _settled(version, keep_upload=code == CANCELLED)
    _remove_rows(DatasetImage, None, version_id=version.pk)


def _settled(version: DatasetVersion, *, keep_upload: bool = False) -> None:
    """After commit: tell who watches, and free the space of the upload and of scratch files."""
    fresh = _fresh(version)
    publish_version(fresh)

    def free_space() -> None:
        if fresh.upload_id is not None and not keep_upload:
            remove_bytes(fresh.upload_id)
        storage.remove_tree(storage.all_attempts("versions", fresh.pk))

    transaction.on_commit(free_space, robust=True)


def _remove_rows(rows: type[DatasetImage] | type[IngestFile], version: DatasetVersion | None, **of: Any) -> None:
    """Delete a version's rows a few thousand at a time, each time under the fence: no long transaction, no zombie."""
    own = rows._default_manager.filter(**(of or {"version_id": version.pk if version else None}))
    while True:
        with transaction.atomic():
            if version is not None:
                version.write(heartbeat_at=Now())
            keys = list(own.order_by("pk").values_list("pk", flat=True)[:DELETE_AT_ONCE])
            if not keys:
                return
            rows._default_manager.filter(pk__in=keys).delete()


def _fresh(version: DatasetVersion) -> DatasetVersion:
    return DatasetVersion.objects.get(pk=version.pk)


def _outcomes(version: DatasetVersion) -> dict[str, int]:
    """Outcome -> number of files."""
    rows = IngestFile.objects.filter(version_id=version.pk).values("outcome").annotate(files=Count("pk"))
    return {row["outcome"]: row["files"] for row in rows.order_by()}


def _shown(text: str, limit: int) -> str:
    """A name or reason as every database can hold it: no NUL, no half of a surrogate pair."""
    return text.replace("\0", "\ufffd").encode("utf-8", "replace").decode("utf-8")[:limit]
