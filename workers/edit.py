"""A sheet of edits: one real image with every combination of some attributes."""

from pathlib import Path
from typing import Any, ClassVar

from ml.plans import EditPlan
from ml.protocol import Event
from webapp.core import bucket, storage
from webapp.core.errors import GoneError
from webapp.core.leases import Leased
from webapp.gallery.models import Edit
from webapp.gallery.services import edits
from webapp.runs.services import files
from workers.supervisor import Work

NEEDED = ("prepare", "train")
"""Stages of the run whose files are read."""


class EditWork(Work[Edit]):
    """One attempt of an edit."""

    model: ClassVar[type[Leased]] = Edit
    first_state = Edit.State.MAKING

    def __init__(self, row: Edit) -> None:
        super().__init__(row)
        self._result: Any = None

    @property
    def folder(self) -> Path:
        return storage.edit_folder(self.row.pk, self.row.fence)

    def plan(self) -> EditPlan:
        """The checkpoint that the row names. Raises: GoneError, BucketError."""
        edits.begin_edit(self.row)
        run = self.row.run
        files.bring_stages(run, NEEDED, self.go_on)
        done = files.finished_stages(run)
        if not all(stage in done for stage in NEEDED):
            raise GoneError("The run's checkpoint and prepared images are not on the disk any more; run it again.")
        return {
            "verb": "edit",
            "checkpoint": done["train"]["checkpoint"],
            "sha256": self.row.checkpoint_sha256,
            "data": done["prepare"]["data"],
            "encoder": done["prepare"]["encoder"],
            "image": self.row.image,
            "attributes": self.row.attributes,
            "out": str(self.folder / "sheet.png"),
        }

    def heard(self, event: Event) -> None:
        if event["event"] == "result":
            self._result = event

    def finish(self) -> None:
        file = Path(self._result["sheet"])
        bucket.push(file)
        told = {name: value for name, value in self._result.items() if name not in ("event", "sheet")}
        edits.finish_edit(self.row, storage.relative(file), file.stat().st_size, told)

    def cancelled(self) -> None:
        edits.cancelled_edit(self.row)

    def give_back(self) -> None:
        edits.give_back_edit(self.row)

    def crashed(self, code: str, sentence: str) -> None:
        edits.interrupt_edit(self.row, code, sentence)

    def paused(self, code: str, sentence: str) -> None:
        edits.pause_edit(self.row, code, sentence)

    def failed(self, code: str, sentence: str) -> None:
        edits.fail_edit(self.row, code, sentence)
