"""Every image of a source looked at once: read, hashed, compared with the earlier ones, decoded."""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from ml.dataset_kind import Entry
from ml.decode import Decoded, Decoder
from ml.errors import BadImageError
from ml.source import Source, printable

_DUPLICATE_RANK = {"test": 0, "val": 1, "train": 2}
"""Of equal images the one furthest from training is kept, so that no held-out image is also learnt from."""


@dataclass(frozen=True, slots=True)
class Found:
    """A good image that is not there yet."""

    entry: Entry
    sha256: str
    data: bytes
    decoded: Decoded


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file that does not become an image of the dataset."""

    name: str
    outcome: Literal["duplicate", "skipped", "failed"]
    reason: str


@dataclass(slots=True)
class _First:
    """The first file with some content; `fault` says why it cannot be used, empty when it can."""

    entry: Entry
    fault: str = ""


def examine(
    source: Source, entries: Sequence[Entry], decoder: Decoder, known: Iterable[tuple[str, Entry]] = ()
) -> Iterator[Found | PassedOver]:
    """One answer per entry, held-out images first. `known` are images that are there already, by their hash.

    While the child decodes one image, this process stores the one before and reads and hashes the one after.
    """
    firsts = {sha256: _First(entry) for sha256, entry in known}
    flying: tuple[Entry, str, bytes] | None = None
    for entry in sorted(entries, key=lambda entry: (_DUPLICATE_RANK.get(entry.split or "", 0), entry.name)):
        try:
            data = source.read(entry.name, decoder.limits.max_file_bytes)
        except BadImageError as error:
            yield PassedOver(entry.name, "failed", error.message)
            continue
        sha256 = hashlib.sha256(data).hexdigest()
        landed = _land(flying, decoder, firsts) if flying else None
        first = firsts.setdefault(sha256, _First(entry))
        flying = (entry, sha256, data) if first.entry is entry else None
        if flying:
            decoder.start(data)
        if landed:
            yield landed
        if not flying:
            yield _again(entry, first)
    if flying:
        yield _land(flying, decoder, firsts)


def _land(flying: tuple[Entry, str, bytes], decoder: Decoder, firsts: dict[str, _First]) -> Found | PassedOver:
    entry, sha256, data = flying
    try:
        return Found(entry, sha256, data, decoder.finish())
    except BadImageError as error:
        firsts[sha256].fault = error.message
        return PassedOver(entry.name, "failed", error.message)


def _again(entry: Entry, first: _First) -> PassedOver:
    if first.fault:
        return PassedOver(entry.name, "failed", first.fault)
    same = f"The same image as {printable(first.entry.name)}"
    label = "" if first.entry.label == entry.label else f", which is labelled {first.entry.label}"
    return PassedOver(entry.name, "duplicate", f"{same}{label}.")
