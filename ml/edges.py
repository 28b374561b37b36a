"""Edges between attributes that a person edited: a matrix as JSON text. Importing it never imports torch."""

import json
from collections.abc import Sequence
from typing import Final

MOST_NAMED: Final = 20


def read_edges(text: str) -> list[list[float]]:
    """A square matrix of numbers from 0 to 1, with ones on its diagonal; none where nothing is written.

    Raises: ValueError.
    """
    if not text.strip():
        return []
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ValueError(f"edited_edges is no JSON ({error}); write it as [[1, 0.2], [0.5, 1]].") from error
    is_square = isinstance(rows, list) and all(isinstance(row, list) and len(row) == len(rows) for row in rows)
    numbers = [value for row in rows for value in row] if is_square else [None]
    if not all(isinstance(value, int | float) and 0 <= value <= 1 for value in numbers):
        raise ValueError("edited_edges must be as many rows as columns of numbers from 0 to 1.")
    if any(rows[place][place] != 1 for place in range(len(rows))):
        raise ValueError("edited_edges must have 1 on its diagonal, for an attribute always comes with itself.")
    return [[float(value) for value in row] for row in rows]


def why_no_edges(text: str, names: Sequence[str] | None = None) -> str | None:
    """None when the text is a matrix, for these attributes or classes if they are given; else one sentence why not."""
    try:
        rows = read_edges(text)
    except ValueError as error:
        return str(error)
    if names is None or len(rows) in (0, len(names)):
        return None
    shown = ", ".join(names[:MOST_NAMED]) + (", …" if len(names) > MOST_NAMED else "")
    return (
        f"edited_edges has {len(rows)} rows and columns, and this dataset needs {len(names)}, one of each for {shown}; "
        "start again from how often they come together."
    )
