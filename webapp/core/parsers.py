"""JSON bodies, read strictly: whatever cannot be stored or compared later is refused at the door."""

import json
import math
from collections.abc import Mapping
from typing import IO, Any, Final

from rest_framework.exceptions import ParseError
from rest_framework.parsers import BaseParser

MAX_DEPTH: Final = 32


class StrictJSONParser(BaseParser):
    """JSON without NaN, infinities (1e999 too), NUL, lone surrogates, repeated keys, or nesting beyond 32 levels."""

    media_type = "application/json"

    def parse(
        self, stream: IO[bytes], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        try:
            value = json.loads(stream.read().decode("utf-8"), object_pairs_hook=_object, parse_constant=_no_constant)
            _check(value, 0)
        except RecursionError:
            raise ParseError(f"The JSON is nested more than {MAX_DEPTH} levels deep.") from None
        except ValueError as error:
            raise ParseError(f"The body is not JSON that can be read: {error}.") from None
        return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object; two values under one key mean different things to different readers, so that is refused."""
    made = dict(pairs)
    if len(made) != len(pairs):
        raise ValueError("an object holds the same key twice")
    return made


def _no_constant(name: str) -> None:
    raise ValueError(f"{name} is not a JSON number")


def _check(value: Any, depth: int) -> None:
    """Raises: ValueError for what JSON or a database column cannot hold."""
    if depth > MAX_DEPTH:
        raise ValueError(f"it is nested more than {MAX_DEPTH} levels deep")
    if isinstance(value, dict):
        for key, part in value.items():
            _check(key, depth)
            _check(part, depth + 1)
    elif isinstance(value, list):
        for part in value:
            _check(part, depth + 1)
    elif isinstance(value, str):
        if "\0" in value or any("\ud800" <= sign <= "\udfff" for sign in value):
            raise ValueError("a text holds a NUL or half of a surrogate pair")
    elif isinstance(value, float) and not math.isfinite(value):
        raise ValueError("a number is too large")
    elif isinstance(value, int) and abs(value) >= 2**63:
        raise ValueError("a whole number is beyond 64 bits")
