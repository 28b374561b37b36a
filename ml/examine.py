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
class File:
    """One file of an image or pair, whole."""

    name: str
    sha256: str
    data: bytes


@dataclass(frozen=True, slots=True)
class Found:
    """A good image that is not there yet, or a pair: then it is the half B, and `pair` the half A in a file of its own,
    or None where both lie in one.
    """

    entry: Entry
    sha256: str
    data: bytes
    decoded: Decoded
    pair: tuple[File, Decoded] | None = None


@dataclass(frozen=True, slots=True)
class PassedOver:
    """A file that does not become an image of the dataset."""

    name: str
    outcome: Literal["duplicate", "skipped", "failed"]
    reason: str


@dataclass(slots=True)
class _First:
    """The first image or pair with some content; `fault` says why it cannot be used, empty when it can."""

    entry: Entry
    fault: str = ""


@dataclass(slots=True)
class _Flying:
    """What the child decodes: the last of the entry's files; other: its half A, decoded already."""

    entry: Entry
    content: "Content"
    file: File
    other: tuple[File, Decoded] | None


Content = tuple[str, ...]
"""The hash of an image, or of both files of a pair, B first; what is the same is there but once."""


def content_of(sha256: str, pair_sha256: str | None = None) -> Content:
    """What tells an image, or a pair (A in `pair_sha256`, that of B where one file holds both), from others."""
    return (sha256,) if pair_sha256 in (None, sha256) else (sha256, str(pair_sha256))


def examine(
    source: Source, entries: Sequence[Entry], decoder: Decoder, known: Iterable[tuple[Content, Entry]] = ()
) -> Iterator[Found | PassedOver]:
    """One answer per entry, held-out images first. `known` are images that are there already.

    While the child decodes one image, this process stores the one before and reads and hashes the one after.
    """
    firsts = {content: _First(entry) for content, entry in known}
    flying: _Flying | None = None
    for entry in sorted(entries, key=lambda entry: (_DUPLICATE_RANK.get(entry.split or "", 0), entry.name)):
        try:
            files = _read(source, entry, decoder.limits.max_file_bytes)
        except BadImageError as error:
            yield PassedOver(entry.name, "failed", error.message)
            continue
        content = tuple(file.sha256 for file in files)
        landed = _land(flying, decoder, firsts) if flying else None
        first = firsts.setdefault(content, _First(entry))
        flying = _start(entry, files, decoder, first) if first.entry is entry else None
        if landed:
            yield landed
        if not flying:
            yield _again(entry, first)
    if flying:
        yield _land(flying, decoder, firsts)


def _read(source: Source, entry: Entry, max_bytes: int) -> list[File]:
    """The image, and the half A of a pair where that is another file. Raises: BadImageError, naming the half A."""
    names = [entry.name] if entry.pair in (None, entry.name) else [entry.name, str(entry.pair)]
    files = []
    for name in names:
        try:
            data = source.read(name, max_bytes)
        except BadImageError as error:
            raise error if name == entry.name else _of_other_half(name, error) from None
        files.append(File(name, hashlib.sha256(data).hexdigest(), data))
    if len(files) == 2 and files[0].sha256 == files[1].sha256:
        raise BadImageError(f"Its other half, {printable(files[1].name)}, is the very same image; a pair has two.")
    return files


def _of_other_half(name: str, error: BadImageError) -> BadImageError:
    return BadImageError(f"Its other half, {printable(name)}, cannot be used. {error.message}")


def _start(entry: Entry, files: Sequence[File], decoder: Decoder, first: _First) -> _Flying | None:
    """Hand the image to the child, after the half A of a pair; None, and the fault in `first`, when that is broken."""
    other = None
    for file in files[1:]:
        try:
            other = file, decoder.decode(file.data, is_half=True)
        except BadImageError as error:
            first.fault = _of_other_half(file.name, error).message
            return None
    decoder.start(files[0].data, is_half=entry.pair is not None)
    return _Flying(entry, tuple(file.sha256 for file in files), files[0], other)


def _land(flying: _Flying, decoder: Decoder, firsts: dict[Content, _First]) -> Found | PassedOver:
    entry, file = flying.entry, flying.file
    try:
        decoded = decoder.finish()
        _check_two_halves(entry, decoded)
    except BadImageError as error:
        firsts[flying.content].fault = error.message
        return PassedOver(entry.name, "failed", error.message)
    return Found(entry, file.sha256, file.data, decoded, flying.other)


def _check_two_halves(entry: Entry, decoded: Decoded) -> None:
    """Raises: BadImageError for a file of both halves that has another shape."""
    if entry.pair == entry.name and decoded.width != 2 * decoded.height:
        raise BadImageError(
            f"The image is {decoded.width} x {decoded.height} pixels; a file that holds both halves of a pair must be "
            "twice as wide as high."
        )


def _again(entry: Entry, first: _First) -> PassedOver:
    if first.fault:
        return PassedOver(entry.name, "failed", first.fault)
    same = f"The same image as {printable(first.entry.name)}"
    label = "" if first.entry.label == entry.label else f", which is labelled {first.entry.label}"
    return PassedOver(entry.name, "duplicate", f"{same}{label}.")
