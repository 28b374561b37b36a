"""Everything that a finished run leaves, in a form in which two runs can be compared to the bit."""

import hashlib
import json
import struct
from typing import Any

from webapp.core import storage
from webapp.gallery.models import Choice
from webapp.runs.models import Run
from webapp.runs.selectors import previews_of, scalars_of


def tensors_of(run: Run) -> str:
    """A hash of every tensor, optimizers and averages included, of the checkpoint after the last step."""
    checkpoint = run.checkpoints.get(step=run.num_steps)
    with storage.stored(checkpoint.path).open("rb") as file:
        header = json.loads(file.read(struct.unpack("<Q", file.read(8))[0]))
        data = file.read()
    places = {name: part["data_offsets"] for name, part in header.items() if name != "__metadata__"}
    digest = hashlib.sha256()
    for name in sorted(places):
        start, end = places[name]
        digest.update(name.encode() + data[start:end])
    return digest.hexdigest()


def outcome_of(run: Run) -> dict[str, Any]:
    """Final weights, pool, scores, neighbours, choices, metrics, curves and previews."""
    folder = storage.stored(run.pool.path)
    rows = run.pool.samples.order_by("index")
    choices = Choice.objects.filter(selection__pool=run.pool).order_by("sample__index")
    return {
        "tensors": tensors_of(run),
        "pool": {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(folder.glob("*.npy"))},
        "scores": [sorted(sample.scores.values_list("name", "value")) for sample in rows],
        "nearest": list(rows.values_list("nearest", "memorised")),
        "kept": list(choices.values_list("kept", "rank", "reason")),
        "metrics": run.metrics,
        "curves": scalars_of(run),
        "previews": [(row["step"], row["columns"]) for row in previews_of(run)],
    }
