"""From a source to a dataset version: walk, recognise, decode, store, split, report.

`run` is the verb `ingest` of a worker's child process; `read_folder` is the same reading for the command line, where
the images stay where they are.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar

from ml.archive import open_source
from ml.assembly import Accepted, content_hash, counts, put_together
from ml.dataset_kind import DatasetKind, Entry, Listing
from ml.decode import Decoder
from ml.earlier import EarlierImage, read_earlier
from ml.errors import BadDatasetError, BadImageError, BadSettingsError
from ml.examine import Found, PassedOver, examine
from ml.folder_source import FolderSource
from ml.image_file import FINGERPRINT_BYTES
from ml.image_limits import ImageLimits
from ml.object_store import ObjectStore
from ml.plans import IngestPlan
from ml.plugin import find, shelf
from ml.protocol import Emit, IngestedFile, emit
from ml.records import ImageRecord
from ml.source import Source, printable
from ml.splits import DEFAULT_FRACTIONS
from ml.zip_directory import ZipLimits

_DEFAULT_KIND = "labelled_images"
_MAX_LABEL_FILE = 256 * 2**20
_REPORT_ROWS = 200
_PROGRESS_S = 0.5
_STILL_THERE_S = 5.0
L = TypeVar("L", ZipLimits, ImageLimits)
OnFile = Callable[[IngestedFile], None]


# --- the verb -----------------------------------------------------------------------------------------------------
def run(plan: IngestPlan, emit: Emit = emit) -> None:
    """Fill the store and tell every file's fate: what is passed over as it comes, what is accepted at the end.

    Raises: BadArchiveError, BadDatasetError, BadSettingsError.
    """
    zip_limits, image_limits = _read_limits(plan["limits"])
    store = ObjectStore(Path(plan["store"]), Path(plan["out"]))
    report = _Report(emit)
    accepted = _take_over(plan, report)
    if plan["source"] is not None:
        known = [(image.sha256, Entry(image.name, image.label, image.split)) for image in accepted]
        with (
            open_source(Path(plan["source"]), zip_limits, Path(plan["out"])) as source,
            Decoder(image_limits) as decoder,
        ):
            listing = _list(source, plan["kind"])
            report.passed_over(_left_out(source, listing))
            for answer in _counted(examine(source, listing.entries, decoder, known), len(listing.entries), emit):
                if isinstance(answer, PassedOver):
                    report.passed_over([answer])
                else:
                    store.put_image(answer.sha256, answer.decoded.suffix, answer.data)
                    store.put_thumbnail(answer.sha256, answer.decoded.thumbnail)
                    accepted.append(_accepted(answer))
    report.flush()
    version = put_together(accepted, plan["split_seed"], plan["split_fractions"], _still_there(len(accepted), emit))
    report.passed_over(version.left_out)
    store.sync()
    for index, (image, split) in enumerate(version.images):
        report.add(_row(index, image, split))
    report.flush()
    emit(
        {
            "event": "result",
            "classes": sorted({image.label for image, _ in version.images}),
            "counts": counts(version.images),
            "content_hash": content_hash(version.images),
            "num_images": len(version.images),
            "size_bytes": sum(image.size_bytes for image, _ in version.images),
            "near_duplicates": version.near_duplicates,
            "health": version.health,
        }
    )


def read_folder(
    folder: Path,
    split_seed: int = 0,
    split_fractions: Sequence[float] = DEFAULT_FRACTIONS,
    kind: str | None = None,
    on_file: OnFile | None = None,
) -> list[ImageRecord]:
    """The good images of a folder with their splits, in the order of their names; nothing is copied.

    `on_file` hears what became of every file.

    Raises: BadDatasetError when the folder holds no usable labelled images.
    """
    if not folder.is_dir():
        raise BadDatasetError(f"There is no folder at {printable(str(folder))}; check the path.")
    tell = on_file or (lambda row: None)
    accepted: list[Accepted] = []
    source = FolderSource(folder)
    with Decoder() as decoder:
        listing = _list(source, kind)
        for passed in _left_out(source, listing):
            tell(_passed_row(passed))
        for answer in examine(source, listing.entries, decoder):
            if isinstance(answer, PassedOver):
                tell(_passed_row(answer))
            else:
                accepted.append(_accepted(answer))
    version = put_together(accepted, split_seed, split_fractions)
    for passed in version.left_out:
        tell(_passed_row(passed))
    for index, (image, split) in enumerate(version.images):
        tell(_row(index, image, split))
    return [
        ImageRecord(index, source.path_of(image.name), image.label, split)
        for index, (image, split) in enumerate(version.images)
    ]


# --- the version before -------------------------------------------------------------------------------------------
def _take_over(plan: IngestPlan, report: "_Report") -> list[Accepted]:
    """What is kept of the earlier version; the report says of what else became of it."""
    file = plan.get("earlier")
    if file is None:
        return []
    kept: list[Accepted] = []
    for image in read_earlier(Path(file)):
        if image["excluded"]:
            report.passed_over([PassedOver(image["name"], "skipped", "Excluded from the version before.")])
        else:
            kept.append(_kept(image, resplit=plan.get("resplit", False)))
    return kept


def _kept(image: EarlierImage, *, resplit: bool) -> Accepted:
    relabelled = "" if image["was"] is None else f" Relabelled, before {printable(image['was'])}."
    return Accepted(
        image["name"],
        image["label"],
        None if resplit else image["split"],
        image["sha256"],
        image["suffix"],
        image["width"],
        image["height"],
        image["is_grey"],
        image["size_bytes"],
        bytes.fromhex(image["fingerprint"]) or bytes(FINGERPRINT_BYTES),
        image["look"],
        stays=not resplit,
        note=f"Taken over from the version before.{relabelled}",
    )


# --- reading ------------------------------------------------------------------------------------------------------
def _read_limits(values: dict[str, Any]) -> tuple[ZipLimits, ImageLimits]:
    known = {field.name for limits in (ZipLimits, ImageLimits) for field in dataclasses.fields(limits)}
    unknown = ", ".join(sorted(set(values) - known))
    if unknown:
        raise BadSettingsError(f"There are no limits called {unknown}; known are {', '.join(sorted(known))}.")
    if "formats" in values:
        values = {**values, "formats": tuple(values["formats"])}
    return _limited(ZipLimits, values), _limited(ImageLimits, values)


def _limited(limits: type[L], values: dict[str, Any]) -> L:
    """The limits of one kind that `values` holds, the others as they are by default."""
    own: dict[str, Any] = {key: values[key] for key in limits.__dataclass_fields__ if key in values}
    return limits(**own)


def _list(source: Source, kind: str | None) -> Listing:
    """What the source's kind makes of it; the kind is recognised when none is named."""

    def content(name: str) -> bytes:
        try:
            return source.read(name, _MAX_LABEL_FILE)
        except BadImageError as error:
            raise BadDatasetError(f"{printable(name)} cannot be read: {error.message}") from None

    if kind is not None:
        return find("dataset_kinds", DatasetKind, kind).read(source.names, content)
    kinds = shelf("dataset_kinds", DatasetKind)
    fitting = (plugin for plugin in kinds.values() if plugin.recognise(source.names, content))
    return next(fitting, kinds[_DEFAULT_KIND]).read(source.names, content)


def _left_out(source: Source, listing: Listing) -> list[PassedOver]:
    """What the walk and the kind leave out."""
    return [PassedOver(name, "skipped", reason) for name, reason in (*source.skipped, *listing.skipped)]


def _counted(answers: Iterable[Found | PassedOver], number: int, emit: Emit) -> Iterator[Found | PassedOver]:
    """The same answers, with progress told at most twice a second."""
    emit({"event": "progress", "current": 0, "max": number})
    last = time.monotonic()
    for current, answer in enumerate(answers, 1):
        yield answer
        if time.monotonic() - last >= _PROGRESS_S:
            last = time.monotonic()
            emit({"event": "progress", "current": current, "max": number})
    emit({"event": "progress", "current": number, "max": number})


def _still_there(number: int, emit: Emit) -> Callable[[], None]:
    """Tells from time to time that all files were read and the work goes on."""
    last = time.monotonic()

    def tick() -> None:
        nonlocal last
        if time.monotonic() - last >= _STILL_THERE_S:
            last = time.monotonic()
            emit({"event": "progress", "current": number, "max": number})

    return tick


def _accepted(found: Found) -> Accepted:
    decoded = found.decoded
    return Accepted(
        found.entry.name,
        found.entry.label,
        found.entry.split,
        found.sha256,
        decoded.suffix,
        decoded.width,
        decoded.height,
        decoded.is_grey,
        len(found.data),
        decoded.fingerprint,
        decoded.look,
    )


# --- the report ---------------------------------------------------------------------------------------------------
class _Report:
    """Rows of the report, told in batches."""

    def __init__(self, emit: Emit) -> None:
        self._emit = emit
        self._rows: list[IngestedFile] = []

    def passed_over(self, files: Iterable[PassedOver]) -> None:
        for file in files:
            self.add(_passed_row(file))

    def add(self, row: IngestedFile) -> None:
        self._rows.append(row)
        if len(self._rows) == _REPORT_ROWS:
            self.flush()

    def flush(self) -> None:
        if self._rows:
            self._emit({"event": "ingest_files", "files": self._rows})
            self._rows = []


def _passed_row(file: PassedOver) -> IngestedFile:
    return {"name": printable(file.name), "outcome": file.outcome, "reason": file.reason}


def _row(index: int, image: Accepted, split: str) -> IngestedFile:
    return {
        "name": printable(image.name),
        "outcome": "accepted",
        "reason": image.note,
        "index": index,
        "label": image.label,
        "split": split,
        "sha256": image.sha256,
        "suffix": image.suffix,
        "width": image.width,
        "height": image.height,
        "is_grey": image.is_grey,
        "size_bytes": image.size_bytes,
        "fingerprint": image.fingerprint.hex(),
        "look": image.look,
        "near": image.near,
        "issues": list(image.issues),
    }
