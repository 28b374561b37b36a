"""The files of a run: what an attempt may build on, and what goes when it is no longer needed."""

import hashlib
import os
import shutil
from pathlib import Path

from django.db import transaction

from webapp.core import storage
from webapp.runs.models import Checkpoint, Run
from webapp.runs.states import STAGES

HASHES = frozenset({"sha256"})
"""Entries of an artefact that are no paths."""


def finished_stages(run: Run) -> dict[str, dict[str, str]]:
    """Stage -> artefact with absolute paths, for the stages that need not be repeated.

    A stage whose files are gone, and every later one, is repeated.
    """
    done: dict[str, dict[str, str]] = {}
    for stage in STAGES:
        artefact = run.artefacts.get(stage)
        if artefact is None:
            break
        absolute = {key: value if key in HASHES else str(storage.stored(value)) for key, value in artefact.items()}
        if not all(Path(value).exists() for key, value in absolute.items() if key not in HASHES):
            break
        done[stage] = absolute
    return done


def usable_checkpoint(run: Run) -> tuple[Checkpoint | None, list[Checkpoint]]:
    """The newest checkpoint whose file is as it was saved, and the newer ones that are not."""
    damaged: list[Checkpoint] = []
    for checkpoint in run.checkpoints.order_by("-step"):
        if _sha256(storage.stored(checkpoint.path)) == checkpoint.sha256:
            return checkpoint, damaged
        damaged.append(checkpoint)
    return None, damaged


def hold_start(run: Run, file: Path) -> None:
    """Make the checkpoint that the run starts from its own, whatever becomes of the run it came from."""
    held = start_file(run)
    held.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(file, held)
    except OSError:  # a disk without links
        shutil.copyfile(file, held)


def start_file(run: Run) -> Path:
    """Where the run holds the checkpoint that it starts from, until it is finished."""
    return storage.start_folder(run.pk) / f"step-{run.start_step or 0:08d}.safetensors"


def discard_files(run: Run) -> None:
    """Remove a cancelled run's checkpoints, previews and pool; what it said stays readable."""
    run.checkpoints.all().delete()
    folder = storage.all_attempts("runs", run.pk)
    transaction.on_commit(lambda: storage.remove_tree(folder))


def sweep_attempts(run: Run) -> None:
    """Remove what earlier attempts left and no row names any more: packs, encoders, pools, checkpoints, the start."""
    named = {storage.stored(path) for path in run.checkpoints.values_list("path", flat=True)}
    for stage in STAGES:
        artefact = run.artefacts.get(stage, {})
        named |= {storage.stored(value) for key, value in artefact.items() if key not in HASHES}
    storage.remove_tree(storage.start_folder(run.pk))
    root = storage.all_attempts("runs", run.pk).resolve()
    for folder in root.glob("f*"):
        if folder.name == f"f{run.fence}":
            continue
        for name in ("data", "encoder", "pool"):
            if not _is_named(folder / name, named):
                storage.remove_tree(folder / name)
        for file in (*folder.glob("checkpoints/*"), *folder.glob("*.npz")):
            if file not in named:
                file.unlink(missing_ok=True)


def _is_named(folder: Path, named: set[Path]) -> bool:
    return any(path == folder or path.is_relative_to(folder) for path in named)


def _sha256(path: Path) -> str:
    """Of the file's bytes; "" when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
