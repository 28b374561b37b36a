"""The page of `benchmarks/evidence.py`: tables of what was measured, and what they say."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from benchmarks.evidence_plan import FINDINGS, INTRODUCTION, SCREENS, STUDIES, Asked
from benchmarks.main_job import machine

Figures = Mapping[str, Any]
WORDS: Final = {"helped": "**helped**", "no_evidence": "no evidence", "hurt": "hurt", None: "too few seeds"}


def page(results: Mapping[str, Mapping[str, Figures]]) -> str:
    """The whole page. results: kind -> name -> figures."""
    studies = {name: results.get("study", {})[name] for name in STUDIES if name in results.get("study", {})}
    screens = {name: results.get("screen", {})[name] for name in SCREENS if name in results.get("screen", {})}
    lines = ["# Does synthetic data help?", "", INTRODUCTION.strip(), ""]
    lines += ["    ATELIER_REAL_DATA=… python -m benchmarks.evidence screen [NAME ...]"]
    lines += ["    ATELIER_REAL_DATA=… python -m benchmarks.evidence study [NAME ...]", ""]
    lines += ["s is the time of one child, on a machine that other work kept more or less busy.", ""]
    missing = [name for name in STUDIES if name not in studies]
    lines += ["## In one table", "", *_overview(studies), ""]
    lines += [f"Planned and not run: {', '.join(missing)}.", ""] if missing else []
    lines += [FINDINGS.strip(), "", "## Each setting", ""]
    for name, figures in studies.items():
        lines += [f"### {name}", "", *study_table(STUDIES[name], figures), ""]
    lines += ["## Screenings", "", "Balanced accuracy on validation images; no test image was there.", ""]
    lines += ["Arms without a generator have as many children as one generator has.", ""]
    for name, figures in screens.items():
        lines += [f"### {name}", "", *_screen(SCREENS[name], figures), ""]
    return "\n".join([*lines, f"{machine()}, one thread, the machine shared with other work.", ""])


def _overview(studies: Mapping[str, Figures]) -> Iterator[str]:
    yield "| setting | training images | without a generator | with | gain in points (95 % interval) | answer |"
    yield "|---" * 6 + "|"
    for name, figures in studies.items():
        result = figures["result"]
        rows = {row["name"]: row for row in result["arms"]}
        best = rows[result["best"]]
        yield (
            f"| {name} | {sum(figures['num_train']):,} "
            f"| {_percent(rows[result['baseline']]['balanced_accuracy'])} `{result['baseline']}` "
            f"| {_percent(best['balanced_accuracy'])} `{result['best']}` | {_points(best['gain'])} "
            f"| {WORDS[result['answer']]} |"
        )


def study_table(asked: Asked, figures: Figures) -> Iterator[str]:
    """What was asked, and what came of each arm."""
    result = figures["result"]
    yield (
        f"{_counts(figures['num_train'])} to learn from, {figures['num_val']:,} validation and "
        f"{result['num_test']:,} test images. {_recipe(asked, figures)}"
    )
    if asked.remark:
        yield from ("", asked.remark)
    yield from ("", "| arm | children | kept | validation | test (95 % interval) | gain in points | answer | s |")
    yield "|---" * 8 + "|"
    for row in result["arms"]:
        gain = row["gain"]
        note = " (best without)" if row["name"] == result["baseline"] else ""
        yield (
            f"| `{row['name']}`{note} | {_children(row)} | {_kept(figures['kept'].get(row['name'], []))} "
            f"| {100 * row['val_balanced_accuracy']:.2f} | {_percent(row['balanced_accuracy'])} "
            f"| {'' if gain is None else _points(gain)} | {'' if gain is None else WORDS[gain['answer']]} "
            f"| {row['duration_s']:.1f} |"
        )
    gains = [f"`{name}` {_points(gain)}" for name, gain in figures.get("reinforcement", {}).items()]
    if gains:
        yield from ("", f"RL (`reinforcement`) beside arms that differ by their sampler alone: {'; '.join(gains)}.")
    curve = ", ".join(f"{point['num_real']}: {100 * point['balanced_accuracy']:.1f}" for point in result["curve"])
    yield from ("", f"The best arm without a generator, by real images: {curve}.")


def _screen(asked: Asked, figures: Figures) -> Iterator[str]:
    number = asked.study_settings["num_child_seeds"], asked.study_settings["num_generator_seeds"]
    yield (
        f"{_counts(figures['num_train'])} to learn from, {figures['num_val']:,} validation images; {number[0]} "
        f"children of {number[1]} generator{'s' if number[1] > 1 else ''}. {_recipe(asked, figures)}"
    )
    if asked.remark:
        yield from ("", asked.remark)
    yield from ("", "| arm | validation |", "|---|---|")
    for name, value in figures["arms"].items():
        yield f"| `{name}` | {100 * value:.2f} |"


def _recipe(asked: Asked, figures: Figures) -> str:
    settings = ", ".join(f"{name} {value}" for name, value in asked.model_settings.items())
    took = f"; a generator with its pool takes {figures['generator_s']:.0f} s" if figures["generator_s"] else ""
    factor = asked.study_settings["pool_factor"]
    return f"`{asked.model}` with {settings}, {factor:g} candidates for each image asked for{took}."


def _counts(counts: Sequence[int]) -> str:
    if len(set(counts)) == 1:
        return f"{counts[0]} images of each of {len(counts)} classes"
    return f"{sum(counts)} images of {len(counts)} classes, {max(counts)} down to {min(counts)},"


def _children(row: Figures) -> str:
    generators = row["num_generators"]
    return f"{row['num_children'] // generators} x {generators}" if generators else str(row["num_children"])


def _kept(numbers: Sequence[int]) -> str:
    if not numbers:
        return ""
    low, high = min(numbers), max(numbers)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _percent(estimate: Figures) -> str:
    """An estimate of a share, in percent."""
    if estimate["low"] is None:
        return f"{100 * estimate['mean']:.2f}"
    return f"{100 * estimate['mean']:.2f} ({100 * estimate['low']:.2f} to {100 * estimate['high']:.2f})"


def _points(gain: Figures) -> str:
    if gain["low"] is None:
        return f"{100 * gain['mean']:+.2f}"
    return f"{100 * gain['mean']:+.2f} ({100 * gain['low']:+.2f} to {100 * gain['high']:+.2f})"
