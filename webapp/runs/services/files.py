"""The files of a run: what an attempt may build on, and what goes when it is no longer needed."""

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from django.db import transaction

from webapp.core import bucket, storage
from webapp.runs.models import Checkpoint, Run
from webapp.runs.states import STAGES

HASHES = frozenset({"sha256"})
"""Entries of an artefact that are no paths."""


def paths_of(artefact: Mapping[str, str]) -> Iterator[Path]:
    """The files and folders of a stage's artefact."""
    return (storage.stored(value) for key, value in artefact.items() if key not in HASHES)


def bring_stages(run: Run, stages: Iterable[str] = STAGES, go_on: bucket.GoOn = lambda: None) -> None:
    """Fetch what finished stages left behind elsewhere. Raises: BucketError; what `go_on` raises."""
    for stage in stages:
        for path in paths_of(run.artefacts.get(stage, {})):
            bucket.pull_tree(path, go_on)


def absolute(artefact: Mapping[str, str]) -> dict[str, str]:
    """With the whole path of each file and folder."""
    return {key: value if key in HASHES else str(storage.stored(value)) for key, value in artefact.items()}


def finished_stages(run: Run) -> dict[str, dict[str, str]]:
    """Stage -> artefact with absolute paths, for the stages that need not be repeated.

    A stage whose files are gone, and every later one, is repeated.
    """
    done: dict[str, dict[str, str]] = {}
    for stage in STAGES:
        artefact = run.artefacts.get(stage)
        if artefact is None:
            break
        found = absolute(artefact)
        if not all(Path(value).exists() for key, value in found.items() if key not in HASHES):
            break
        done[stage] = found
    return done


def usable_checkpoint(run: Run) -> tuple[Checkpoint | None, list[Checkpoint]]:
    """The newest checkpoint whose file is as it was saved, and the newer ones that are not."""
    damaged: list[Checkpoint] = []
    for checkpoint in run.checkpoints.order_by("-step"):
        if _is_whole(storage.stored(checkpoint.path), checkpoint.sha256):
            return checkpoint, damaged
        damaged.append(checkpoint)
    return None, damaged


def hold_start(run: Run, file: Path) -> None:
    """Make the checkpoint that the run starts from its own, whatever becomes of the run it came from."""
    held = start_file(run)
    bucket.copy(file, held)
    if not file.is_file():
        return
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
        named |= set(paths_of(run.artefacts.get(stage, {})))
    storage.remove_tree(storage.start_folder(run.pk))
    root = storage.all_attempts("runs", run.pk).resolve()
    if bucket.is_on():
        _sweep_bucket(root, root / f"f{run.fence}", named)
    for folder in root.glob("f*"):
        if folder.name == f"f{run.fence}":
            continue
        for name in ("data", "encoder", "pool"):
            if not _is_named(folder / name, named):
                storage.remove_tree(folder / name)
        for file in (*folder.glob("checkpoints/*"), *folder.glob("*.npz")):
            if file not in named:
                file.unlink(missing_ok=True)


def _sweep_bucket(root: Path, own: Path, named: set[Path]) -> None:
    """The same among the keys; other machines may have made them."""
    left = []
    for kept in bucket.below(root):
        if kept.path.is_relative_to(own):
            continue
        _, output, *_ = kept.path.relative_to(root).parts
        is_swept = output in ("data", "encoder", "pool", "checkpoints") or output.endswith(".npz")
        if is_swept and not any(kept.path.is_relative_to(path) for path in named):
            left.append(kept.path)
    bucket.remove(left)


def _is_named(folder: Path, named: set[Path]) -> bool:
    return any(path == folder or path.is_relative_to(folder) for path in named)


def _is_whole(path: Path, sha256: str) -> bool:
    """Whether the file is as it was saved; another copy is fetched for one that is not."""
    bucket.pull(path)
    return _sha256(path) == sha256 or (bucket.is_on() and bucket.pull(path, anew=True) and _sha256(path) == sha256)


def _sha256(path: Path) -> str:
    """Of the file's bytes; "" when it cannot be read."""
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return ""
