"""A page per model, sampler and metric, written from its card, its settings and the first lines of its file.

`python -m ml pages docs` writes docs/models/<name>.md, docs/samplers/ and docs/metrics/; a test holds them current.
"""

import argparse
import inspect
import sys
from collections.abc import Mapping
from pathlib import Path

from ml.metric import Metric
from ml.model import Model
from ml.plugin import Card, Plugin, shelf
from ml.protocol import EXIT_DONE
from ml.sampler import Sampler
from ml.suitability import why_unsuitable
from ml.terminal import bounds

PAGED = ("models", "samplers", "metrics")
NOTE = "<!-- Written by `python -m ml pages docs` from the plug-in itself; change it there. -->"


def pages(options: argparse.Namespace) -> int:
    """The command."""
    for file in write_pages(options.folder):
        print(file)
    return EXIT_DONE


def write_pages(folder: Path) -> list[Path]:
    """Write every page below `folder`, and remove those of plug-ins that are gone; returns the files."""
    texts = all_pages()
    for shelf_name in PAGED:
        (folder / shelf_name).mkdir(parents=True, exist_ok=True)
        for file in (folder / shelf_name).glob("*.md"):
            if f"{shelf_name}/{file.name}" not in texts:
                file.unlink()
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    return [folder / name for name in texts]


def all_pages() -> dict[str, str]:
    """Path below the folder of pages -> Markdown."""
    models, samplers, metrics = shelf("models", Model), shelf("samplers", Sampler), shelf("metrics", Metric)
    texts = {
        "models/index.md": _index("Models", models),
        "samplers/index.md": _index("Samplers", samplers),
        "metrics/index.md": _index("Metrics", metrics),
    }
    for name, model in models.items():
        texts[f"models/{name}.md"] = _page(model, [_scores(model), _suiting(model, samplers)])
    for name, sampler in samplers.items():
        texts[f"samplers/{name}.md"] = _page(sampler, [_needs(sampler), _reasons(sampler)])
    for name, metric in metrics.items():
        texts[f"metrics/{name}.md"] = _page(metric, [_reading(metric)])
    return texts


def _index(title: str, plug_ins: Mapping[str, type[Plugin]]) -> str:
    lines = [f"- [{plugin.card.title}]({name}.md): {plugin.card.summary}" for name, plugin in plug_ins.items()]
    return "\n".join([NOTE, "", f"# {title}", "", *lines, ""])


def _page(plugin: type[Plugin], parts: list[str]) -> str:
    card = plugin.card
    head = [NOTE, "", f"# {card.title}", "", f"`{plugin.name}`: {card.summary}", "", *_source(card)]
    if card.strengths:
        head += [f"**Good at.** {card.strengths}", ""]
    if card.limits:
        head += [f"**Limits.** {card.limits}", ""]
    if card.labels:
        head += [f"**Labels.** {card.labels}", ""]
    body = [part for part in (*parts, _settings(plugin), _notes(plugin)) if part]
    return "\n".join([*head, *body]).rstrip() + "\n"


def _source(card: Card) -> list[str]:
    if not card.paper:
        return []
    where = f", {card.venue}" if card.venue else ""
    title = f"[{card.paper}]({card.url})" if card.url else card.paper
    return [f"{card.authors}: {title}{where}.", ""]


def _settings(plugin: type[Plugin]) -> str:
    fields = plugin.Settings.model_json_schema().get("properties", {})
    if not fields:
        return "## Settings\n\nIt has none.\n"
    rows = [
        f"| `{name}` | {field['default']} | {bounds(field)} | {field.get('description', '')} |"
        for name, field in fields.items()
    ]
    head = ["## Settings", "", "| setting | default | may be | what it does |", "|---|---|---|---|"]
    return "\n".join([*head, *rows, ""])


def _notes(plugin: type[Plugin]) -> str:
    """The file's own first lines: notation, and what differs from the paper."""
    text = inspect.getdoc(sys.modules[plugin.__module__]) or ""
    return f"## Notes from the source\n\n```text\n{text}\n```\n"


def _scores(model: type[Model]) -> str:
    if not model.provides:
        return "It gives no scores of its own.\n"
    given = [
        f"- `{score}`" + (f", with `{setting}` above 0" if setting else "") for score, setting in model.provides.items()
    ]
    return "\n".join(["## Scores it gives", "", *given, ""])


def _suiting(model: type[Model], samplers: dict[str, type[Sampler]]) -> str:
    defaults = model.Settings().model_dump()
    suiting = [
        f"[{sampler.card.title}](../samplers/{name}.md)"
        for name, sampler in samplers.items()
        if why_unsuitable(name, sampler.needs, model.name, model.provides, defaults) is None
    ]
    return f"Samplers that suit it with these defaults: {', '.join(suiting)}.\n"


def _needs(sampler: type[Sampler]) -> str:
    if not sampler.needs:
        return "It needs no score of the model, so it suits every model.\n"
    return f"It reads {', '.join(f'`{score}`' for score in sampler.needs)}.\n"


def _reasons(sampler: type[Sampler]) -> str:
    rows = [f"| `{code}` | {sentence} |" for code, sentence in sampler.reasons.items()]
    return "\n".join(["## Why a candidate is dropped", "", "| code | reason |", "|---|---|", *rows, ""])


def _reading(metric: type[Metric]) -> str:
    better = metric.better if metric.better.startswith("towards") else f"the {metric.better} the better"
    unit = f", in the unit *{metric.unit}*" if metric.unit else ""
    spaces = "by the in-domain encoder, and by Inception where its weights are supplied"
    return (
        f"How to read it: {better}{unit}. Measured {spaces if metric.in_any_space else 'by the in-domain encoder'}.\n"
    )
