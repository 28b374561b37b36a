"""A study: the images its child process gets, and what becomes of each thing it says."""

import json
import time
from pathlib import Path
from typing import Any, ClassVar, Final, cast

from django.db.models import QuerySet

from ml.attribute_lines import shortened
from ml.attribute_told import ArtBegun, ArtMeasured
from ml.plans import AttributeStudyPlan, PoolPart, StudyPlan
from ml.protocol import ChildTrained, Event, StageProgress
from webapp.core import bucket, storage
from webapp.core.errors import GoneError
from webapp.core.leases import Leased
from webapp.datasets.models import DatasetImage
from webapp.datasets.selectors import dataset_part, files_of, plan_rows
from webapp.gallery.models import Pool
from webapp.runs.services import files
from webapp.studies.events import ArmProgress, StudyProgress
from webapp.studies.models import Study
from webapp.studies.selectors import pools_of
from webapp.studies.services import attempt
from workers.run import recipe_of
from workers.supervisor import Work

EVERY_S: Final = 0.5
NEEDED_ONCE: Final = (
    *("generators", "given", "chosen", "data", "judged.npz", "images.jsonl"),
    *("encoder", "classifier.safetensors"),
)
"""What the folder of a study holds that nobody asks for when it has its answer."""


class StudyWork(Work[Study]):
    """One attempt of a study. What it makes lies in one folder for all attempts: each file is whole or not there."""

    model: ClassVar[type[Leased]] = Study
    first_state = Study.State.RUNNING

    def __init__(self, row: Study) -> None:
        super().__init__(row)
        self._progress = StudyProgress()
        self._device = ""
        self._means = _Means()
        self._clock = _Clock()
        self._is_told = True
        self._told_at = 0.0
        self._kept: set[str] = set()
        self._result: dict[str, Any] = {}

    @property
    def folder(self) -> Path:
        return storage.study_folder(self.row.pk, self.row.fence)

    @property
    def made(self) -> Path:
        """Generators, children and the result."""
        return storage.study_files(self.row.pk)

    def plan(self) -> StudyPlan | AttributeStudyPlan:
        """Images of all splits where children are tested: the test split is for such studies, and only for them."""
        attempt.begin_study(self.row)
        bucket.push_all(self._left(), self.go_on)
        bucket.pull_tree(self.made, self.go_on)
        version = self.row.version
        if self.row.question == Study.Question.ATTRIBUTES:
            measured = [file.parent for file in self.made.glob("arts/*/*/edits.json")]
            for folder in measured:
                _leave_measures(folder)
            self._progress = StudyProgress(num_done=len(measured))
            images = self._write_images(version.images.exclude(split="test"))
            return {
                "verb": "attribute_study",
                "dataset": dataset_part(version, str(images)),  # type: ignore[typeddict-item]
                "arts": self.row.arms,
                "shared": self.row.model_settings,
                "settings": self.row.settings,
                "out": str(self.made),
            }
        self._kept = {file.stem for file in self.made.glob("children/[!.]*.npz")}
        images = self._write_images(version.images.all())
        return {
            "verb": "study",
            "dataset": dataset_part(version, str(images)),  # type: ignore[typeddict-item]
            "model": self.row.model,
            "model_settings": self.row.model_settings,
            "pools": [self._bring(pool) for pool in pools_of(self.row)],
            "arms": self.row.arms,
            "settings": self.row.settings,
            "out": str(self.made),
        }

    def _left(self) -> list[Path]:
        """What an attempt here ended before it was put into the bucket; nothing where nothing was measured."""
        if measures := [*self.made.glob("arts/*/*/edits.json"), *self.made.glob("children/[!.]*.npz")]:
            measures += (file for file in self._rulers() if file.is_file())
        return measures

    def _rulers(self) -> list[Path]:
        """What measures every art of a study, so that one which goes on elsewhere is measured alike."""
        return [self.made / "classifier.safetensors", *(self.made / "encoder").glob("[!.]*")]

    def _write_images(self, images: "QuerySet[DatasetImage]") -> Path:
        """Raises: GoneError, BucketError."""
        version, path = self.row.version, self.folder / "images.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for row in plan_rows(version, images):
                stream.write(json.dumps(row) + "\n")
        files = (storage.object_file(version.dataset.lab_id, *one) for one in files_of(images))
        if absent := bucket.pull_all(files, self.go_on):
            raise GoneError(f"{len(absent)} images of this version are not in the bucket any more; upload them again.")
        return path

    def _bring(self, pool: Pool) -> PoolPart:
        """Raises: BucketError."""
        run, stages = pool.run, ("prepare", "generate", "score")
        files.bring_stages(run, stages, self.go_on)
        done = {stage: files.absolute(run.artefacts[stage]) for stage in stages}
        return {"recipe": recipe_of(run), "done": cast(Any, done)}

    # --- while it works -----------------------------------------------------------------------------------------
    def heard(self, event: Event) -> None:
        match event["event"]:
            case "generator":
                begun = event
                self._note(part="generators", generator=begun["number"], num_generators=begun["num_generators"])
            case "progress":
                stage = cast(StageProgress, event)
                self._device = stage["device"]
                self._note(stage=stage["stage"], step=stage["step"], num_steps=stage["num_steps"], eta_s=stage["eta_s"])
            case "checkpoint":
                attempt.advance_study(self.row)
            case "art":
                self._heard_art(event)
            case "art_measured":
                self._heard_measured(event)
            case "child":
                self._heard_child(event)
            case "result":
                self._result = cast(dict[str, Any], event)["result"]

    def _heard_child(self, child: ChildTrained) -> None:
        is_new = child["name"] not in self._kept
        if is_new:
            bucket.push(self.made / "children" / f"{child['name']}.npz")
            attempt.advance_study(self.row)
            self._kept.add(child["name"])
        self._means.add(child)
        self._note(
            part="children",
            num_done=child["num_done"],
            num_children=child["num_children"],
            eta_s=self._clock.left(child, is_new),
            arms=self._means.arms(),
        )

    def _heard_art(self, art: ArtBegun) -> None:
        where = {"generator": art["number"], "num_generators": art["num_trainings"]}
        where |= {"seed": art["seed"], "step": 0, "num_steps": 0}
        self._note(part="arts", arm=shortened(art["name"]), stage="", eta_s=None, **where)

    def _heard_measured(self, measured: ArtMeasured) -> None:
        """The training has said all that it can: what is left of it, but for its measures, goes."""
        folder = Path(measured["folder"])
        bucket.push_all([*self._rulers(), folder / "edits.json"])
        attempt.advance_study(self.row)
        _leave_measures(folder)
        attempt.note_table(self.row, cast(dict[str, Any], measured["result"]))
        self._note(num_done=measured["num_done"])

    def _note(self, **values: Any) -> None:
        self._progress = self._progress.model_copy(update=values)
        self._is_told = False
        self.tick()

    def tick(self) -> None:
        if not self._is_told and time.monotonic() - self._told_at >= EVERY_S:
            attempt.note_progress(self.row, self._progress, self._device)
            self._is_told, self._told_at = True, time.monotonic()

    # --- how it ends --------------------------------------------------------------------------------------------
    def finish(self) -> None:
        attempt.note_progress(self.row, self._progress, self._device)
        attempt.finish_study(self.row, self._result)
        for name in NEEDED_ONCE:
            storage.remove_tree(self.made / name)
            storage.remove_file(self.made / name)

    def stopped(self) -> None:
        attempt.stopped_study(self.row)

    def cancelled(self) -> None:
        attempt.cancelled_study(self.row)

    def give_back(self) -> None:
        attempt.give_back_study(self.row)

    def crashed(self, code: str, sentence: str) -> None:
        attempt.interrupt_study(self.row, code, sentence)

    def paused(self, code: str, sentence: str) -> None:
        attempt.pause_study(self.row, code, sentence)

    def failed(self, code: str, sentence: str) -> None:
        attempt.fail_study(self.row, code, sentence)


def _leave_measures(folder: Path) -> None:
    """Of a training that is measured, nothing else is needed."""
    for name in ("checkpoints", "previews"):
        storage.remove_tree(folder / name)


class _Means:
    """Children of each arm so far, in the order in which the arms came, and the mean of their accuracies."""

    def __init__(self) -> None:
        self._found: dict[str, dict[str, float]] = {}

    def add(self, child: ChildTrained) -> None:
        """The same child once more counts once."""
        self._found.setdefault(child["arm"], {})[child["name"]] = child["val_balanced_accuracy"]

    def arms(self) -> list[ArmProgress]:
        return [
            ArmProgress(arm=arm, num_done=len(found), val_balanced_accuracy=sum(found.values()) / len(found))
            for arm, found in self._found.items()
        ]


class _Clock:
    """How long the children that are left take, by those that this attempt trained."""

    def __init__(self) -> None:
        self._first: tuple[float, int] | None = None

    def left(self, child: ChildTrained, is_new: bool) -> float | None:
        """Seconds; None before two of this attempt are there."""
        done, number = child["num_done"], child["num_children"]
        if self._first is None:
            self._first = (time.monotonic(), done) if is_new else None
            return None
        began, before = self._first
        if done <= before:
            return None  # the same child once more
        return (time.monotonic() - began) / (done - before) * (number - done)
