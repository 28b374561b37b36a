"""The commands that compute: train, generate, select, evaluate, the studies, memory. Each returns the exit code."""

import argparse
import json
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from ml import pipeline
from ml.arms import BASELINES, SAMPLING_STUDY, read_arms
from ml.attribute_arts import read_arts
from ml.attribute_lines import COMPARED
from ml.attribute_study_folder import AttributeStudy
from ml.budget import parse_budget
from ml.checkpoint import file_hash, read_checkpoint
from ml.compute import Compute, read_compute
from ml.device import choose_device
from ml.errors import BadSettingsError
from ml.ingest import FolderDataset, read_dataset
from ml.memory import verdict
from ml.model import DataSpec, Model, ModelSettings
from ml.plugin import find, is_class_choice, read_settings
from ml.protocol import EXIT_DONE, EXIT_STOPPED, IngestedFile
from ml.ranks import own_rank
from ml.run_folder import RunFolder, recipe_of_training
from ml.start_plan import Start, Way
from ml.study import Work, usual_processes
from ml.study_folder import StudyFolder
from ml.study_settings import AttributeStudySettings, read_study_settings
from ml.terminal import Bars, attribute_table, metric_table, study_table, yield_table
from ml.told import ShouldStop, StopRequested
from ml.word_vectors import VARIABLE as WORD_VECTORS

TOLD_FILES = 10
DEFAULT_MODEL = "dcgan"


def train(options: argparse.Namespace) -> int:
    """Read the folder, prepare, train."""
    if own_rank() > 0:
        pipeline.run(RunFolder.open(options.out).plan, lambda event: None)
        return EXIT_DONE
    bars = Bars(options.quiet)
    if options.resume:
        run = RunFolder.open(options.out)
        run.plan["compute"] = {**run.plan.get("compute", {}), **_compute_of(options)}
    else:
        RunFolder.refuse_used(options.out)
        start, model, settings, seed = _beginning(options)
        read_settings(find("models", Model, model), settings)  # refused before anything is made
        dataset = _read(options, bars)
        run = RunFolder.create(
            options.out,
            dataset.records,
            recipe_of_training(model, settings, seed),
            start,
            _compute_of(options),
            attributes=dataset.attributes,
        )
    advice = f"`python -m ml train {options.folder} --out {options.out} --resume` goes on"
    return _stoppable(lambda should_stop: print(run.train(bars, should_stop)["checkpoint"]), advice, bars)


def generate(options: argparse.Namespace) -> int:
    """Make a pool and score it; or, with --sweep, a sheet per code and no pool."""
    bars, run = Bars(options.quiet), RunFolder.open(options.run_folder)
    if options.sweep:
        print(*run.sweep(options.sweep, bars), sep="\n")
        return EXIT_DONE

    def go(should_stop: ShouldStop) -> None:
        budget = parse_budget(options.budget) if options.budget else {"kind": "per_class", "count": options.per_class}
        run.generate(budget, options.seed, bars, should_stop, options.checkpoint)
        print(run.artefact("generate")["pool"])
        _write_images(run, options)

    return _stoppable(go, "the same command starts the pool anew", bars)


def select(options: argparse.Namespace) -> int:
    """Choose from the pool and print the yield."""
    bars, run = Bars(options.quiet), RunFolder.open(options.run_folder)
    run.select(options.sampler, read_pairs(options.settings), parse_budget(options.budget), options.seed, bars)
    print(yield_table(bars.yields))
    _write_images(run, options)
    return EXIT_DONE


def evaluate(options: argparse.Namespace) -> int:
    """Measure the selection, or the whole pool where nothing was selected."""
    bars = Bars(options.quiet)
    values = RunFolder.open(options.run_folder).evaluate(bars)
    bars.close()
    print(json.dumps(values, indent=1) if options.json else metric_table(values))
    return EXIT_DONE


def study(options: argparse.Namespace) -> int:
    """Train every child that is not there yet, and print the answer."""
    bars, jobs = Bars(options.quiet), _jobs(options.jobs)
    if options.resume:
        folder = StudyFolder.open(options.out)
    else:
        StudyFolder.refuse_used(options.out)
        settings = read_study_settings(
            {
                "child": options.child,
                "child_steps": options.child_steps,
                "num_child_seeds": options.child_seeds,
                "num_generator_seeds": options.generator_seeds,
                "pool_factor": options.pool_factor,
                "transforms": read_transforms(options.transforms),
                "seed": options.seed,
            }
        )
        arms, of_model = options.arms or [*BASELINES, *SAMPLING_STUDY], read_pairs(options.settings)
        read_arms(arms)
        if options.pools and (options.model or of_model):
            raise BadSettingsError("--pools brings images that a model has made; leave --model and --set out.")
        dataset, model = _read(options, bars), options.model or DEFAULT_MODEL
        folder = StudyFolder.create(
            options.out,
            dataset.records,
            model,
            of_model,
            arms,
            settings,
            options.pools,
            attributes=dataset.attributes,
        )

    def go(should_stop: ShouldStop) -> None:
        result = Work(folder, bars, bars.child, should_stop, jobs).run()
        bars.close()
        print(json.dumps(result, indent=1) if options.json else study_table(result))

    return _stoppable(go, f"`python -m ml study {options.folder} --out {options.out} --resume` goes on", bars)


def attribute_study(options: argparse.Namespace) -> int:
    """Train every art that is not there yet, and print the table."""
    bars = Bars(options.quiet)
    if options.resume:
        study = AttributeStudy.open(options.out)
    else:
        arts, shared = options.arts or _usual_arts(bars), read_pairs(options.settings)
        settings = AttributeStudySettings(num_seeds=options.seeds, seed=options.seed)
        read_arts(arts, shared)  # refused before anything is read
        RunFolder.refuse_used(options.out)
        dataset = _read(options, bars)
        study = AttributeStudy.create(options.out, dataset.records, arts, shared, settings, dataset.attributes)
    number = study.settings.num_seeds

    def go(should_stop: ShouldStop) -> None:
        result = study.carry_out(
            bars, should_stop, lambda name, place: bars.say(f"{name}, seed {place + 1} of {number}")
        )
        bars.close()
        print(json.dumps(result, indent=1) if options.json else attribute_table(result))

    return _stoppable(go, f"`python -m ml attribute-study {options.folder} --out {options.out} --resume` goes on", bars)


def memory(options: argparse.Namespace) -> int:
    """Say what a training will take, and whether that is free."""
    model = find("models", Model, options.model)
    settings: ModelSettings = read_settings(model, read_pairs(options.settings))
    grey = settings.channels == "grey" or (settings.channels == "auto" and options.grey)
    named = [value for name, value in settings if is_class_choice(model, name) and value]
    classes = tuple(dict.fromkeys([*named, *(f"class {place}" for place in range(max(1, options.classes)))]))
    classes = classes[: max(len(named), options.classes, 1)]
    counts = (max(1, options.images // len(classes)),) * len(classes)
    attributes = tuple(f"attribute {place}" for place in range(options.attributes))
    none = ((0,) * len(attributes),) * len(attributes)
    data = DataSpec(settings.resolution, 1 if grey else 3, classes, counts, attributes, none)
    told = verdict(model, settings, data, choose_device())
    shown = ("needed_bytes", "available_bytes", "device", "fits", "largest_batch_size", "sentence")
    print(json.dumps({name: getattr(told, name) for name in shown}) if options.json else told.sentence)
    return EXIT_DONE


def _usual_arts(bars: Bars) -> list[str]:
    """All that are compared; without word vectors where none are supplied."""
    if os.environ.get(WORD_VECTORS):
        return list(COMPARED)
    bars.say(f"word2vec is left out, because {WORD_VECTORS} names no word vectors")
    return [art for art in COMPARED if "word2vec" not in art]


def _compute_of(options: argparse.Namespace) -> dict[str, Any]:
    """The compute options that were given. Raises: BadSettingsError."""
    given = {name: getattr(options, name) for name in Compute.model_fields if getattr(options, name) is not None}
    read_compute(given)
    return given


def _jobs(wish: int | None) -> int:
    """Children trained at once: as many as asked for, or as is usual. Raises: BadSettingsError."""
    if wish is not None and wish < 1:
        raise BadSettingsError(f"--jobs is {wish}; it must be 1 at least, or left out.")
    return wish or usual_processes()


def read_pairs(pairs: Sequence[str]) -> dict[str, Any]:
    """`NAME=VALUE` as typed -> settings; a value is a number, true, false or null as JSON says them, else a word.

    Raises: BadSettingsError.
    """
    settings = {}
    for pair in pairs:
        name, equals, value = pair.partition("=")
        if not equals:
            raise BadSettingsError(f"--set {pair} has no value; write it as NAME=VALUE, like --set num_steps=2000.")
        settings[name.strip()] = _value(value.strip())
    return settings


def read_transforms(texts: Sequence[str]) -> dict[str, list[str]]:
    """`CLASS=TRANSFORM,TRANSFORM` as typed -> transforms of the class; none where nothing follows.

    Raises: BadSettingsError.
    """
    transforms = {}
    for text in texts:
        name, equals, named = text.rpartition("=")
        if not equals:
            raise BadSettingsError(f"--transforms {text} names no transforms; write it as 6=shift,zoom.")
        transforms[name] = [one.strip() for one in named.split(",") if one.strip()]
    return transforms


def _beginning(options: argparse.Namespace) -> tuple[Start | None, str, dict[str, Any], int]:
    """(checkpoint to start from, model, settings, seed): from a checkpoint, what is not said is as it was trained.

    Raises: CheckpointError, BadSettingsError.
    """
    settings, seed = read_pairs(options.settings), options.seed or 0
    file: Path | None = options.continue_from or options.reuse_from
    if file is None:
        return None, options.model or DEFAULT_MODEL, settings, seed
    saved = read_checkpoint(file)
    way: Way = "continue" if options.continue_from else "reuse"
    start: Start = {"way": way, "file": str(file), "sha256": file_hash(file), "prepared": {}}
    seed = saved.facts["seed"] if options.seed is None else seed
    return start, options.model or saved.facts["model"], {**saved.facts["settings"], **settings}, seed


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _read(options: argparse.Namespace, bars: Bars) -> FolderDataset:
    """The folder's images; says what they were taken for, how many they are, and what was passed over."""
    over: list[IngestedFile] = []

    def on_file(row: IngestedFile) -> None:
        if row["outcome"] != "accepted":
            over.append(row)

    dataset = read_dataset(options.folder, options.split_seed, kind=options.kind, on_file=on_file)
    records = dataset.records
    if dataset.recognised:
        bars.say(f"read as {dataset.kind} ({dataset.recognised}) another kind is chosen by --kind")
    num_classes = len({record.label for record in records})
    held_out = sum(record.split == "test" for record in records)
    bars.say(f"{len(records)} images of {num_classes} classes, {held_out} of them held out for tests")
    for row in over[:TOLD_FILES]:
        bars.say(f"{row['outcome']}: {row['name']}: {row['reason']}")
    if len(over) > TOLD_FILES:
        bars.say(f"and {len(over) - TOLD_FILES} more files that are not used")
    return dataset


def _write_images(run: RunFolder, options: argparse.Namespace) -> None:
    if options.images:
        print(f"{run.write_images(options.images)} images in {options.images}", file=sys.stderr)


def _stoppable(go: Callable[[ShouldStop], None], advice: str, bars: Bars) -> int:
    """Ctrl-C or SIGTERM: save, then leave with 75; a second Ctrl-C ends at once."""
    asked = threading.Event()

    def stop(number: int, frame: object) -> None:
        asked.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        go(asked.is_set)
    except StopRequested:
        bars.close()
        print(f"stopped, everything finished so far is saved; {advice}", file=sys.stderr)
        return EXIT_STOPPED
    finally:
        bars.close()
        for number, handler in before.items():
            signal.signal(number, handler)
    return EXIT_DONE
