"""Every change of uploads, datasets and versions."""

from webapp.datasets.services.datasets import add_version, change_dataset, create_dataset, delete_version
from webapp.datasets.services.ingest import (
    begin_ingest,
    finish_ingest,
    reject_version,
    report_ingest_progress,
    save_ingested_files,
)
from webapp.datasets.services.uploads import abandon_upload, create_upload, expire_uploads
from webapp.datasets.services.versions import next_version

__all__ = [
    "abandon_upload",
    "add_version",
    "begin_ingest",
    "change_dataset",
    "create_dataset",
    "create_upload",
    "delete_version",
    "expire_uploads",
    "finish_ingest",
    "next_version",
    "reject_version",
    "report_ingest_progress",
    "save_ingested_files",
]
