"""Verdicts that were given elsewhere come in as CSV: all rows or none, and each refused row is named."""

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Final

from webapp.accounts.models import Person
from webapp.core.errors import InvalidError
from webapp.core.spreadsheets import plain_text
from webapp.gallery.models import Pool, Sample, Verdict
from webapp.gallery.services.verdicts import Act, Change, decision, judge_each

MAX_ROWS: Final = 50_000
MAX_NAMED: Final = 100
"""So many refused rows are named; of more, only the number."""
MAX_REASON: Final = 200
AT_ONCE: Final = 5000


class BadRowError(Exception):
    """Why one row cannot be taken."""


def import_verdicts(pool: Pool, person: Person, text: str) -> Act:
    """Make the rows of a CSV the person's own verdicts, in one act; what a row leaves empty stays as it is.

    text: a header with `sample` (id) or `index` (row in the pool) and with `value` (accept, reject), `rating` (1 to 5)
    or both; `reason` goes with the value, other columns are passed over.
    Raises: InvalidError, which names the refused rows in `fields`; nothing was changed then.
    """
    rows = list(_rows(text))
    known = _samples(pool, rows)
    changes: dict[int, Change] = {}
    refused: dict[str, list[str]] = {}
    for line, row in rows:
        try:
            pk = _sample_of(row, known)
            if pk in changes:
                raise BadRowError("The sample stands in an earlier row too; keep one of them.")
            changes[pk] = _change_of(row)
        except BadRowError as fault:
            refused[f"row {line}"] = [str(fault)]
    if refused:
        first = next(iter(refused.items()))
        raise InvalidError(
            f"{len(refused)} of {len(rows)} rows cannot be taken, so none was: {first[0]}: {first[1][0]}",
            code="bad_rows",
            fields=dict(list(refused.items())[:MAX_NAMED]),
        )
    return judge_each(pool, person, changes)


def _rows(text: str) -> Iterator[tuple[int, Mapping[str, str]]]:
    """(number as a spreadsheet counts, cells by the name of their column), without empty rows. Raises: InvalidError."""
    header, _, _ = text.lstrip("\ufeff").partition("\n")
    reader = csv.DictReader(io.StringIO(text.lstrip("\ufeff")), delimiter=";" if ";" in header else ",")
    names = {name.strip().lower() for name in reader.fieldnames or ()}
    if not names & {"sample", "index"} or not names & {"value", "rating"}:
        message = "Expected a first row with sample or index, and value or rating; download the verdicts for a pattern."
        raise InvalidError(
            f"The columns are {', '.join(sorted(names))[:200] or 'none'}. {message}", fields={"csv": [message]}
        )
    try:
        for number, cells in enumerate(reader, 2):
            if number > MAX_ROWS + 1:
                message = f"A file holds {MAX_ROWS} rows at most; bring the rest in another."
                raise InvalidError(message, fields={"csv": [message]})
            row = {str(name).strip().lower(): str(cell or "").strip() for name, cell in cells.items() if name}
            if any(row.values()):
                yield number, row
    except csv.Error as fault:
        message = f"Row {reader.line_num} is no CSV: {fault}."
        raise InvalidError(message, fields={"csv": [message]}) from None


def _samples(pool: Pool, rows: list[tuple[int, Mapping[str, str]]]) -> Mapping[tuple[str, int], int]:
    """("sample", id) and ("index", row in the pool) -> id, of those that the rows name and the pool has."""
    found: dict[tuple[str, int], int] = {}
    for name, column in (("sample", "pk"), ("index", "index")):
        asked = [number for _, row in rows if (number := _number(row.get(name, ""))) is not None]
        for start in range(0, len(asked), AT_ONCE):
            part = Sample.objects.filter(pool=pool, **{f"{column}__in": asked[start : start + AT_ONCE]})
            found |= {(name, number): pk for number, pk in part.values_list(column, "pk")}
    return found


def _number(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 18 else None


def _sample_of(row: Mapping[str, str], known: Mapping[tuple[str, int], int]) -> int:
    """By id and by index, whichever is given; given both, they must mean the same. Raises: BadRowError."""
    meant = set()
    for name in ("sample", "index"):
        if not (text := row.get(name, "")):
            continue
        number = _number(text)
        if number is None or (name, number) not in known:
            raise BadRowError(f"The pool has no sample with {name} {text[:40]!r}.")
        meant.add(known[name, number])
    if len(meant) != 1:
        raise BadRowError("sample and index mean two samples." if meant else "Name the sample by its id or its index.")
    return meant.pop()


def _change_of(row: Mapping[str, str]) -> Change:
    """Raises: BadRowError."""
    value, rating, reason = (row.get(name, "") for name in ("value", "rating", "reason"))
    value = value.lower()
    if value and value not in Verdict.Value.values:
        raise BadRowError(f"value is {value[:40]!r}; expected accept, reject or nothing.")
    if rating and rating not in {"1", "2", "3", "4", "5"}:
        raise BadRowError(f"rating is {rating[:40]!r}; expected 1 to 5 or nothing.")
    if len(reason) > MAX_REASON:
        raise BadRowError(f"The reason has {len(reason)} characters; expected at most {MAX_REASON}.")
    if not value and not rating:
        raise BadRowError("It says nothing: give a value or a rating.")
    told = decision(value, plain_text(reason)) if value else {}
    return {**told, **({"rating": int(rating)} if rating else {})}
