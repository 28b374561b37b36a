"""The page of `benchmarks/translation.py`: tables of what was measured."""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from benchmarks.evidence_page import study_table
from benchmarks.evidence_plan import Asked
from benchmarks.main_job import machine
from benchmarks.translation_plan import CASES, AttributeStudy, Refinement, Translation
from benchmarks.translation_speed import table
from benchmarks.translation_words import FINDINGS, INTRODUCTION, SECTIONS

Figures = Mapping[str, Any]
SPEED: Final = Path(__file__).resolve().parent / "translation_speed.json"
METRICS: Final = {
    "kid": "KID",
    "fid": "FID",
    "tarr": "TARR",
    "psnr": "PSNR, dB",
    "ssim": "SSIM",
    "paired_distance": "perceptual distance",
    "cycle_error": "cycle error",
}


def page(results: Mapping[str, Figures]) -> str:
    """The whole page. results: name of a case -> figures."""
    lines = ["# Translation: attributes, domains, pairs, refinement, small images", "", INTRODUCTION.strip(), ""]
    lines += [FINDINGS.strip(), ""] if FINDINGS.strip() else []
    for title, text, names in SECTIONS:
        lines += [f"## {title}", "", *([text.strip(), ""] if text.strip() else [])]
        for name in names:
            if name in results:
                lines += [f"### {name}", "", *_case(name, results[name]), ""]
        missing = [name for name in names if name not in results]
        lines += [f"Planned and not measured: {', '.join(missing)}.", ""] if missing else []
    if SPEED.exists():
        speed = table(json.loads(SPEED.read_text(encoding="utf-8")))
        lines += ["## Speed of training", "", "    python -m benchmarks.translation_speed", "", speed.strip(), ""]
    return "\n".join([*lines, f"{machine()}, one thread, the machine shared with other work.", ""])


def _case(name: str, figures: Figures) -> Iterator[str]:
    asked = CASES[name]
    if isinstance(asked, Asked):
        yield f"    ATELIER_REAL_DATA=… python -m benchmarks.translation {name}"
        yield ""
        yield from study_table(asked, figures)
    elif isinstance(asked, AttributeStudy):
        yield from _attributes(asked, figures)
    elif isinstance(asked, Translation):
        yield from _translation(asked, figures)
    else:
        yield from _refinement(asked, figures)


# --- attributes -----------------------------------------------------------------------------------------------------
def _attributes(asked: AttributeStudy, figures: Figures) -> Iterator[str]:
    result = figures["result"]
    yield f"    ATELIER_REAL_DATA=… python -m benchmarks.translation_data {asked.data} DATA"
    yield f"    python -m ml attribute-study DATA --out STUDY --seeds {asked.num_seeds} {_set(asked.settings)} --arts …"
    yield ""
    yield (
        f"{result['num_held_out']} held-out images, each attribute of each turned around; {asked.num_seeds} trainings "
        f"of each art. Recognised, in percent:"
    )
    yield ""
    yield _row(["art", *result["names"], "average (95 % interval)", "identity", "reconstruction"])
    yield "|---" * (len(result["names"]) + 4) + "|"
    real = [_percent(value) for value in result["classifier"]]
    yield _row(["the classifier on real images", *real, "", "", ""])
    for art in result["arts"]:
        cells = [_percent(one["mean"]) for one in art["by_attribute"]]
        average = _with_interval(art["average"], lambda value: f"{100 * value:.1f}")
        kept = [_with_interval(art[what], lambda value: f"{value:.3g}") for what in ("identity", "reconstruction")]
        yield _row([f"`{art['name']}`", *cells, average, *kept])
    if figures.get("differences"):
        yield from ("", "Difference of the averages, seed by seed, in points:", "")
        yield from _differences(figures["differences"])
    if "exact" in figures:
        yield from (
            "",
            "Checked exactly: an edit is what the nearest of all 32 renderings of its shape and place is. *asked*: it "
            "has the attribute as it was asked for; *whole*: and all others are right, too; PSNR to the rendering that "
            "was asked for.",
            "",
        )
        yield _row(["art", "asked, %", "whole, %", "PSNR, dB"])
        yield "|---" * 4 + "|"
        for art, one in figures["exact"].items():
            shares = [_with_interval(one[what], lambda value: f"{100 * value:.1f}") for what in ("asked", "whole")]
            yield _row([f"`{art}`", *shares, _with_interval(one["psnr"], lambda value: f"{value:.2f}")])
        if figures["exact_differences"]:
            yield from ("", "Difference of *asked*, seed by seed, in points:", "")
            yield from _differences(figures["exact_differences"])


def _differences(rows: Sequence[Figures]) -> Iterator[str]:
    yield _row(["art", "less", "difference (95 % interval)"])
    yield "|---" * 3 + "|"
    for row in rows:
        told = _with_interval(row, lambda value: f"{100 * value:+.1f}")
        yield _row([f"`{row['better']}`", f"`{row['than']}`", told])


# --- runs -----------------------------------------------------------------------------------------------------------
def _translation(asked: Translation, figures: Figures) -> Iterator[str]:
    settings = _set({name: value for name, value in asked.settings.items()})
    yield f"    ATELIER_REAL_DATA=… python -m benchmarks.translation_data {asked.data} DATA"
    yield f"    python -m ml train DATA --model {asked.model} {settings} --out RUN --seed SEED"
    yield f"    python -m ml generate RUN --per-class {asked.per_class}"
    yield f"    python -m ml select RUN --sampler random --budget {asked.per_class}"
    yield "    python -m ml evaluate RUN"
    yield ""
    seeds = figures["seeds"]
    yield _row(["", *(f"seed {seed}" for seed in range(len(seeds))), "95 % interval of seed 0", "on images"])
    yield "|---" * (len(seeds) + 3) + "|"
    for name, title in METRICS.items():
        rows = [seed[name] for seed in seeds if name in seed]
        if len(rows) < len(seeds) or rows[0]["value"] is None:
            continue
        if name == "tarr" and len(rows[0]["per_class"]) == 1:
            continue  # there is nothing to confuse
        first = rows[0]
        interval = "" if first["low"] is None else f"{first['low']:.4g} to {first['high']:.4g}"
        number = f"{first['num_real']}, {first['num_synthetic']}"
        yield _row([title, *(f"{row['value']:.4g}" for row in rows), interval, number])
        for label in first["per_class"] if len(first["per_class"]) == 2 else ():
            yield _row([f"{title}, into {label}", *(f"{row['per_class'][label]:.4g}" for row in rows), "", ""])
        for part in first["parts"]:
            yield _row([f"{title}, {part}", *(f"{row['parts'][part]['value']:.3g}" for row in rows), "", ""])
    if figures["before"]:
        yield from ("", "Without the model:", "", "| | |", "|---|---|")
        yield from (_row([name, f"{value:.4g}"]) for name, value in figures["before"].items())


def _refinement(asked: Refinement, figures: Figures) -> Iterator[str]:
    yield "    ATELIER_REAL_DATA=… python -m benchmarks.translation refined-digits"
    yield ""
    yield (
        f"{figures['num_rendered']:,} images; {asked.num_seeds} refiners {_set(asked.settings)}, {asked.num_children} "
        f"children each of {asked.child_steps} steps with balanced draw and geometric augmentation; balanced accuracy "
        f"on {figures['num_test']:,} real test images, in percent, with the interval over refiners."
    )
    yield from ("", _row(["children learn from", "accuracy (95 % interval)"]), "|---|---|")
    titles = {
        "rendered": "rendered images",
        "refined": "the same images, refined",
        "real": "the refiner's real images, with their labels",
    }
    for name, title in titles.items():
        yield _row([title, _with_interval(figures["accuracy"][name], lambda value: f"{100 * value:.2f}")])
    gain = _with_interval(figures["gain"], lambda value: f"{100 * value:+.2f}")
    yield from ("", f"Gain of refining, refiner by refiner: {gain} points.")


def _set(settings: Mapping[str, Any]) -> str:
    return " ".join(f"--set {name}={value}" for name, value in settings.items())


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _with_interval(spread: Figures, say: Callable[[float], str]) -> str:
    if spread["mean"] is None:
        return "–"
    if spread["low"] is None:
        return say(spread["mean"])
    return f"{say(spread['mean'])} ({say(spread['low'])} to {say(spread['high'])})"
