"""Where the client keeps what it must remember: who is logged in, and uploads that are not finished."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from atelier.errors import InvalidError


def config_folder() -> Path:
    """For the login."""
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config") / "atelier"


def state_folder() -> Path:
    """For uploads on their way."""
    return Path(os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "atelier"


def read_json(path: Path) -> dict[str, Any]:
    """What `write_json` wrote; empty where there is nothing, or something else."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def write_json(path: Path, content: dict[str, Any]) -> None:
    """Write whole or not at all, readable by its owner only.

    Raises: InvalidError.
    """
    temporary = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=2)
        temporary.replace(path)
    except OSError as error:
        raise InvalidError(f"{path} cannot be written: {error.strerror}.") from error
