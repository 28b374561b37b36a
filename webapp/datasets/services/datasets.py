"""Datasets and their versions: made from a complete upload, or from a path on the server at its command line."""

import unicodedata
import uuid
from pathlib import Path
from typing import Any, Final

from django.db import IntegrityError, transaction
from django.db.models import Max

from webapp.accounts.models import Lab, Person, Role
from webapp.core.errors import ConflictError, InvalidError
from webapp.core.permissions import require_role
from webapp.core.queue import call_worker
from webapp.core.removal import delete, rename, set_archived
from webapp.datasets.models import Dataset, DatasetVersion, Upload
from webapp.datasets.services.uploads import upload_is_used

TASK: Final = "datasets.ingest"


def create_dataset(
    lab: Lab,
    name: str,
    created_by: Person | None,
    *,
    upload: Upload | None = None,
    source_path: Path | None = None,
    split_seed: int = 0,
    kind: str = "",
) -> Dataset:
    """A dataset with its version 1, queued for ingest. Give exactly one source; `kind` stands on the shelf, or is empty
    where it is to be recognised.

    `source_path` is a folder or archive on the server; it is for the command line and never comes from HTTP.
    Raises: ConflictError for a name that the lab has already, or an upload that is not complete or was used.
    """
    try:
        with transaction.atomic():
            dataset = Dataset.objects.create(lab=lab, name=clean_name(name), kind=kind, created_by=created_by)
            queue_version(dataset, upload=upload, source_path=source_path, split_seed=split_seed)
    except IntegrityError as error:
        if not Dataset.objects.filter(lab=lab, name=clean_name(name), deleted_at=None).exists():
            raise
        raise _name_taken(clean_name(name)) from error
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


def change_dataset(dataset: Dataset, person: Person, *, name: str | None = None, archived: bool | None = None) -> None:
    """Give it another name, put it away or bring it back; None leaves that as it is.

    Raises: ConflictError for a name that the lab has already; InvalidError.
    """
    if archived is not None:
        set_archived(dataset, archived, person, dataset.lab_id)
    if name is None:
        return
    try:
        rename(dataset, clean_name(name), person, dataset.lab_id)
    except IntegrityError as error:
        raise _name_taken(clean_name(name)) from error


def delete_version(version: DatasetVersion, person: Person, *, with_dependents: bool) -> None:
    """Delete one version; the others stay as they are.

    Raises: ConflictError for the only version, or while runs or exports depend on it; ForbiddenError.
    """
    if version.dataset.created_by_id != person.pk:
        require_role(person, version.dataset.lab, Role.ADMIN)
    if not version.dataset.versions.filter(deleted_at=None).exclude(pk=version.pk).exists():
        raise ConflictError("This is the only version of the dataset; delete the dataset.", code="only_version")
    delete(version, person, version.dataset.lab, with_dependents=with_dependents)


def _name_taken(name: str) -> ConflictError:
    message = f"The lab has a dataset called {name!r} already; choose another name."
    return ConflictError(message, code="name_taken", fields={"name": [message]})


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
