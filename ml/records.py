"""One labelled real image as the stages of a run see it."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class ImageRecord:
    """index: place in the dataset version; file: the original bytes; label: the class; split: train, val or test."""

    index: int
    file: Path
    label: str
    split: str
