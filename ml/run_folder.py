"""A run without the web: one folder that holds the plan, the list of images, and what the stages left.

<folder>/plan.json     the recipe and where the images are
<folder>/images.jsonl  training and validation images; the test split is left out, it is reserved for studies
<folder>/done.json     stage -> what it left behind
<folder>/start/        the checkpoint of another run that this one started from, if it did
and the outputs of the stages (`ml/pipeline.py`)
"""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from ml import pipeline
from ml.checkpoint import carry, file_hash, read_checkpoint, step_of
from ml.dataset_kind import classes_of
from ml.errors import BadDatasetError, BadSettingsError
from ml.images import write_png
from ml.model import Model
from ml.plans import Artefacts, Imported, Recipe, RunPlan, SelectPlan, Stage, read_plan
from ml.plugin import find, read_settings
from ml.pool import open_pool
from ml.pool_import import ImportRun
from ml.protocol import Emit, MeasurementRow
from ml.records import ImageRecord, read_records
from ml.selection import read_selection, select_again
from ml.start_plan import Start
from ml.told import ShouldStop
from ml.whole import whole_file


def recipe_of_training(model: str, settings: dict[str, Any], seed: int) -> Recipe:
    """Of a training whose images nobody has asked for yet."""
    return {
        "model": model,
        "model_settings": settings,
        "sampler": "random",
        "sampler_settings": {},
        "budget": {"kind": "per_class", "count": 1},
        "pool_factor": 1.0,
        "seed": seed,
    }


@dataclass
class RunFolder:
    """An opened run folder."""

    folder: Path
    plan: RunPlan

    @classmethod
    def create(
        cls,
        folder: Path,
        records: Sequence[ImageRecord],
        recipe: Recipe,
        start: Start | None = None,
        compute: dict[str, Any] | None = None,
        imported: Imported | None = None,
        attributes: Sequence[str] = (),
    ) -> "RunFolder":
        """The checkpoint of `start` becomes the folder's own. imported: images to read where a model would make them;
        attributes: names of what the records say.

        Raises: BadSettingsError when another run lies there; CheckpointError.
        """
        cls.refuse_used(folder)
        folder.mkdir(parents=True, exist_ok=True)
        images = folder / "images.jsonl"
        with whole_file(images) as partial:
            partial.write_text(
                "".join(json.dumps(record.row()) + "\n" for record in records if record.split != "test"),
                encoding="utf-8",
            )
        classes = classes_of((record.label for record in records), attributes)
        run = cls(
            folder,
            {
                "verb": "run",
                "recipe": recipe,
                "dataset": {"classes": classes, "images": str(images.absolute())},
                "out": str(folder.absolute()),
                "done": {},
                "resume_from": None,
                "start": start and {**start, "file": str(carry(Path(start["file"]), folder / "start").file.absolute())},
                "compute": compute or {},
            },
        )
        if attributes:
            run.plan["dataset"]["attributes"] = list(attributes)
        if imported is not None:
            run.plan["imported"] = imported
        run.save()
        return run

    @staticmethod
    def refuse_used(folder: Path) -> None:
        """Raises: BadSettingsError when a run lies there."""
        if (folder / "plan.json").exists():
            raise BadSettingsError(f"{folder} already holds a run; add --resume to go on, or name another folder.")

    @classmethod
    def open(cls, folder: Path) -> "RunFolder":
        """Raises: BadDatasetError when no run lies there."""
        try:
            plan = cast(RunPlan, read_plan(folder / "plan.json"))
            plan["done"] = json.loads((folder / "done.json").read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise BadDatasetError(f"{folder} holds no run ({error}); make one with `python -m ml train`.") from error
        return cls(folder, plan)

    def save(self) -> None:
        for name, value in (("plan.json", {**self.plan, "done": {}}), ("done.json", self.plan["done"])):
            with whole_file(self.folder / name) as partial:
                partial.write_text(json.dumps(value, indent=1), encoding="utf-8")

    # --- commands -----------------------------------------------------------------------------------------------
    def train(self, emit: Emit, should_stop: ShouldStop) -> Artefacts:
        """Prepare and train, from the newest checkpoint where there is one. Raises: StopRequested, MlError."""
        files = [file for file in self.folder.glob("checkpoints/*.safetensors") if step_of(file) is not None]
        self.plan["resume_from"] = str(max(files, key=lambda file: step_of(file) or 0).absolute()) if files else None
        self._go_on(emit, should_stop, "train")
        return self.plan["done"]["train"]

    def generate(
        self,
        budget: dict[str, Any],
        seed: int | None,
        emit: Emit,
        should_stop: ShouldStop,
        checkpoint: Path | None = None,
    ) -> None:
        """A new pool with as many candidates of each class as `budget` says, scored; made by another checkpoint of the
        run than its best one if said. Raises: StopRequested, MlError.
        """
        self.artefact("train")
        if checkpoint is not None:
            read_checkpoint(checkpoint)
            self.plan["done"]["train"] = {"checkpoint": str(checkpoint.absolute()), "sha256": file_hash(checkpoint)}
        recipe = self.plan["recipe"]
        recipe["budget"], recipe["pool_factor"] = budget, 1.0
        recipe["seed"] = recipe["seed"] if seed is None else seed
        later: tuple[Stage, ...] = ("generate", "score", "select")
        for stage in later:
            self.plan["done"].pop(stage, None)
        self._go_on(emit, should_stop, "score")

    def sweep(self, folder: Path, emit: Emit) -> list[Path]:
        """A sheet for each code of the trained model, below `folder`; returns the sheets. Raises: MlError."""
        trained = self.artefact("train")
        return [sheet.file for sheet in pipeline.Run(self.plan, emit, lambda: False).write_sweeps(trained, folder)]

    def select(self, sampler: str, settings: dict[str, Any], budget: dict[str, Any], seed: int, emit: Emit) -> None:
        """Choose from the pool; tells the yields. Raises: MlError."""
        recipe = self.plan["recipe"]
        plan: SelectPlan = {
            "verb": "select",
            "pool": self.artefact("generate")["pool"],
            "scores": self.artefact("score")["scores"],
            "prepared": self.artefact("prepare"),
            "model": recipe["model"],
            "model_settings": recipe["model_settings"],
            "sampler": sampler,
            "sampler_settings": settings,
            "budget": budget,
            "seed": seed,
            "train_counts": self.train_counts(),
            "out": self.plan["out"],
        }
        select_again(plan, emit)
        self.plan["done"]["select"] = {"selection": str(self.folder.absolute() / "selection.npz")}
        self.save()

    def evaluate(self, emit: Emit) -> dict[str, MeasurementRow]:
        """Every metric on what was selected, or on the whole pool before that. Raises: MlError."""
        work = pipeline.Run(self.plan, emit, lambda: False)
        self.artefact("score")
        values = work.measure(work.pool(), self.chosen())
        with whole_file(self.folder / "metrics.json") as partial:
            partial.write_text(json.dumps(values, indent=1), encoding="utf-8")
        return values

    def write_images(self, folder: Path) -> int:
        """What was selected (or the whole pool) as PNG in class folders; returns how many."""
        pool = open_pool(Path(self.artefact("generate")["pool"]))
        rows = self.chosen()
        for row in rows:
            name = pool.facts.classes[pool.label[row]]
            write_png(folder / name / f"{row:06d}-seed{pool.seed[row]}.png", pool.images(np.array([row]))[0])
        return len(rows)

    # --- their parts --------------------------------------------------------------------------------------------
    def chosen(self) -> NDArray[np.int64]:
        """Rows of the pool: the selection, or all."""
        selected = self.plan["done"].get("select")
        if selected:
            return read_selection(Path(selected["selection"])).kept
        return np.arange(len(open_pool(Path(self.artefact("generate")["pool"]))))

    def artefact(self, stage: Stage) -> Artefacts:
        """What a stage left. Raises: BadDatasetError when it was not run."""
        if stage not in self.plan["done"]:
            command = "generate" if stage in ("generate", "score") else stage
            raise BadDatasetError(f"{self.folder} lacks the stage {stage}; run `python -m ml {command}` on it first.")
        return self.plan["done"][stage]

    def train_counts(self) -> dict[str, int]:
        """Class -> training images, of the classes that the model learns."""
        recipe, classes = self.plan["recipe"], tuple(self.plan["dataset"]["classes"])
        if "imported" not in self.plan:
            model = find("models", Model, recipe["model"])
            classes = model.classes_learnt(read_settings(model, recipe["model_settings"]), classes)
        records = read_records(Path(self.plan["dataset"]["images"]))
        attributes = self.plan["dataset"].get("attributes", ())
        counts = Counter(name for record in records if record.split == "train" for name in record.classes(attributes))
        return {name: counts[name] for name in classes}

    def _go_on(self, emit: Emit, should_stop: ShouldStop, last: Stage) -> None:
        def remember(event: object) -> None:
            if isinstance(event, dict) and event["event"] == "stage_finished":
                self.plan["done"][event["stage"]] = event["artefact"]
                self.save()
            emit(event)  # type: ignore[arg-type]

        self.save()
        pipeline.run(self.plan, remember, should_stop, last, ImportRun if "imported" in self.plan else None)
