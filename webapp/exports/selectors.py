"""What there is to read about exports, and the rows that one holds."""

from collections.abc import Iterator
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from webapp.core import storage
from webapp.core.permissions import HasKey, visible
from webapp.exports.models import Export
from webapp.gallery.models import Choice, Sample, SampleScore
from webapp.gallery.selectors.pools import SELECTION_LAB

EXPORT_LAB = f"selection__{SELECTION_LAB}"
BATCH = 1000


def all_exports() -> "QuerySet[Export]":
    """Exports with what they were made from; one that was deleted while it is built is gone already."""
    return with_origins().filter(cancel_requested=False)


def with_origins() -> "QuerySet[Export]":
    """Every row, with what it was made from."""
    return Export.objects.select_related(
        "selection__pool__run__version__dataset", "selection__pool__run__recipe", "created_by"
    )


def exports_visible_to(person: HasKey | AnonymousUser) -> "QuerySet[Export]":
    """The exports of the labs that the person is in."""
    return visible(all_exports(), person, EXPORT_LAB)


def included(export: Export) -> "QuerySet[Choice]":
    """The samples that the export holds: selected and not rejected, or only those that people accepted."""
    kept = Choice.objects.filter(selection=export.selection_id, kept=True)
    if export.content == Export.Content.REAL:
        return kept.none()
    if export.accepted_only:
        return kept.filter(sample__standing=Sample.Standing.ACCEPTED)
    return kept.exclude(sample__standing=Sample.Standing.REJECTED)


def real_rows(export: Export) -> Iterator[dict[str, Any]]:
    """The real images of all splits, as the plan of an export names them; none when only synthetic ones are wanted."""
    if export.content == Export.Content.SYNTHETIC:
        return
    version = export.selection.pool.run.version
    origin = version_facts(export)
    for image in version.images.order_by("index").iterator(BATCH):
        yield {
            "id": f"real-{image.index:07d}",
            "file": str(storage.object_file(version.dataset.lab_id, image.sha256, image.suffix)),
            "label": image.label,
            "split": image.split,
            "name": image.name,
            "row": {"sha256": image.sha256, "dataset_version": origin},
        }


def synthetic_rows(export: Export) -> Iterator[dict[str, Any]]:
    """The included samples in the order of the pool, with their manifest columns."""
    pool = export.selection.pool
    recipe, origin = recipe_facts(export), version_facts(export)
    for samples in _in_batches(export):
        scores: dict[int, dict[str, float]] = {}
        rows = SampleScore.objects.filter(sample__in=[sample.pk for sample in samples])
        for pk, name, value in rows.values_list("sample_id", "name", "value"):
            scores.setdefault(pk, {})[name] = value
        for sample in samples:
            yield {
                "id": f"synthetic-{sample.index:07d}",
                "index": sample.index,
                "label": sample.label,
                "row": {
                    "recipe": recipe,
                    "checkpoint_sha256": pool.checkpoint_sha256,
                    "seed": sample.seed,
                    "scores": scores.get(sample.pk, {}),
                    "verdict": sample.standing,
                    "nearest_train_distance": sample.nearest[0][1] if sample.nearest else None,
                    "memorised": sample.memorised,
                    "dataset_version": origin,
                },
            }


def _in_batches(export: Export) -> Iterator[list[Sample]]:
    last = -1
    while True:
        choices = included(export).filter(sample__index__gt=last).select_related("sample").order_by("sample__index")
        samples = [choice.sample for choice in choices[:BATCH]]
        if not samples:
            return
        yield samples
        last = samples[-1].index


def recipe_facts(export: Export) -> dict[str, Any]:
    """The recipe of the run, and the sampler of the selection that is exported."""
    recipe, selection = export.selection.pool.run.recipe, export.selection
    return {
        "id": str(recipe.pk),
        "number": recipe.number,
        "name": recipe.name,
        "model": recipe.model,
        "sampler": selection.sampler,
        "selection": selection.number,
    }


def version_facts(export: Export) -> dict[str, Any]:
    """The dataset version that everything comes from."""
    version = export.selection.pool.run.version
    return {"dataset": version.dataset.name, "number": version.number, "content_hash": version.content_hash}
