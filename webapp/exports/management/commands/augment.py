"""`manage.py augment`: the main job without a browser, through the same services and workers as in it."""

import hashlib
import json
import os
import shutil
import signal
import time
import uuid
from argparse import ArgumentParser
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.management.base import CommandError

from webapp.accounts.models import Lab
from webapp.accounts.services import get_or_create_lab
from webapp.core import bucket, storage
from webapp.core.commands import PlainCommand
from webapp.core.crew import Crew, crew_at_hand
from webapp.core.errors import ConflictError, InvalidError
from webapp.core.removal import mark
from webapp.datasets.models import Dataset, DatasetVersion, IngestFile
from webapp.datasets.services import add_version, create_dataset
from webapp.exports.management.order import add_recipe_arguments, recipe_of, source_of, target_of
from webapp.exports.management.outcome import as_text, outcome_of
from webapp.exports.management.progress import Progress, show_export, show_run, show_version, wait_for
from webapp.exports.models import Export
from webapp.exports.services.building import create_export
from webapp.exports.services.gate import read_reason
from webapp.recipes.catalogue import catalogue
from webapp.recipes.validation import problems_of
from webapp.runs.models import Run, RunState
from webapp.runs.services.control import resume_run, stop_run
from webapp.runs.services.launch import start_run

FIRST_LAB = "Our lab"
INGESTED = (DatasetVersion.State.READY, DatasetVersion.State.REJECTED)
RUN_SETTLED = (RunState.FINISHED, RunState.STOPPED, RunState.FAILED, RunState.CANCELLED)
EXPORTED = (Export.State.READY, Export.State.FAILED)
EXIT_STOPPED = 130
"""What a shell expects of a command that Ctrl-C ended."""


class Command(PlainCommand):
    help = "Grows a folder of labelled images: ingest, train, generate, select and export, with no browser."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("folder", nargs="?", type=Path, help="one folder of images per class, or a zip of one")
        add_recipe_arguments(parser)
        result = parser.add_argument_group("result")
        result.add_argument("--out", type=Path, default=Path("augmented.zip"), metavar="FILE", help="what to write")
        result.add_argument("--format", default="image_folder", help="export format (default: image_folder)")
        result.add_argument("--content", default="both", choices=Export.Content.values, help="which images it holds")
        result.add_argument(
            "--memorised-reason", default="", metavar="TEXT", help="why more near-copies may go out than the lab allows"
        )
        result.add_argument("--json", action="store_true", help="print the figures as JSON")
        place = parser.add_argument_group("where it is kept")
        place.add_argument("--lab", help=f"lab of the dataset (default: the first one, or a new one, {FIRST_LAB!r})")
        place.add_argument(
            "--name", help="name of the dataset (default: the folder's); a known name gets a new version"
        )
        place.add_argument("--resume", metavar="RUN", help="go on with a stopped run instead of starting one")

    def handle(self, *args: Any, **options: Any) -> None:
        signal.signal(signal.SIGTERM, _like_ctrl_c)
        started = time.monotonic()
        out = target_of(options["out"])
        source = None if options["resume"] else _source(options)
        recipe = None if options["resume"] else recipe_of(options)
        _check_names(recipe, options["format"])
        reason = _reason(options["memorised_reason"])
        with crew_at_hand(self.stderr.write) as crew, Progress() as progress:
            job = _Job(crew, progress)
            if source is None or recipe is None:
                run = job.resume(options["resume"])
            else:
                run = job.start(source, options["lab"], options["name"], recipe)
            if crew.service is not None:
                self.stderr.write(f"Watch it at {crew.service.url}/runs/{run.pk}")
            export = job.export(job.follow(run), options["format"], options["content"], reason)
            bucket.pull(storage.stored(export.path))
            _copy(storage.stored(export.path), out, export.sha256)
        outcome = outcome_of(export, out)
        self.stdout.write(json.dumps(outcome) if options["json"] else as_text(outcome, time.monotonic() - started))


class _Job:
    """One main job, step by step, as a person in the browser would click it."""

    def __init__(self, crew: Crew, progress: Progress) -> None:
        self._crew = crew
        self._progress = progress

    def start(self, source: Path, lab: str | None, name: str | None, recipe: dict[str, Any]) -> Run:
        """Ingest the source and start a run on it."""
        version = self._ingest(_lab(lab), name or source.stem, source)
        return start_run(version, recipe, None)

    def resume(self, run_id: str) -> Run:
        """The run, queued again unless it works or is finished already."""
        try:
            run = Run.objects.get(pk=uuid.UUID(run_id))
        except (ValueError, ValidationError, Run.DoesNotExist) as error:
            raise CommandError(f"There is no run {run_id}; the id stands where the run was stopped.") from error
        return resume_run(run) if run.state in (RunState.STOPPED, RunState.FAILED) else run

    def _ingest(self, lab: Lab, name: str, source: Path) -> DatasetVersion:
        known = Dataset.objects.filter(lab=lab, name=name, deleted_at=None).first()
        if known is not None:
            version = add_version(known, source_path=source)
        else:
            version = create_dataset(lab, name, None, source_path=source).versions.get()
        try:
            version = wait_for(version, INGESTED, show_version(self._progress), self._crew)
        except KeyboardInterrupt:
            self._leave("Stopped while the images were read; nothing was kept.", version if known is None else None)
        if version.state == DatasetVersion.State.READY:
            return version
        message = f"{version.error_message}{_why(version)}"
        if known is None:
            mark(version.dataset)
        raise CommandError(message)

    def follow(self, run: Run) -> Run:
        """The finished run. Ctrl-C stops it, keeping a checkpoint, and ends the command."""
        try:
            run = wait_for(run, RUN_SETTLED, show_run(self._progress), self._crew)
        except KeyboardInterrupt:
            stop_run(run)
            run = wait_for(run, RUN_SETTLED, show_run(self._progress), self._crew)
        if run.state == RunState.FINISHED:
            return run
        again = f"Go on with: python manage.py augment --resume {run.pk} --out FILE"
        if run.state == RunState.STOPPED:
            self._leave(f"Stopped at step {run.step:,} of {run.num_steps:,}; the checkpoint is kept. {again}")
        raise CommandError(f"The run {run.state}: {run.error_message} {again}")

    def export(self, run: Run, format: str, content: str, reason: str) -> Export:
        """The ready export of the run's own selection."""
        selection = run.pool.selections.order_by("number")[0]
        try:
            export = create_export(
                selection, None, format=format, content=content, accepted_only=False, memorised_reason=reason
            )
        except ConflictError as error:
            again = f"python manage.py augment --resume {run.pk} --memorised-reason TEXT --out FILE"
            raise CommandError(f"{error.message} The run is kept; with a reason: {again}") from error
        export = wait_for(export, EXPORTED, show_export(self._progress), self._crew)
        if export.state == Export.State.FAILED:
            raise CommandError(export.error_message)
        return export

    def _leave(self, message: str, half_read: DatasetVersion | None = None) -> NoReturn:
        if half_read is not None:
            mark(half_read.dataset)
        raise CommandError(message, returncode=EXIT_STOPPED)


def _like_ctrl_c(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _source(options: dict[str, Any]) -> Path:
    if options["folder"] is None:
        raise CommandError("Name the folder of images: one folder of images per class, or a zip of one.")
    return source_of(options["folder"])


def _check_names(recipe: dict[str, Any] | None, format: str) -> None:
    """What can be refused at once is refused before the images are read.

    Raises: CommandError, one sentence for each fault.
    """
    faults = [f"{problem.field}: {problem.message}" for problem in problems_of(recipe)] if recipe else []
    formats = catalogue().export_formats
    if format not in formats:
        faults.append(f"format: There is no export format {format!r}; choose one of: {', '.join(formats)}.")
    if faults:
        raise CommandError("\n".join(faults))


def _reason(text: str) -> str:
    """Raises: CommandError for a reason that says nothing, before the images are read."""
    try:
        return read_reason(text)
    except InvalidError as error:
        raise CommandError(f"--memorised-reason: {error.message}") from error


def _lab(name: str | None) -> Lab:
    if name:
        return get_or_create_lab(name)
    return Lab.objects.order_by("created_at").first() or get_or_create_lab(FIRST_LAB)


def _why(version: DatasetVersion) -> str:
    """The first reasons of the report, for a source that was refused."""
    files = IngestFile.objects.filter(version=version, outcome=IngestFile.Outcome.FAILED).order_by("pk")[:3]
    return "".join(f"\n  {file.name}: {file.reason}" for file in files)


def _copy(source: Path, out: Path, sha256: str) -> None:
    """Copy whole or not at all; an older file under this name stays until the new one is complete.

    Raises: CommandError.
    """
    temporary = out.with_name(f".{out.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(source, temporary)
        with temporary.open("rb+") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != sha256:
                raise CommandError(f"The copy of {source} in {out.parent} differs from it; is that disk sound?")
            os.fsync(file.fileno())
        temporary.replace(out)
    except OSError as error:
        kept = source.relative_to(settings.DATA_DIR)
        raise CommandError(f"{out} cannot be written ({error.strerror}); the export is kept in {kept}.") from error
    finally:
        temporary.unlink(missing_ok=True)
