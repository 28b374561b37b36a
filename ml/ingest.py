"""From a source to a dataset version: walk, recognise, decode, store, split, report.

`run` is the verb `ingest` of a worker's child process; `read_folder` is the same reading for the command line, where
the images stay where they are.
"""

import dataclasses
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from ml.archive import open_source
from ml.assembly import Accepted, OtherHalf, content_hash, counts, put_together
from ml.attribute_files import MAX_ATTRIBUTES
from ml.dataset_kind import DatasetKind, Entry, Listing, classes_of
from ml.decode import Decoder
from ml.earlier import EarlierImage, read_earlier
from ml.errors import BadDatasetError, BadImageError, BadSettingsError
from ml.examine import Content, Found, PassedOver, content_of, examine
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
    attributes = list(plan.get("attributes", []))
    known = [(_content_of(image), Entry(image.name, image.label, image.split)) for image in accepted]
    kind, recognised = "", ""
    if plan["source"] is not None:
        with (
            open_source(Path(plan["source"]), zip_limits, Path(plan["out"])) as source,
            Decoder(image_limits) as decoder,
        ):
            kind, recognised, listing = _list(source, plan["kind"])
            report.passed_over(_left_out(source, listing))
            accepted, attributes, listing = with_all_attributes(accepted, attributes, listing)
            for answer in _counted(examine(source, listing.entries, decoder, known), len(listing.entries), emit):
                if isinstance(answer, PassedOver):
                    report.passed_over([answer])
                else:
                    store.put_image(answer.sha256, answer.decoded.suffix, answer.data)
                    store.put_thumbnail(answer.sha256, answer.decoded.thumbnail)
                    if answer.pair is not None:
                        half, decoded = answer.pair
                        store.put_image(half.sha256, decoded.suffix, half.data)
                        store.put_thumbnail(half.sha256, decoded.thumbnail)
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
            "kind": kind,
            "recognised": recognised,
            "attributes": attributes,
            "classes": classes_of((image.label for image, _ in version.images), attributes),
            "counts": counts(version.images, attributes),
            "content_hash": content_hash(version.images, attributes),
            "num_images": len(version.images),
            "size_bytes": sum(image.all_bytes for image, _ in version.images),
            "near_duplicates": version.near_duplicates,
            "health": version.health,
        }
    )


@dataclass(frozen=True)
class FolderDataset:
    """A folder read in. recognised: why it is of this kind, as one sentence, empty where that was asked for."""

    records: list[ImageRecord]
    attributes: tuple[str, ...]
    kind: str
    recognised: str


def read_folder(
    folder: Path,
    split_seed: int = 0,
    split_fractions: Sequence[float] = DEFAULT_FRACTIONS,
    kind: str | None = None,
    on_file: OnFile | None = None,
) -> list[ImageRecord]:
    """The images of `read_dataset` alone."""
    return read_dataset(folder, split_seed, split_fractions, kind, on_file).records


def read_dataset(
    folder: Path,
    split_seed: int = 0,
    split_fractions: Sequence[float] = DEFAULT_FRACTIONS,
    kind: str | None = None,
    on_file: OnFile | None = None,
) -> FolderDataset:
    """The good images of a folder with their splits, in the order of their names; nothing is copied.

    `on_file` hears what became of every file.

    Raises: BadDatasetError when the folder holds no usable images.
    """
    if not folder.is_dir():
        raise BadDatasetError(f"There is no folder at {printable(str(folder))}; check the path.")
    tell = on_file or (lambda row: None)
    accepted: list[Accepted] = []
    source = FolderSource(folder)
    with Decoder() as decoder:
        kind, recognised, listing = _list(source, kind)
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
    records = [
        ImageRecord(
            index,
            source.path_of(image.name),
            image.label,
            split,
            None if image.pair is None else source.path_of(image.pair.name),
            image.attributes,
        )
        for index, (image, split) in enumerate(version.images)
    ]
    return FolderDataset(records, listing.attributes, kind, recognised)


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
        pair=_kept_half(image),
        attributes=image.get("attributes", ""),
    )


def _kept_half(image: EarlierImage) -> OtherHalf | None:
    if not image.get("pair_sha256"):
        return None
    return OtherHalf(image["pair_name"], image["pair_sha256"], image["pair_suffix"], image["pair_size_bytes"])


def _content_of(image: Accepted) -> Content:
    return content_of(image.sha256, None if image.pair is None else image.pair.sha256)


def with_all_attributes(
    earlier: Sequence[Accepted], names: Sequence[str], listing: Listing
) -> tuple[list[Accepted], list[str], Listing]:
    """Earlier images and a listing, each with what it says of the attributes of either, and their names.

    Nobody said of an image what only the other side names. Raises: BadDatasetError for more than can be read.
    """
    both = list(dict.fromkeys((*names, *listing.attributes)))
    if len(both) > MAX_ATTRIBUTES:
        raise BadDatasetError(
            f"The version before and the new images name {len(both)} attributes together; at most {MAX_ATTRIBUTES} are "
            "read. Use the names of the version before."
        )

    def said(values: str, of: Sequence[str]) -> str:
        known = dict(zip(of, values, strict=False))
        return "".join(known.get(name, "?") for name in both)

    images = [dataclasses.replace(image, attributes=said(image.attributes, names)) for image in earlier]
    entries = tuple(
        dataclasses.replace(entry, attributes=said(entry.attributes, listing.attributes)) for entry in listing.entries
    )
    return images, both, dataclasses.replace(listing, entries=entries, attributes=tuple(both))


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


def _list(source: Source, kind: str | None) -> tuple[str, str, Listing]:
    """(kind, why, what it makes of the source); the kind is recognised when none is named, else nothing says why."""

    def content(name: str) -> bytes:
        try:
            return source.read(name, _MAX_LABEL_FILE)
        except BadImageError as error:
            raise BadDatasetError(f"{printable(name)} cannot be read: {error.message}") from None

    if kind is not None:
        return kind, "", find("dataset_kinds", DatasetKind, kind).read(source.names, content)
    kinds = shelf("dataset_kinds", DatasetKind)
    for plugin in sorted(kinds.values(), key=lambda plugin: -plugin.specificity):
        if why := plugin.recognise(source.names, content):
            return plugin.name, why, plugin.read(source.names, content)
    return _DEFAULT_KIND, "", kinds[_DEFAULT_KIND].read(source.names, content)


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
    decoded, pair = found.decoded, _half_of(found)
    in_own_file = pair is not None and pair.name != found.entry.name
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
        note=f"With its other half, {printable(pair.name)}." if pair is not None and in_own_file else "",
        pair=pair,
        attributes=found.entry.attributes,
    )


def _half_of(found: Found) -> OtherHalf | None:
    if found.pair is not None:
        half, decoded = found.pair
        return OtherHalf(half.name, half.sha256, decoded.suffix, len(half.data))
    if found.entry.pair is not None:
        return OtherHalf(found.entry.name, found.sha256, found.decoded.suffix, len(found.data))
    return None


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
    row: IngestedFile = {
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
    if image.pair is not None:
        row["pair_name"], row["pair_sha256"] = printable(image.pair.name), image.pair.sha256
        row["pair_suffix"], row["pair_size_bytes"] = image.pair.suffix, image.pair.size_bytes
    if image.attributes:
        row["attributes"] = image.attributes
    return row
