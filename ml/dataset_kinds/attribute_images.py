"""Images of which a file says what each has and lacks, several at once, as CelebA does (`ml/attribute_files.py`).

Images lie in any folders; a file names each by its path, beginning at the file's own folder, or by its name alone.
Splits come from a file of partitions, a column, or folders called train, val and test.

The class of an image is the rarest attribute that it has, so that every class is about what few images show; one that
has none is of the class `none`. An attribute counts as often as images of the source have it. Where a source has its
own splits, an attribute that would be the class of held-out images alone is passed over, so that every class has images
to learn from. An attribute whose images all have a rarer one takes images from the largest of their classes until it
is as large, so that images of it can be asked for: of faces in nine age groups, Male becomes a class beside them. One
that no image lacks, and any other that ends up as nobody's class, stays an attribute.
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from ml.attribute_files import NONE, AttributeTable, named_as_list, paths_in, read_attribute_files
from ml.dataset_kind import DatasetKind, Entry, Listing, no_content
from ml.errors import BadDatasetError
from ml.label_files import Content
from ml.members import no_images, number_of, passed_over, split_of
from ml.plugin import Card
from ml.source import printable

FEWEST_COLUMNS = 2
"""Of a table that is not called a list of attributes, to be taken for one."""


class _Told(NamedTuple):
    """What is said of one image."""

    name: str
    attributes: str
    split: str | None


class AttributeImages(DatasetKind):
    """Several yes-or-no attributes per image."""

    name = "attribute_images"
    yields = ("image", "label", "attributes")
    specificity = 4
    card = Card(
        title="Images with attributes",
        summary="A file says which of several attributes each image has: CelebA's list, or columns of 1 and 0 in a "
        "CSV or metadata.jsonl; the images lie in any folders.",
        strengths="One image may have several attributes at once, and some may be unknown.",
        limits="At most 64 attributes; the class of an image is the rarest one that it has, or one that had none.",
    )

    @classmethod
    def recognise(cls, names: Sequence[str], content: Content = no_content) -> str:
        lists = [name for name in names if named_as_list(name)]
        try:
            tables = [table for table in read_attribute_files(names, content) if table.names]
        except BadDatasetError:
            # what looks like such a list is refused with its own fault, not taken for something else
            return f"{printable(lists[0])} is a list of attributes." if lists else ""
        told = [table for table in tables if named_as_list(table.file) or _is_of_attributes(table)]
        images = [name for name in names if not passed_over(name)]
        if not told or not images:
            return ""
        if not lists and not _names_half(told, images):
            return ""
        number = number_of(len(_names_of(told)), "attribute")
        return f"{number} of {number_of(len(images), 'image')}, named by {', '.join(printable(t.file) for t in told)}."

    @classmethod
    def read(cls, names: Sequence[str], content: Content = no_content) -> Listing:
        """Entries in the order of their names.

        Raises: BadDatasetError when no file says attributes of an image that is there, or splits lack train.
        """
        passed = {name: reason for name in names if (reason := passed_over(name))}
        images = sorted(name for name in names if name not in passed)
        if not images:
            raise BadDatasetError(no_images(names))
        tables = read_attribute_files(names, content)
        attributes = _names_of(tables)
        if not attributes:
            raise BadDatasetError(
                "No file says attributes of the images; expected CelebA's list_attr_….txt, or columns of 1 and 0 in a "
                "CSV or metadata.jsonl."
            )
        told, beside = _told(images, tables, attributes)
        named = ", ".join(printable(table.file) for table in tables if table.names)
        if not told:
            raise BadDatasetError(f"{named} names none of the {len(images)} images; write paths as they lie there.")
        for table in tables:
            passed[table.file] = "Read for its attributes." if table.names else "Read for its splits."
        there = {image.name for image in told}
        silent = [(name, f"No line of {named} gives the image attributes.") for name in images if name not in there]
        return Listing(tuple(_entries(told, attributes)), (*passed.items(), *silent, *beside), tuple(attributes))


def _is_of_attributes(table: AttributeTable) -> bool:
    """Several columns of attributes, and no label that is something else."""
    return len(table.names) >= FEWEST_COLUMNS and table.labels <= {*table.names, NONE}


def _names_half(tables: Sequence[AttributeTable], images: Sequence[str]) -> bool:
    """Whether the tables speak of half of the images at least; else they are about something else."""
    try:
        told, _ = _told(images, tables, _names_of(tables))
    except BadDatasetError:
        return True  # `read` says what is wrong
    return 2 * len(told) >= len(images)


def _names_of(tables: Sequence[AttributeTable]) -> list[str]:
    return list(dict.fromkeys(name for table in tables for name in table.names))


# --- what is said of each image -----------------------------------------------------------------------------------
def _told(
    images: Sequence[str], tables: Sequence[AttributeTable], attributes: Sequence[str]
) -> tuple[list[_Told], list[tuple[str, str]]]:
    """The images with all that the tables say, in the order given; and what they name that is not there, with reasons.

    Raises: BadDatasetError for two tables that say different things of an image.
    """
    find = _Finder(images)
    said: dict[str, dict[str, str]] = defaultdict(dict)
    splits: dict[str, str] = {}
    beside: list[tuple[str, str]] = []
    for table in tables:
        for path in paths_in(table):
            found = find(table.file, path)
            if not found.name:
                beside.append((path, f"{printable(table.file)} names it, and {found.reason}."))
                continue
            for attribute, value in zip(table.names, table.rows.get(path, ""), strict=False):
                if said[found.name].setdefault(attribute, value) != value:
                    raise BadDatasetError(
                        f"{printable(table.file)} says of {printable(path)} another thing on {printable(attribute)} "
                        "than a file before it; keep one of them."
                    )
            if path in table.splits:
                splits[found.name] = table.splits[path]
    told = [
        _Told(
            name,
            "".join(said[name].get(attribute, "?") for attribute in attributes),
            splits.get(name) or next(filter(None, map(split_of, name.split("/")[:-1])), None),
        )
        for name in images
        if any(value != "?" for value in said[name].values())
    ]
    return told, list(dict.fromkeys(beside))


class _Found(NamedTuple):
    name: str
    reason: str = ""


class _Finder:
    """Finds images by the paths that files give: from the file's folder, by name alone, or with another ending."""

    def __init__(self, images: Sequence[str]) -> None:
        self._images = set(images)
        self._by_name, self._by_stem = defaultdict[str, list[str]](list), defaultdict[str, list[str]](list)
        for name in images:
            last = name.rpartition("/")[2]
            self._by_name[last].append(name)
            self._by_stem[last.rpartition(".")[0]].append(name)

    def __call__(self, file: str, path: str) -> _Found:
        """`name` is empty, and a reason given, when there is no such image or not one alone."""
        parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
        folder = file.rpartition("/")[0]
        whole = "/".join(([folder] if folder else []) + parts)
        if whole in self._images:
            return _Found(whole)
        last = parts[-1] if parts else ""
        for candidates in (self._by_name.get(last, ()), self._by_stem.get(last.rpartition(".")[0] or last, ())):
            fitting = [name for name in candidates if len(parts) == 1 or f"/{name}".endswith("/" + "/".join(parts))]
            if len(fitting) == 1:
                return _Found(fitting[0])
            if fitting:
                return _Found("", f"{number_of(len(fitting), 'image')} of the source are called so; write the path")
        return _Found("", "it is no image of the source")


# --- classes and splits -------------------------------------------------------------------------------------------
def _entries(told: Sequence[_Told], attributes: Sequence[str]) -> list[Entry]:
    """Raises: BadDatasetError when splits are there without train."""
    splits = [image.split for image in told]
    if set(splits) != {None}:
        if not {"train", None} & set(splits):
            raise BadDatasetError(
                f"The images are of the splits {', '.join(sorted(set(map(str, splits))))} and none of train; add them, "
                "or leave the splits out."
            )
        splits = [split or "train" for split in splits]
    labels = rarest([image.attributes for image in told], [split in ("train", None) for split in splits], attributes)
    return [
        Entry(image.name, label, split, attributes=image.attributes)
        for image, label, split in zip(told, labels, splits, strict=True)
    ]


def rarest(values: Sequence[str], is_learnt: Sequence[bool], attributes: Sequence[str]) -> list[str]:
    """The class of each image: the rarest attribute that it has, the first of equally rare ones, or NONE.

    An attribute that would have no image, and that not every image has, takes some of its images from their classes
    (`_share_of`). is_learnt: whether an image may be one to train on; a class has such an image, unless it is NONE.
    """
    number: Mapping[int, int] = Counter(place for one in values for place, has in enumerate(one) if has == "1")
    order = sorted(number, key=lambda place: (number[place], place))
    while True:
        places = [next((place for place in order if one[place] == "1"), None) for one in values]
        learnt = {place for place, learns in zip(places, is_learnt, strict=True) if learns}
        held_out = set(places) - learnt - {None}
        if not held_out:
            break
        order = [place for place in order if place not in held_out]
    for left_over in (place for place in number if place not in learnt and any(one[place] == "0" for one in values)):
        for learns in (True, False):
            group = [image for image, own in enumerate(is_learnt) if own == learns]
            if learns or left_over in places:
                _share_of(left_over, places, group, values)
    return [NONE if place is None else attributes[place] for place in places]


def _share_of(attribute: int, places: list[int | None], group: Sequence[int], values: Sequence[str]) -> None:
    """Of a group of images, move those that have the attribute to its class, always from the largest class, while that
    is larger by two."""
    size, of_class = Counter(places[image] for image in group), defaultdict[int | None, list[int]](list)
    for image in group:
        if values[image][attribute] == "1":
            of_class[places[image]].append(image)
    while of_class:
        largest = max(of_class, key=lambda place: size[place])
        if size[largest] < size[attribute] + 2:
            return
        places[of_class[largest].pop()] = attribute
        size.update({attribute: 1, largest: -1})
        if not of_class[largest]:
            del of_class[largest]
