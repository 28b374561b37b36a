"""What the OpenAPI document holds beyond the operations: the one shape of errors, and every live event.

The browser's types are generated from the document, so a live event that the front end does not handle, or handles
with the wrong fields, does not compile there.
"""

from typing import Any

from pydantic.json_schema import models_json_schema
from rest_framework import serializers

from webapp.core.events import Event
from webapp.core.leases import Leased

REF = "#/components/schemas/"
COLUMN_LIMITS = {sign * 2**bits + offset for bits in (15, 31, 63) for sign, offset in ((1, -1), (-1, 0))}


class ProblemSerializer(serializers.Serializer[Any]):
    """One thing that is wrong with an input."""

    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="One sentence: what was found, what was expected, what to do.")
    field = serializers.CharField(allow_blank=True, help_text="Dotted path of the input; empty: no single one.")


class FaultSerializer(serializers.Serializer[Any]):
    """Why a piece of work ended without its result."""

    code = serializers.CharField(help_text="Stable, for programs.")
    message = serializers.CharField(help_text="One sentence: what was found, what was expected, what to do.")


def fault_of(row: Leased) -> dict[str, str] | None:
    """The fault of a worked-on row as `FaultSerializer` shows it, or None."""
    return {"code": row.error_code, "message": row.error_message} if row.error_code else None


ERROR: dict[str, Any] = {
    "type": "object",
    "description": "Every error has this shape.",
    "required": ["code", "message", "fields"],
    "properties": {
        "code": {"type": "string", "description": "Stable, for programs."},
        "message": {"type": "string", "description": "One sentence for a person."},
        "fields": {
            "type": "object",
            "description": "Dotted path of an input -> what is wrong with it.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
    },
}


def complete_answers(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """What is answered always holds every field, and a word that can only be one word stands where it is used."""
    schemas: dict[str, Any] = result["components"]["schemas"]
    constants = {name: _constant(schema) for name, schema in schemas.items() if _is_constant(schema)}
    kept = {name: schema for name, schema in schemas.items() if name not in constants}
    for name, schema in kept.items():
        if "properties" in schema and not name.endswith("Request"):
            schema["required"] = sorted(schema["properties"])
    result["components"]["schemas"] = _without_column_limits(_replace(kept, constants))
    return result


def _without_column_limits(schema: Any) -> Any:
    """A copy without the limits of integer columns: they differ from database to database and tell nobody anything."""
    if isinstance(schema, list):
        return [_without_column_limits(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {key: _without_column_limits(part) for key, part in schema.items()}
    if schema.get("type") == "integer":
        for key in ("minimum", "maximum"):
            if kept.get(key) in COLUMN_LIMITS:
                del kept[key]
        kept.pop("format", None)
    return kept


def _is_constant(schema: dict[str, Any]) -> bool:
    return len(schema.get("enum", ())) == 1 or schema.get("type") == "null"


def _constant(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "null"} if schema.get("enum", [None]) == [None] else {"type": "string", "enum": schema["enum"]}


def _replace(schema: Any, by_name: dict[str, Any]) -> Any:
    """A copy in which references to these components are what `by_name` says instead."""
    if isinstance(schema, list):
        return [_replace(part, by_name) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if isinstance(used := schema.get("$ref"), str) and used.removeprefix(REF) in by_name:
        return {**by_name[used.removeprefix(REF)], **{key: part for key, part in schema.items() if key != "$ref"}}
    return {key: _replace(part, by_name) for key, part in schema.items()}


def add_errors(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Every operation may answer with an error."""
    result.setdefault("components", {}).setdefault("schemas", {})["Error"] = ERROR
    content = {"application/json": {"schema": {"$ref": REF + "Error"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            operation["responses"]["default"] = {"description": "An error.", "content": content}
    return result


def add_live_events(result: dict[str, Any], generator: Any, request: Any, public: bool) -> dict[str, Any]:
    """Every event class as a component, and `LiveEvent`, the union of them told apart by `type`.

    Raises: ValueError when a part of an event has the name of another component.
    """
    named = sorted(set(Event.by_type.values()), key=lambda cls: cls.__name__)
    _, made = models_json_schema([(cls, "serialization") for cls in named], ref_template=REF + "{model}")
    schemas = result["components"]["schemas"]
    parts, same = _tell_apart(made["$defs"], schemas)
    known = {*schemas, *parts}
    for name, part in parts.items():
        schemas[name] = _resolve(_replace(part, same), known)
    schemas["LiveEvent"] = {
        "oneOf": [{"$ref": REF + cls.__name__} for cls in named],
        "discriminator": {
            "propertyName": "type",
            "mapping": {type_name: REF + cls.__name__ for type_name, cls in sorted(Event.by_type.items())},
        },
    }
    result["components"]["schemas"] = dict(sorted(schemas.items()))
    return result


def _tell_apart(parts: dict[str, Any], schemas: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The parts that are new, and references to the API's components for those that are one of its enums."""
    enums = {tuple(schema["enum"]): name for name, schema in schemas.items() if "enum" in schema}
    new: dict[str, Any] = {}
    same: dict[str, Any] = {}
    for name, part in parts.items():
        if tuple(part.get("enum", ())) in enums:
            same[name] = {"$ref": REF + enums[tuple(part["enum"])]}
        elif name in schemas:
            raise ValueError(f"the live event part {name} has the name of another component of the API")
        else:
            new[name] = part
    return new, same


def _resolve(schema: Any, known: set[str]) -> Any:
    """Replace the marks that `component()` left by references to the API's own components."""
    if isinstance(schema, list):
        return [_resolve(part, known) for part in schema]
    if not isinstance(schema, dict):
        return schema
    if (name := schema.get("x-component")) is not None:
        if name not in known:
            raise ValueError(f"a live event refers to the component {name}, which no operation of the API answers")
        return {"$ref": REF + name}
    resolved = {key: _resolve(part, known) for key, part in schema.items()}
    if isinstance(properties := schema.get("properties"), dict):
        resolved["required"] = sorted(properties)  # what is sent always holds every field
    return resolved
