"""A run that is real and takes seconds: rendered shapes, a narrow DCGAN, a few steps."""

import json
from pathlib import Path
from typing import Any

from ml.plans import RunPlan
from ml.protocol import Event
from tests.ml.tiny_data import SHAPES, write_images

SETTINGS: dict[str, Any] = {
    "resolution": 16,
    "batch_size": 8,
    "num_steps": 12,
    "num_checkpoints": 3,
    "num_previews": 2,
    "width": 4,
}


def write_plan(folder: Path, out: str = "f1", num_val: int = 8, **recipe: Any) -> RunPlan:
    """A plan with its images below `folder`; `recipe` replaces parts of the recipe."""
    records = write_images(folder / "source", dict.fromkeys(SHAPES, 14), num_val=num_val)
    images = folder / "images.jsonl"
    images.write_text(
        "".join(
            json.dumps({"index": row.index, "file": str(row.file), "label": row.label, "split": row.split}) + "\n"
            for row in records
        )
    )
    return {
        "verb": "run",
        "recipe": {
            "model": "dcgan",
            "model_settings": SETTINGS,
            "sampler": "class_confidence",
            "sampler_settings": {},
            "budget": {"kind": "per_class", "count": 20},
            "pool_factor": 1.5,
            "seed": 3,
            **recipe,  # type: ignore[typeddict-item]
        },
        "dataset": {"classes": list(SHAPES), "images": str(images)},
        "out": str(folder / out),
        "done": {},
        "resume_from": None,
        "start": None,
    }


class Heard:
    """Everything a run said, in order."""

    def __init__(self) -> None:
        self.events: list[Any] = []

    def __call__(self, event: Event) -> None:
        json.dumps(event, allow_nan=False)  # what cannot cross the pipe must not be said
        self.events.append(event)

    def of(self, kind: str) -> list[Any]:
        """The events of one kind."""
        return [event for event in self.events if event["event"] == kind]

    def stages(self) -> list[str]:
        """Stages in the order they finished."""
        return [event["stage"] for event in self.of("stage_finished")]
