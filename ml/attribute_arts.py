"""The ways to edit attributes that a study compares, as models with settings; `ml/attribute_lines.py` says how they are
written."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from ml.attribute_lines import ArtLine, read_lines
from ml.attribute_model import AttributeModel
from ml.errors import BadSettingsError
from ml.model import Model, ModelSettings
from ml.plugin import find, read_settings


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
    arts = [_art(line, shared) for line in read_lines(names)]
    unknown = sorted(one for one in shared if not any(one in type(art.settings).model_fields for art in arts))
    if unknown:
        raise BadSettingsError(
            f"None of the arts has the setting {', '.join(unknown)}; `python -m ml list` shows them."
        )
    return arts


def _art(line: ArtLine, shared: Mapping[str, Any]) -> Art:
    model = find("models", Model, line.model)
    if not issubclass(model, AttributeModel):
        raise BadSettingsError(
            f"The model {line.model} edits no attributes; choose stargan, attgan, stgan, fader or icgan."
        )
    fields = model.Settings.model_fields
    values = {**{one: value for one, value in shared.items() if one in fields}, **line.settings}
    return Art(line.name, model, cast(ModelSettings, read_settings(model, values)))
