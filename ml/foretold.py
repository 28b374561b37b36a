"""A run's memory as a process without torch asks for it: a child process tells, and its word is kept for a while."""

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ml.share import THREADS

KEPT_S: Final = 60.0
"""How long an answer is given again: what is free changes."""
MAX_KEPT: Final = 200
WAIT_S: Final = 30.0
SOURCE = Path(__file__).parent


class ForetellError(Exception):
    """No answer: another question is being answered, or the child failed. The message is one sentence."""


@dataclass(frozen=True)
class Foretold:
    """Bytes that a run will take, and that are free for it on `device` (`cpu` or a GPU's name) of this machine.

    largest_batch_size: what would fit where the wished batch does not; None where it does, or where none would.
    """

    needed_bytes: int
    available_bytes: int
    device: str
    fits: bool
    largest_batch_size: int | None
    sentence: str


_asking = threading.Lock()
_kept: dict[str, tuple[float, Foretold]] = {}


def foretell_memory(
    model: str, settings: Mapping[str, Any], num_classes: int, num_attributes: int, num_images: int, grey: bool
) -> Foretold:
    """What `python -m ml memory` says, within a few seconds the first time. Settings must be without problems.

    Raises: ForetellError.
    """
    pairs = [part for name, value in sorted(settings.items()) for part in ("--set", f"{name}={json.dumps(value)}")]
    sizes = ["--classes", str(num_classes), "--attributes", str(num_attributes), "--images", str(num_images)]
    arguments = ["--model", model, *sizes, *(["--grey"] if grey else []), *pairs]
    key = json.dumps(arguments)
    if (known := _known(key)) is not None:
        return known
    if not _asking.acquire(timeout=WAIT_S):
        raise ForetellError("Too many ask how much memory their runs need; ask again in a minute.")
    try:
        if (known := _known(key)) is not None:
            return known
        told = _ask(arguments)
        while len(_kept) >= MAX_KEPT:
            _kept.pop(next(iter(_kept)))
        _kept[key] = (time.monotonic(), told)
        return told
    finally:
        _asking.release()


def _known(key: str) -> Foretold | None:
    since, told = _kept.get(key, (0.0, None))
    return told if time.monotonic() - since < KEPT_S else None


def _ask(arguments: list[str]) -> Foretold:
    try:
        child = subprocess.run(
            [sys.executable, "-m", "ml", "memory", "--json", *arguments],
            cwd=SOURCE.parent,
            env=os.environ | {THREADS: "1"},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise ForetellError("The estimate of the memory took longer than two minutes; ask again.") from error
    if child.returncode != 0:
        raise ForetellError(f"The memory could not be estimated: {(child.stderr.strip() or 'no reason given')[-500:]}")
    return Foretold(**json.loads(child.stdout))
