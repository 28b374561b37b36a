"""A pool of images that were made elsewhere: read instead of generated, then scored and selected like a run's own.

The stages are those of a run. Nothing is trained: `generate` reads the source, each file checked in the limited child
that checks uploads, and brings every image to the size, fit and channels that the training images have.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.lib.format import open_memmap
from numpy.typing import NDArray

from ml.archive import open_source
from ml.dataset_kind import Entry
from ml.decode import Decoder
from ml.disk import reserve
from ml.errors import BadDatasetError, BadImageError, UnsuitableSamplerError
from ml.examine import PassedOver, examine
from ml.fit import fit_image
from ml.images import Pixels, open_image
from ml.import_listing import Listed, read_listing
from ml.model import LabelledImageModel
from ml.pipeline import Run
from ml.plans import IMPORTED, Artefacts, Imported
from ml.pool import PoolFacts, shard_size, write_pool
from ml.protocol import IngestedFile
from ml.score import ENCODER_SCORES, FACTS, Floats
from ml.source import printable
from ml.whole import whole_file

REPORT_ROWS = 200


class ImportedImages(LabelledImageModel):
    """Stands where a run has its model; it gives no scores and makes no images."""

    name = IMPORTED

    def build(self) -> None:
        """There are no networks."""


class ImportRun(Run):
    """A run whose images come from the plan's `imported`."""

    def find_model(self, name: str) -> type[LabelledImageModel]:
        return ImportedImages

    @cached_property
    def imported(self) -> Imported:
        return self.plan["imported"]

    @cached_property
    def listed(self) -> Listed:
        """Raises: BadDatasetError, BadArchiveError."""
        with open_source(Path(self.imported["source"])) as source:
            return read_listing(source, self.classes, {*ENCODER_SCORES, *FACTS})

    def check(self) -> None:
        """Raises: BadDatasetError, BadArchiveError, UnsuitableSamplerError, BadBudgetError."""
        self.budget()
        if "generate" in self.done:
            return
        available = {*ENCODER_SCORES, *self.listed.scores}
        missing = [score for score in self.sampler.wanted() if score not in available]
        if missing:
            raise UnsuitableSamplerError(
                f"The sampler {self.sampler.name} ranks by {', '.join(missing)}, which the imported images do not "
                "bring; add a column of that name to the metadata, or choose another sampler."
            )

    def train(self) -> Artefacts:
        """There is nothing to train."""
        return {}

    def generate(self) -> Artefacts:
        """Read every image and write the pool, the classes taking turns; tell what became of each file."""
        entries = self.listed.entries
        meter = self.meter("generate", len(entries))
        for remark in self.listed.remarks:
            self.warn("import_remark", remark)
        self.tell_files([_left_out(name, reason) for name, reason in self.listed.skipped])
        scratch = self.out / ".imported.npy"
        try:
            pixels, taken = self.read_images(entries, scratch, lambda done: meter.to(done))
            label = np.array([self.classes.index(entry.label) for entry in taken], np.int64)
            order = np.lexsort((label, _turns(label)))
            self.write_given([taken[place].name for place in order])
            side, channels = self.settings.resolution, self.pack.channels
            facts = PoolFacts(
                self.classes, side, channels, len(order), "", self.imported["name"], shard_size(side, channels)
            )
            write_pool(self.out / "pool", label[order], order, facts, make=lambda labels, places: pixels[places])
        finally:
            scratch.unlink(missing_ok=True)
        self.tell_files(
            [
                {"name": printable(taken[place].name), "outcome": "accepted", "reason": "", "index": index}
                for index, place in enumerate(order)
            ]
        )
        return {"pool": str(self.out / "pool"), "given": str(self.given_file)}

    def read_images(
        self, entries: Sequence[Entry], scratch: Path, on_read: Callable[[int], None]
    ) -> tuple[Pixels, list[Entry]]:
        """uint8 [accepted, side, side, channels] on disk, and their entries in the order of the names.

        Raises: BadDatasetError when none can be used.
        """
        side, channels = self.settings.resolution, self.pack.channels
        scratch.parent.mkdir(parents=True, exist_ok=True)
        pixels = open_memmap(scratch, mode="w+", dtype=np.uint8, shape=(len(entries), side, side, channels))
        reserve(scratch)
        taken: list[Entry] = []
        with open_source(Path(self.imported["source"])) as source, Decoder() as decoder:
            for number, answer in enumerate(examine(source, entries, decoder), 1):
                if isinstance(answer, PassedOver):
                    self.tell_files([_left_out(answer.name, answer.reason, answer.outcome)])
                else:
                    try:
                        picture = open_image(answer.data)
                    except BadImageError as error:
                        self.tell_files([_left_out(answer.entry.name, error.message, "failed")])
                    else:
                        pixels[len(taken)] = fit_image(picture, side, self.settings.fit, channels)
                        taken.append(answer.entry)
                on_read(number)
        if not taken:
            raise BadDatasetError("None of the images can be used; the report says why for each file.")
        return pixels[: len(taken)], taken

    # --- scores that came with the images -------------------------------------------------------------------------
    @property
    def given_file(self) -> Path:
        return self.out / "given.npz"

    def write_given(self, names: Sequence[str]) -> None:
        """float64 [N] for each score in the metadata, NaN where a row has none."""
        columns = {
            score: np.array([values.get(name, np.nan) for name in names])
            for score, values in self.listed.scores.items()
        }
        with whole_file(self.given_file) as partial, partial.open("wb") as file:
            np.savez(file, allow_pickle=False, **columns)

    def given(self) -> Mapping[str, Floats]:
        with np.load(self.done["generate"]["given"], allow_pickle=False) as arrays:
            return dict(arrays)

    def trained_model(self, trained: Artefacts | None = None) -> LabelledImageModel:
        return ImportedImages(self.pack.spec(), self.settings)

    def tell_files(self, rows: Sequence[IngestedFile]) -> None:
        for start in range(0, len(rows), REPORT_ROWS):
            self.emit({"event": "ingest_files", "files": list(rows[start : start + REPORT_ROWS])})


def _turns(label: NDArray[np.int64]) -> NDArray[np.int64]:
    """int64 [N]: how many images of its class come before each."""
    turns = np.zeros(len(label), np.int64)
    for number in np.unique(label):
        here = np.flatnonzero(label == number)
        turns[here] = np.arange(len(here))
    return turns


def _left_out(name: str, reason: str, outcome: str = "skipped") -> IngestedFile:
    return {"name": printable(name), "outcome": outcome, "reason": reason}  # type: ignore[typeddict-item]
