"""The one mechanism by which something is added: a shelf is a folder, a plug-in is a file on it.

A plug-in is the one public class in `ml/<shelf>/<name>.py` that derives from the shelf's contract; its `name` is the
file's name. Importing a plug-in opens no network, file or clock.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self, TypeVar

from pydantic import BaseModel, ConfigDict, JsonValue, ValidationError, model_validator
from pydantic_core import ErrorDetails

from ml.errors import BadSettingsError, UnknownPluginError

SHELVES = ("models", "samplers", "metrics", "dataset_kinds", "export_formats")
SHOWN_FIRST: dict[str, JsonValue] = {"x-simple": True}
"""`json_schema_extra` of the few settings that a form shows at once; the others are folded away."""

CLASS_CHOICE: dict[str, JsonValue] = {"x-choice": "classes"}
"""`json_schema_extra` of a setting whose value is the name of one of the dataset's classes, or "" for the model's own
choice."""

ATTRIBUTE_MATRIX: dict[str, JsonValue] = {"x-choice": "attribute_matrix"}
"""`json_schema_extra` of a setting whose value is, as JSON text, a number from 0 to 1 for each two of the dataset's
attributes, or classes where it has none; "" for how often they come together."""

ONLY_WITH = "x-only-with"
"""In the JSON Schema of a setting: other settings, each with the values at which, all together, it has an effect."""


def only_with(**settings: Sequence[JsonValue]) -> dict[str, JsonValue]:
    """`json_schema_extra` of a setting that does nothing unless each of these others has one of its values."""
    return {ONLY_WITH: {name: list(values) for name, values in settings.items()}}


def has_effect(field: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Whether a setting of this JSON Schema does anything beside these settings, all of them."""
    return all(values[name] in allowed for name, allowed in field.get(ONLY_WITH, {}).items())


@dataclass(frozen=True)
class Conflict:
    """Settings that mean nothing together: all of `when` have one of the values named, and none of `unless` has.

    at: the setting at which a form says the sentence.
    """

    at: str
    sentence: str
    when: Mapping[str, Sequence[JsonValue]]
    unless: Mapping[str, Sequence[JsonValue]] = field(default_factory=dict)

    def holds(self, values: Mapping[str, Any]) -> bool:
        """Whether these settings, all of them, are in conflict."""
        excused = any(values[name] in allowed for name, allowed in self.unless.items())
        return not excused and all(values[name] in refused for name, refused in self.when.items())


class Settings(BaseModel):
    """A plug-in's settings, and thereby its form: every field has a default, bounds and one sentence of help."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    conflicts: ClassVar[tuple[Conflict, ...]] = ()

    @model_validator(mode="after")
    def _agree(self) -> Self:
        """Raises: ValueError for settings that mean nothing together."""
        for conflict in self.conflicts:
            if conflict.holds(self.model_dump()):
                raise ValueError(conflict.sentence)
        return self


@dataclass(frozen=True)
class Card:
    """What a person reads before choosing a plug-in. labels: what of a source stays true of what is made from it."""

    title: str
    summary: str
    authors: str = ""
    paper: str = ""
    venue: str = ""
    url: str = ""
    strengths: str = ""
    limits: str = ""
    labels: str = ""


class Plugin:
    """What all five contracts share."""

    name: ClassVar[str]
    card: ClassVar[Card]
    Settings: ClassVar[type[Settings]] = Settings


P = TypeVar("P", bound=Plugin)


def shelf(folder: str, contract: type[P]) -> dict[str, type[P]]:
    """All plug-ins of one shelf by name, in alphabetical order."""
    package = importlib.import_module(f"ml.{folder}")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))
    return {name: _plugin_in(f"ml.{folder}.{name}", contract) for name in names}


def find(folder: str, contract: type[P], name: str) -> type[P]:
    """The plug-in called `name`.

    Raises: UnknownPluginError.
    """
    package = importlib.import_module(f"ml.{folder}")
    names = sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.name.startswith("_"))
    if name not in names:
        raise UnknownPluginError(f"There is no {name!r} on the shelf {folder}; choose one of: {', '.join(names)}.")
    return _plugin_in(f"ml.{folder}.{name}", contract)


def _plugin_in(module_name: str, contract: type[P]) -> type[P]:
    module = importlib.import_module(module_name)
    own = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and issubclass(value, contract)
        and value.__module__ == module_name
        and not value.__name__.startswith("_")
    ]
    short = module_name.rpartition(".")[2]
    if len(own) != 1 or own[0].name != short:
        raise TypeError(f"{module_name} must hold exactly one {contract.__name__} whose name is {short!r}")
    return own[0]


def read_settings(plugin: type[Plugin], values: dict[str, Any]) -> Any:
    """The plug-in's settings object from plain values.

    Raises: BadSettingsError, one sentence per field, or for settings that do not go together.
    """
    try:
        return plugin.Settings(**values)
    except ValidationError as error:
        faults = "; ".join(fault_sentence(fault) for fault in error.errors())
        raise BadSettingsError(f"The settings of {plugin.name} do not fit: {faults}.") from error


def is_class_choice(plugin: type[Plugin], setting: str) -> bool:
    """Whether the value of a setting is the name of a class."""
    extra = plugin.Settings.model_fields[setting].json_schema_extra
    return isinstance(extra, dict) and CLASS_CHOICE.items() <= extra.items()


def fault_sentence(fault: ErrorDetails) -> str:
    """What is wrong with one field; a fault of several says itself what was found."""
    if not fault["loc"]:
        return fault["msg"].removeprefix("Value error, ")
    return f"{'.'.join(str(part) for part in fault['loc'])}: {fault['msg']} (found {fault['input']!r})"
