"""The images of the version before, as the next one is to have them: what is kept of it needs no second reading."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NotRequired

from typing_extensions import TypedDict

from ml.look import Look


class EarlierImage(TypedDict):
    """One image of an earlier version, a line of JSON.

    was: its label there, when a person changed it; excluded: a person took it out. The rest as in
    `ml.protocol.IngestedFile`.
    """

    name: str
    label: str
    was: str | None
    excluded: bool
    split: str
    sha256: str
    suffix: str
    width: int
    height: int
    is_grey: bool
    size_bytes: int
    fingerprint: str
    look: Look | None
    pair_name: NotRequired[str]
    pair_sha256: NotRequired[str]
    pair_suffix: NotRequired[str]
    pair_size_bytes: NotRequired[int]
    attributes: NotRequired[str]


def read_earlier(file: Path) -> Iterator[EarlierImage]:
    """The lines of a plan's `earlier`."""
    with file.open(encoding="utf-8") as lines:
        for line in lines:
            image: EarlierImage = json.loads(line)
            yield image
