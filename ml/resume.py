"""Whether a checkpoint may be continued here, and whether the end will be the same to the bit."""

import platform
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ml.checkpoint import Saved
from ml.device import device_name
from ml.errors import CheckpointError


def check_same_run(file: Path, saved: Saved, identity: Mapping[str, Any]) -> None:
    """Raises: CheckpointError when the checkpoint belongs to another recipe, dataset or seed."""
    words = {"model": "model", "settings": "settings", "data_hash": "dataset", "seed": "seed"}
    differing = [words[key] for key, value in identity.items() if saved.facts.get(key) != value]
    if differing:
        raise CheckpointError(
            f"{file.name} belongs to another run: it was saved with another {' and '.join(differing)}; "
            f"resume with the same recipe and data, or start anew."
        )


ONE_PART = {"parts": 1, "devices": 1}
"""Of a checkpoint that does not say how it was computed."""


def changes(saved: Saved, now: Mapping[str, Any]) -> str:
    """What about machine, versions or computing differs from when the checkpoint was saved, in words; "" if nothing."""
    before = ONE_PART | saved.facts["environment"]
    return ", ".join(f"{key} {before.get(key)} -> {value}" for key, value in now.items() if before.get(key) != value)


def environment(device: torch.device) -> dict[str, Any]:
    """What else decides the last bits of a result."""
    cudnn: int | None = torch.backends.cudnn.version()  # type: ignore[no-untyped-call]
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": np.__version__,
        "device": device_name(device),
        "cuda": torch.version.cuda,
        "cudnn": cudnn,
        "tf32": torch.backends.cuda.matmul.allow_tf32,
        "threads": torch.get_num_threads(),
    }
