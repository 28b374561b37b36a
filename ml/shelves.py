"""What stands on the shelves, in plain values.

`describe` imports every plug-in, and torch with them; `ml.catalog` has a child process call it. `names` imports none.
"""

import pkgutil
import re
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ml.plugin import SHELVES, Plugin, shelf


def names() -> dict[str, list[str]]:
    """Shelf -> names of its plug-ins, in alphabetical order, without importing any."""
    return {
        folder: sorted(
            info.name
            for info in pkgutil.iter_modules([str(Path(__file__).parent / folder)])
            if not info.name.startswith("_")
        )
        for folder in SHELVES
    }


def describe() -> dict[str, Any]:
    """Every plug-in with its card, the JSON Schema of its settings and what decides who fits whom."""
    from ml.budget import budget_schema
    from ml.dataset_kind import DatasetKind
    from ml.export_format import ExportFormat
    from ml.metric import Metric
    from ml.model import Model
    from ml.sampler import Sampler
    from ml.shaping import shaping_settings

    return {
        "models": [
            _shared(plugin)
            | {
                "family": family_of(plugin),
                "consumes": list(plugin.consumes),
                "also_consumes": {field: list(asked) for field, asked in plugin.also_consumes.items()},
                "makes_A_with": dict(getattr(plugin, "makes_A_with", {})),
                "min_classes": plugin.min_classes,
                "domains": list(plugin.domains),
                "provides": dict(plugin.provides),
                "edits": plugin.edits,
                "shaping": shaping_settings(plugin),
            }
            for plugin in shelf("models", Model).values()
        ],
        "samplers": [
            _shared(plugin)
            | {"needs": list(plugin.needs), "reasons": dict(plugin.reasons), "fills_budget": plugin.fills_budget}
            for plugin in shelf("samplers", Sampler).values()
        ],
        "metrics": [
            _shared(plugin) | {"unit": plugin.unit, "better": plugin.better}
            for plugin in shelf("metrics", Metric).values()
        ],
        "dataset_kinds": [
            _shared(plugin) | {"yields": list(plugin.yields)} for plugin in shelf("dataset_kinds", DatasetKind).values()
        ],
        "export_formats": [
            _shared(plugin) | {"suffix": plugin.suffix, "splits": list(plugin.splits), "layout": list(plugin.layout)}
            for plugin in shelf("export_formats", ExportFormat).values()
        ],
        "budget": budget_schema(),
    }


def family_of(model: type[Plugin]) -> str:
    """The base class next below `Model`: Model -> labelled_image."""
    from ml.model import Model

    lineage = [base for base in model.__mro__ if issubclass(base, Model) and base is not Model]
    return re.sub(r"(?<!^)(?=[A-Z])", "_", lineage[-1].__name__.removesuffix("Model")).lower()


def _shared(plugin: type[Plugin]) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "card": asdict(plugin.card),
        "schema": plugin.Settings.model_json_schema(),
        "conflicts": [asdict(conflict) for conflict in plugin.Settings.conflicts],
    }
