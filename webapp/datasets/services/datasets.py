"""Datasets and their versions: made from a complete upload, or from a path on the server at its command line."""

import unicodedata
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max, ProtectedError

from webapp.accounts.models import Lab, Person
from webapp.core import storage
from webapp.core.errors import ConflictError, InvalidError
from webapp.core.queue import call_worker
from webapp.datasets.models import Dataset, DatasetImage, DatasetVersion, Upload
from webapp.datasets.services.uploads import UNSETTLED, remove_bytes, upload_is_used

TASK: Final = "datasets.ingest"
SWEEP_AT_ONCE: Final = 200


def create_dataset(
    lab: Lab,
    name: str,
    created_by: Person | None,
    *,
    upload: Upload | None = None,
    source_path: Path | None = None,
    split_seed: int = 0,
    kind: str = "labelled_images",
) -> Dataset:
    """A dataset with its version 1, queued for ingest. Give exactly one source; `kind` stands on the shelf.

    `source_path` is a folder or archive on the server; it is for the command line and never comes from HTTP.
    Raises: ConflictError for a name that the lab has already, or an upload that is not complete or was used.
    """
    try:
        with transaction.atomic():
            dataset = Dataset.objects.create(lab=lab, name=clean_name(name), kind=kind, created_by=created_by)
            queue_version(dataset, upload=upload, source_path=source_path, split_seed=split_seed)
    except IntegrityError as error:
        if not Dataset.objects.filter(lab=lab, name=clean_name(name)).exists():
            raise
        message = f"The lab has a dataset called {clean_name(name)!r} already; choose another name."
        raise ConflictError(message, code="name_taken", fields={"name": [message]}) from error
    return dataset


def add_version(
    dataset: Dataset, *, upload: Upload | None = None, source_path: Path | None = None, split_seed: int = 0
) -> DatasetVersion:
    """The next version of a dataset, queued for ingest; the versions before it stay as they are.

    Raises: ConflictError.
    """
    with transaction.atomic():
        return queue_version(dataset, upload=upload, source_path=source_path, split_seed=split_seed)


def queue_version(
    dataset: Dataset,
    *,
    upload: Upload | None = None,
    source_path: Path | None = None,
    base: DatasetVersion | None = None,
    **values: Any,
) -> DatasetVersion:
    """The next number of a dataset, for a worker to fill; inside a transaction.

    Raises: InvalidError, ConflictError for an upload that cannot be used.
    """
    sources = sum(source is not None for source in (upload, source_path))
    if sources > 1 or (sources == 0 and base is None):
        raise ValueError("a version is made from an upload, or a path, or an earlier version and perhaps an upload")
    Dataset.objects.select_for_update().get(pk=dataset.pk)
    if upload is not None:
        upload = Upload.objects.select_for_update().get(pk=upload.pk)
        check_upload(upload, dataset.lab_id)
    latest = dataset.versions.aggregate(number=Max("number"))["number"] or 0
    version = DatasetVersion.objects.create(
        dataset=dataset,
        number=latest + 1,
        upload=upload,
        source_path=str(source_path.resolve()) if source_path else "",
        base=base,
        **values,
    )
    call_worker(TASK, version)
    return version


def check_upload(upload: Upload, lab_id: uuid.UUID) -> None:
    """That something can be made from it in this lab. Raises: InvalidError, ConflictError."""
    if upload.lab_id != lab_id:
        raise InvalidError("The upload belongs to another lab.", fields={"upload": ["It belongs to another lab."]})
    if upload.state != Upload.State.COMPLETE:
        message = f"The upload is not complete: {upload.offset} of {upload.size_bytes} bytes are here."
        raise ConflictError(message, code="upload_incomplete", fields={"upload": [message]})
    if upload_is_used(upload):
        message = "A dataset was made from this upload already."
        raise ConflictError(message, code="upload_used", fields={"upload": [message]})


def delete_dataset(dataset: Dataset) -> None:
    """Remove a dataset with its versions, then the image files that no other version of the lab holds.

    Raises: ConflictError while runs stand on one of its versions.
    """
    lab_id = dataset.lab_id
    versions = list(dataset.versions.values_list("pk", "upload_id"))
    try:
        with transaction.atomic():
            shas = set(DatasetImage.objects.filter(version__dataset=dataset).values_list("sha256", "suffix").iterator())
            dataset.delete()
    except ProtectedError:
        raise ConflictError(
            "Runs were made from this dataset, and what they made refers to it, so it cannot be deleted.",
            code="dataset_in_use",
        ) from None
    for version_id, upload_id in versions:
        storage.remove_tree(storage.all_attempts("versions", version_id))
        if upload_id is not None:
            remove_bytes(upload_id)
    _sweep(lab_id, sorted(shas))


def _sweep(lab_id: uuid.UUID, candidates: list[tuple[str, str]]) -> None:
    """Remove files that no version of the lab names.

    While the lab reads something in, a file that no row names may be one that is about to be named: then all stay.
    """
    for start in range(0, len(candidates), SWEEP_AT_ONCE):
        batch = candidates[start : start + SWEEP_AT_ONCE]
        of_lab = DatasetVersion.objects.filter(dataset__lab_id=lab_id)
        if of_lab.filter(state__in=UNSETTLED).exists():
            return
        wanted = [sha for sha, _ in batch]
        named = set(DatasetImage.objects.filter(version__in=of_lab, sha256__in=wanted).values_list("sha256", flat=True))
        for path in _files(lab_id, [pair for pair in batch if pair[0] not in named]):
            path.unlink(missing_ok=True)


def _files(lab_id: uuid.UUID, images: list[tuple[str, str]]) -> Iterator[Path]:
    for sha256, suffix in images:
        yield storage.object_file(lab_id, sha256, suffix)
        yield storage.thumbnail_file(lab_id, sha256)


def clean_name(name: str) -> str:
    """A name as people see it, in one form for every way of typing it.

    Raises: InvalidError when nothing is left of it.
    """
    words = unicodedata.normalize("NFC", name).split()
    seen = (_visible(word) for word in words)
    cleaned = " ".join(word for word in seen if word)
    if not cleaned or len(cleaned) > 120:
        message = "The name must have 1 to 120 visible signs."
        raise InvalidError(message, fields={"name": [message]})
    return cleaned


def _visible(word: str) -> str:
    """Without control signs, direction marks and halves of surrogate pairs."""
    return "".join(sign for sign in word if unicodedata.category(sign) not in ("Cc", "Cf", "Cs"))
