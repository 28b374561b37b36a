"""Data on stdout, faults on stderr: as JSON for programs, as a table or a sentence for people."""

from __future__ import annotations

import json
import re
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from typing import Any

from atelier.command.verb import Row, Shown
from atelier.errors import AtelierError

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
"""Moments of the API are in UTC; people see their minute."""


def print_shown(shown: Shown, as_json: bool, is_quiet: bool) -> None:
    """The outcome of a verb. --quiet leaves only the ids, one to a line."""
    if as_json:
        print(json.dumps(shown.data, ensure_ascii=False, indent=2))
    elif is_quiet:
        for row in shown.data if isinstance(shown.data, list) else [shown.data]:
            if isinstance(row, Mapping) and "id" in row:
                print(row["id"])
    elif shown.text:
        print(shown.text)
    elif isinstance(shown.data, list):
        print("\n".join(table(shown.data, shown.columns)) if shown.data else "None.")
    else:
        print("\n".join(facts(shown.data, shown.columns)))


def print_error(error: AtelierError, as_json: bool) -> None:
    """One object, or one sentence and a hint."""
    if as_json:
        told: dict[str, Any] = {"code": error.code, "message": error.message, "hint": error.hint}
        if error.fields:
            told["fields"] = error.fields
        print(json.dumps({"error": told}, ensure_ascii=False), file=sys.stderr)
        return
    print(clean(error.message), file=sys.stderr)
    if error.hint:
        print(clean(error.hint), file=sys.stderr)


def table(rows: Sequence[Row], columns: Sequence[str]) -> list[str]:
    """A head and a line for each row."""
    cells = [
        [_head(column) for column in columns],
        *([_cell(value_at(row, column)) for column in columns] for row in rows),
    ]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    return ["  ".join(f"{cell:<{width}}" for cell, width in zip(line, widths)).rstrip() for line in cells]  # noqa: B905


def facts(row: Row, columns: Sequence[str]) -> list[str]:
    """A line for each column that has something to say."""
    told = {_head(column): _cell(value_at(row, column)) for column in columns}
    width = max(map(len, told), default=0)
    return [f"{head:<{width}}  {cell}" for head, cell in told.items() if cell]


def value_at(row: Row, column: str) -> Any:
    """`error.message` goes inside; "" where there is nothing."""
    value: Any = row
    for part in column.split("."):
        value = value.get(part) if isinstance(value, Mapping) else None
    return "" if value is None else value


def clean(text: str) -> str:
    """Without control and direction signs: names come from other people and must not steer a terminal."""
    return "".join(sign if sign == "\n" or unicodedata.category(sign)[0] != "C" else "?" for sign in text)


def _head(column: str) -> str:
    return column.removesuffix(".message").replace("_", " ")


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.4g}"
    if isinstance(value, Mapping):
        return ", ".join(f"{_cell(name)} {_inner(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(map(_inner, value))
    text = clean(str(value)).replace("\n", " ")
    return text[:16].replace("T", " ") if MOMENT.match(text) else text


def _inner(value: Any) -> str:
    return f"({_cell(value)})" if isinstance(value, Mapping | list) else _cell(value)
