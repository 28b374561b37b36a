"""An export: which images go in, and the texts that lie beside them."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any, ClassVar, cast

from ml import catalog
from ml.plans import ExportPlan
from ml.protocol import Event, FileProgress
from webapp.core import bucket, storage
from webapp.core.errors import GoneError
from webapp.core.leases import Leased
from webapp.exports import selectors
from webapp.exports.models import Export
from webapp.exports.services import building
from webapp.exports.services.card import card_of, title_of
from webapp.exports.services.gate import gated
from webapp.exports.services.provenance import provenance_of
from workers.supervisor import Work


class ExportWork(Work[Export]):
    """One attempt of an export."""

    model: ClassVar[type[Leased]] = Export
    first_state = Export.State.BUILDING

    def __init__(self, row: Export) -> None:
        super().__init__(row)
        self._result: Any = None

    @property
    def folder(self) -> Path:
        return storage.export_folder(self.row.pk, self.row.fence)

    def plan(self) -> ExportPlan:
        """What is accepted at this moment is what goes in. Raises: ConflictError for near-copies without a reason."""
        building.begin_export(self.row)
        export = selectors.with_origins().get(pk=self.row.pk)
        catalogue = catalog.load(storage.catalogue_folder())
        suffix = catalogue.export_formats[export.format].suffix
        shape = selectors.shape_of(export)
        pool = export.selection.pool.path if export.selection else None
        self._bring(export, pool)
        return {
            "verb": "export",
            "format": export.format,
            "title": title_of(export),
            "classes": export.version.classes,
            "resolution": shape.resolution,
            "channels": shape.channels,
            "fit": shape.fit,
            "images": _write_lines(self.folder / "images.jsonl", selectors.real_rows(export)),
            "pool": pool and str(storage.stored(pool)),
            "samples": _write_lines(self.folder / "samples.jsonl", gated(export, selectors.synthetic_rows(export))),
            "provenance": provenance_of(export),
            "card": card_of(export, catalogue),
            "out": str(self.folder / f"dataset{suffix}"),
        }

    def _bring(self, export: Export, pool: str | None) -> None:
        """Raises: GoneError, BucketError."""
        if not bucket.is_on():
            return
        if pool is not None:
            bucket.pull_tree(storage.stored(pool), self.go_on)
        if absent := bucket.pull_all((Path(row["file"]) for row in selectors.real_rows(export)), self.go_on):
            raise GoneError(f"{len(absent)} images of this version are not in the bucket any more; upload them again.")

    def heard(self, event: Event) -> None:
        if event["event"] == "progress" and "current" in event:
            progress = cast(FileProgress, event)
            building.note_progress(self.row, progress["current"], progress["max"])
        elif event["event"] == "result":
            self._result = event

    def finish(self) -> None:
        facts = {key: self._result[key] for key in ("sha256", "size_bytes", "num_real", "num_synthetic")}
        bucket.push(Path(self._result["file"]))
        building.finish_export(self.row, path=storage.relative(Path(self._result["file"])), **facts)

    def cancelled(self) -> None:
        building.cancelled_export(self.row)

    def give_back(self) -> None:
        building.give_back_export(self.row)

    def crashed(self, code: str, sentence: str) -> None:
        building.interrupt_export(self.row, code, sentence)

    def paused(self, code: str, sentence: str) -> None:
        building.pause_export(self.row, code, sentence)

    def failed(self, code: str, sentence: str) -> None:
        building.fail_export(self.row, code, sentence)


def _write_lines(path: Path, rows: Iterable[dict[str, Any]]) -> str:
    with path.open("w", encoding="utf-8") as stream:
        for row in rows:
            stream.write(json.dumps(row) + "\n")
    return str(path)
