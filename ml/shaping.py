"""Which settings of a model decide the shape of its tensors, found by building it small with other values of each.

A checkpoint can be loaded with other settings as long as these stay as they were.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final, Literal

from ml.average import Average
from ml.errors import BadSettingsError
from ml.model import DataSpec, Model, ModelSettings
from ml.plugin import read_settings

Shaping = Literal["value", "zero"]
"""value: any other value makes other shapes; zero: only turning it off or on does."""
Shapes = dict[str, tuple[int, ...]]

TRIED: Final = DataSpec(16, 3, ("a", "b", "c"), (9, 9, 9), source_channels=3)
"""The smallest data, in colour, pairs for models that learn from them: a model is built a hundred times."""
LOOPS_OWN: Final = frozenset(ModelSettings.model_fields) - {"ema_half_life"}
"""Settings that no network is built from, but for `resolution`."""


def shaping_settings(model: type[Model]) -> dict[str, Shaping]:
    """Setting -> how shapes hang on it, each tried by itself beside the defaults; settings without effect are left out.

    What shows only when two settings are changed together is found by `shapes_of` alone.
    """
    fields: Mapping[str, Mapping[str, Any]] = model.Settings.model_json_schema()["properties"]
    own = _shapes_with(model, {})
    tried: dict[str, Shaping | None] = {"resolution": "value"}
    tried |= {name: _shaping(model, name, field, own) for name, field in fields.items() if name not in LOOPS_OWN}
    return {name: shaping for name, shaping in tried.items() if shaping is not None}


def shapes_of(model: type[Model], data: DataSpec, settings: Any) -> Shapes:
    """Name of every parameter and buffer, averages included -> its shape."""
    built = model(data, settings)
    Average(built, settings.ema_half_life, settings.batch_size)
    return {name: tuple(tensor.shape) for name, tensor in built.state_dict().items()}


def _shaping(model: type[Model], name: str, field: Mapping[str, Any], own: Shapes | None) -> Shaping | None:
    shapes = {value: found for value in _others(field) if (found := _shapes_with(model, {name: value})) is not None}
    alike = [found for value, found in shapes.items() if value] + [own] * bool(field["default"])
    if any(found != alike[0] for found in alike):
        return "value"
    return "zero" if any(found != own for found in shapes.values()) else None


def _others(field: Mapping[str, Any]) -> Iterator[Any]:
    """Some values besides the default."""
    default = field["default"]
    if "enum" in field:
        yield from (value for value in field["enum"] if value != default)
    elif isinstance(default, bool):
        yield not default
    elif isinstance(default, int | float):
        step = 1 if field["type"] == "integer" else 0.25
        yield from (value for value in (0, default + step, default / 2) if value != default)


def _shapes_with(model: type[Model], values: dict[str, Any]) -> Shapes | None:
    """None for a value that the setting does not allow, or not beside the others' defaults, or not with such data."""
    try:
        return shapes_of(model, TRIED, read_settings(model, {"resolution": TRIED.resolution, **values}))
    except BadSettingsError:
        return None
