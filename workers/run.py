"""A run: what the child hears before it starts, and what becomes of each thing it says."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar, cast

from django.db import transaction
from django.db.models.functions import Now

from ml.judgement import HealthJudged
from ml.plans import Recipe, RunPlan
from ml.protocol import Event, PoolScored, Preview, StageProgress, SweepMade
from ml.start_plan import Start
from webapp.core import bucket, storage
from webapp.core.errors import GoneError
from webapp.core.leases import Leased
from webapp.datasets.selectors import dataset_part, files_of, plan_rows
from webapp.gallery.services import pools, selections
from webapp.runs.events import (
    CheckpointedData,
    JudgedData,
    MeasuredData,
    PoolCreated,
    PoolCreatedData,
    PreviewedData,
    ProgressedData,
    SweptData,
    WarnedData,
)
from webapp.runs.models import Run, RunState, Way
from webapp.runs.services import attempt, files, imports
from workers.keeping import Keeping
from workers.progress import Progress, Stopwatch
from workers.supervisor import Work

FACTS = "pool_facts"
"""Entry of a run's artefacts: what the child said of the pool, for an attempt that finds it finished."""


class RunWork(Work[Run]):
    """One attempt of a run."""

    model: ClassVar[type[Leased]] = Run
    first_state = RunState.PREPARING

    def __init__(self, row: Run) -> None:
        super().__init__(row)
        self._progress = Progress(self._write_progress)
        self._stopwatch = Stopwatch()
        self._keeping = Keeping()
        self._result: Any = {"yields": {}, "report": {}}
        self._is_asked_to_finish = False
        self._preview_wish = row.preview_made
        """The newest wish for a preview that the child was told of."""

    @property
    def folder(self) -> Path:
        return storage.run_folder(self.row.pk, self.row.fence)

    # --- before -------------------------------------------------------------------------------------------------
    def plan(self) -> RunPlan:
        """The recipe, the images it may see, and what earlier attempts left to build on."""
        attempt.begin_attempt(self.row)
        if self.row.origin:
            attempt.note_artefact(self.row, "train", {})
        files.bring_stages(self.row, go_on=self.go_on)
        done = files.finished_stages(self.row)
        start = self._start()
        images = self._write_images()
        if "prepare" not in done and not (start and start["prepared"]):
            self._bring_images()
        plan: RunPlan = {
            "verb": "run",
            "recipe": recipe_of(self.row),
            "dataset": dataset_part(self.row.version, str(images)),  # type: ignore[typeddict-item]
            "out": str(self.folder),
            "done": done,  # type: ignore[typeddict-item]  # the same keys, read back from the row
            "compute": self.row.compute,
            "resume_from": None if "train" in done else self._resume_from(),
            "finish_when": str(self._wish(self.row)),
            "preview_when": str(self._wish_to_see(self.row)),
            "start": start,
        }
        if self.row.origin:
            plan["imported"] = {"source": str(imports.source_of(self.row)), "name": self.row.origin["name"]}
            plan["done"]["train"] = {}
        return plan

    def _wish(self, seen: Run) -> Path:
        """The file that tells the child to end its training, now there if people asked for that.

        A signal that comes before the child listens would end it; a file waits, and asking twice is asking once.
        """
        file = self.folder / "finish"
        if seen.finish_requested:
            file.touch()
        return file

    def _wish_to_see(self, seen: Run) -> Path:
        """The file that has the child show its samples and that it then removes; there again with each new wish.

        A wish that an attempt did not live to fulfil is told to the next one.
        """
        file = self.folder / "preview"
        if seen.preview_wish > self._preview_wish:
            file.touch()
            self._preview_wish = seen.preview_wish
        return file

    def _write_images(self) -> Path:
        """JSON lines of the training and validation images. The test split is reserved for studies and stays here."""
        version = self.row.version
        rows = version.images.filter(split__in=("train", "val"))
        path = self.folder / "images.jsonl"
        with path.open("w", encoding="utf-8") as stream:
            for row in plan_rows(version, rows):
                stream.write(json.dumps(row) + "\n")
        return path

    def _bring_images(self) -> None:
        """Raises: GoneError, BucketError."""
        if not bucket.is_on():
            return
        version = self.row.version
        named = files_of(version.images.filter(split__in=("train", "val")))
        originals = (storage.object_file(version.dataset.lab_id, *one) for one in named)
        if absent := bucket.pull_all(originals, self.go_on):
            raise GoneError(f"{len(absent)} images of this version are not in the bucket any more; upload them again.")

    def _start(self) -> Start | None:
        """The checkpoint of an earlier run that this one starts from, and that run's prepared images where they fit."""
        row = self.row
        if not row.start_way:
            return None
        same_images = row.start_way != Way.REUSE
        bucket.pull(files.start_file(row))
        if row.parent and same_images:
            files.bring_stages(row.parent, ["prepare"], self.go_on)
        prepared = files.finished_stages(row.parent).get("prepare", {}) if row.parent and same_images else {}
        start = {
            "way": row.start_way,
            "file": str(files.start_file(row)),
            "sha256": row.start_sha256,
            "prepared": prepared,
        }
        return cast(Start, start)  # read back from rows

    def _resume_from(self) -> str | None:
        checkpoint, damaged = files.usable_checkpoint(self.row)
        if damaged:
            attempt.forget_checkpoints(self.row, damaged)
            steps = ", ".join(str(row.step) for row in damaged)
            where = f"step {checkpoint.step}" if checkpoint else "the start"
            message = f"The checkpoint of step {steps} is missing or altered on disk; training goes on from {where}."
            attempt.warn(self.row, WarnedData(code="checkpoint_damaged", message=message))
        if checkpoint is None:
            return None
        for best in self.row.checkpoints.filter(is_best=True).exclude(pk=checkpoint.pk):
            bucket.pull(storage.stored(best.path))  # the child carries it on
        return str(storage.stored(checkpoint.path))

    # --- meanwhile ----------------------------------------------------------------------------------------------
    def heard(self, event: Event) -> None:
        """Progress and scalars are collected. They are written before a checkpoint: whoever continues from there
        computes, and tells, only what comes after it."""
        match event["event"]:
            case "progress":
                self._stopwatch.note(cast(StageProgress, event))
                self._progress.note(cast(StageProgress, event))
            case "scalars":
                self._progress.add(event["step"], event["values"])
            case "stage_started":
                self._progress.flush()
                if self.row.origin and event["stage"] == "generate":
                    imports.forget_files(self.row)
                attempt.enter_stage(self.row, event["stage"])
            case "stage_finished":
                self._progress.flush()
                timing = self._stopwatch.timing_of(event["stage"])
                self._keeping.tell_all()
                for path in files.paths_of(_relative(event["artefact"])):
                    bucket.push(path)
                attempt.leave_stage(self.row, event["stage"], _relative(event["artefact"]), timing)
                if self.row.origin and event["stage"] == "generate":
                    imports.count_files(self.row)
            case "ingest_files":
                imports.note_files(self.row, event["files"])
            case "preview":
                self._preview(event)
            case "sweep":
                self._sweep(event)
            case "checkpoint":
                self._progress.flush()
                self._checkpoint(event)
            case "checkpoint_removed":
                self._keeping.forget(Path(event["file"]))
                attempt.remove_checkpoint(self.row, storage.relative(Path(event["file"])))
                bucket.discard(Path(event["file"]))
            case "warning":
                attempt.warn(self.row, WarnedData(code=event["code"], message=event["message"]))
            case "health":
                self._progress.flush()
                attempt.judge(self.row, _judged(event))
            case "metrics":
                attempt.measure(self.row, MeasuredData.model_validate({"values": event["values"]}))
            case "pool":
                attempt.note_artefact(self.row, FACTS, _facts(event))
            case "result":
                self._result = event

    def tick(self) -> None:
        self._progress.flush_if_due()

    def asked(self, seen: Run) -> None:
        if seen.finish_requested and not self._is_asked_to_finish:
            self._wish(seen)
            self._is_asked_to_finish = True
        self._wish_to_see(seen)

    def _write_progress(self, data: ProgressedData) -> None:
        attempt.note_progress(self.row, data)

    def _preview(self, event: Preview) -> None:
        url = f"/api/v1/runs/{self.row.pk}/previews/{event['step']}/"
        data = PreviewedData.model_validate(
            {
                "step": event["step"],
                "url": url,
                "tile": event["tile"],
                "columns": event["columns"],
                "num_columns": event["num_columns"],
            }
        )
        file, wish = Path(event["file"]), self._preview_wish
        self._keeping.tell(file, lambda: attempt.add_preview(self.row, data, storage.relative(file), wish))

    def _sweep(self, event: SweepMade) -> None:
        data = SweptData.model_validate(
            {
                "name": event["name"],
                "url": f"/api/v1/runs/{self.row.pk}/sweeps/{event['name']}/",
                "values": event["values"],
                "tile": event["tile"],
                "columns": event["columns"],
            }
        )
        file = Path(event["file"])
        self._keeping.tell(file, lambda: attempt.add_sweep(self.row, data, storage.relative(file)))

    def _checkpoint(self, event: Any) -> None:
        data = CheckpointedData(
            step=event["step"], sha256=event["sha256"], size_bytes=event["size_bytes"], is_best=event["is_best"]
        )
        file = Path(event["file"])
        self._keeping.tell(file, lambda: self._add_checkpoint(file, data))

    def _add_checkpoint(self, file: Path, data: CheckpointedData) -> None:
        for path in attempt.add_checkpoint(self.row, data, storage.relative(file)):
            storage.remove_file(storage.stored(path))

    # --- after --------------------------------------------------------------------------------------------------
    def finish(self) -> None:
        """Rows for the pool and the selection in batches; then one transaction makes them seen and ends the run."""
        self._progress.flush()
        artefacts = self.row.artefacts
        facts = pools.Facts(**artefacts[FACTS])
        pool = pools.bring_in(self.row, facts, storage.stored(artefacts["score"]["scores"]), self._hold)
        selection = selections.first_selection(pool, self._result["yields"], self._result["report"])
        pools.bring_in_choices(selection, storage.stored(artefacts["select"]["selection"]), self._hold)
        created = PoolCreatedData(pool=pool.pk, selection=selection.pk, num_samples=pool.num_samples)
        with transaction.atomic():
            finished = attempt.finish_run(self.row, PoolCreated(run=self.row.pk, data=created))
            if finished:
                pools.publish(pool)
        if finished:
            files.sweep_attempts(self.row)
        else:
            pools.discard(pool, self._hold)
            self.cancelled()

    def stopped(self) -> None:
        self._progress.flush()
        self._keeping.tell_all()
        attempt.stopped_run(self.row)

    def cancelled(self) -> None:
        attempt.cancelled_run(self.row)

    def give_back(self) -> None:
        self._progress.flush()
        self._keeping.tell_what_goes()
        attempt.given_back_run(self.row)

    def crashed(self, code: str, sentence: str) -> None:
        self._progress.flush()
        self._keeping.tell_what_goes()
        attempt.interrupted_run(self.row, code, sentence)

    def paused(self, code: str, sentence: str) -> None:
        self._progress.flush()
        attempt.paused_run(self.row, code, sentence)

    def failed(self, code: str, sentence: str) -> None:
        self._progress.flush()
        attempt.failed_run(self.row, code, sentence)

    def _hold(self) -> None:
        self.row.write(heartbeat_at=Now())


def recipe_of(run: Run) -> Recipe:
    """The run's recipe as the child reads it."""
    recipe = run.recipe
    return {
        "model": recipe.model,
        "model_settings": recipe.model_settings,
        "sampler": recipe.sampler,
        "sampler_settings": recipe.sampler_settings,
        "budget": recipe.budget,
        "pool_factor": recipe.pool_factor,
        "seed": recipe.seed,
    }


def _judged(event: HealthJudged) -> JudgedData:
    values = {key: value for key, value in event.items() if key != "event"}
    return JudgedData.model_validate(values)


def _facts(event: PoolScored) -> dict[str, Any]:
    facts = {key: value for key, value in event.items() if key != "event"}
    return {**facts, "path": storage.relative(Path(event["path"]))}


def _relative(artefact: Mapping[str, Any]) -> dict[str, str]:
    return {key: value if key in files.HASHES else storage.relative(Path(value)) for key, value in artefact.items()}
