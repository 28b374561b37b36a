"""The shelves as the web sees them; the only module of `ml` that `webapp` imports.

The catalogue is made by a child process, `python -m ml list --json --full`, and kept in a file named by a hash of all
of `ml`'s source: a changed shelf makes a new one, and the web process never imports torch.
"""

import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import pydantic

from ml.agreement import Agreement, agreement_of
from ml.arms import ARM_PARTS, PRESETS, Arm, read_arms
from ml.attribute_lines import ALIKE, PUBLISHED, USUAL_BATCH, ArtLine, read_lines, shortened, why_not_supplied
from ml.budget import MAX_CANDIDATES, MAX_IMAGES, parse_budget, pool_sizes, resolve
from ml.compute import Compute, smaller_micro_batch, why_indivisible, why_no_gpu
from ml.domains import choose_domains, why_no_domains
from ml.edges import why_no_edges
from ml.errors import BadBudgetError, BadSettingsError, MlError
from ml.foretold import ForetellError, Foretold, foretell_memory
from ml.intake import INTAKE
from ml.intervals import mean_interval, wilson_interval
from ml.plans import IMPORTED, MAX_EDITED
from ml.plugin import ATTRIBUTE_MATRIX, Card, Conflict, has_effect
from ml.study_settings import AttributeStudySettings, StudySettings
from ml.suitability import lacking, missing_fields, scores_read, too_few_classes, why_unsuitable

__all__ = [
    "ALIKE",
    "ARM_PARTS",
    "IMPORTED",
    "INTAKE",
    "MAX_CANDIDATES",
    "MAX_EDITED",
    "MAX_IMAGES",
    "PRESETS",
    "PUBLISHED",
    "USUAL_BATCH",
    "Agreement",
    "Arm",
    "ArtLine",
    "AttributeStudySettings",
    "BadBudgetError",
    "BadSettingsError",
    "Card",
    "Catalogue",
    "CatalogueError",
    "Compute",
    "DatasetKindEntry",
    "Entry",
    "ExportFormatEntry",
    "ForetellError",
    "Foretold",
    "MetricEntry",
    "MlError",
    "ModelEntry",
    "SamplerEntry",
    "StudySettings",
    "agreement_of",
    "foretell_memory",
    "load",
    "mean_interval",
    "parse_budget",
    "pool_sizes",
    "read_arms",
    "read_lines",
    "resolve",
    "shortened",
    "smaller_micro_batch",
    "why_indivisible",
    "why_no_gpu",
    "why_not_supplied",
    "wilson_interval",
]

SOURCE = Path(__file__).parent
_loading = threading.Lock()


class CatalogueError(Exception):
    """The catalogue cannot be made: a plug-in does not import. The message ends with what the child printed."""


@dataclass(frozen=True)
class Entry:
    """What all five shelves share.

    schema: JSON Schema of the settings, with title-less, described, bounded fields; conflicts: what it cannot say.
    """

    name: str
    card: Card
    schema: dict[str, Any]
    conflicts: tuple[Conflict, ...]

    def defaults(self) -> dict[str, Any]:
        """Every setting at its default."""
        return {name: field["default"] for name, field in self.schema.get("properties", {}).items()}

    def conflicts_in(self, settings: Mapping[str, Any]) -> list[Conflict]:
        """Settings, each within its bounds, that mean nothing together; those left out count with their defaults."""
        values = self.defaults() | dict(settings)
        return [conflict for conflict in self.conflicts if conflict.holds(values)]


@dataclass(frozen=True)
class ModelEntry(Entry):
    """also_consumes: field of an item -> the setting and its value with which it is needed, too; makes_A_with: settings
    with which A of pairs (A, B) is made instead of B; min_classes: fewer cannot be learnt; domains: settings that name
    the two classes which are learnt, none where all are.

    provides: score -> the setting that must be above zero for it, or None when it always can be given.

    edits: whether real images can be edited with it, attribute by attribute.
    shaping: settings that decide the shape of the networks -> `value`, or `zero` where only turning it off or on does.
    """

    family: str
    consumes: tuple[str, ...]
    also_consumes: dict[str, tuple[str, str]]
    makes_A_with: dict[str, str]
    min_classes: int
    domains: tuple[str, ...]
    provides: dict[str, str | None]
    shaping: dict[str, str]
    edits: bool

    def learns(self, settings: Mapping[str, Any], classes: Sequence[str]) -> tuple[str, ...]:
        """Those of a dataset's classes that it learns and makes; all where its settings name none that can be."""
        named = self._named(settings)
        if not named or len(classes) < max(2, self.min_classes) or why_no_domains(named, classes):
            return tuple(classes)
        return choose_domains(named, classes)

    def makes_A(self, settings: Mapping[str, Any]) -> bool:
        """Whether its images are like the half A of pairs (A, B), instead of B."""
        values = self.defaults() | dict(settings)
        return bool(self.makes_A_with) and all(values[at] == value for at, value in self.makes_A_with.items())

    def misfits(
        self, settings: Mapping[str, Any], classes: Sequence[str], attributes: Sequence[str], yields: Sequence[str]
    ) -> list[tuple[str, str, str]]:
        """Why a dataset with these classes, attributes and fields cannot be learnt with these settings: (code, setting
        or "" for the model itself, sentence)."""
        if refused := too_few_classes(self.name, self.min_classes, len(classes)):
            return [("too_few_classes", "", refused)]
        values = self.defaults() | dict(settings)
        found = [
            ("missing_field", setting, lacking(self.name, field, setting, value))
            for field, (setting, value) in self.also_consumes.items()
            if values[setting] == value and field not in yields
        ]
        named = self._named(settings)
        if named and (told := why_no_domains(named, classes)):
            found.append(("unsuitable_class", *told))
        for setting, field in self.schema["properties"].items():
            if ATTRIBUTE_MATRIX.items() <= field.items():
                names = (attributes or classes) if has_effect(field, values) else None
                if refused := why_no_edges(values[setting], names):
                    found.append(("unsuitable_matrix", setting, refused))
        return found

    def _named(self, settings: Mapping[str, Any]) -> dict[str, str]:
        values = self.defaults() | dict(settings)
        return {setting: values[setting] for setting in self.domains}

    def reshaped(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
        """Settings, each given with all others, whose change a checkpoint's networks cannot follow."""
        return [
            name
            for name, shaping in self.shaping.items()
            if (before[name] != after[name] if shaping == "value" else bool(before[name]) != bool(after[name]))
        ]


@dataclass(frozen=True)
class SamplerEntry(Entry):
    """needs: scores, whatever its settings; reasons: code of why a candidate was dropped -> one sentence.

    fills_budget: whether it keeps as many of a class as asked for wherever the pool holds as many that can be scored.
    """

    needs: tuple[str, ...]
    reasons: dict[str, str]
    fills_budget: bool

    def reads(self, settings: Mapping[str, Any]) -> tuple[str, ...]:
        """Scores of the model that it reads with these settings; those left out count with their defaults."""
        return scores_read(self.needs, self.schema, self.defaults() | dict(settings))


@dataclass(frozen=True)
class MetricEntry(Entry):
    """better: `lower`, `higher` or `towards 1`."""

    unit: str
    better: str


@dataclass(frozen=True)
class DatasetKindEntry(Entry):
    """yields: fields of one item."""

    yields: tuple[str, ...]


@dataclass(frozen=True)
class ExportFormatEntry(Entry):
    """suffix: ending of the file that is written, with the dot."""

    suffix: str


@dataclass(frozen=True)
class Catalogue:
    """All shelves, each by name in alphabetical order. plain: the same as JSON values, for an API to hand on."""

    models: dict[str, ModelEntry]
    samplers: dict[str, SamplerEntry]
    metrics: dict[str, MetricEntry]
    dataset_kinds: dict[str, DatasetKindEntry]
    export_formats: dict[str, ExportFormatEntry]
    budget_schema: dict[str, Any]
    plain: dict[str, Any]

    def suits(
        self, model: str, settings: Mapping[str, Any], sampler: str, sampler_settings: Mapping[str, Any] | None = None
    ) -> str | None:
        """None when the sampler, so set, can rank what the model, so set, makes; else one sentence why not.

        Settings left out count with their defaults. Raises: KeyError for a name that is on no shelf.
        """
        entry = self.models[model]
        needs = self.samplers[sampler].reads(sampler_settings or {})
        return why_unsuitable(sampler, needs, model, entry.provides, entry.defaults() | dict(settings))

    def shared_schema(self) -> dict[str, Any]:
        """JSON Schema of the settings that all arts of an attribute study share."""
        fields = next(entry for entry in self.models.values() if entry.edits).schema["properties"]
        shown = {name: dict(fields[name]) for name in ALIKE}
        shown["batch_size"]["default"] = USUAL_BATCH
        shown["num_steps"]["description"] = "Steps of each training, the same for every art."
        return {"type": "object", "properties": shown, "additionalProperties": False}

    def fits(self, model: str, dataset_kind: str) -> str | None:
        """None when a dataset of this kind has all that the model learns from; else one sentence why not."""
        return missing_fields(model, self.models[model].consumes, dataset_kind, self.dataset_kinds[dataset_kind].yields)


def load(cache_dir: Path) -> Catalogue:
    """The catalogue of the source as it is now; made within a few seconds when it is not in `cache_dir` yet.

    Raises: CatalogueError.
    """
    with _loading:
        return _load(cache_dir, _fingerprint(_signature()))


@lru_cache(maxsize=2)
def _load(cache_dir: Path, fingerprint: str) -> Catalogue:
    file = cache_dir / f"catalogue-{fingerprint}.json"
    try:
        return _parse(json.loads(file.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        plain = _make()
    cache_dir.mkdir(parents=True, exist_ok=True)
    temporary = file.with_suffix(f".{os.getpid()}.tmp")
    temporary.write_text(json.dumps(plain), encoding="utf-8")
    os.replace(temporary, file)
    for older in cache_dir.glob("catalogue-*.json"):
        if older != file:
            older.unlink(missing_ok=True)
    return _parse(plain)


def _signature() -> tuple[tuple[str, int, int], ...]:
    """Path, size and time of every source file: what tells cheaply that nothing changed."""
    files = sorted(path for path in SOURCE.rglob("*.py"))
    return tuple((str(path), (facts := path.stat()).st_size, facts.st_mtime_ns) for path in files)


@lru_cache(maxsize=2)
def _fingerprint(signature: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256(f"{sys.version_info[:2]} pydantic {pydantic.VERSION}".encode())
    for path, _, _ in signature:
        digest.update(f"\0{Path(path).relative_to(SOURCE).as_posix()}\0".encode() + Path(path).read_bytes())
    return digest.hexdigest()[:32]


def _make() -> dict[str, Any]:
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    child = subprocess.run(
        [sys.executable, "-m", "ml", "list", "--json", "--full"],
        cwd=SOURCE.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    if child.returncode != 0:
        raise CatalogueError(
            f"`python -m ml list --json --full` ended with code {child.returncode}, so no catalogue could be made; "
            f"mend the plug-in it names: {child.stderr[-2000:]}"
        )
    plain: dict[str, Any] = json.loads(child.stdout)
    return plain


def _parse(plain: dict[str, Any]) -> Catalogue:
    return Catalogue(
        models={
            row["name"]: ModelEntry(
                **_shared(row),
                family=row["family"],
                consumes=tuple(row["consumes"]),
                makes_A_with=row["makes_A_with"],
                also_consumes={field: (setting, value) for field, (setting, value) in row["also_consumes"].items()},
                min_classes=row["min_classes"],
                domains=tuple(row["domains"]),
                provides=row["provides"],
                shaping=row["shaping"],
                edits=row["edits"],
            )
            for row in plain["models"]
        },
        samplers={
            row["name"]: SamplerEntry(
                **_shared(row), needs=tuple(row["needs"]), reasons=row["reasons"], fills_budget=row["fills_budget"]
            )
            for row in plain["samplers"]
        },
        metrics={
            row["name"]: MetricEntry(**_shared(row), unit=row["unit"], better=row["better"]) for row in plain["metrics"]
        },
        dataset_kinds={
            row["name"]: DatasetKindEntry(**_shared(row), yields=tuple(row["yields"])) for row in plain["dataset_kinds"]
        },
        export_formats={
            row["name"]: ExportFormatEntry(**_shared(row), suffix=row["suffix"]) for row in plain["export_formats"]
        },
        budget_schema=plain["budget"],
        plain=plain,
    )


def _shared(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": row["name"],
        "card": Card(**row["card"]),
        "schema": row["schema"],
        "conflicts": tuple(Conflict(**conflict) for conflict in row["conflicts"]),
    }


if __name__ == "__main__":  # `python -m ml.catalog FOLDER`, so that it is there before somebody asks
    load(Path(sys.argv[1]))
