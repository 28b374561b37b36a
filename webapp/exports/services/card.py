"""README.md of an export: what it holds and how far it can be trusted, for somebody who does not know this service."""

from collections.abc import Mapping, Sequence
from typing import Any

from ml.catalog import Card, Catalogue
from webapp.exports.models import Export
from webapp.exports.selectors import half_of_pairs, included, num_memorised, synthetic_counts, wanted
from webapp.gallery.models import Pool, Selection
from webapp.runs.models import Run
from webapp.studies.models import Study
from webapp.studies.selectors import num_answers, study_for

SPLITS = ("train", "val", "test")


def title_of(export: Export) -> str:
    """Also the heading of the card."""
    dataset = export.version.dataset.name
    if export.content == Export.Content.REAL:
        return dataset
    return f"{dataset}, synthetic images" if export.content == Export.Content.SYNTHETIC else f"{dataset}, augmented"


def card_of(export: Export, catalogue: Catalogue) -> str:
    """The whole text, in Markdown."""
    parts = [f"# {_inline(title_of(export))}", _summary(export), _counts(export)]
    if export.selection is not None and export.content != Export.Content.REAL:
        selection = export.selection
        parts += [_method(selection, catalogue), _yields(selection), _metrics(selection.pool.run)]
        parts += [_memorised(export, selection.pool), _study(study_for(selection))]
    if export.content != Export.Content.SYNTHETIC:
        parts.append(_metadata())
    parts += [_files(), _licence()]
    return "\n\n".join(parts) + "\n"


def _summary(export: Export) -> str:
    version = export.version
    origin = f"Made from version {version.number} of the dataset *{_inline(version.dataset.name)}*"
    lines = [f"{origin} (content hash `{version.content_hash}`)."]
    if export.content == Export.Content.REAL:
        return lines[0] + " It holds real images only."
    chosen = "people accepted" if export.accepted_only else "were selected and that nobody's review rejected"
    lines += [
        f"Synthetic images are those that {chosen}.",
        "**Synthetic images are in the training split only**; validation and test hold real images alone. "
        "`manifest.jsonl` says of every image whether it is synthetic (`synthetic`).",
    ]
    if export.max_ratio is not None:
        lines.insert(2, _cap(export, export.max_ratio))
    return "\n".join(lines)


def _cap(export: Export, ratio: float) -> str:
    left = sum(synthetic_counts(export, wanted(export)).values()) - sum(synthetic_counts(export).values())
    return (
        f"Of each class there are at most {ratio:g} synthetic images for one real training image, the best by the "
        f"sampler's order; this left out {left}."
    )


def _counts(export: Export) -> str:
    version = export.version
    has_real = export.content != Export.Content.SYNTHETIC
    real = {split: version.counts.get(split, {}) if has_real else {} for split in SPLITS}
    synthetic = synthetic_counts(export)
    rows = [
        [_inline(name), *(real[split].get(name, 0) for split in SPLITS), synthetic.get(name, 0)]
        for name in version.classes
    ]
    totals = ["**all**", *(sum(row[place] for row in rows) for place in range(1, 5))]
    head = ["class", "real train", "real val", "real test", "synthetic (train)"]
    table = _table(head, [*rows, totals])
    if has_real and version.images.exclude(pair_sha256="").exists():
        half = half_of_pairs(export)
        other = "B" if half == "A" else "A"
        table += f"\n\nOf each real pair (A, B) it holds the image {half} alone; {other} stays with its dataset."
    return "## What it holds\n\n" + table


def _method(selection: Selection, catalogue: Catalogue) -> str:
    if selection.pool.run.origin:
        return _imported(selection, catalogue)
    recipe = selection.pool.run.recipe
    model, sampler = catalogue.models.get(recipe.model), catalogue.samplers.get(selection.sampler)
    return "\n".join(
        [
            "## How the synthetic images were made\n",
            f"- Model: {_reference(recipe.model, model.card if model else None)}; recipe {recipe.number}"
            + (f" (*{_inline(recipe.name)}*)" if recipe.name else "")
            + f", seed {recipe.seed}.",
            f"- Sampler: {_reference(selection.sampler, sampler.card if sampler else None)}.",
            f"- Checkpoint: sha256 `{selection.pool.checkpoint_sha256}`.",
            "- The generator, the scores and the metrics saw training and validation images, never the test split.",
            "- Every setting stands in `provenance.json`.",
        ]
    )


def _imported(selection: Selection, catalogue: Catalogue) -> str:
    origin = selection.pool.run.origin
    sampler = catalogue.samplers.get(selection.sampler)
    return "\n".join(
        [
            "## Where the synthetic images come from\n",
            f"- They were made elsewhere, by {_inline(origin['name'])}, and imported; this service has neither its "
            "checkpoint nor its seeds, and cannot say which images it learnt from.",
            *([f"- {_inline(origin['note'])}"] if origin["note"] else []),
            f"- Licence, as stated at the import: {_inline(origin['licence']) or 'none was stated'}.",
            f"- Sampler: {_reference(selection.sampler, sampler.card if sampler else None)}.",
            "- The scores and the metrics saw training and validation images, never the test split.",
            "- The file that each image comes from stands in `manifest.jsonl`.",
        ]
    )


def _reference(name: str, card: Card | None) -> str:
    if card is None:
        return f"`{name}`"
    cited = ", ".join(part for part in (card.authors, f"*{card.paper}*" if card.paper else "", card.venue) if part)
    link = f" [{card.url}]({card.url})" if card.url else ""
    return f"{card.title} (`{name}`)" + (f": {cited}." if cited else "") + link


def _yields(selection: Selection) -> str:
    rows = [
        [
            _inline(name),
            part["asked"],
            part["generated"],
            part["kept"],
            ", ".join(f"{reason}: {count}" for reason, count in sorted(part["dropped"].items())) or "none",
        ]
        for name, part in selection.yields.items()
    ]
    return "## Yield\n\n" + _table(["class", "asked", "generated", "kept", "dropped, by reason"], rows)


def _metrics(run: Run) -> str:
    rows, metrics = [], run.metrics
    for name, row in metrics.items():
        between = "" if row["low"] is None else f"{row['low']:.4g} to {row['high']:.4g}"
        value = "refused" if row["value"] is None else f"{row['value']:.4g}"
        rows.append([name, value, between, row["num_real"], row["num_synthetic"], _inline(row["caution"])])
        for part, numbers in row.get("parts", {}).items():
            between = f"{numbers['low']:.4g} to {numbers['high']:.4g}"
            rows.append([f"{name}: {_inline(part)}", f"{numbers['value']:.4g}", between, "", "", ""])
    if not rows:
        return "## Measures\n\nNone were taken."
    note = "Features come from an encoder trained on the training split of this dataset (in-domain), not from ImageNet."
    if hashes := {row["details"]["weights_sha256"] for name, row in metrics.items() if "/" in name}:
        note += f" Those of `inception/…` come from Inception, trained on ImageNet (weights: sha256 `{hashes.pop()}`)."
    head = ["measure", "value", "95 % interval", "n real", "n synthetic", "note"]
    return f"## Measures of the run\n\n{note}\n\n{_table(head, rows)}"


def _memorised(export: Export, pool: Pool) -> str:
    chosen = included(export)
    total, copies = chosen.count(), num_memorised(chosen)
    share = f"{100 * copies / total:.1f} %" if total else "none"
    return (
        f"## Memorisation\n\n{copies} of {total} synthetic images here ({share}) lie nearer to a training image than "
        f"real images lie to one another and may be copies of it; in the whole pool {pool.num_memorised} of "
        f"{pool.num_samples}. `nearest_train_distance` stands in the manifest.{_why_they_go_out(export)}"
    )


def _why_they_go_out(export: Export) -> str:
    if not export.memorised_reason:
        return ""
    who = _inline(export.created_by.name) if export.created_by else "Whoever asked for this export"
    return f"\n\n{who} wrote on {export.created_at:%Y-%m-%d} why they may go out: *{_inline(export.memorised_reason)}*"


def _study(study: Study | None) -> str:
    if study is None or study.result is None:
        return "## Does it help?\n\nNobody has measured whether these images help a classifier."
    result, settings = study.result, study.settings
    rows = [
        [
            f"`{arm['name']}`",
            _between(arm["balanced_accuracy"]),
            "" if arm["gain"] is None else _between(arm["gain"], "+"),
            arm["num_children"],
        ]
        for arm in result["arms"]
    ]
    table = _table(["trained on", "balanced accuracy, %", "gain, points", "children"], rows)
    asked = f"child networks (`{settings['child']}`, {settings['child_steps']} steps each)"
    answers = f"The test images of this version have answered {num_answers(study.version_id)} studies so far"
    return (
        f"## Does it help?\n\n{_inline(result['sentence'])}\n\n"
        f"A study of {_inline(study.model)} on this dataset version ({study.finished_at:%Y-%m-%d}, id `{study.pk}`): "
        f"{asked} from {settings['num_child_seeds']} seeds; in brackets 95 % intervals. {_about(study)} {answers}; "
        f"each further one makes them a little less new.\n\n{table}"
    )


def _about(study: Study) -> str:
    """What the study's images have to do with those of the export."""
    if study.pools:
        return f"It judged {len(study.pools)} pools as they were, among them the one that these images come from."
    return (
        f"It trained {study.settings['num_generator_seeds']} generators of its own, so it speaks of the way these "
        "images were made, not of these very images."
    )


def _between(estimate: Mapping[str, Any], sign: str = "") -> str:
    """Percent, with the interval where there is one."""
    shown = f"{100 * estimate['mean']:{sign}.1f}"
    if estimate["low"] is None:
        return shown
    return f"{shown} ({100 * estimate['low']:{sign}.1f} to {100 * estimate['high']:{sign}.1f})"


def _metadata() -> str:
    return (
        "## Metadata\n\nThe real images are stored without the metadata of their files (EXIF with position, time and "
        "serial numbers, XMP, comments, embedded thumbnails); colour profiles stay. Pixels are as uploaded; only "
        "pictures that EXIF turned were turned upright and stored again. In `manifest.jsonl`, `sha256` is that of the "
        "file here and `original_sha256` that of the file as uploaded."
    )


def _files() -> str:
    return (
        "## Files\n\n- `manifest.jsonl`: one row per image\n- `provenance.json`: dataset version, recipe, run, "
        "checkpoint, measures, version of the code\n- `SHA256SUMS`: check with `sha256sum -c SHA256SUMS`"
    )


def _licence() -> str:
    return (
        "## Licence\n\nThe licence of the real images holds for them here as it did where they came from, and may "
        "hold for images generated from them; this file grants none."
    )


def _table(head: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def _inline(text: str) -> str:
    """A name that people gave, so that it cannot become markup or break a table."""
    signs: Mapping[str, str] = {sign: f"\\{sign}" for sign in "\\`*_[]<>|#"}
    return "".join(signs.get(sign, sign) for sign in text.replace("\n", " ").replace("\r", " "))
