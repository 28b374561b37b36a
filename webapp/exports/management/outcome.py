"""What came out of the main job: as JSON for programs, as text for people."""

from collections import Counter
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

from webapp.exports.models import Export
from webapp.exports.selectors import included, num_memorised
from webapp.runs.models import Run, RunState
from webapp.runs.states import STAGES


def outcome_of(export: Export, out: Path) -> dict[str, Any]:
    """The figures of a finished export and its run."""
    selection = export.selection
    if selection is None:
        raise ValueError(f"export {export.pk} was made of a version alone; there is no run to tell of")
    pool, run = selection.pool, selection.pool.run
    version = run.version
    synthetic = Counter(included(export).values_list("sample__label", flat=True))
    kept_memorised = num_memorised(included(export))
    classes = {
        name: {
            "real": sum(counts.get(name, 0) for counts in version.counts.values()),
            "synthetic": synthetic[label],
            **{key: selection.yields[name][key] for key in ("asked", "generated", "kept", "dropped")},
        }
        for label, name in enumerate(pool.classes)
    }
    return {
        "file": str(out),
        "size_bytes": export.size_bytes,
        "sha256": export.sha256,
        "num_real": export.num_real,
        "num_synthetic": export.num_synthetic,
        "classes": classes,
        "metrics": run.metrics,
        "memorised": {"in_export": kept_memorised, "in_pool": pool.num_memorised, "pool": pool.num_samples},
        "warnings": run.warnings,
        "device": run.device,
        "seconds": seconds_of(run),
        "run": str(run.pk),
        "dataset": {"name": version.dataset.name, "version": version.number, "outcomes": version.outcomes},
    }


def seconds_of(run: Run) -> dict[str, float]:
    """Stage -> seconds that the run spent in it, over all attempts."""
    stage_of = {state: stage for stage, state in STAGES.items()}
    spent: dict[str, float] = dict.fromkeys(STAGES, 0.0)
    stage, since = "", None
    changes = run.events.filter(type="run.changed").order_by("seq").values_list("data", "created_at")
    for data, at in changes:
        if stage and since is not None:
            spent[stage] += _seconds(since, at)
        stage, since = stage_of.get(RunState(data["state"]), ""), at
    return {name: round(seconds, 1) for name, seconds in spent.items()}


def _seconds(since: datetime, until: datetime) -> float:
    return (until - since).total_seconds()


def as_text(outcome: Mapping[str, Any], took_s: float) -> str:
    """Some lines for a person: where it is, what it holds, how far it can be trusted."""
    size = f"{outcome['size_bytes'] / 2**20:.1f} MB"
    head = f"{outcome['file']}: {outcome['num_synthetic']:,} synthetic and {outcome['num_real']:,} real images, {size}"
    facts = [*_metric_facts(outcome["metrics"]), ("memorised", _memorised(outcome))]
    facts += [("warning", warning["message"]) for warning in outcome["warnings"]]
    stages = ", ".join(f"{name} {seconds:.0f} s" for name, seconds in outcome["seconds"].items())
    facts.append(("time", f"{took_s:.0f} s in all ({stages}) on {outcome['device'] or 'an unnamed device'}"))
    width = max(len(name) for name, _ in facts)
    lines = [head, "", *_class_table(outcome["classes"]), "", *(f"{name:<{width}}  {fact}" for name, fact in facts)]
    return "\n".join(lines)


def _class_table(classes: Mapping[str, Mapping[str, Any]]) -> list[str]:
    columns = ("real", "synthetic", "asked", "generated")
    width = max(len("class"), *(len(name) for name in classes))
    lines = [f"{'class':<{width}}" + "".join(f"{column:>11}" for column in columns)]
    for name, row in classes.items():
        lines.append(f"{name:<{width}}" + "".join(f"{row[column]:>11,}" for column in columns))
    return lines


def _memorised(outcome: Mapping[str, Any]) -> str:
    counts = outcome["memorised"]
    return (
        f"{counts['in_export']:,} of {outcome['num_synthetic']:,} exported and {counts['in_pool']:,} of "
        f"{counts['pool']:,} generated lie nearer to a training image than real images do"
    )


def _metric_facts(metrics: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
    facts = []
    for name, row in metrics.items():
        if row["value"] is None:
            facts.append((name, f"refused: {row['caution']}"))
            continue
        between = f" ({row['low']:.4g} to {row['high']:.4g})" if row["low"] is not None else ""
        caution = f"; {row['caution']}" if row["caution"] else ""
        facts.append((name, f"{row['value']:.4g}{between}{_parts(row)}{caution}"))
    return facts


def _parts(row: Mapping[str, Any]) -> str:
    """`, precision 0.81 (0.78 to 0.84), …`"""
    return "".join(
        f", {name} {part['value']:.4g} ({part['low']:.4g} to {part['high']:.4g})"
        for name, part in row.get("parts", {}).items()
    )
