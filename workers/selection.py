"""Another selection from a pool that is there already."""

from pathlib import Path
from typing import Any, ClassVar, cast

from django.db.models.functions import Now

from ml.plans import Artefacts, SelectPlan, Verdicts
from ml.protocol import Event
from webapp.core import bucket, storage
from webapp.core.errors import GoneError
from webapp.core.leases import Leased
from webapp.gallery.models import Selection
from webapp.gallery.selectors.samples import judged_rows
from webapp.gallery.services import pools, selections
from webapp.runs.forecast import learnt_counts
from webapp.runs.services import files
from workers.supervisor import Work


class SelectionWork(Work[Selection]):
    """One attempt of a selection."""

    model: ClassVar[type[Leased]] = Selection
    first_state = Selection.State.SELECTING

    def __init__(self, row: Selection) -> None:
        super().__init__(row)
        self._result: Any = None

    @property
    def folder(self) -> Path:
        return storage.selection_folder(self.row.pk, self.row.fence)

    def plan(self) -> SelectPlan:
        """The scored pool and what to choose by."""
        selections.begin_selection(self.row)
        pool = self.row.pool
        run, recipe = pool.run, pool.run.recipe
        scores = storage.stored(run.artefacts["score"]["scores"])
        bucket.pull_tree(storage.stored(pool.path), self.go_on)
        files.bring_stages(run, ["prepare"], self.go_on)
        if not bucket.pull(scores):
            raise GoneError("The scores of this pool are not on the disk any more; run the recipe again.")
        return {
            "verb": "select",
            "pool": str(storage.stored(pool.path)),
            "scores": str(scores),
            "prepared": cast(Artefacts, files.finished_stages(run).get("prepare", {})),  # read back from the row
            "verdicts": cast(Verdicts, judged_rows(pool)),
            "model": recipe.model,
            "model_settings": recipe.model_settings,
            "sampler": self.row.sampler,
            "sampler_settings": self.row.sampler_settings,
            "budget": self.row.budget,
            "seed": self.row.seed,
            "train_counts": learnt_counts(run.version, recipe.model, recipe.model_settings),
            "out": str(self.folder),
        }

    def heard(self, event: Event) -> None:
        if event["event"] == "result":
            self._result = event

    def finish(self) -> None:
        file = Path(self._result["selection"])
        pools.bring_in_choices(self.row, file, lambda: self.row.write(heartbeat_at=Now()))
        pools.bring_in_learnt(self.row.pool, file, lambda: self.row.write(heartbeat_at=Now()))
        selections.finish_selection(self.row, self._result["yields"], self._result["report"])

    def cancelled(self) -> None:
        selections.cancelled_selection(self.row)

    def give_back(self) -> None:
        selections.give_back_selection(self.row)

    def crashed(self, code: str, sentence: str) -> None:
        selections.interrupt_selection(self.row, code, sentence)

    def paused(self, code: str, sentence: str) -> None:
        selections.pause_selection(self.row, code, sentence)

    def failed(self, code: str, sentence: str) -> None:
        selections.fail_selection(self.row, code, sentence)
