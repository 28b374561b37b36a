"""Labels that stand in a file instead of in folder names.

    metadata.jsonl     one JSON object per line with `file_name` and `label`
    metadata.csv       a header, then one line per image; labels.csv likewise; separated by comma, semicolon or tab
    dataset.json       StyleGAN's: {"labels": [["00000/img00000000.png", 6], …]}

The image may be called file_name, filename, file, image or path, the class label, class or category; a column `split`
is read where there is one. Paths begin at the folder of the label file; a file in a folder called train, val or test
speaks of that split. A file without labels, of captions say, is no label file.
"""

import csv
import io
import json
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from ml.errors import BadDatasetError
from ml.members import split_of
from ml.source import printable

Content = Callable[[str], bytes]
"""The bytes of a member, by its name."""
MAX_LABEL: Final = 255
FILE_COLUMNS = ("file_name", "filename", "file", "image", "path")
LABEL_COLUMNS = ("label", "class", "category")


@dataclass(frozen=True)
class Told:
    """What a label file says of one image. split: None when it says nothing of it."""

    label: str
    split: str | None


def read_label_files(names: Sequence[str], content: Content) -> tuple[dict[str, Told | str], list[str]]:
    """Member name -> what is said of it, or why that cannot be used; and the names of the files that say it.

    Raises: BadDatasetError for a label file that cannot be read, or two that say different things of an image.
    """
    told: dict[str, Told | str] = {}
    files: list[str] = []
    for name in sorted(names):
        reader = _READERS.get(name.rpartition("/")[2].casefold())
        rows = list(reader(name, _text(name, content))) if reader else []
        if rows:
            files.append(name)
        for path, label, split in rows:
            member = _member(name, path)
            said = _checked(label, split or _split_of_folder(name))
            if told.setdefault(member, said) != said:
                raise BadDatasetError(
                    f"{printable(name)} names {printable(path)} twice, with different labels; keep one line of them."
                )
    return told, files


Row = tuple[str, str, str]
"""The image's path, its label, its split or nothing; as they stand there."""


def _json_lines(name: str, text: str) -> Iterator[Row]:
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise BadDatasetError(f"Line {number} of {printable(name)} is no JSON object; one is expected per line.")
        yield from _row(value)


def _csv(name: str, text: str) -> Iterator[Row]:
    first, _, _ = text.partition("\n")
    separator = max(",;\t", key=first.count)
    try:
        for value in csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, strict=True):
            yield from _row(value)
    except csv.Error as error:
        raise BadDatasetError(f"{printable(name)} is no CSV that can be read ({error}); save it again.") from None


def _stylegan(name: str, text: str) -> Iterator[Row]:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise BadDatasetError(f"{printable(name)} is no JSON that can be read; write it again.") from None
    pairs = value.get("labels") if isinstance(value, dict) else None
    for pair in pairs if isinstance(pairs, list) else ():
        if not (isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], str)):
            raise BadDatasetError(
                f'{printable(name)} must hold {{"labels": [["path", class], …]}}; one row is another.'
            )
        yield from _row({"path": pair[0], "label": pair[1]})


_READERS: Final[Mapping[str, Callable[[str, str], Iterator[Row]]]] = {
    "metadata.jsonl": _json_lines,
    "metadata.csv": _csv,
    "labels.csv": _csv,
    "dataset.json": _stylegan,
}
LABEL_FILES: Final = tuple(_READERS)


def _row(value: Mapping[Any, Any]) -> Iterator[Row]:
    """Nothing when the row names no image or no label."""
    known = {key.strip().casefold(): cell for key, cell in value.items() if isinstance(key, str)}
    path = next((known[column] for column in FILE_COLUMNS if known.get(column)), None)
    label = next((known[column] for column in LABEL_COLUMNS if known.get(column) not in (None, "")), None)
    if isinstance(path, str) and isinstance(label, (str, int)):
        split = known.get("split")
        yield path, str(label), split if isinstance(split, str) else ""


def _text(name: str, content: Content) -> str:
    try:
        return content(name).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadDatasetError(f"{printable(name)} is no UTF-8 text; save it as UTF-8.") from None


def _member(file: str, path: str) -> str:
    folder = file.rpartition("/")[0]
    parts = [part for part in path.replace("\\", "/").split("/") if part not in ("", ".")]
    return "/".join(([folder] if folder else []) + parts)


def _split_of_folder(file: str) -> str:
    return next((part for part in reversed(file.split("/")[:-1]) if split_of(part)), "")


def _checked(label: str, split: str) -> Told | str:
    label = unicodedata.normalize("NFC", label).strip()
    if not label:
        return "The label is blank; give it a name."
    if len(label) > MAX_LABEL:
        return f"The label has {len(label)} characters; at most {MAX_LABEL} are accepted."
    if split and split_of(split) is None:
        return f"The split {printable(split[:40])} is none of train, val and test."
    return Told(label, split_of(split) if split else None)
