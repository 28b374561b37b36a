"""The contract of a dataset kind: how images and labels lie on disk or in an archive."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from ml.errors import BadDatasetError
from ml.label_files import Content
from ml.plugin import Plugin

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class Entry:
    """One image that a source holds, by the member name it has there.

    name: the path inside the source, with `/`; label: the class; split: one of SPLITS, or None when it states none.
    pair: of a pair (A, B), whose B is `name`, the path of A; the same where one file holds both, A on the left.
    attributes: one character for each of the listing's attributes: "1" has, "0" lacks, "?" nobody said.
    """

    name: str
    label: str
    split: str | None
    pair: str | None = None
    attributes: str = ""


@dataclass(frozen=True)
class Listing:
    """A source's member names as a kind reads them: the images, and each other member with why it is passed over.

    attributes: names of what an image may have or lack, several at once.
    """

    entries: tuple[Entry, ...]
    skipped: tuple[tuple[str, str], ...]
    attributes: tuple[str, ...] = ()


def classes_of(labels: Iterable[str], attributes: Sequence[str] = ()) -> list[str]:
    """The classes of a dataset in the order of their numbers: attributes first, as the dataset names them, then the
    other labels by name. An attribute that is no image's label is no class.
    """
    there = set(labels)
    return [name for name in attributes if name in there] + sorted(there.difference(attributes))


def no_content(name: str) -> bytes:
    """For callers that have names alone."""
    raise BadDatasetError(f"{name} cannot be read here; only the names of the files are known.")


class DatasetKind(Plugin):
    """One on-disk layout."""

    yields: ClassVar[tuple[str, ...]] = ("image",)
    """Fields of one item (image, label, source, attributes); a model fits when it consumes no other."""
    specificity: ClassVar[int] = 0
    """Of several kinds that recognise a source, the one with the highest is taken."""

    @classmethod
    def recognise(cls, names: Sequence[str], content: Content = no_content) -> str:
        """Why these members look like this kind, as one sentence; empty when they do not."""
        raise NotImplementedError

    @classmethod
    def read(cls, names: Sequence[str], content: Content = no_content) -> Listing:
        """Labels and splits from member names, and from the label files among them.

        Raises: BadDatasetError when nothing usable is there.
        """
        raise NotImplementedError
