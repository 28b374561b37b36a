"""What a verb is made of."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from atelier.client import Client
from atelier.command.login import token_for, url_of
from atelier.command.progress import Progress
from atelier.errors import InvalidError

Row = Mapping[str, Any]


@dataclass
class Session:
    """One call of the command: what was typed, the client that it speaks through, and where progress is shown."""

    typed: Namespace
    progress: Progress

    @cached_property
    def client(self) -> Client:
        url = url_of(self.typed.url)
        return Client(url, self.typed.api_key or token_for(url))

    def wait(self, work: Any) -> Any:
        """The work, settled, unless --no-wait was typed.

        Raises: WorkFailedError; StillWorkingError.
        """
        if self.typed.wait:
            work.wait(self.typed.timeout, self.progress.show_work)
        return work


@dataclass(frozen=True)
class Shown:
    """The outcome: `data` for --json, and the columns of it, or a text, for people."""

    data: Any
    columns: Sequence[str] = ()
    text: str = ""


@dataclass(frozen=True)
class Verb:
    """One verb of a noun. Its function gets the session and says what came out."""

    name: str
    help: str
    do: Callable[[Session], Shown | None]
    arguments: Callable[[ArgumentParser], object] = field(default=lambda parser: None)


# --- arguments that several verbs share -------------------------------------------------------------------------
def takes_id(noun: str) -> Callable[[ArgumentParser], object]:
    """One id."""
    return lambda parser: parser.add_argument("id", help=f"id of the {noun}")


def add_waiting(parser: ArgumentParser, wait: bool) -> None:
    """--wait, --no-wait and --timeout."""
    group = parser.add_mutually_exclusive_group()
    usual = "wait until it is done (the default)" if wait else "wait until it is done"
    group.add_argument("--wait", dest="wait", action="store_true", default=wait, help=usual)
    group.add_argument("--no-wait", dest="wait", action="store_false", help="return at once")
    parser.add_argument("--timeout", type=float, metavar="SECONDS", help="wait at most so long; then end with 8")


def add_lab(parser: ArgumentParser) -> None:
    """--lab."""
    parser.add_argument("--lab", help="name or id of the lab; needed only by members of several")


def add_limit(parser: ArgumentParser) -> None:
    """--limit."""
    parser.add_argument("--limit", type=int, default=100, metavar="N", help="rows at most (default: 100)")


def first(rows: Iterable[Any], count: int) -> list[Any]:
    """The data of the first objects of a list; no page is asked for beyond them."""
    found: list[Any] = []
    for row in rows:
        if len(found) >= count:
            break
        found.append(row.data)
    return found


# --- values -----------------------------------------------------------------------------------------------------
def read_json_argument(text: str, option: str) -> Any:
    """JSON as typed, or of the file named after an @.

    Raises: InvalidError.
    """
    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text(encoding="utf-8")
        except OSError as error:
            raise InvalidError(f"{option}: {text[1:]} cannot be read: {error.strerror}.") from error
    try:
        return json.loads(text)
    except ValueError as error:
        hint = "Write @FILE to read a file."
        raise InvalidError(f"{option}: this is no JSON: {error}.", hint=hint) from error


def pairs(texts: Sequence[str], option: str) -> dict[str, Any]:
    """NAME=VALUE each; a value that is JSON (a number, true, "text") is read as such, any other is text.

    Raises: InvalidError.
    """
    values: dict[str, Any] = {}
    for text in texts:
        name, sign, value = text.partition("=")
        if not name or not sign:
            raise InvalidError(f"{option} {text}: expected NAME=VALUE.")
        try:
            values[name] = json.loads(value)
        except ValueError:
            values[name] = value
    return values
