"""What a source of synthetic images made elsewhere says of each: its class and, where it gives them, scores.

    <class>/<image>                      the folder is the class
    metadata.jsonl or metadata.csv       a row per image: file_name (beside the file), label, further columns of numbers

A column is a score when every value in it is a number. Where rows have labels, the rows say which images there are.
"""

import csv
import io
import json
import math
import re
import unicodedata
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ml.dataset_kind import DatasetKind, Entry
from ml.errors import BadDatasetError, BadImageError
from ml.plugin import find
from ml.source import Source, clean_name, printable

METADATA = ("metadata.jsonl", "metadata.csv")
MAX_METADATA_BYTES = 256 * 2**20
MAX_SCORES = 20
SHOWN = 10
_NO_SCORE = frozenset({"file_name", "label", "split"})
_SCORE_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,59}")
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Listed:
    """The images to read; every other member with its reason; scores: name -> member -> value."""

    entries: tuple[Entry, ...]
    skipped: tuple[tuple[str, str], ...]
    scores: Mapping[str, Mapping[str, float]]
    remarks: tuple[str, ...]
    """Sentences for whoever imports."""


@dataclass
class _Found:
    """What is gathered while rows are read."""

    rows: dict[str, Row] = field(default_factory=dict)
    skipped: list[tuple[str, str]] = field(default_factory=list)


def read_listing(source: Source, classes: Sequence[str], own_scores: Collection[str] = ()) -> Listed:
    """`own_scores`: names that an imported column cannot have.

    Raises: BadDatasetError when no image of a known class is there, or the metadata cannot be read.
    """
    files = [name for name in source.names if name.rpartition("/")[2].casefold() in METADATA]
    found = _Found(skipped=list(source.skipped))
    for name in files:
        _read_rows(source, name, found)
    others = [name for name in source.names if name not in set(files)]
    entries = _labelled_by_rows(others, found) or _labelled_by_folders(others, found)
    known, remarks = _of_known_classes(entries, classes, found)
    scores, more = _scores({entry.name: found.rows.get(entry.name, {}) for entry in known}, own_scores)
    return Listed(tuple(known), tuple(found.skipped), scores, (*remarks, *more))


# --- classes ------------------------------------------------------------------------------------------------------
def _labelled_by_rows(names: Sequence[str], found: _Found) -> list[Entry]:
    """Empty when no row has a label."""
    labels = {name: _label(row.get("label")) for name, row in found.rows.items()}
    if not any(labels.values()):
        return []
    there = set(names)
    entries = []
    for name, label in labels.items():
        if name not in there:
            found.skipped.append((name, "A row of the metadata names this file, and it is not in the source."))
        elif not label:
            found.skipped.append((name, "The file's row in the metadata has no label."))
        else:
            entries.append(Entry(name, label, None))
    found.skipped += [(name, "No row of the metadata names this file.") for name in sorted(there - set(labels))]
    return entries


def _labelled_by_folders(names: Sequence[str], found: _Found) -> list[Entry]:
    listing = find("dataset_kinds", DatasetKind, "labelled_images").read(names)
    found.skipped += listing.skipped
    return [Entry(entry.name, entry.label, None) for entry in listing.entries]


def _of_known_classes(
    entries: Sequence[Entry], classes: Sequence[str], found: _Found
) -> tuple[list[Entry], tuple[str, ...]]:
    """The entries whose class the dataset version has, and one sentence about the others."""
    unknown = sorted({entry.label for entry in entries} - set(classes))
    if not unknown:
        return list(entries), ()
    known = [entry for entry in entries if entry.label in classes]
    number = len(entries) - len(known)
    sentence = (
        f"{number} of {len(entries)} images are of classes that this dataset version lacks ({_words(unknown)}); it has "
        f"{_words(classes)}. Name the folders or labels like the version's classes, and import them again."
    )
    if not known:
        raise BadDatasetError(sentence)
    found.skipped += [
        (entry.name, f"The dataset version has no class {printable(entry.label)!r}.")
        for entry in entries
        if entry.label not in classes
    ]
    return known, (sentence,)


def _label(value: object) -> str:
    """A label as it is compared with the version's classes; "" for none."""
    if value is None or isinstance(value, dict | list | bool | float):
        return ""
    return unicodedata.normalize("NFC", str(value)).strip()


def _words(names: Sequence[str]) -> str:
    shown = ", ".join(printable(name)[:60] for name in names[:SHOWN])
    return shown + (f" and {len(names) - SHOWN} more" if len(names) > SHOWN else "")


# --- scores -------------------------------------------------------------------------------------------------------
def _scores(
    rows: Mapping[str, Row], own_scores: Collection[str]
) -> tuple[dict[str, dict[str, float]], tuple[str, ...]]:
    """Columns of numbers, and a sentence about those that are none."""
    columns: dict[str, dict[str, float]] = {}
    refused: dict[str, None] = {}
    for member, row in rows.items():
        for name, value in row.items():
            if name in _NO_SCORE or value in (None, "") or name in refused:
                continue
            number = _number(value)
            if number is None or name in own_scores or not _SCORE_NAME.fullmatch(name):
                refused[name] = None
                columns.pop(name, None)
            elif name in columns or len(columns) < MAX_SCORES:
                columns.setdefault(name, {})[member] = number
            else:
                refused[name] = None
    if not refused:
        return columns, ()
    return columns, (
        f"These columns of the metadata are no scores and were passed over: {_words(list(refused))}. A score is a "
        f"column of numbers with a name of letters, digits and _ that is not one of the service's own; at most "
        f"{MAX_SCORES} are taken.",
    )


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


# --- rows ---------------------------------------------------------------------------------------------------------
def _read_rows(source: Source, metadata: str, found: _Found) -> None:
    """Raises: BadDatasetError."""
    try:
        text = _text(source.read(metadata, MAX_METADATA_BYTES))
    except BadImageError as error:
        raise BadDatasetError(f"{printable(metadata)} cannot be read: {error.message}") from None
    folder = metadata.rpartition("/")[0]
    rows = _json_lines(text) if metadata.casefold().endswith(".jsonl") else _csv(text, metadata)
    for number, row in rows:
        place = f"{printable(metadata)}, row {number}"
        if not isinstance(row, dict) or not isinstance(row.get("file_name"), str):
            found.skipped.append((place, "The row is no object or has no file_name; write one row per image."))
            continue
        try:
            name = clean_name(f"{folder}/{row['file_name']}".lstrip("/"))
        except BadImageError as error:
            found.skipped.append((place, error.message))
            continue
        if name in found.rows:
            found.skipped.append((place, f"Another row names {printable(name)}; the first one was taken."))
            continue
        found.rows[name] = row


def _text(data: bytes) -> str:
    """Raises: BadDatasetError."""
    encoding = "utf-16" if data[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return data.decode(encoding)
    except UnicodeDecodeError:
        raise BadDatasetError("The metadata is not UTF-8; save it as UTF-8 and import it again.") from None


def _json_lines(text: str) -> Iterator[tuple[int, object]]:
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            try:
                yield number, json.loads(line)
            except (ValueError, RecursionError):
                yield number, None


def _csv(text: str, name: str) -> Iterator[tuple[int, object]]:
    """Raises: BadDatasetError."""
    head = text.split("\n", 1)[0]
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=head.count))
    try:
        for row in reader:
            yield reader.line_num, {key: value for key, value in row.items() if isinstance(key, str)}
    except csv.Error as error:
        raise BadDatasetError(f"{printable(name)} cannot be read as CSV ({error}).") from None
