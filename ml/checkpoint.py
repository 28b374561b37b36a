"""Checkpoints: every tensor in one safetensors file, every other fact as JSON in its header. Never pickle.

A file is written under a temporary name, flushed to the disk, read back and only then renamed, so that a checkpoint is
whole or absent whatever is killed when. `content_sha256` in the header covers all tensors, so that an altered file is
refused even where nobody noted the hash of the file.
"""

import contextlib
import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor, nn
from torch.optim import Optimizer

from ml.errors import CheckpointError

FORMAT = 1
_NAME = re.compile(r"step-(\d{8,})\.safetensors")


@dataclass(frozen=True)
class Written:
    """A checkpoint on disk."""

    step: int
    file: Path
    sha256: str
    size_bytes: int


@dataclass(frozen=True)
class Saved:
    """What a checkpoint holds: tensors on the CPU by name, and the facts of its header."""

    tensors: dict[str, Tensor]
    facts: dict[str, Any]


# --- files --------------------------------------------------------------------------------------------------------
def checkpoint_file(folder: Path, step: int) -> Path:
    return folder / f"step-{step:08d}.safetensors"


def step_of(file: Path) -> int | None:
    """The step that a checkpoint's name says, None when the file is no checkpoint."""
    match = _NAME.fullmatch(file.name)
    return int(match[1]) if match else None


def write_checkpoint(folder: Path, step: int, tensors: Mapping[str, Tensor], facts: Mapping[str, Any]) -> Written:
    """Write one checkpoint, whole or not at all.

    Raises: CheckpointError when the disk gives back other bytes than were written; OSError when it is full.
    """
    folder.mkdir(parents=True, exist_ok=True)
    # copied, because two names may share one tensor in a model, and a file may not
    plain = {name: _copied(tensor) for name, tensor in sorted(tensors.items())}
    header = {"format": FORMAT, "step": step, "content_sha256": _content_hash(plain), **facts}
    data = save(plain, {"atelier": json.dumps(header, allow_nan=False)})
    digest = hashlib.sha256(data).hexdigest()
    file = checkpoint_file(folder, step)
    temporary = folder / f".{file.name}.{os.getpid()}.tmp"
    try:
        with open(temporary, "wb") as stream:
            stream.write(data)
            stream.flush()
            os.fsync(stream.fileno())
        if file_hash(temporary) != digest:
            raise CheckpointError(f"The disk gave back other bytes than were written for {file.name}; check the disk.")
        os.replace(temporary, file)
        _sync_folder(folder)
    finally:
        temporary.unlink(missing_ok=True)
    return Written(step, file, digest, len(data))


def read_facts(file: Path) -> dict[str, Any]:
    """The header alone, without reading or checking tensors.

    Raises: CheckpointError.
    """
    return _open(file, with_tensors=False).facts


def read_checkpoint(file: Path, sha256: str | None = None) -> Saved:
    """A checkpoint, checked against `sha256` (of the file, when known) and against its own content hash.

    Raises: CheckpointError when it is missing, torn, altered, or of another format.
    """
    if sha256 is not None and file.is_file() and file_hash(file) != sha256:
        raise CheckpointError(f"{file.name} is not the checkpoint that was saved: its sha256 differs; use another one.")
    saved = _open(file, with_tensors=True)
    if _content_hash(saved.tensors) != saved.facts.get("content_sha256"):
        raise CheckpointError(f"{file.name} was altered since it was saved; use another checkpoint.")
    return saved


def file_hash(file: Path) -> str:
    with open(file, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def prune(folder: Path, best_step: int | None, num_kept: int) -> list[Path]:
    """Remove all but the newest `num_kept` checkpoints and the best one; returns what was removed."""
    found = sorted((step, file) for file in folder.iterdir() if (step := step_of(file)) is not None)
    removed = [file for step, file in found[:-num_kept] if step != best_step]
    for file in removed:
        file.unlink(missing_ok=True)
    return removed


def sweep(folder: Path) -> None:
    """Remove temporary files that a killed process left behind."""
    for stray in folder.glob(".step-*.tmp"):
        stray.unlink(missing_ok=True)


def carry(file: Path, folder: Path) -> Written:
    """Make a checkpoint of an earlier attempt available in `folder` too, without copying where the disk allows."""
    folder.mkdir(parents=True, exist_ok=True)
    target = folder / file.name
    if not target.exists():
        try:
            os.link(file, target)
        except OSError:
            saved = read_checkpoint(file)
            return write_checkpoint(folder, saved.facts["step"], saved.tensors, saved.facts)
    return Written(read_facts(target)["step"], target, file_hash(target), target.stat().st_size)


def _open(file: Path, with_tensors: bool) -> Saved:
    try:
        with safe_open(file, framework="pt") as opened:
            facts = json.loads((opened.metadata() or {})["atelier"])
            tensors = {name: opened.get_tensor(name) for name in opened.keys()} if with_tensors else {}  # noqa: SIM118
    except (SafetensorError, OSError, KeyError, ValueError) as error:
        raise CheckpointError(f"{file.name} is no readable checkpoint ({error!r}); use another one.") from error
    if facts.get("format") != FORMAT:
        raise CheckpointError(
            f"{file.name} has the checkpoint format {facts.get('format')!r}, this version reads {FORMAT}; "
            f"continue it with the version that wrote it."
        )
    return Saved(tensors, facts)


def _content_hash(tensors: Mapping[str, Tensor]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        tensor = tensors[name]
        digest.update(f"{name}:{tensor.dtype}:{tuple(tensor.shape)};".encode())
        digest.update(tensor.reshape(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def _copied(tensor: Tensor) -> Tensor:
    return tensor.detach().to("cpu", copy=True, memory_format=torch.contiguous_format)


def _sync_folder(folder: Path) -> None:
    with contextlib.suppress(OSError):  # a file system without folder handles has nothing to flush
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


# --- state --------------------------------------------------------------------------------------------------------
def model_tensors(model: nn.Module) -> dict[str, Tensor]:
    """All parameters and buffers, averages included, as `model/<name>`."""
    return {f"model/{name}": tensor for name, tensor in model.state_dict().items()}


def load_model(model: nn.Module, saved: Saved) -> None:
    """Fill a model of the same make.

    Raises: CheckpointError when a tensor is missing, left over, or of another shape.
    """
    state = {name.removeprefix("model/"): tensor for name, tensor in saved.tensors.items() if name.startswith("model/")}
    try:
        model.load_state_dict(state, strict=True)
    except RuntimeError as error:
        raise CheckpointError(f"The checkpoint does not fit the model: {error}") from error


def optimizer_state(optimizers: Mapping[str, Optimizer]) -> tuple[dict[str, Tensor], dict[str, Any]]:
    """(tensors as `optimizer/<name>/<parameter>/<key>`, name -> groups and plain values for the header)."""
    tensors: dict[str, Tensor] = {}
    plain: dict[str, Any] = {}
    for name, optimizer in optimizers.items():
        state = optimizer.state_dict()
        values: dict[str, dict[str, Any]] = {}
        for number, entries in state["state"].items():
            for key, value in entries.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer/{name}/{number}/{key}"] = value
                else:
                    values.setdefault(str(number), {})[key] = value
        plain[name] = {"groups": state["param_groups"], "values": values}
    return tensors, plain


def load_optimizers(optimizers: Mapping[str, Optimizer], saved: Saved, keep_rates: bool = False) -> None:
    """Put optimizers of the same make back to where they were.

    `keep_rates`: learning rates and whatever else was set when they were made stay; the saved ones are not looked at.

    Raises: CheckpointError when the checkpoint has other optimizers.
    """
    plain = saved.facts["optimizers"]
    if set(plain) != set(optimizers):
        raise CheckpointError(
            f"The checkpoint has the optimizers {', '.join(sorted(plain))}, the model {', '.join(sorted(optimizers))}."
        )
    for name, optimizer in optimizers.items():
        parameters = [parameter for group in optimizer.param_groups for parameter in group["params"]]
        state: dict[int, dict[str, Any]] = {int(key): dict(value) for key, value in plain[name]["values"].items()}
        prefix = f"optimizer/{name}/"
        for path, tensor in saved.tensors.items():
            if path.startswith(prefix):
                number, _, key = path.removeprefix(prefix).partition("/")
                state.setdefault(int(number), {})[key] = _laid_out_like(parameters[int(number)], tensor)
        groups = [{key: _tuple(value) for key, value in group.items()} for group in plain[name]["groups"]]
        if keep_rates:
            groups = optimizer.state_dict()["param_groups"]
        optimizer.load_state_dict({"state": state, "param_groups": groups})


def _laid_out_like(parameter: Tensor, value: Tensor) -> Tensor:
    """The same numbers in the parameter's memory order: fused optimizers walk both as flat memory."""
    if value.shape != parameter.shape:
        return value
    return torch.empty_like(parameter, dtype=value.dtype).copy_(value)


def _tuple(value: Any) -> Any:
    """JSON has no tuple; only `params` is a list in an optimizer's groups."""
    return tuple(value) if isinstance(value, list) and value and isinstance(value[0], float) else value
