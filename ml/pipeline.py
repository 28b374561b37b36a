"""A recipe on a dataset, stage by stage: prepare, train, generate, score, select.

Each stage turns what earlier ones left on disk into an output of its own, whole or not at all, and says so; a stage
that the plan's `done` holds is not repeated. The worker's child, the command line and the tests all come through here.

    <out>/data/ encoder/ checkpoints/ previews/ sweeps/ pool/ scores.npz pool-features.npy pool-probabilities.npy
        map.npz selection.npz metrics.json
"""

import functools
import json
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ml.budget import only_made, pool_sizes, resolve
from ml.candidates import write_candidates
from ml.checkpoint import carry
from ml.compute import num_parts, read_compute, refuse_without_gpu
from ml.device import choose_device, choose_precision, describe, device_name, memory_advice
from ml.device import prepare as prepare_device
from ml.draw import check_by_class
from ml.encoder_training import kept_encoder, num_steps
from ml.errors import BadDatasetError, CheckpointError
from ml.features import Encoder, load_encoder, save_encoder, split_features
from ml.generation import load_for_generation
from ml.held_out import HeldOut, of_pool, of_validation
from ml.image_map import map_pool
from ml.inception_measure import measure_by_inception
from ml.learner import follow
from ml.measure import checkpoint_measure, measure_all, pool_as_seen
from ml.memory import check_memory
from ml.metric import IN_DOMAIN, Evidence, ImageSet
from ml.model import DataSpec, Model, ModelSettings, TranslationModel
from ml.pack import Pack, open_pack, write_pack
from ml.plans import STAGES, Artefacts, RunPlan, Stage
from ml.plugin import find, read_settings
from ml.pool import Pool, open_pool
from ml.protocol import Emit, MeasurementRow, RunResult
from ml.ranks import launch, num_devices, own_rank
from ml.records import read_records
from ml.score import Floats, Known, score_pool
from ml.selection import candidates_of, check_suitable, evidence_of, make_sampler, read_selection, result_of, select
from ml.sources import check_fields, labels_shown
from ml.start import carry_prepared, check_start
from ml.start_plan import Start
from ml.sweeps import Sheet, columns_of, write_sweeps
from ml.told import Meter, ShouldStop, StopRequested, Told
from ml.train import preview_columns, step_seed, train
from ml.whole import whole_file, whole_folder

FEW_IMAGES = 10


def run(
    plan: RunPlan,
    emit: Emit,
    should_stop: ShouldStop = lambda: False,
    last: Stage = "select",
    kind: "type[Run] | None" = None,
) -> dict[Stage, Artefacts]:
    """Go through the stages up to `last`; returns what each left behind. `kind`: whose stages; a training's usually.

    Raises: StopRequested when `should_stop` says so and all is saved; MlError.
    """
    if own_rank() > 0:
        Run(plan, lambda event: None, lambda: False).follow()
        return {}
    work = (kind or Run)(plan, emit, should_stop)
    work.check()
    with memory_advice(work.device, work.settings.batch_size, work.settings.resolution, work.compute.micro_batch):
        for stage in STAGES[: STAGES.index(last) + 1]:
            if stage not in work.done:
                emit({"event": "stage_started", "stage": stage})
                artefact: Artefacts = getattr(work, stage)()
                emit({"event": "stage_finished", "stage": stage, "artefact": artefact})
                work.done[stage] = artefact
        if last == "select":
            emit(work.result())
    return work.done


class Run:
    """One plan being carried out; the methods named like stages are the stages."""

    def __init__(self, plan: RunPlan, emit: Emit, should_stop: ShouldStop) -> None:
        """Raises: UnknownPluginError, BadSettingsError, BadDatasetError."""
        recipe, self.plan = plan["recipe"], plan
        self.recipe, self.emit, self.should_stop = recipe, emit, should_stop
        self.out = Path(plan["out"]).absolute()
        self.done = dict(plan["done"])
        self.resume_from = Path(plan["resume_from"]) if plan["resume_from"] else None
        self.wishes = [Path(file) if file else None for file in (plan.get("finish_when"), plan.get("preview_when"))]
        self.start = plan["start"]
        self.model_class = self.find_model(recipe["model"])
        self.settings: ModelSettings = read_settings(self.model_class, recipe["model_settings"])
        self.classes = self.model_class.classes_learnt(self.settings, tuple(plan["dataset"]["classes"]))
        self.made = self.model_class.labels_made(self.settings, len(self.classes))
        self.attributes = tuple(plan["dataset"].get("attributes", ()))
        left_out = {*plan["dataset"]["classes"]} - {*self.classes}
        self.records = [row for row in read_records(Path(plan["dataset"]["images"])) if row.label not in left_out]
        self.sampler = make_sampler(recipe["sampler"], recipe["sampler_settings"])
        self.seed = recipe["seed"]
        self.compute = read_compute(plan.get("compute", {}))
        self.device = choose_device()
        prepare_device(self.device)

    def find_model(self, name: str) -> type[Model]:
        """Raises: UnknownPluginError."""
        return find("models", Model, name)

    def check(self) -> None:
        """Refuse at once what a later stage would refuse after hours.

        Raises: UnsuitableSamplerError, BadBudgetError, CheckpointError, BadSettingsError, BadDatasetError,
        OutOfMemoryError.
        """
        refuse_without_gpu(self.compute, self.device.type == "cuda")
        number = num_parts(self.settings.batch_size, self.compute.micro_batch, self.num_devices())
        if self.model_class.draw == "by_class":
            check_by_class(self.train_counts, self.settings.batch_size, number)
        check_suitable(self.sampler, self.model_class, self.settings)
        if self.start and not self.resume_from and "train" not in self.done:
            check_start(self.start, self.model_class, self.settings, self.classes, self.seed)
        pool_sizes(self.budget(), self.recipe["pool_factor"])
        check_fields(self.model_class, self.settings, self.records, self.attributes, self.budget())
        if "train" not in self.done and not (self.start and self.start["way"] == "generate"):
            # before the images are packed, grey ones are not known as grey; their batches are the least of it
            channels = 1 if self.settings.channels == "grey" else 3
            counts, none = tuple(self.train_counts.values()), ((0,) * len(self.attributes),) * len(self.attributes)
            data = DataSpec(self.settings.resolution, channels, self.classes, counts, self.attributes, none)
            at_once = self.compute.micro_batch or self.settings.batch_size // self.num_devices()
            settings = self.settings.model_copy(update={"batch_size": at_once})
            check_memory(self.model_class, settings, data, self.device, self.warn)
            if not (self.resume_from or self.start):
                self.model_class(data, self.settings).check_supplies()

    def num_devices(self) -> int:
        """Devices that share each batch. Raises: BadSettingsError."""
        return num_devices(self.compute.devices, self.settings.batch_size, self.device)

    def budget(self) -> dict[str, int]:
        """Class -> images to keep; none of those that the model does not make. Raises: BadBudgetError."""
        return only_made(resolve(self.recipe["budget"], self.train_counts), [self.classes[one] for one in self.made])

    # --- the stages ---------------------------------------------------------------------------------------------
    def prepare(self) -> Artefacts:
        """Decode every image once, and learn the encoder that scores and metrics look through."""
        self.warn_of_small_classes()
        if self.start and (carried := carry_prepared(self.start, self.out)):
            return carried
        num_records, settings = len(self.records), self.settings
        meter = self.meter("prepare", num_records + num_steps(sum(self.train_counts.values())))
        pack = write_pack(
            self.records,
            self.classes,
            self.out / "data",
            settings.resolution,
            settings.fit,
            settings.channels,
            on_packed=lambda done, number: meter.to(done),
            attributes=self.attributes,
            makes_A=issubclass(self.model_class, TranslationModel) and self.model_class.makes_other_half(settings),
        )
        encoder = kept_encoder(
            self.out / "encoder", pack, self.device, lambda step, _: meter.to(num_records + step, counts_images=False)
        )
        with whole_folder(self.out / "encoder") as folder:
            save_encoder(encoder, folder)
            for split in ("train", "val"):
                split_features(encoder, pack, split, folder)
        return {"data": str(self.out / "data"), "encoder": str(self.out / "encoder")}

    def train(self) -> Artefacts:
        """Train the model; the checkpoint with the best measure is what makes the images."""
        if self.start and self.start["way"] == "generate":
            return self.trained(self.take_over(self.start))
        ranks = launch(self.num_devices(), self.device)
        ranks.share({**self.done["prepare"], "resume_from": self.resume_from and str(self.resume_from)})
        held_out = HeldOut.of(self.model_class, self.settings, self.pack)
        seen, shown = (self.train_set, self.val_set), labels_shown(self.model_class, self.settings, self.pack)
        evaluate = checkpoint_measure(self.encoder, self.pack, *seen, self.seed, held_out, shown)
        result = train(
            self.model_class,
            self.settings,
            self.pack,
            self.out,
            self.seed,
            self.resume_from,
            Told(self.emit, self.should_stop, *self.wishes),
            evaluate,
            ranks.device or self.device,
            start=self.start,
            compute=self.compute,
            ranks=ranks,
            encoder=self.encoder,
        )
        if result.stopped:
            raise StopRequested
        return self.trained({"checkpoint": str(result.checkpoint.absolute()), "sha256": result.sha256})

    def take_over(self, start: Start) -> Artefacts:
        """No training: the checkpoint of an earlier run becomes one of this run. Raises: CheckpointError."""
        self.meter("train", 1)
        written = carry(Path(start["file"]), self.out / "checkpoints")
        if written.sha256 != start["sha256"]:
            raise CheckpointError(
                f"{written.file.name} is not the checkpoint that was saved: its sha256 differs; choose another one."
            )
        told = Told(self.emit, self.should_stop)
        told.on_checkpoint(written.step, written.file, written.sha256, written.size_bytes, True)
        return {"checkpoint": str(written.file.absolute()), "sha256": written.sha256}

    def trained(self, trained: Artefacts) -> Artefacts:
        """The stage's artefact, after a sheet was made for each code of the model."""
        if self.model_class.sweeps(self.settings):
            self.tell_sweeps(self.write_sweeps(trained, self.out / "sweeps"))
        return trained

    def follow(self) -> None:
        """Take part in the training that rank 0, which started this process, leads."""
        ranks = launch(self.num_devices(), self.device)
        told = ranks.share(None)
        resume_from = Path(told["resume_from"]) if told["resume_from"] else None
        pack = open_pack(Path(told["data"]))
        encoder = load_encoder(Path(told["encoder"]))
        follow(self.model_class, self.settings, pack, self.seed, resume_from, self.start, self.compute, ranks, encoder)

    def generate(self) -> Artefacts:
        """Make every candidate: so many per image asked for, each from a seed of its own."""
        sizes = pool_sizes(self.budget(), self.recipe["pool_factor"])
        precision = choose_precision(self.settings.precision, self.device)
        meter = self.meter("generate", sum(sizes.values()), describe(self.device, precision))
        write_candidates(
            self.out / "pool",
            self.trained_model(),
            self.done["train"]["sha256"],
            self.pack,
            sizes,
            self.seed,
            self.device,
            precision,
            on_made=lambda done, number: meter.to(done),
            warn=self.warn,
        )
        return {"pool": str(self.out / "pool")}

    def score(self) -> Artefacts:
        """Ask the discriminator, the encoder and the training images about every candidate; draw the map of both."""
        pool, file, map_file = self.pool(), self.out / "scores.npz", self.out / "map.npz"
        model, meter = self.trained_model(), self.meter("score", len(pool))
        known = Known(self.train_set, self.val_set, self.pack.index[self.pack.rows("train")])
        names = score_pool(
            pool, model, self.encoder, known, file, self.device, lambda done, number: meter.to(done), self.given()
        )
        map_pool(self.seen(pool, file), known, map_file, step_seed(self.seed, "map"))
        self.tell_pool(pool, names)
        return {"scores": str(file), "map": str(map_file)}

    def select(self) -> Artefacts:
        """Let the sampler decide, and measure what it kept."""
        pool, file = self.pool(), self.out / "selection.npz"
        scores = Path(self.done["score"]["scores"])
        evidence = functools.partial(evidence_of, pool, scores, self.done["prepare"], self.seed)
        select(self.sampler, pool, scores, self.budget(), self.seed, file, evidence)
        values = self.measure(pool, read_selection(file).kept)
        with whole_file(self.out / "metrics.json") as partial:
            partial.write_text(json.dumps(values, indent=1), encoding="utf-8")
        self.emit({"event": "metrics", "values": values})
        return {"selection": str(file)}

    # --- their parts --------------------------------------------------------------------------------------------
    @cached_property
    def train_counts(self) -> dict[str, int]:
        """Class -> training images. Raises: BadDatasetError."""
        counts = dict.fromkeys(self.classes, 0)
        for record in self.records:
            if record.label not in counts:
                raise BadDatasetError(f"Image {record.index} is of the class {record.label!r}, which the plan lacks.")
            for name in {*record.classes(self.attributes)} & counts.keys():
                counts[name] += record.split == "train"
        return counts

    @cached_property
    def pack(self) -> Pack:
        return open_pack(Path(self.done["prepare"]["data"]))

    @cached_property
    def encoder(self) -> Encoder:
        return load_encoder(Path(self.done["prepare"]["encoder"]), self.device)

    @cached_property
    def train_set(self) -> ImageSet:
        return split_features(self.encoder, self.pack, "train", Path(self.done["prepare"]["encoder"]))

    @cached_property
    def val_set(self) -> ImageSet:
        return split_features(self.encoder, self.pack, "val", Path(self.done["prepare"]["encoder"]))

    def trained_model(self, trained: Artefacts | None = None) -> Model:
        trained = trained or self.done["train"]
        return load_for_generation(Path(trained["checkpoint"]), self.device, trained["sha256"], self.pack)

    def write_sweeps(self, trained: Artefacts, folder: Path) -> list[Sheet]:
        """A sheet for each code of the trained model, with the sample wall's classes and noise as columns.

        Raises: NoSweepsError when the model has no codes.
        """
        precision = choose_precision(self.settings.precision, self.device)
        labels, seeds = preview_columns(self.classes, self.seed)
        return write_sweeps(self.trained_model(trained), folder, labels, seeds, self.device, precision)

    def given(self) -> Mapping[str, Floats]:
        """Scores that the images brought."""
        return {}

    def seen(self, pool: Pool, scores: Path) -> ImageSet:
        """The pool as the encoder sees it; each image was looked at once, when it was scored."""
        return pool_as_seen(self.encoder, pool, scores.parent)

    def pool(self) -> Pool:
        return open_pool(Path(self.done["generate"]["pool"]))

    def meter(self, stage: Stage, number: int, device: str | None = None) -> Meter:
        meter = Meter(self.emit, self.should_stop, stage, number, device or device_name(self.device))
        meter.to(0)
        return meter

    def warn(self, code: str, sentence: str) -> None:
        self.emit({"event": "warning", "code": code, "message": sentence})

    def warn_of_small_classes(self) -> None:
        small = [f"{name} ({count})" for name, count in self.train_counts.items() if count < FEW_IMAGES]
        if small:
            self.warn(
                "few_images",
                f"Fewer than {FEW_IMAGES} training images: {', '.join(small[:10])}. A generator tends to repeat so "
                "few; look at the memorised share before using them.",
            )

    def tell_sweeps(self, sheets: list[Sheet]) -> None:
        columns = columns_of(self.classes, *preview_columns(self.classes, self.seed))
        for sheet in sheets:
            self.emit(
                {
                    "event": "sweep",
                    "name": sheet.sweep.name,
                    "values": list(sheet.sweep.values),
                    "file": str(sheet.file.absolute()),
                    "tile": self.settings.resolution,
                    "columns": columns,
                }
            )

    def tell_pool(self, pool: Pool, score_names: tuple[str, ...]) -> None:
        self.emit(
            {
                "event": "pool",
                "path": str(pool.folder),
                "classes": list(pool.facts.classes),
                "resolution": pool.facts.resolution,
                "channels": pool.facts.channels,
                "num_samples": len(pool),
                "checkpoint_sha256": pool.facts.checkpoint_sha256,
                "score_names": list(score_names),
                "views": list(pool.facts.views),
            }
        )

    def measure(self, pool: Pool, rows: NDArray[np.int64]) -> dict[str, MeasurementRow]:
        """Every metric on some of the pool's images, against training and validation images."""
        meter = self.meter("select", 1)
        synthetic = self.seen(pool, Path(self.done["score"]["scores"])).take(rows)
        translated, held_out = of_pool(pool, rows, self.encoder), None
        if translated is not None:
            held_out = of_validation(self.trained_model(), self.pack, self.encoder)
        evidence = Evidence(
            self.train_set, self.val_set, synthetic, self.classes, self.seed, IN_DOMAIN, translated, held_out
        )
        values = measure_all(evidence, before_each=lambda name: meter.to(0))
        return values | measure_by_inception(
            self.pack,
            pool,
            rows,
            Path(self.done["prepare"]["encoder"]),
            self.seed,
            self.device,
            lambda number: self.meter("select", number),
            self.warn,
        )

    def result(self) -> RunResult:
        """The yield of the selection on disk, and what its sampler says of itself."""
        candidates = candidates_of(self.pool(), Path(self.done["score"]["scores"]))
        return result_of(read_selection(Path(self.done["select"]["selection"])), candidates, self.budget())
