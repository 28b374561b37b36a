"""An ingest: from an upload, or a path given at the server's command line, to a dataset version with its report."""

import json
from pathlib import Path
from typing import Any, ClassVar, cast

from ml.plans import IngestPlan
from ml.protocol import Event, FileProgress
from webapp.core import storage
from webapp.core.errors import GoneError
from webapp.core.leases import Leased
from webapp.datasets.models import DatasetVersion
from webapp.datasets.services.ingest import (
    begin_ingest,
    finish_ingest,
    keep_files,
    reject_version,
    report_ingest_progress,
    save_ingested_files,
)
from webapp.datasets.services.interruptions import cancelled_ingest, give_back_ingest, interrupt_ingest, pause_ingest
from webapp.datasets.services.versions import earlier_images
from workers.supervisor import Work

SPLIT_FRACTIONS = [0.8, 0.1, 0.1]
"""Train, val, test, where the source has no split folders."""


class IngestWork(Work[DatasetVersion]):
    """One attempt of an ingest; it starts anew, because rows of half a version are worth nothing."""

    model: ClassVar[type[Leased]] = DatasetVersion
    first_state = DatasetVersion.State.INGESTING

    def __init__(self, row: DatasetVersion) -> None:
        super().__init__(row)
        self._result: Any = None

    @property
    def folder(self) -> Path:
        return storage.version_folder(self.row.pk, self.row.fence)

    def plan(self) -> IngestPlan:
        begin_ingest(self.row)
        source, name = self._source()
        dataset = self.row.dataset
        return {
            "verb": "ingest",
            "source": str(source) if source else None,
            "source_name": name,
            "earlier": str(self._write_earlier()) if self.row.edits else None,
            "attributes": self.row.base.attributes if self.row.edits and self.row.base else [],
            "resplit": self.row.edits.get("resplit", False),
            "out": str(self.folder),
            "store": str(storage.lab_folder(dataset.lab_id)),
            "kind": dataset.kind or None,
            "split_seed": self.row.split_seed,
            "split_fractions": self.row.split_fractions or SPLIT_FRACTIONS,
            "limits": {},
        }

    def _write_earlier(self) -> Path:
        """JSON lines of what the version before holds, with what a person changed."""
        if self.row.base is None:
            raise GoneError("The version that this one is made from is not there any more; start from another one.")
        path = self.folder / "earlier.jsonl"
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("w", encoding="utf-8") as stream:
            for image in earlier_images(self.row):
                stream.write(json.dumps(image) + "\n")
        return path

    def _source(self) -> tuple[Path | None, str]:
        """The file or folder to read, if any, and how people know it."""
        upload = self.row.upload
        if upload is None and not self.row.source_path:
            return None, ""
        path = Path(self.row.source_path) if upload is None else storage.upload_file(upload.pk)
        if not path.exists():
            raise GoneError("What was to be read in is not on the server any more; upload it again.")
        return path, path.name if upload is None else upload.file_name

    def heard(self, event: Event) -> None:
        match event["event"]:
            case "ingest_files":
                save_ingested_files(self.row, event["files"])
                keep_files(self.row, event["files"])
            case "progress":
                progress = cast(FileProgress, event)
                report_ingest_progress(self.row, progress["current"], progress["max"])
            case "result":
                self._result = event

    def finish(self) -> None:
        finish_ingest(self.row, self._result)

    def cancelled(self) -> None:
        cancelled_ingest(self.row)

    def give_back(self) -> None:
        give_back_ingest(self.row)

    def crashed(self, code: str, sentence: str) -> None:
        interrupt_ingest(self.row, code, sentence)

    def paused(self, code: str, sentence: str) -> None:
        pause_ingest(self.row, code, sentence)

    def failed(self, code: str, sentence: str) -> None:
        reject_version(self.row, code, sentence)
