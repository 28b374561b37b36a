"""The API's shapes as Python types: `python client/write_shapes.py openapi.json FILE`.

Needs the standard library only. `make schema` calls it, and `make check` says when its file is behind.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

HEAD = '''"""The shapes of the API as types; written by client/write_shapes.py from openapi.json, never by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypedDict, Union

if TYPE_CHECKING:
    from typing_extensions import NotRequired
'''
SIMPLE = {"string": "str", "integer": "int", "number": "float", "boolean": "bool", "null": "None"}


def type_of(schema: dict[str, Any]) -> str:
    """The annotation of one schema; `Any` where the document leaves it open."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "enum" in schema or "const" in schema:
        values = schema.get("enum", [schema.get("const")])
        return f"Literal[{', '.join(json.dumps(value) for value in values)}]"
    for word in ("oneOf", "anyOf", "allOf"):
        if word in schema:
            return " | ".join(type_of(part) for part in schema[word])
    kind = schema.get("type")
    if isinstance(kind, list):
        return " | ".join(type_of({**schema, "type": one}) for one in kind)
    if kind == "array":
        return f"list[{type_of(schema['items'])}]"
    if kind == "object":
        inner = schema.get("additionalProperties")
        return f"dict[str, {type_of(inner) if isinstance(inner, dict) else 'Any'}]"
    return SIMPLE.get(str(kind), "Any")


def lines_of(name: str, schema: dict[str, Any]) -> Iterator[str]:
    """One shape with its fields; what need not be sent is NotRequired."""
    needed = set(schema.get("required", ()))
    fields = {
        field: kind if field in needed else f"NotRequired[{kind}]"
        for field, kind in ((field, type_of(part)) for field, part in schema["properties"].items())
    }
    if any(field in {"class", "from"} for field in fields):  # no word that a class body could hold
        pairs = ", ".join(f'"{field}": "{kind}"' for field, kind in fields.items())
        yield f'{name} = TypedDict("{name}", {{{pairs}}})'
        return
    yield f"class {name}(TypedDict):"
    if sentence := " ".join(schema.get("description", "").split()):
        yield f"    {json.dumps(sentence, ensure_ascii=False)}"
        yield ""
    yield from (f"    {field}: {kind}" for field, kind in fields.items())


def text_of(document: dict[str, Any]) -> str:
    """The whole file."""
    schemas: dict[str, dict[str, Any]] = document["components"]["schemas"]
    parts = [HEAD]
    for name, schema in schemas.items():
        if "enum" in schema:
            parts.append(f"{name} = {type_of(schema)}\n")
    for name, schema in schemas.items():
        if "properties" in schema:
            parts.append("\n" + "\n".join(lines_of(name, schema)) + "\n")
    for name, schema in schemas.items():
        if "oneOf" in schema:
            members = ", ".join(f'"{type_of(part)}"' for part in schema["oneOf"])
            parts.append(f"\n{name} = Union[{members}]\n")
    return "\n".join(parts)


if __name__ == "__main__":
    Path(sys.argv[2]).write_text(text_of(json.loads(Path(sys.argv[1]).read_text())), encoding="utf-8")
