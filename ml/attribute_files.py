"""Files that say of each image which of several attributes it has.

    *attr*.txt           CelebA's: a line with the number of images, one with the names of the attributes, then one line
                         per image, its name and 1 or -1 for each attribute
    *.csv                a header, then one line per image; separated by comma, semicolon or tab
    metadata.jsonl       one JSON object per line
    *partition*.txt      CelebA's list_eval_partition: an image's name and 0 (train), 1 (val) or 2 (test)

In CSV and JSON lines an attribute is a column that holds nothing but 1, 0, -1, true and false; a cell may be empty,
which says nothing. -1 and 0 both mean that an image lacks it, but beside -1 a 0 says nothing. The image may be called
image_id, or as in `ml/label_files.py`; columns `split` and `partition` are read.
"""

import csv
import io
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from ml import label_files
from ml.errors import BadDatasetError
from ml.label_files import LABEL_COLUMNS, MAX_LABEL, Content
from ml.members import is_litter, split_of
from ml.source import printable

MAX_ATTRIBUTES: Final = 64
FILE_COLUMNS = ("image_id", *label_files.FILE_COLUMNS)
_SPLIT_COLUMNS = ("split", "partition", "evaluation_status")
_PARTITIONS = {"0": "train", "1": "val", "2": "test"}
_HAS, _LACKS = frozenset({"1", "true"}), frozenset({"0", "-1", "false"})
_NO_ATTRIBUTES = frozenset({"synthetic", *FILE_COLUMNS, *LABEL_COLUMNS, *_SPLIT_COLUMNS})
NONE: Final = "none"


@dataclass
class AttributeTable:
    """What one file says. rows: path of an image, as the file writes it -> one character for each of `names`;
    splits: path -> split, where the file says it; labels: what stands in a column of labels.
    """

    file: str
    names: list[str]
    rows: dict[str, str] = field(default_factory=dict)
    splits: dict[str, str] = field(default_factory=dict)
    labels: set[str] = field(default_factory=set)


def read_attribute_files(names: Sequence[str], content: Content) -> list[AttributeTable]:
    """What the files among the members say of attributes and splits, in the order of their names.

    Raises: BadDatasetError for a file that cannot be read.
    """
    tables = []
    for name in sorted(names):
        reader = None if is_litter(name) else _reader_of(name)
        table = reader(name, _text(name, content)) if reader else None
        if table is not None:
            tables.append(table)
    return tables


def named_as_list(name: str) -> bool:
    """Whether a file is called as CelebA's list is."""
    return not is_litter(name) and bool(re.fullmatch(r".*attr.*\.txt", name.rpartition("/")[2].casefold()))


def _reader_of(name: str) -> Any:
    file = name.rpartition("/")[2].casefold()
    if named_as_list(name):
        return _celeba
    if re.fullmatch(r".*partition.*\.txt", file):
        return _partition
    if file.endswith(".csv"):
        return _csv
    return _json_lines if file == "metadata.jsonl" else None


# --- CelebA's -----------------------------------------------------------------------------------------------------
def _celeba(name: str, text: str) -> AttributeTable | None:
    """None for a text that is no such list. Raises: BadDatasetError for a row of another length."""
    lines = text.splitlines()
    if len(lines) < 2 or not lines[0].strip().isdigit():
        return None
    table = AttributeTable(name, _named(name, lines[1].split()))
    for number, line in enumerate(lines[2:], 3):
        if not line.strip():
            continue
        image, *values = line.rsplit(maxsplit=len(table.names))
        if len(values) != len(table.names) or not {*values} <= {"1", "-1", "0"}:
            raise BadDatasetError(
                f"Line {number} of {printable(name)} is not an image and {len(table.names)} numbers of 1 and -1, as "
                "its second line announces; mend it."
            )
        _add(table, image.strip(), "".join("1" if value == "1" else "0" for value in values))
    return table


def _partition(name: str, text: str) -> AttributeTable | None:
    table = AttributeTable(name, [])
    for line in text.splitlines():
        image, _, number = line.strip().rpartition(" ")
        if number in _PARTITIONS and image.strip():
            table.splits[image.strip()] = _PARTITIONS[number]
    return table if table.splits else None


# --- tables -------------------------------------------------------------------------------------------------------
def _csv(name: str, text: str) -> AttributeTable | None:
    first, _, _ = text.partition("\n")
    separator = max(",;\t", key=first.count)
    try:
        rows = list(csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    except csv.Error as error:
        raise BadDatasetError(f"{printable(name)} is no CSV that can be read ({error}); save it again.") from None
    return _table(name, rows)


def _json_lines(name: str, text: str) -> AttributeTable | None:
    rows = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise BadDatasetError(f"Line {number} of {printable(name)} is no JSON object; one is expected per line.")
        rows.append(value)
    return _table(name, rows)


def _table(name: str, rows: Sequence[Mapping[Any, Any]]) -> AttributeTable | None:
    """None where no column is an attribute and none says a split."""
    plain = [{key.strip(): _cell(cell) for key, cell in row.items() if isinstance(key, str)} for row in rows]
    columns = list(dict.fromkeys(key for row in plain for key in row))
    image = next((key for known in FILE_COLUMNS for key in columns if key.casefold() == known), None)
    if image is None:
        return None
    values = {key: {row.get(key, "") for row in plain} - {""} for key in columns}
    attributes = [
        key for key in columns if key.casefold() not in _NO_ATTRIBUTES and values[key] and values[key] <= _HAS | _LACKS
    ]
    table = AttributeTable(name, _named(name, attributes))
    split = next((key for key in columns if key.casefold() in _SPLIT_COLUMNS), None)
    for row in plain:
        if path := row.get(image):
            if attributes:
                _add(table, path, "".join(_meaning(row.get(key, ""), values[key]) for key in attributes))
            told = row.get(split, "") if split else ""
            if found := _PARTITIONS.get(told) or split_of(told):
                table.splits[path] = found
            table.labels |= {row[key] for key in row if key.casefold() in LABEL_COLUMNS and row[key]}
    return table if table.rows or table.splits else None


def _cell(value: Any) -> str:
    """A cell as one of the words above; what is neither text, number nor truth is kept from being an attribute."""
    if value is None:
        return ""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    text = str(value).strip()
    return text.casefold() if text.casefold() in ("true", "false") else text


def _meaning(cell: str, column: set[str]) -> str:
    if cell == "" or (cell == "0" and "-1" in column):
        return "?"
    return "1" if cell in _HAS else "0"


# --- their parts --------------------------------------------------------------------------------------------------
def _add(table: AttributeTable, path: str, values: str) -> None:
    """Raises: BadDatasetError."""
    if table.rows.setdefault(path, values) != values:
        raise BadDatasetError(
            f"{printable(table.file)} names {printable(path)} twice, with different attributes; keep one line of them."
        )


def _named(file: str, names: Sequence[str]) -> list[str]:
    """The names as labels are written. Raises: BadDatasetError."""
    clean = [unicodedata.normalize("NFC", name).strip() for name in names]
    if len(clean) > MAX_ATTRIBUTES:
        raise BadDatasetError(
            f"{printable(file)} names {len(clean)} attributes; at most {MAX_ATTRIBUTES} are read. Leave out columns "
            "that are not needed."
        )
    if len(set(clean)) < len(clean):
        twice = next(name for name in clean if clean.count(name) > 1)
        raise BadDatasetError(f"{printable(file)} names the attribute {printable(twice)} twice; rename one of them.")
    for name in clean:
        if len(name) > MAX_LABEL:
            raise BadDatasetError(
                f"An attribute of {printable(file)} has a name of {len(name)} characters; at most {MAX_LABEL} are read."
            )
        if name.casefold() == NONE:
            raise BadDatasetError(
                f"{printable(file)} calls an attribute {printable(name)}, which is the class of images that have none "
                "of them; give it another name."
            )
    return clean


def _text(name: str, content: Content) -> str:
    try:
        return content(name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadDatasetError(f"{printable(name)} is no UTF-8 text; save it as UTF-8.") from None


def paths_in(table: AttributeTable) -> Iterator[str]:
    """The images that the table names."""
    yield from dict.fromkeys((*table.rows, *table.splits))
