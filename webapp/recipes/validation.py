"""Whether a recipe can be run, said field by field. The worker checks the same again with the settings classes.

A recipe is {model, model_settings, sampler, sampler_settings, budget, pool_factor, seed}; settings left out count with
their defaults.
"""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from ml import catalog
from ml.catalog import Catalogue, Entry
from webapp.core.errors import InvalidError
from webapp.recipes.catalogue import catalogue

MAX_FAULTS: Final = 50
MAX_SHOWN: Final = 60


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; `field` is a dotted path into the recipe."""

    code: str
    message: str
    field: str

    def plain(self) -> dict[str, str]:
        """As JSON values."""
        return asdict(self)


def problems_of(recipe: Mapping[str, Any], shelves: Catalogue | None = None) -> list[Problem]:
    """Everything that keeps the recipe from being run on any dataset; empty when nothing does."""
    shelves = shelves or catalogue()
    faults = [
        *_of_plugin("model", shelves.models, recipe),
        *_of_plugin("sampler", shelves.samplers, recipe),
        *_of_budget(recipe.get("budget"), shelves.budget_schema),
    ]
    if not faults:
        reason = shelves.suits(
            recipe["model"],
            recipe.get("model_settings") or {},
            recipe["sampler"],
            recipe.get("sampler_settings") or {},
        )
        if reason:
            faults.append(Problem("unsuitable_sampler", reason, "sampler"))
    return faults[:MAX_FAULTS]


def problems_of_compute(compute: Any, batch_size: int | None, has_gpu: bool) -> list[Problem]:
    """Everything that keeps a recipe of this batch size (None: unknown) from being computed so."""
    options = catalog.Compute
    faults = list(problems_of_schema(compute, options.model_json_schema(), "compute"))
    if faults:
        return faults
    values = options.model_construct(**compute)
    faults += [
        Problem("settings_conflict", conflict.sentence, f"compute.{conflict.at}")
        for conflict in options.conflicts
        if conflict.holds(values.model_dump())
    ]
    if batch_size is not None and (reason := catalog.why_indivisible(values.micro_batch, batch_size)):
        faults.append(Problem("batch_not_divisible", reason, "compute.micro_batch"))
    if not has_gpu and (refused := catalog.why_no_gpu(values)):
        option, reason = refused
        faults.append(Problem("no_gpu", reason, f"compute.{option}"))
    return faults


def check_selection(model: str, model_settings: Mapping[str, Any], wish: Mapping[str, Any]) -> None:
    """A further selection from a pool: {sampler, sampler_settings, budget} for what this model made.

    Raises: InvalidError.
    """
    shelves = catalogue()
    faults = [
        *_of_plugin("sampler", shelves.samplers, wish),
        *_of_budget(wish.get("budget"), shelves.budget_schema),
    ]
    if not faults and model in shelves.models:
        reason = shelves.suits(model, model_settings, wish["sampler"], wish.get("sampler_settings") or {})
        if reason:
            faults.append(Problem("unsuitable_sampler", reason, "sampler"))
    refuse(faults)


def refuse(problems: list[Problem], prefix: str = "") -> None:
    """Raises: InvalidError with every problem at its field, when there is one."""
    if not problems:
        return
    fields: dict[str, list[str]] = {}
    for problem in problems:
        fields.setdefault(prefix + problem.field, []).append(problem.message)
    message = " ".join(problem.message for problem in problems[:3])
    raise InvalidError(message, code=problems[0].code, fields=fields)


def with_defaults(recipe: Mapping[str, Any]) -> dict[str, Any]:
    """The recipe with every setting written out, so that a later default does not change what it means.

    The recipe must be without problems.
    """
    shelves = catalogue()
    return {
        **recipe,
        "model_settings": shelves.models[recipe["model"]].defaults() | dict(recipe.get("model_settings") or {}),
        "sampler_settings": shelves.samplers[recipe["sampler"]].defaults() | dict(recipe.get("sampler_settings") or {}),
    }


# --- parts ------------------------------------------------------------------------------------------------------
def _of_plugin(noun: str, shelf: Mapping[str, Entry], recipe: Mapping[str, Any]) -> Iterator[Problem]:
    """Problems of the fields `model` and `model_settings`, or `sampler` and `sampler_settings`."""
    name = recipe.get(noun)
    if not isinstance(name, str) or name not in shelf:
        yield Problem(f"unknown_{noun}", f"There is no {noun} {_shown(name)}; choose one of: {', '.join(shelf)}.", noun)
        return
    values = recipe.get(f"{noun}_settings")
    values, path = {} if values is None else values, f"{noun}_settings"
    faults = list(problems_of_schema(values, shelf[name].schema, path))
    yield from faults
    for conflict in [] if faults else shelf[name].conflicts_in(values):
        yield Problem("settings_conflict", conflict.sentence, f"{path}.{conflict.at}")


def _of_budget(budget: Any, schema: Mapping[str, Any]) -> Iterator[Problem]:
    """A budget is read by its kind, so that only that kind's fields are complained about."""
    kinds: dict[str, str] = schema["discriminator"]["mapping"]
    kind = budget.get("kind") if isinstance(budget, Mapping) else None
    if not isinstance(kind, str) or kind not in kinds:
        yield Problem("unknown_budget", f"The budget needs a kind, one of: {', '.join(kinds)}.", "budget.kind")
        return
    yield from problems_of_schema(budget, {"$ref": kinds[kind], "$defs": schema["$defs"]}, "budget")


def problems_of_schema(value: Any, schema: Mapping[str, Any], path: str) -> Iterator[Problem]:
    """Where the value does not fit a JSON Schema; `path` is the field that holds it."""
    for fault in sorted(Draft202012Validator(schema).iter_errors(value), key=lambda fault: fault.json_path):
        where = ".".join([path, *(str(part) for part in fault.absolute_path)])
        if fault.validator == "additionalProperties" and isinstance(fault.instance, dict):
            known = fault.schema.get("properties", {})
            for extra in sorted(set(fault.instance) - set(known)):
                message = f"There is no setting {_shown(extra)}; there are: {', '.join(known) or 'none'}."
                yield Problem("unknown_setting", message, f"{where}.{extra[:MAX_SHOWN]}")
        else:
            yield Problem("bad_setting", _sentence(where.rpartition(".")[2], fault), where)


def _sentence(name: str, fault: ValidationError) -> str:
    """What was found and what was expected, in words."""
    limit: Any = fault.validator_value
    expected = {
        "minimum": lambda: f"at least {limit}",
        "exclusiveMinimum": lambda: f"more than {limit}",
        "maximum": lambda: f"at most {limit}",
        "exclusiveMaximum": lambda: f"less than {limit}",
        "multipleOf": lambda: f"a multiple of {limit}",
        "enum": lambda: f"one of {', '.join(map(str, limit))}",
        "const": lambda: f"{limit}",
        "type": lambda: _type_words(limit),
        "required": lambda: f"{fault.message}",
        "minItems": lambda: f"at least {limit} entries",
        "maxItems": lambda: f"at most {limit} entries",
        "minLength": lambda: f"at least {limit} signs",
        "maxLength": lambda: f"at most {limit} signs",
        "pattern": lambda: f"a text of the form {limit}",
    }.get(str(fault.validator), lambda: "another value")()
    return f"{name}: found {_shown(fault.instance)}, expected {expected}."


def _type_words(types: Any) -> str:
    words = {
        "integer": "a whole number",
        "number": "a number",
        "string": "a text",
        "boolean": "true or false",
        "object": "an object",
        "array": "a list",
        "null": "nothing",
    }
    return " or ".join(words.get(name, name) for name in ([types] if isinstance(types, str) else types))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= MAX_SHOWN else f"{text[:MAX_SHOWN]}…"
