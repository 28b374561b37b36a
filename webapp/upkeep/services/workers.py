"""What a worker process says of itself, every few seconds: that it is here, and how much of its machine is taken.

Said by the process itself, because only its own machine can see its GPUs.
"""

import os
import shutil
import socket
import subprocess
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from django.db import DatabaseError, InterfaceError
from django.db.models.functions import Now

from webapp.core.leases import own_name
from webapp.upkeep.models import Worker

FORGOTTEN_AFTER: Final = timedelta(hours=1)
"""Of one that went without a word; until then its silence is shown."""
MIB: Final = 2**20
COMPUTE: Final = "compute"
ASKED: Final = ("uuid", "index", "name", "memory.total", "memory.used", "utilization.gpu")
PATIENCE_S: Final = 5.0


def say_here(queues: Sequence[str]) -> None:
    """This process works on these queues."""
    total, free = machine_memory()
    said = {
        "host": socket.gethostname(),
        "pid": os.getpid(),
        "queues": list(queues),
        "cores": len(os.sched_getaffinity(0)),
        "memory_bytes": total,
        "free_bytes": free,
        "devices": gpus() if COMPUTE in queues else [],
        "seen_at": Now(),
    }
    Worker.objects.update_or_create(name=own_name(), defaults=said, create_defaults={**said, "started_at": Now()})
    Worker.objects.filter(seen_at__lt=Now() - FORGOTTEN_AFTER).delete()


def say_gone() -> None:
    """This process ends; a database that does not answer shows its silence instead."""
    try:
        Worker.objects.filter(name=own_name()).delete()
    except (DatabaseError, InterfaceError):
        return


def machine_memory(told: Path = Path("/proc/meminfo")) -> tuple[int, int]:
    """Bytes that there are, and that programs could still take."""
    lines = (line.split() for line in told.read_text().splitlines())
    kib = {words[0]: int(words[1]) for words in lines if len(words) > 1}
    return kib["MemTotal:"] * 1024, kib["MemAvailable:"] * 1024


def gpus() -> list[dict[str, Any]] | None:
    """The GPUs of this process, as their driver tells of them now; None when it does not."""
    program, chosen = shutil.which("nvidia-smi"), os.environ.get("CUDA_VISIBLE_DEVICES")
    if program is None or chosen in ("", "-1"):
        return []
    command = [program, f"--query-gpu={','.join(ASKED)}", "--format=csv,noheader,nounits"]
    try:
        answer = subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE_S, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return read_gpus(answer.stdout, chosen)


def read_gpus(text: str, chosen: str | None) -> list[dict[str, Any]] | None:
    """The GPUs of CUDA_VISIBLE_DEVICES, all where it is None; None where the text tells of none of these.

    busy: 0..100, the share of the last moments in which it computed; None where it keeps that to itself.
    """
    wanted = None if chosen is None else {name.strip() for name in chosen.split(",")}
    rows = [[cell.strip() for cell in line.split(",")] for line in text.splitlines()]
    told = [row for row in rows if len(row) == len(ASKED) and (wanted is None or wanted & set(row[:2]))]
    if not told:
        return None
    return [
        {"name": name, "memory_bytes": _bytes(total), "used_bytes": _bytes(used), "busy": _number(busy)}
        for _, _, name, total, used, busy in told
    ]


def _bytes(mib: str) -> int | None:
    number = _number(mib)
    return None if number is None else number * MIB


def _number(text: str) -> int | None:
    """None for "[N/A]", which some say instead."""
    return int(text) if text.isdigit() else None
