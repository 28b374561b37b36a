"""One labelled real image, or pair of images, as the stages of a run, or a study, see it."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ml.errors import BadDatasetError


@dataclass(frozen=True)
class ImageRecord:
    """index: place in the dataset version; file: the original bytes; label: the class; split: train, val or test.

    pair: the file of the other half of a pair, A, whose B is `file`; the same file where it holds both side by side, A
    on the left. attributes: "1" has, "0" lacks, "?" nobody said, one for each of the dataset's attributes.
    """

    index: int
    file: Path
    label: str
    split: str
    pair: Path | None = None
    attributes: str = ""

    def classes(self, attributes: Sequence[str]) -> tuple[str, ...]:
        """What it counts for: the attributes that it has, else its label."""
        has = tuple(name for name, said in zip(attributes, self.attributes, strict=False) if said == "1")
        return has or (self.label,)

    def row(self) -> dict[str, str | int]:
        """As a line of a plan's images says it."""
        row: dict[str, str | int] = {
            "index": self.index,
            "file": str(self.file.absolute()),
            "label": self.label,
            "split": self.split,
        }
        if self.pair is not None:
            row["pair"] = str(self.pair.absolute())
        if self.attributes:
            row["attributes"] = self.attributes
        return row


def read_records(file: Path) -> Iterator[ImageRecord]:
    """The images of a plan, from JSON lines.

    Raises: BadDatasetError for an image of the test split: it is reserved for studies, and must not be seen here.
    """
    for record in read_all_records(file):
        if record.split not in ("train", "val"):
            raise BadDatasetError(
                f"Image {record.index} is of the split {record.split!r}; a run may see train and val only, so that "
                f"studies can trust the test split."
            )
        yield record


def read_all_records(file: Path) -> Iterator[ImageRecord]:
    """The images of a study's plan, those of the test split too."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            row = json.loads(line)
            pair = Path(row["pair"]) if row.get("pair") else None
            attributes = row.get("attributes", "")
            yield ImageRecord(row["index"], Path(row["file"]), row["label"], row["split"], pair, attributes)
