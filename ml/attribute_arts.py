"""The ways to edit attributes that a study compares: models with their settings, written in one line each.

stargan                                      a model with its own defaults
stargan:condition_type=gcn,condition_mode=diff
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from ml.attribute_model import AttributeModel
from ml.errors import BadSettingsError
from ml.model import Model, ModelSettings
from ml.plugin import find, read_settings

ALIKE: Final = ("resolution", "fit", "channels", "batch_size", "num_steps")
"""Settings that all arts share, so that they learn from the same images in as many steps."""
COMPARED: Final = (
    "icgan",
    "fader",
    "attgan",
    "stgan",
    "stargan",
    "stargan:multi_task_weight=0.5",
    "stargan:condition_mode=diff",
    "stargan:condition_type=co_occurrence,condition_mode=diff",
    "stargan:condition_type=word2vec,condition_mode=diff",
    "stargan:condition_type=latent",
    "stargan:condition_type=latent,condition_mode=diff",
    "stargan:condition_type=classifier_weights,condition_mode=diff",
    "stargan:condition_type=gcn,condition_mode=diff",
    "stargan:condition_type=gcn,condition_mode=diff,multi_task_weight=0.5",
)
"""The rows of the published tables, and the methods that they are beside."""


@dataclass(frozen=True)
class Art:
    """name: as it was written."""

    name: str
    model: type[AttributeModel]
    settings: ModelSettings


def read_arts(names: Sequence[str], shared: Mapping[str, Any]) -> list[Art]:
    """shared: settings of every art that has them, besides its own.

    Raises: BadSettingsError, UnknownPluginError.
    """
    if len(set(names)) < len(names):
        raise BadSettingsError("Some art is named twice; name each once.")
    arts = [_read(name, shared) for name in names]
    unknown = sorted(one for one in shared if not any(one in type(art.settings).model_fields for art in arts))
    if unknown:
        raise BadSettingsError(
            f"None of the arts has the setting {', '.join(unknown)}; `python -m ml list` shows them."
        )
    return arts


def _read(text: str, shared: Mapping[str, Any]) -> Art:
    name, _, rest = text.partition(":")
    model = find("models", Model, name.strip())
    if not issubclass(model, AttributeModel):
        raise BadSettingsError(f"The model {name} edits no attributes; choose stargan, attgan, stgan, fader or icgan.")
    # a value may hold commas itself, such as a matrix
    own = dict(_pair(text, part) for part in re.split(r",\s*(?=[A-Za-z_]+=)", rest) if part.strip())
    if alike := sorted(set(own) & set(ALIKE)):
        raise BadSettingsError(f"{text} sets {', '.join(alike)}, in which all arts must be alike; use --set for it.")
    fields = model.Settings.model_fields
    settings = read_settings(model, {**{one: value for one, value in shared.items() if one in fields}, **own})
    return Art(text, model, cast(ModelSettings, settings))


def _pair(text: str, part: str) -> tuple[str, Any]:
    name, equals, value = part.partition("=")
    if not equals:
        raise BadSettingsError(f"{part!r} in {text} has no value; write it as stargan:condition_mode=diff.")
    try:
        return name.strip(), json.loads(value)
    except ValueError:
        return name.strip(), value.strip()
